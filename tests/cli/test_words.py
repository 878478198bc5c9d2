"""What a person reads first, and that it fits where it is read."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout

import click
import pytest

from importer.cli import command, jobs, output
from importer.model import Job


class Terminal(io.StringIO):
    """Looks like one, of 60 columns."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Use it as what standard output is redirected to."""
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((60, 24)))
    return Terminal()


LONG = "The export holds four columns that are all called original, and each of them is taken."


def test_a_terminal_breaks_no_word(narrow: Terminal) -> None:
    with redirect_stdout(narrow):
        output.say(f"  {LONG}")
        output.table(("code", "means"), [("x" * 20, LONG)])

    lines = narrow.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == f"{LONG} code means {'x' * 20} {LONG}"
    assert lines[-1].startswith(" " * 24)


def test_what_is_copied_stays_in_one_line(narrow: Terminal) -> None:
    line = f"importer run 'answers of the third quarter.csv' -m mapping.yaml --out {'x' * 40}"
    with redirect_stdout(narrow):
        output.next_step(line)

    assert f"Next: {line}" in click.unstyle(narrow.getvalue())


@pytest.mark.parametrize("name", ["run", "plan", "watch", "resume", "retry"])
def test_help_begins_with_what_people_use(name: str) -> None:
    one = command.commands[name]
    text = one.get_help(click.Context(one, info_name=name))
    first, _, more = text.partition("Most used:")[2].partition("More options:")

    assert "--endpoint" in more or name in {"resume", "retry"}
    assert 1 < first.count("\n  -") <= 13
    every = {each.opts[0] for each in one.params if isinstance(each, click.Option)}
    assert [each for each in every if each not in first + more] == []
    if name == "run":
        assert "-m, --mapping" in first.splitlines()[1]
        assert {"--limit", "--yes", "--rate"} <= set(first.split())


def test_jobs_fit_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    job = Job(
        *(123, f"20261128-235248-{'x' * 19}", "f.csv", "", "", "m", "", "", ""),
        settings={"mapping": "m", "stopped": "outage: x"},
        started_at=0.0,
        ended_at=1.0,
        exit_status=5,
    )
    output.table(
        ("no.", "job", "rows", "created", "left", "ended"), [jobs._line(job, {"created": 9})]
    )

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].endswith("stopped: outage")
