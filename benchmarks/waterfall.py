"""Where a plan's time goes: the rooms of the pipeline one after the other, with a clock between them.

`python -m benchmarks.waterfall answers.csv mapping.yaml` prints µs of CPU per row.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks import report
from importer import mapping
from importer.ledger import Spool, plan_ledger
from importer.mapping import load
from importer.mapping.checks import check
from importer.model import Job
from importer.sources.source import open_source


class Clock:
    """CPU seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Adds what the block costs."""
        start = time.process_time()
        try:
            yield
        finally:
            self.seconds[step] += time.process_time() - start


def plan(table: str, document: str, clock: Clock, folder: Path) -> int:
    """Stages one file, step by step; returns its rows."""
    rows = 0
    with clock.timing("open: bytes hashed, encoding found"):
        source = open_source(table)
    compiled = mapping.compile(load(document), source.header, secret=b"k" * 32, file=source.name)
    with closing(plan_ledger(folder / "none", b"k" * 32)) as ledger, closing(source):
        staging = ledger.stage(ledger.start_job(_job(table)))
        spool = Spool(folder)
        chunks = source.chunks()
        while True:
            with clock.timing("read: text to columns, damage found"):
                chunk = next(chunks, None)
            if chunk is None:
                break
            with clock.timing("map"):
                mapped = compiled.run(chunk)
            with clock.timing("check"):
                mapped = check(mapped)
            with clock.timing("stage: hashes, look back, SQLite"):
                sendable = staging.add(mapped)
            with clock.timing("spool"):
                spool.keep(sendable)
            rows += len(mapped)
        with clock.timing("finish: rows that stand twice found"):
            staging.finish("all")
    return rows


def _job(table: str) -> Job:
    return Job(
        *(0, "waterfall", table, "", "", "", "", "http://127.0.0.1", "c", {}),
        started_at=time.time(),
    )


def main() -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        rows = plan(sys.argv[1], sys.argv[2], clock, Path(folder))
    figures = [(step, f"{spent / rows * 1e6:.1f}") for step, spent in clock.seconds.items()]
    total = sum(clock.seconds.values()) / rows * 1e6
    print(report.table(("step", "CPU µs/row"), [*figures, ("all", f"{total:.1f}")]))


if __name__ == "__main__":
    main()
