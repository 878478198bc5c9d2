"""Where a run's time goes: from the interpreter's start to the last line written, phase by phase.

`python -m benchmarks.phases [ROWS]` runs the importer as a library against the bench's server that answers
at once, 32 in flight, and prints µs of CPU per row.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer import Settings
    from importer.model import Outcome


CONCURRENCY = 32


class Phases:
    """A `Watch` that looks at the clock of the process."""

    def __init__(self) -> None:
        self.marks: dict[str, float] = {}

    def staged(self, _: int) -> None:
        """Called again and again; the first call follows the first chunk."""
        self.marks.setdefault("open, check the mapping, read the first chunk", time.process_time())

    def sending(self, _: int) -> None:
        """All rows are in the ledger."""
        self.marks["read, map, check, stage, spool"] = time.process_time()

    def ended(self, _: Outcome) -> None:
        """The last call counts."""
        self.marks["send: journal, post, classify"] = time.process_time()

    def settling(self, _: int, __: float) -> None:
        """Nothing is in doubt here."""

    def told(self, rows: int) -> list[tuple[str, str]]:
        """The time of each phase, in µs a row."""
        before, lines = 0.0, []
        for phase, at in self.marks.items():
            lines.append((phase, f"{(at - before) / rows * 1e6:.1f}"))
            before = at
        return [*lines, ("all", f"{before / rows * 1e6:.1f}")]


def main() -> None:
    phases = Phases()
    from importer import engine
    from importer.engine import send  # noqa: F401  what a run imports later
    from importer.satismeter import insert  # noqa: F401

    phases.marks["start: the interpreter and what is imported"] = time.process_time()
    from benchmarks import race, report, workshop
    from benchmarks.server import Server

    bench = time.process_time() - phases.marks["start: the interpreter and what is imported"]
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(workshop.WORK / "nginx", race.LATENCY).running(),
    ):
        engine.run(_settings(rows, Path(folder)), watch=phases)
    phases.marks["results.csv, summary, report"] = time.process_time()
    print(report.table(("phase", "CPU µs/row"), phases.told(rows)))
    print(f"of which the bench's own start {bench / rows * 1e6:.1f}", file=sys.stderr)


def _settings(rows: int, folder: Path) -> Settings:
    from benchmarks import data, workshop
    from benchmarks.server import Server
    from importer import Endpoint, Rate, Secret, Settings

    mapping = folder / "mapping.yaml"
    mapping.write_text(data.MAPPING)
    return Settings(
        file=os.fspath(data.write_csv(workshop.WORK / "data" / f"answers-{rows}.csv", rows)),
        mapping=os.fspath(mapping),
        state=folder / "state",
        out=folder / "out",
        endpoint=Endpoint.parse(Server.url("at-once")),
        write_key=Secret(data.WRITE_KEY),
        rate=Rate(None),
        concurrency=CONCURRENCY,
    )


if __name__ == "__main__":
    main()
