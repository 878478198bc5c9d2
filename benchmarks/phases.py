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
    from importer.engine import Event


CONCURRENCY = 32


class Phases:
    """An `Observer` that looks at the clock of the process."""

    def __init__(self) -> None:
        self.marks: dict[str, float] = {}

    def event(self, event: Event, /) -> None:
        """The first chunk that was read ends a phase, and so do the last row that ended and the beginning of
        the posts."""
        kind = type(event).__name__
        if kind == "Staged":
            self.marks.setdefault(
                "open, check the mapping, read the first chunk", time.process_time()
            )
        elif kind == "Sending":
            self.marks["read, map, check, stage, spool"] = time.process_time()
        elif kind == "Ended":
            self.marks["send: journal, post, classify"] = time.process_time()

    def told(self, rows: int) -> list[tuple[str, str]]:
        """The time of each phase, in µs a row."""
        before, lines = 0.0, []
        for phase, at in self.marks.items():
            lines.append((phase, f"{(at - before) / rows * 1e6:.1f}"))
            before = at
        return [*lines, ("all", f"{before / rows * 1e6:.1f}")]


def main() -> None:
    phases = Phases()
    from importer import engine  # noqa: F401
    from importer.engine import send  # noqa: F401  what a run imports later
    from importer.satismeter import insert  # noqa: F401

    phases.marks["start: the interpreter and what is imported"] = time.process_time()
    from benchmarks import data, race, report, workshop
    from benchmarks.server import Server

    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    table = data.write_csv(workshop.WORK / "data" / f"answers-{rows}.csv", rows)
    bench = time.process_time() - phases.marks["start: the interpreter and what is imported"]
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(workshop.WORK / "nginx", race.LATENCY).running(),
    ):
        posted(phases, table, Server.url("at-once"), Path(folder))
    print(report.table(("phase", "CPU µs/row"), phases.told(rows)))
    print(f"of which the bench's own start {bench / rows * 1e6:.1f}", file=sys.stderr)


def posted(phases: Phases, table: Path, url: str, folder: Path) -> None:
    """Run the job over the table against the server at `url`, with everything that it writes in `folder`."""
    from benchmarks import data
    from importer import Endpoint, Rate, Secret, Settings, engine

    mapping = folder / "mapping.yaml"
    mapping.write_text(data.MAPPING)
    settings = Settings(
        file=os.fspath(table),
        mapping=os.fspath(mapping),
        state=folder / "state",
        out=folder / "out",
        endpoint=Endpoint.parse(url),
        write_key=Secret(data.WRITE_KEY),
        rate=Rate(None),
        concurrency=CONCURRENCY,
    )
    engine.run(settings, observer=phases)
    phases.marks["results.csv, summary, report"] = time.process_time()


if __name__ == "__main__":
    main()
