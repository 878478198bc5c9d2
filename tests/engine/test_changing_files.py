"""A file that changes while its rows are posted: what was read is what is told."""

import csv
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from importer import Plan, Secret, Settings, run
from importer.engine.observer import Ended, Event
from importer.errors import Declined, SourceError
from importer.sandbox import WRITE_KEY, Sandbox, background
from tests.e2e.conftest import MAPPING
from tests.sources.test_changing import Change, grow, overwrite, remove, replaced, truncate

ROWS = ["id,score,comment,email", *(f"u{n},{n % 11},said {n}," for n in range(28)), "R5,99,mine,"]
OTHER = ["id,score,comment,email", *(f"v{n},{n % 11},other {n}," for n in range(29))]
CHANGES = pytest.mark.parametrize("change", [overwrite, replaced, truncate, grow, remove])


def text(lines: list[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def settings(folder: Path, sandbox: Sandbox) -> Settings:
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "a.csv").write_bytes(text(ROWS))
    return Settings(
        file=str(folder / "a.csv"),
        mapping=str(folder / "mapping.yaml"),
        state=folder / "state",
        out=folder / "out",
        endpoint=sandbox.url,  # type: ignore[arg-type]  # text will do
        write_key=Secret(WRITE_KEY),
        rate="max",  # type: ignore[arg-type]
    )


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


class AtFirst:
    """Calls once, as soon as a row was posted."""

    def __init__(self, then: Callable[[], object]) -> None:
        self.then: Callable[[], object] | None = then

    def event(self, event: Event) -> None:
        if self.then and isinstance(event, Ended):
            then, self.then = self.then, None
            then()


@CHANGES
def test_after_the_first_post_problems_are_of_the_rows_that_were_read(
    tmp_path: Path, change: Change
) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        later = AtFirst(lambda: change(tmp_path / "a.csv", text(OTHER)))
        planned, summary = run(given, observer=later)
        stored = len(sandbox.stored())

    assert later.then is None
    assert stored == planned.ready == summary.rows["created"] == 28
    assert summary.exit_status == 3
    (line,) = lines(tmp_path / "out" / "problems.csv")
    assert (line["id"], line["comment"]) == ("R5", "mine")
    assert [each["userId"] for each in lines(tmp_path / "out" / "results.csv")] == [
        *(f"u{n}" for n in range(28)),
        "R5",
    ]


@CHANGES
def test_a_change_before_the_first_post_sends_nothing(tmp_path: Path, change: Change) -> None:
    """The question may stand there for hours."""

    def yes(_: Plan) -> bool:
        change(tmp_path / "a.csv", text(OTHER))
        return True

    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        with pytest.raises(SourceError, match="changed while it was read; nothing was sent"):
            run(given, yes)
        assert not sandbox.requests
        if (tmp_path / "a.csv").exists() and change is not truncate:
            summary = run(given)[1]
            assert summary.rows["created"] == len(sandbox.stored()) > 0


def test_a_file_that_only_gets_other_rights_is_posted(tmp_path: Path) -> None:
    def yes(_: Plan) -> bool:
        (tmp_path / "a.csv").chmod(0o640)
        os.link(tmp_path / "a.csv", tmp_path / "kept.csv")
        return True

    with background() as sandbox:
        assert run(settings(tmp_path, sandbox), yes)[1].rows["created"] == 28


def test_a_job_that_was_declined_leaves_the_file_to_be_changed(tmp_path: Path) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox)
        with pytest.raises(Declined):
            run(given, lambda _: False)
        overwrite(tmp_path / "a.csv", text(OTHER))
        assert run(replace(given, limit=3))[1].rows["created"] == 3
