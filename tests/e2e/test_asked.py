"""What a run asks before it sends, and what a *no* leaves."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import IMPORTER, Ended, Shell
from tests.notices.servers import web

ROWS = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(30))


@pytest.fixture
def user(user: Shell) -> Shell:
    user.write("answers.csv", f"id,score,comment,email\n{ROWS}")
    return user


def typed(user: Shell, answer: str, *words: object, **environment: str) -> Ended:
    """The command with a terminal to read from, at which this is typed."""
    here, there = pty.openpty()
    process = subprocess.Popen(
        [IMPORTER, *map(str, words)],
        cwd=user.folder,
        env={**user.environment, **environment},
        stdin=there,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    os.write(here, answer.encode())
    out, err = process.communicate(timeout=60)
    os.close(here)
    os.close(there)
    return Ended(process.returncode, out, err)


def words(sandbox: Sandbox, *more: object) -> tuple[object, ...]:
    return ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, *more)


def test_the_question_counts_the_pilots_rows(user: Shell, sandbox: Sandbox) -> None:
    ended = typed(user, "y\n", *words(sandbox, "--limit", 10))

    assert (ended.status, len(sandbox.stored())) == (0, 10)
    assert "\n10 of 30 rows will be posted to " in f"\n{ended.err}"
    assert " in 1 s or more (a pilot; 20 wait for later). There is no undo." in ended.err


def test_no_is_calm_and_leaves_no_job(user: Shell, sandbox: Sandbox) -> None:
    with web() as server:
        told = ("--notify", "webhook")
        url = {"IMPORTER_NOTIFY_WEBHOOK": server.url}
        ended = typed(user, "n\n", *words(sandbox, *told), **url)

    assert (ended.status, server.got, list(sandbox.requests)) == (2, [], [])
    assert ended.err.rstrip().endswith("Nothing was sent.")
    assert "Error" not in ended.err
    assert user("jobs", "--json").document == {"jobs": []}


def test_no_to_the_rest_leaves_the_pilots_job_as_it_ended(user: Shell, sandbox: Sandbox) -> None:
    user(*words(sandbox, "--limit", 3, "--yes"))
    before = user("jobs", "--json").document

    assert typed(user, "n\n", *words(sandbox)).status == 2

    assert user("jobs", "--json").document == before
    assert before["jobs"][0]["exit_code"] == 0
    assert user(*words(sandbox, "--yes", "--rate", "max")).status == 0
    assert len(sandbox.stored()) == 30
