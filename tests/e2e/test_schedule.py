"""`importer schedule`, as installed."""

import shlex

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell
from tests.e2e.here import Here


@pytest.fixture
def user(user: Shell) -> Shell:
    """Starts commands within this process."""
    return Here(user.folder, user.environment)


def test_what_is_printed_for_cron_runs_as_it_is(user: Shell, sandbox: Sandbox) -> None:
    inbox = user.folder / "in"
    inbox.mkdir()
    (inbox / "a.csv").write_text("id,score,comment,email\nu1,10,,\n")
    options = f"--endpoint {sandbox.url} --settled 0"

    words = ("schedule", "in", "-m", "mapping.yaml", "--as", "cron", "--with", options, "--json")
    printed = user(*words).document
    ran = user(*printed["command"][1:])

    assert ran.status == 0, ran.err
    assert len(sandbox.stored()) == 1
    assert shlex.join(printed["command"]) in printed["text"]


def test_what_can_not_be_scheduled(user: Shell) -> None:
    user.write("a.csv", "id\n1\n")
    words = ("schedule", "a.csv", "-m", "mapping.yaml", "--as", "cron")

    assert user(*words, "--every", "7min").status == 2
    assert user(*words, "--every", "5min", "--at", "02:30").status == 2
    assert user("schedule", "b.csv", *words[2:]).status == 2
    assert user(*words[:3], "nowhere.yaml", *words[4:]).status == 2
    assert user(*words).status == 0
