"""What the dry run costs: of CSV files of growing size, of a workbook, of a small file, of `--help`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, measure
from benchmarks.measure import Cost
from benchmarks.workshop import OURS

_ITER_ROWS = """
import sys
from python_calamine import CalamineWorkbook
print(sum(1 for _ in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows()))
"""
_CSV_READER = """
import csv, sys
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    print(sum(1 for _ in csv.reader(file)))
"""
_LOADER = """
import sys
from importer.sources import open_source
with open_source(sys.argv[1]) as source:
    print(sum(len(chunk.rows) for chunk in source.chunks()))
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """What a command costs; `rows` is what it had to read."""

    what: str
    rows: int
    cost: Cost

    @property
    def rows_per_cpu_second(self) -> float:
        return self.rows / self.cost.cpu


def timed(what: str, rows: int, command: Sequence[str | Path], folder: Path, turns: int) -> Timed:
    """The turn of median CPU, of so many."""
    costs = [measure.run(command, folder / "log.txt") for _ in range(turns)]
    found = Timed(what, rows, sorted(costs, key=lambda cost: cost.cpu)[turns // 2])
    cost = found.cost
    print(
        f"  {what}: {cost.cpu:.2f} s CPU, {cost.wall:.2f} s, {cost.peak_mb:.0f} MB", file=sys.stderr
    )
    return found


def plan(table: Path, folder: Path) -> Sequence[str | Path]:
    """The dry run of one file, with no ledger to look back into."""
    state = folder / "plan-state"
    shutil.rmtree(state, ignore_errors=True)
    mapping = folder / "mapping.yaml"
    mapping.write_text(data.MAPPING)
    where = ("--state", state, "--out", folder / "plan-out")
    return (OURS / "importer", "plan", table, "-m", mapping, *where, "--json")


def start(folder: Path) -> list[Timed]:
    """From the command to its end: `--help`, and a plan of 500 rows."""
    small = data.write_csv(folder / "answers-500.csv", 500)
    return [
        timed("importer --help", 0, (OURS / "importer", "--help"), folder, 5),
        timed("plan of 500 rows", 500, plan(small, folder), folder, 5),
    ]


def ladder(sizes: Sequence[int], folder: Path) -> list[Timed]:
    """Plans of CSV files of these sizes."""
    tables = [(n, data.write_csv(folder / f"answers-{n}.csv", n)) for n in sizes]
    return [
        timed(f"plan of {n:,} rows, CSV", n, plan(table, folder), folder, 1 if n >= 10**6 else 3)
        for n, table in tables
    ]


def floor(rows: int, folder: Path) -> list[Timed]:
    """What it costs to read the CSV and do nothing: `csv.reader` alone."""
    table = data.write_csv(folder / f"answers-{rows}.csv", rows)
    command = (OURS / "python", "-c", _CSV_READER, table)
    return [timed(f"csv.reader alone, {rows:,} rows", rows, command, folder, 3)]


def workbook(rows: int, folder: Path) -> list[Timed]:
    """The loader's reading of a workbook, and a plan of it, beside calamine's own `iter_rows`."""
    book = data.write_workbook(folder / f"answers-{rows}.xlsx", rows)
    alone, ours = ((OURS / "python", "-c", code, book) for code in (_ITER_ROWS, _LOADER))
    return [
        timed(f"calamine iter_rows alone, {rows:,} rows", rows, alone, folder, 3),
        timed(f"importer's loader alone, {rows:,} rows, workbook", rows, ours, folder, 3),
        timed(f"plan of {rows:,} rows, workbook", rows, plan(book, folder), folder, 3),
    ]
