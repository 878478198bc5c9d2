"""What a person mended, and what a run has recorded, is never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Ended, Shell

ROWS = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(12))
FILE = f"id,score,comment,email\n{ROWS}q1,11,,\nq2,12,,\n"


@pytest.fixture
def user(user: Shell) -> Shell:
    user.write("answers.csv", FILE)
    return user


def words(sandbox: Sandbox, *more: object) -> tuple[object, ...]:
    return ("answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, *more)


def run(user: Shell, sandbox: Sandbox, *more: object) -> Ended:
    return user("run", *words(sandbox, "--yes", "--rate", "max"), *more)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_mended_file_stays_and_the_new_one_gets_another_name(
    user: Shell, sandbox: Sandbox
) -> None:
    run(user, sandbox, "--limit", 5)
    folder = user.folder / "answers-import"
    mended = folder / "problems.csv"
    text = mended.read_text(encoding="utf-8-sig").replace("q1,11", "q1,9")
    mended.write_text(text, encoding="utf-8")

    ended = run(user, sandbox)
    again = run(user, sandbox, "--json").document

    assert mended.read_text(encoding="utf-8") == text
    assert "problems.csv was changed since it was written, so it stays as it is." in ended.out
    assert "run answers-import/problems-2.csv -m mapping.yaml" in ended.out
    assert again["problems"] == "answers-import/problems-2.csv"
    assert b"q1,11" in (folder / "problems-2.csv").read_bytes()


def test_what_nobody_touched_is_written_anew(user: Shell, sandbox: Sandbox) -> None:
    run(user, sandbox, "--limit", 5)
    ended = run(user, sandbox)

    names = set(contents(user.folder / "answers-import"))
    its = {"results.csv", "problems.csv", "report.html", "summary.json"}
    assert names == its | {"contact.json"}  # the pilot's
    assert "was changed" not in ended.out


def test_a_plan_leaves_what_a_run_wrote(user: Shell, sandbox: Sandbox) -> None:
    run(user, sandbox)
    before = contents(user.folder / "answers-import")

    ended = user("plan", *words(sandbox), "--json").document

    after = contents(user.folder / "answers-import")
    assert before.items() <= after.items()
    assert after.keys() - before.keys() == {"plan.html", "plan-summary.json", "plan-problems.csv"}
    assert ended["report"] == "answers-import/plan.html"
    assert ended["problems"] == "answers-import/plan-problems.csv"


def test_a_second_job_leaves_the_first_ones_record(user: Shell, sandbox: Sandbox) -> None:
    run(user, sandbox)
    folder = user.folder / "answers-import"
    before = contents(folder)
    [first] = user("jobs", "--json").document["jobs"]

    assert run(user, sandbox, "--json").document["rows"]["already_sent"] == 12

    name = first["job"]
    assert contents(folder / name) == before
    assert b"already_sent" in (folder / "results.csv").read_bytes()
    newest = contents(folder)
    assert user("results", name).out.startswith(str(folder / name / "results.csv"))
    assert contents(folder) == newest


def test_a_folder_of_before_is_not_known_so_nothing_of_it_goes(
    user: Shell, sandbox: Sandbox
) -> None:
    folder = user.folder / "answers-import"
    folder.mkdir()
    for name in ("results.csv", "problems.csv"):
        (folder / name).write_text("of an older importer")

    run(user, sandbox)

    assert {(folder / name).read_text() for name in ("results.csv", "problems.csv")} == {
        "of an older importer"
    }
    assert (folder / "results-2.csv").exists()
