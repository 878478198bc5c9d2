"""What a run asks before it sends, and what a *no* leaves."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import IO

import pytest

from importer.sandbox import WRITE_KEY, Sandbox
from tests.automation.servers import web
from tests.e2e.commands import IMPORTER, Ended, Shell

ROWS = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(30))


@pytest.fixture
def user(user: Shell) -> Shell:
    user.write("answers.csv", f"id,score,comment,email\n{ROWS}")
    return user


def typed(user: Shell, answer: str, *words: object, secret: str = "", **environment: str) -> Ended:
    """The command with a terminal to read from, at which the `secret` and then the answer is typed."""
    here, there = pty.openpty()
    with subprocess.Popen(
        [IMPORTER, *map(str, words)],
        cwd=user.folder,
        env={**user.environment, **environment},
        stdin=there,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,  # so that a hidden answer is read here too
    ) as process:
        assert process.stderr
        before = ""
        if secret:  # what is typed before and during a hidden answer is thrown away
            before = _until("show): ", process.stderr)
            os.write(here, f"{secret}\n".encode())
            before += _until("[y/N]: ", process.stderr)
        os.write(here, answer.encode())
        out, err = process.communicate(timeout=60)
    os.close(here)
    os.close(there)
    return Ended(process.returncode, out, before + err)


def _until(end: str, stream: IO[str]) -> str:
    told = ""
    while not told.endswith(end):
        letter = stream.read(1)
        assert letter, told
        told += letter
    return told


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
    assert user("jobs", "--json").document["jobs"] == []


def test_no_to_the_rest_leaves_the_pilots_job_as_it_ended(user: Shell, sandbox: Sandbox) -> None:
    user(*words(sandbox, "--limit", 3, "--yes"))
    before = user("jobs", "--json").document

    assert typed(user, "n\n", *words(sandbox)).status == 2

    assert user("jobs", "--json").document == before
    assert before["jobs"][0]["exit_code"] == 0
    assert user(*words(sandbox, "--yes", "--rate", "max")).status == 0
    assert len(sandbox.stored()) == 30


def test_the_write_key_is_asked_for_and_may_be_kept(user: Shell, sandbox: Sandbox) -> None:
    pilot = words(sandbox, "--limit", 1)
    given = typed(user, "y\ny\n", *pilot, secret=WRITE_KEY, SATISMETER_WRITE_KEY="")
    kept = user.folder / ".env"
    again = typed(user, "y\n", *pilot, SATISMETER_WRITE_KEY="")

    assert (given.status, again.status, len(sandbox.stored())) == (0, 0, 2)
    assert WRITE_KEY not in given.out + given.err
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text() == f"SATISMETER_WRITE_KEY='{WRITE_KEY}'\n"


def test_nobody_is_asked_for_a_key_where_a_job_runs_by_itself(
    user: Shell, sandbox: Sandbox
) -> None:
    ended = typed(user, "", *words(sandbox, "--yes"), SATISMETER_WRITE_KEY="")

    assert (ended.status, "There is no write key." in ended.err) == (2, True)
