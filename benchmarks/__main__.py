"""`python -m benchmarks [--quick] [--only NAME ...]`: set up, race, write the tables."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import chart, machine, measure, planning, race, report, workshop
from benchmarks.peers import OURSELVES, PEERS, WHOLE, Errand, Peer, importer
from benchmarks.planning import Timed
from benchmarks.race import Bodies, Lap, Paced, Track
from benchmarks.report import Standing
from benchmarks.server import Server, Taken
from benchmarks.workshop import Absent

DOCS = Path(__file__).parents[1] / "docs"
_SLOW = ("newman", "httpx, gather", "csv2http")
"""They would need minutes for a race to the server that waits, and newman posts one at a time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    rows: int
    rounds: int
    waves: int
    ladder: Sequence[int]
    book: int
    paced: Sequence[tuple[int, int]]


WHOLE_RUN = Size(20_000, 3, 100, (10**4, 10**5, 10**6), 100_000, ((50, 1_000), (200, 4_000)))
QUICK_RUN = Size(1_000, 1, 20, (10**4,), 5_000, ((100, 200),))
"""A minute or two instead of twenty: to see that everything works, not to quote."""


@dataclasses.dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one run of the bench has found."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    absent: Mapping[str, str]
    bodies: Sequence[Bodies]
    at_once: Sequence[Lap]
    waiting: Sequence[tuple[Track, Sequence[Lap]]]
    plans: Sequence[Timed]
    paced: Sequence[Paced]


def main() -> None:
    options = _options()
    size = QUICK_RUN if options.quick else WHOLE_RUN
    if options.full:
        size = dataclasses.replace(size, ladder=(*size.ladder, 10**7))
    folder = workshop.WORK / "data"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        workshop.install_server()
    except Absent as error:
        sys.exit(f"The bench needs nginx with its echo module: {error}")
    chosen = [peer for peer in PEERS if not options.only or peer.name in options.only]
    try:
        figures = _measured(chosen, size, folder)
    except Taken as error:
        sys.exit(str(error))
    block = _told(figures, chosen)
    print(block)
    if not options.quick and not options.only:
        _write(figures, block)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run that only prints")
    parser.add_argument("--full", action="store_true", help="plan ten million rows too")
    parser.add_argument("--only", action="append", metavar="NAME", help="race these peers only")
    return parser.parse_args()


def _measured(chosen: Sequence[Peer], size: Size, folder: Path) -> Figures:
    server = Server(workshop.WORK / "nginx", race.LATENCY)
    versions, absent = _installed(chosen)
    peers = [peer for peer in chosen if peer.name in versions]
    patient = [peer for peer in peers if peer.name not in _SLOW]
    posted = [_bodies(peer, folder, server) for peer in peers]
    at_once = race.race(Track("at-once", 32, size.rows), peers, size.rounds, folder, server)
    tracks = [Track("late", number, number * size.waves) for number in (32, 128)]
    waiting = [
        (track, race.race(track, patient, min(size.rounds, 2), folder, server)) for track in tracks
    ]
    return Figures(
        machine=machine.facts(),
        versions=versions,
        absent=absent,
        bodies=[each for each in posted if each],
        at_once=at_once,
        waiting=waiting,
        plans=[
            *planning.start(folder),
            *planning.floor(size.ladder[-1], folder),
            *planning.ladder(size.ladder, folder),
            *planning.workbook(size.book, folder),
        ],
        paced=[_paced(rate, rows, folder, server) for rate, rows in size.paced],
    )


def _installed(peers: Sequence[Peer]) -> tuple[dict[str, str], dict[str, str]]:
    """The version of each peer that is there, and why the others aren't."""
    versions, absent = {}, {}
    for peer in peers:
        try:
            versions[peer.name] = peer.tool.install()
        except Absent as error:
            absent[peer.name] = str(error)
            print(f"  {peer.name} is absent: {error}", file=sys.stderr)
    return versions, absent


def _bodies(peer: Peer, folder: Path, server: Server) -> Bodies | None:
    try:
        return race.bodies(peer, 300, folder, server)
    except measure.Failed as error:
        print(f"  {peer.name}: {error}", file=sys.stderr)
        return None


def _paced(rate: int, rows: int, folder: Path, server: Server) -> Paced:
    errand = Errand(rows, Server.url("at-once"), 32, folder)
    command = importer(errand, "--rate", f"{rate}/s", "--concurrency", "32", "--yes")
    return race.paced(command, rate, folder, server)


def _told(figures: Figures, peers: Sequence[Peer]) -> str:
    races = {track: report.standings(laps) for track, laps in figures.waiting}
    absent = "".join(f"\n- {name} is absent: {why}" for name, why in figures.absent.items())
    return "\n\n".join(
        (
            report.machine(figures.machine, figures.versions) + absent,
            "### A server that answers at once, 32 in flight",
            report.sending(report.standings(figures.at_once), peers, figures.bodies),
            f"### A server that takes {race.LATENCY * 1000:.0f} ms: share of concurrency/latency",
            report.waiting(races),
            "### Plans, and the start",
            report.plans(figures.plans),
            "### At a rate",
            report.rates(figures.paced),
        )
    )


def _write(figures: Figures, block: str) -> None:
    report.write(DOCS / "performance.md", block)
    document = json.dumps(dataclasses.asdict(figures), indent=1, ensure_ascii=False)
    (DOCS / "performance.json").write_text(document + "\n", encoding="utf-8")
    bars: list[Standing] = report.standings(figures.at_once)
    whole = [peer.name for peer in PEERS if peer.does == WHOLE or peer.name.startswith(OURSELVES)]
    (DOCS / "performance.svg").write_text(chart.svg(bars, whole, OURSELVES), encoding="utf-8")


if __name__ == "__main__":
    main()
