"""Trials with a million rows: memory, in processes of their own, and what a row took."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

from tests.sources import workbooks

_SCRIPT = """
import pathlib, re, resource, sys, time
from importer.sources import open_source
start = time.perf_counter()
with open_source(sys.argv[1]) as source:
    rows = sum(len(chunk.rows) for chunk in source.chunks())
seconds = time.perf_counter() - start
own = int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(rows, round(seconds / rows * 1e6, 2), own // 1024, child // 1024)
"""
"""The process' own peak as the kernel keeps it: `ru_maxrss` has in it what pytest was at the fork."""


@pytest.mark.trial
def test_a_million_rows_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("id,score,comment,email,created,plan,country,mrr,a,b,c,d\n")
        for n in range(1_000_000):
            comment = "Very good – thanks" if n % 3 else '"Yes, ""fine"""'
            file.write(f"{n:08},{n % 11},{comment},user{n}@example.com,2024-03-05 10:20:30,")
            file.write(f"pro,DE,{n % 100}.50,x,Strongly agree,,NA\n")
    done = subprocess.run([sys.executable, "-c", _SCRIPT, path], capture_output=True, check=True)
    rows, microseconds, megabytes, _ = map(float, done.stdout.split())
    print(f"{microseconds} µs a row, {megabytes:.0f} MB")  # noqa: T201  what a trial is for
    assert rows == 1_000_000
    assert megabytes < 100


@pytest.mark.trial
def test_a_workbook_of_a_million_rows(tmp_path: Path) -> None:
    """calamine, which loads the sheet, takes 1 GB; openpyxl's parser keeps an empty element a row."""
    rows = (
        workbooks.row(
            n, ("A", f"{n:08}"), ("B", str(n % 11)), ("C", "Very good"), ("D", f"user{n}")
        )
        for n in range(1, 1_000_001)
    )
    start = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    path = workbooks.in_pieces(
        tmp_path / "big.xlsx", chain([start], rows, ["</sheetData></worksheet>"])
    )
    done = subprocess.run([sys.executable, "-c", _SCRIPT, path], capture_output=True, check=True)
    rows_read, microseconds, parent, child = map(float, done.stdout.split())
    print(f"{microseconds} µs a row, {parent:.0f} and {child:.0f} MB")  # noqa: T201
    assert rows_read == 999_999
    assert (parent < 64, child < 200) == (True, True)
