"""The same rows once more, in whatever file they come: nothing is posted."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import Workbook

from importer.sandbox import Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.figures import figure
from tests.trials.job import HEADER, Job, rows

Table = list[list[str]]

COUNT = 60


@pytest.fixture(scope="module")
def table() -> Table:
    return [HEADER.split(","), *(line.split(",") for line in rows(COUNT))]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One that would store every copy."""
    with background(SandboxSettings(duplicate_window=0)) as one:
        yield one


def _csv(path: Path, table: Table, delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(table)


def _shuffled(path: Path, table: Table) -> None:
    """Other columns first, other rows first."""
    chance = random.Random(1)
    places = [2, 3, 0, 1]
    lines = table[1:]
    chance.shuffle(lines)
    _csv(path, [[line[place] for place in places] for line in [table[0], *lines]])


def _gzipped(path: Path, table: Table) -> None:
    plain = path.with_suffix("")
    _csv(plain, table)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()


def _workbook(path: Path, table: Table) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in table:
        sheet.append([int(cell) if cell.isdigit() else cell for cell in line])
    book.save(path)


def _semicolons(path: Path, table: Table) -> None:
    _csv(path, table, ";")


FORMS: dict[str, Callable[[Path, Table], None]] = {
    "renamed.csv": _csv,
    "shuffled.csv": _shuffled,
    "packed.csv.gz": _gzipped,
    "book.xlsx": _workbook,
    "semicolons.csv": _semicolons,
}


def test_the_same_rows_in_any_form_post_nothing(
    user: Shell, sandbox: Sandbox, table: Table
) -> None:
    job = Job(user, sandbox, ("--rate", "max"))
    _csv(user.folder / job.file, table)
    first = job.run().document
    assert (first["rows"]["created"], first["requests"]) == (COUNT, COUNT)

    for name, write in FORMS.items():
        write(user.folder / name, table)
        again = Job(user, sandbox, ("--rate", "max"), name).run()
        assert again.status == 0, (name, again)
        assert again.document["rows"]["already_sent"] == COUNT, name
        assert again.document["requests"] == 0, name
    finished = job.run().document
    assert finished["requests"] == 0
    assert job.posts() == COUNT
    figure("a finished file in six forms", posts=job.posts() - COUNT)


def test_ten_more_rows_in_another_form_are_ten_posts(
    user: Shell, sandbox: Sandbox, table: Table
) -> None:
    job = Job(user, sandbox, ("--rate", "max"))
    _csv(user.folder / job.file, table[: 1 + COUNT - 10])
    job.run()
    _shuffled(user.folder / "grown.csv", table)
    grown = Job(user, sandbox, ("--rate", "max"), "grown.csv").run().document
    assert (grown["requests"], grown["rows"]["already_sent"]) == (10, COUNT - 10)
    assert set(job.stored().values()) == {1}
    figure("ten rows more", posts=grown["requests"])
