"""What a person reads first, and that it fits where it is read."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout
from pathlib import Path

import click
import pytest

from importer.cli import command, jobs, output
from importer.engine.jobs import JobState
from importer.model import Job
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here


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
        ("no.", "job", "rows", "created", "left", "ended"),
        [jobs._line(JobState(job, {"created": 9}))],
    )

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].endswith("stopped: outage")


def test_a_dry_run_is_a_plan_and_a_campaign_is_a_survey(tmp_path: Path) -> None:
    user = Here(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    user.write("a.csv", "id,score,comment,email\na,9,,\n")
    user.write("m.yaml", MAPPING)

    ended = user("dry-run", "a.csv", "-m", "m.yaml", "--json", IMPORTER_RATE="5/s")
    drafted = user("init", "a.csv", "--survey", "5d2f6c1e9b0a4c0017a3e1b2", "-o", "-")

    assert (ended.status, ended.document["command"]) == (0, "plan")
    assert "5d2f6c1e9b0a4c0017a3e1b2" in drafted.out


def test_every_word_that_people_asked_for_is_in_the_glossary() -> None:
    text = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    asked = (
        *("mapping", "YAML", "trait", "key", "campaign", "survey", "ledger", "pilot", "endpoint"),
        *("ready", "verified", "preset", "0600", "API key", "write key", "dry run", "wave"),
    )
    assert [word for word in asked if f"| {word}" not in text] == []


def test_a_sheet_of_a_text_file_is_told_and_a_plan_may_be_lenient(tmp_path: Path) -> None:
    user = Here(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    user.write("a.csv", "id,score,comment,email\na,9,,\nb,99,,\n")
    user.write("m.yaml", MAPPING)
    words = ("plan", "a.csv", "-m", "m.yaml")

    plain, told = user(*words), user(*words, "--sheet", "Answers", "--fail-on", "50%")
    assert (plain.status, told.status) == (3, 0)
    assert "no meaning: a.csv is text" in told.out
    assert "no meaning" not in plain.out
