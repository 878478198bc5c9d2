"""Three people at a real terminal, each from a file to an import that is proven."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pexpect
import pytest

from importer.sandbox import API_KEY, PROJECT, WRITE_KEY, Sandbox
from tests.e2e.commands import IMPORTER, Shell

SURVEY = "5d2f6c1e9b0a4c0017a3e1b2"
SCORE, COMMENT = "79593580-95a7-11ed-8974-9b5d06700b8d", "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"


class Terminal:
    """A terminal of 80 columns in the user's folder; what a command said is in `told`."""

    def __init__(self, user: Shell, **more: str) -> None:
        self.folder = user.folder
        self._environment = {**user.environment, "TERM": "xterm", "NO_COLOR": "1", **more}
        self.told = ""

    def __call__(self, line: str, *answers: tuple[str, str]) -> int:
        """Type the line; at each prompt its answer. Returns the exit status."""
        words = line.replace("importer ", f"{IMPORTER} ", 1)
        child: Any = pexpect.spawn(
            "/bin/sh", ["-c", words], cwd=str(self.folder), env=self._environment,
            encoding="utf-8", timeout=60, dimensions=(40, 80),
        )  # fmt: skip
        self.told = ""
        for prompt, answer in answers:
            child.expect(re.escape(prompt))
            self.told += child.before
            child.sendline(answer)
        child.expect(pexpect.EOF)
        self.told += child.before
        child.close()
        return int(child.exitstatus)

    def next(self) -> list[str]:
        """What is offered to be typed."""
        lines = self.told.replace("\r", "").rpartition("Next: ")[2].splitlines()
        return [line.strip() for line in lines if line.strip().startswith("importer ")]


@pytest.fixture
def place(user: Shell, sandbox: Sandbox) -> dict[str, str]:
    """Server and ledger, said once."""
    return {
        "IMPORTER_ENDPOINT": sandbox.url, "IMPORTER_STATE": str(user.folder / "state"),
        "IMPORTER_RATE": "max",
    }  # fmt: skip


def messy(path: Path) -> None:
    """A summary first, then the answers below a title; ids with zeros, one score out of range."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Summary"
    book.worksheets[0].append(["Answers", 24])
    sheet = book.create_sheet("NPS Q3")
    sheet.append(["Export of our survey"])
    sheet.append([])
    sheet.append(["Customer ID", "How likely are you to recommend us?", "Comment"])
    for n in range(24):
        sheet.append(
            [f"00{n + 1:03}", n % 11, f"Because of reason number {n}, and of some others too"]
        )
    sheet.append(["00999", 12, "too good"])
    book.save(path)


def test_a_customer_success_person_needs_five_commands(
    user: Shell, sandbox: Sandbox, place: dict[str, str]
) -> None:
    """No look-up but the IDs and the keys; each next command is the one that was offered."""
    messy(user.folder / "Umfrage Q3 (final).xlsx")
    terminal = Terminal(
        user,
        **place,
        SATISMETER_WRITE_KEY="",
        SATISMETER_API_KEY=API_KEY,
        SATISMETER_PROJECT=PROJECT,
    )

    status = terminal(
        "importer init 'Umfrage Q3 (final).xlsx' --sheet 'NPS Q3' -o nps.yaml --campaign " + SURVEY
    )
    assert status == 0, terminal.told
    assert "Nothing." in terminal.told, terminal.told
    plan = next(line for line in terminal.next() if line.startswith("importer plan"))
    assert terminal(plan) == 3
    pilot, _ = terminal.next()
    key, keep, go = ("show): ", WRITE_KEY), ("[y/N]: ", "y"), ("[y/N]: ", "y")
    assert terminal(pilot, key, keep, go) == 3, terminal.told
    assert "10 of 25 rows will be posted" in " ".join(terminal.told.split())
    assert WRITE_KEY not in terminal.told
    rest, *_ = terminal.next()
    assert terminal(rest, go) == 3, terminal.told
    verify, mended = terminal.next()
    assert terminal(verify) == 0, terminal.told
    assert sorted(each.user_id for each in sandbox.stored()) == [f"00{n + 1:03}" for n in range(24)]
    lines = terminal.told.replace("\r", "").splitlines()
    assert [line for line in lines if len(line) > 80 and "/" not in line] == []

    book = openpyxl.load_workbook(user.folder / "Umfrage Q3 (final)-import" / "problems.xlsx")
    book["NPS Q3"]["B4"] = "10"
    book.save(user.folder / "Umfrage Q3 (final)-import" / "problems.xlsx")
    assert terminal(mended, go) == 0, terminal.told
    assert "00999" in {each.user_id for each in sandbox.stored()}


def test_an_engineer_automates_it(user: Shell, sandbox: Sandbox, place: dict[str, str]) -> None:
    """doctor, a plan as JSON, a run in the background, a watched folder, its schedule."""
    (user.folder / "inbox").mkdir()
    rows = "".join(f"p{n},{n % 11},,\n" for n in range(8))
    user.write("answers.csv", f"id,score,comment,email\n{rows}")
    user.write("inbox/next.csv", f"id,score,comment,email\n{rows}n,9,,\n")
    user.write("importer.toml", 'mapping = "mapping.yaml"\nsettled = "0s"\n')
    terminal = Terminal(user, **place)

    assert terminal("importer doctor -m mapping.yaml") == 0, terminal.told
    assert "importer.toml" in terminal.told
    assert terminal("importer plan answers.csv --json 2>/dev/null | grep -c '\"ready\": 8'") == 0
    assert terminal("importer run answers.csv --yes -q") == 0
    assert terminal.told.strip() == ""
    assert terminal("importer watch inbox --once") == 0, terminal.told
    assert len(sandbox.stored()) == 9
    assert terminal("importer schedule inbox --as cron --with '--notify slack'") == 0
    assert "IMPORTER_NOTIFY_SLACK=" in terminal.told
    assert terminal("importer schedule inbox --as cron --with '--notfy slack'") == 2


def test_who_is_woken_at_night_learns_why_and_what_to_type(
    user: Shell, sandbox: Sandbox, place: dict[str, str]
) -> None:
    """The key was refused: the log, status, and explain say so; the same command goes on."""
    rows = "".join(f"p{n},{n % 11},,\n" for n in range(8))
    user.write("answers.csv", f"id,score,comment,email\n{rows}")
    night = Terminal(user, **place, SATISMETER_WRITE_KEY="old")

    assert night("importer run answers.csv -m mapping.yaml --yes --log-file night.jsonl") == 5
    assert "key_refused" in (user.folder / "night.jsonl").read_text(encoding="utf-8")
    day = Terminal(user, **place)
    assert day("importer status") == 0
    assert "Stopped early: key_refused" in day.told
    assert "Copy the key again" in day.told
    resume, *_ = day.next()
    assert day("importer explain key_refused") == 0
    assert day("importer jobs") == 0
    assert "stopped: key_refused" in day.told
    assert day(resume, ("[y/N]: ", "n")) == 2
    assert day(resume, ("[y/N]: ", "y")) == 0, day.told
    assert len(sandbox.stored()) == 8
