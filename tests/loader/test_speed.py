"""Trials with a million rows: memory and speed, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import resource, sys, time
from importer.loader import open_source
start = time.perf_counter()
with open_source(sys.argv[1]) as source:
    rows = sum(len(chunk.rows) for chunk in source.chunks())
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(rows, round(seconds / rows * 1e6, 2), peak)
"""


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
    rows, microseconds, megabytes = map(float, done.stdout.split())
    print(f"{microseconds} µs a row, {megabytes:.0f} MB")  # noqa: T201  what a trial is for
    assert rows == 1_000_000
    assert megabytes < 300
    assert microseconds < 12
