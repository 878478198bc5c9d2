"""What a command offers to type next works as it stands, with the options that were typed."""

from __future__ import annotations

import shlex
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest

from importer.cli import command
from importer.cli.output import next_command
from importer.sandbox import API_KEY, PROJECT, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended, shell
from tests.e2e.conftest import MAPPING, sandbox
from tests.e2e.here import Here

__all__ = ["sandbox"]

NAME = "Umfrage Q3 2025 (final v2).xlsx"
HEADER = ("id", "score", "comment", "email")


def next_lines(ended: Ended) -> list[list[str]]:
    """The words of each line offered, as a shell splits them."""
    lines = ended.out.rstrip().splitlines()
    first = max(number for number, line in enumerate(lines) if line.startswith("Next: "))
    return [shlex.split(line[6:], comments=True)[1:] for line in lines[first:]]


@pytest.fixture
def user(tmp_path: Path) -> Here:
    plain = shell(tmp_path)
    plain.write("my mapping.yaml", MAPPING)
    book = openpyxl.Workbook()
    book.create_sheet("For the board", 0).append(("made", "for"))
    sheet = book.create_sheet("Q3")
    for row in (HEADER, *((f"p{n}", n % 11, "", f"p{n}@example.com") for n in range(12))):
        sheet.append(row)
    sheet.append(("q", 11, "", "q@example.com"))
    book.save(tmp_path / NAME)
    return Here(tmp_path, {**plain.environment, "SATISMETER_PROJECT": PROJECT})


def test_each_step_leads_to_the_next_with_the_options_that_were_typed(
    user: Here, sandbox: Sandbox
) -> None:
    kept = ("--sheet", "Q3", "--endpoint", sandbox.url, "--state", "S")
    first = next_lines(user("inspect", NAME, "--sheet", "Q3"))
    assert first == [["init", NAME, "--sheet", "Q3"]]
    drafted = next_lines(user(*first[0], "-o", "drafted mapping.yaml", "--endpoint", sandbox.url))
    for_both = ["--sheet", "Q3", "--endpoint", sandbox.url]
    assert drafted == [
        ["check", "drafted mapping.yaml", NAME, *for_both],
        ["plan", NAME, *for_both, "-m", "drafted mapping.yaml"],
    ]

    plan = user("plan", NAME, "-m", "my mapping.yaml", *kept, "--out", "O", "--save", "plan.json")
    pilot, _ = next_lines(plan)
    assert pilot == [
        *("run", NAME, "-m", "my mapping.yaml", *kept, "--out", "O"),
        *("--limit", "10", "--plan", "plan.json"),
    ]
    ended = user(*pilot, "--yes", "--rate", "max")
    assert (ended.status, len(sandbox.stored())) == (3, 10)
    rest, verify, problems = next_lines(ended)
    assert rest == [
        *(word for word in pilot if word not in {"--limit", "10"}),
        "--yes",
        "--rate",
        "max",
    ]
    assert "needs SATISMETER_API_KEY" in ended.out

    ended = user(*rest)
    assert (ended.status, len(sandbox.stored())) == (3, 12)
    assert next_lines(ended) == [verify, problems]
    assert user(*verify, SATISMETER_API_KEY=API_KEY).status == 0
    mended = user.folder / problems[1]
    book = openpyxl.load_workbook(mended)
    book["Q3"]["B2"] = "10"
    book.save(mended)
    ended = user(*problems)
    assert (ended.status, len(sandbox.stored())) == (0, 13)


def test_a_job_is_named_in_letters_that_every_shell_takes(user: Here, sandbox: Sandbox) -> None:
    to = ("--endpoint", sandbox.url, "--state", "S", "--sheet", "Q3")
    user("run", NAME, "-m", "my mapping.yaml", *to, "--yes", "--rate", "max")

    listed = user("jobs", "--state", "S")

    assert "-umfrage-q3-2025-final-v2 " in listed.out
    [status] = next_lines(listed)
    [mended] = next_lines(user(*status))
    assert (status[0], mended[0]) == ("status", "run")
    assert mended[1].endswith("problems.xlsx")
    assert ("--sheet", "Q3") in pairwise(mended)
    assert ("--state", "S") in pairwise(mended)
    results = ("results", status[1], "--state", "S")
    assert user(*results).status == 0


def test_a_plan_of_nothing_to_send_offers_no_run(user: Here, sandbox: Sandbox) -> None:
    user.write("bad.csv", "id,score,comment,email\nu,11,,\n")
    lines = next_lines(user("plan", "bad.csv", "-m", "my mapping.yaml"))
    assert lines[0] == ["explain", "out_of_range"]


def test_standard_input_is_piped_in_anew_so_nobody_is_asked(tmp_path: Path) -> None:
    typed = shell(tmp_path)
    typed.write("mapping.yaml", MAPPING)
    ended = typed("plan", "-", "-m", "mapping.yaml", stdin="id,score,comment,email\nu,1,,\n")
    [line] = next_lines(ended)
    assert line == ["run", "-", "-m", "mapping.yaml", "--yes"]


def test_a_stopped_run_is_offered_again_as_it_was_typed(user: Here) -> None:
    script = SandboxSettings(write_key="another")
    with background(script) as sandbox:
        words = ("run", NAME, "-m", "my mapping.yaml", "--sheet", "Q3", "--endpoint", sandbox.url)
        ended = user(*words, "--limit", 3, "--yes")
        assert ended.status == 5
        status = user("status")
    assert next_lines(ended)[0] == [*words, "--yes", "--limit", "3"]
    assert next_lines(status)[0][:1] == ["resume"]
    (user.folder / NAME).unlink()
    assert next_lines(user("status"))[0][-2:] == ["--file", "FILE"]


def test_only_what_the_next_command_knows_is_kept() -> None:
    with command.commands["run"].make_context(
        "run", ["./-x.csv", "-m", "m.yaml", "--timeout", "2", "--accept-empty"]
    ):
        assert next_command("plan", "-x.csv", why="so") == "importer plan ./-x.csv -m m.yaml   # so"
        assert next_command("resume", "J", limit=None).split()[2:] == [
            *("J", "--timeout", "2", "--accept-empty")
        ]
