"""`importer schedule`, as installed."""

import shlex

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell


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


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("--notfy slack", "--notify"),
        ("--notify slak", "slak"),
        ("--rate often", "is not a rate"),
        ("--fail-on some", "is no share"),
        ("--max-failures many", "many"),
        ("other.csv", "unexpected extra argument"),
        ("--help", "--help"),
        ("--rate '5/s", "open quotation mark"),
    ],
)
def test_options_that_go_along_are_read_by_the_command_itself(
    user: Shell, more: str, told: str
) -> None:
    user.write("a.csv", "id\n1\n")

    ended = user("schedule", "a.csv", "-m", "mapping.yaml", "--as", "cron", f"--with={more}")

    assert ended.status == 2
    assert told in ended.err


def test_an_address_is_scheduled_as_it_is(user: Shell) -> None:
    sheet = "https://docs.google.com/spreadsheets/d/1aBcDeFgHiJkLmNoPqRsTuVwXyZ/edit#gid=0"
    words = ("-m", "mapping.yaml", "--json", "--as")

    for kind in ("systemd", "cron", "github", "airflow", "k8s"):
        ended = user("schedule", sheet, *words, kind)
        assert ended.status == 0, ended.err
        assert ended.document["command"][1:3] == ["run", sheet]
        assert sheet in ended.document["text"]
    token = user("schedule", "https://example.com/a.csv?token=x", *words, "cron")
    assert "holds a query" in token.err
    assert "satismeter-a" in token.document["text"]
    assert user("schedule", "http://example.com/a.csv", *words, "cron").status == 2
