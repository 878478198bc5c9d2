"""The races: peers take turns (A B C A B C …) against one server, and are counted there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, measure
from benchmarks.peers import Errand, Peer, right_bodies
from benchmarks.server import Server

LATENCY = 0.05


@dataclass(frozen=True, slots=True)
class Lap:
    """One turn of one peer: the rows that the server answered, the client's CPU in µs a row, its peak
    memory in MB, and rows per second between the first request and the last reply."""

    peer: str
    rows: int
    cpu_us: float
    peak_mb: float
    per_second: float
    wall: float


@dataclass(frozen=True, slots=True)
class Track:
    """What is raced: where to, how many at a time, with how many rows."""

    place: str
    concurrency: int
    rows: int

    @property
    def ideal(self) -> float:
        """Rows per second that this concurrency allows at this latency, in full waves."""
        return self.concurrency / LATENCY


def race(
    track: Track, peers: Iterable[Peer], rounds: int, folder: Path, server: Server
) -> list[Lap]:
    """Each peer once to warm up with a tenth of the rows, then `rounds` turns each."""
    peers = list(peers)
    laps: list[Lap] = []
    for turn in range(rounds + 1):
        for peer in peers:
            rows = min(track.rows, peer.at_most)
            rows = max(track.concurrency, rows // 10) if turn == 0 else rows
            if not (found := lap(peer, track, rows, folder, server)):
                continue
            _tell(track, turn, found)
            if turn:
                laps.append(found)
    return laps


def lap(peer: Peer, track: Track, rows: int, folder: Path, server: Server) -> Lap | None:
    """One turn; None, with the reason on standard error, where the peer fails at it."""
    errand = Errand(rows, Server.url(track.place), track.concurrency, folder)
    command = peer.command(errand)
    try:
        with server.running():
            cost = measure.run(command, folder / "log.txt", extra=peer.environment(errand))
    except measure.Failed as error:
        print(f"  {peer.name}: {error}", file=sys.stderr)
        return None
    counted = server.counted()
    posted = len(counted.times)
    return Lap(
        peer=peer.name,
        rows=posted,
        cpu_us=cost.cpu / max(posted, 1) * 1e6,
        peak_mb=cost.peak_mb,
        per_second=posted / max(counted.seconds, 1e-3) if posted else 0.0,
        wall=cost.wall,
    )


def _tell(track: Track, turn: int, found: Lap) -> None:
    what = f"{track.place} {track.concurrency} round {turn or 'warm-up'}"
    figures = f"{found.rows} rows, {found.cpu_us:.0f} µs a row, {found.per_second:.0f}/s"
    print(f"  {what}: {found.peer}: {figures}, {found.peak_mb:.0f} MB", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Bodies:
    """What a peer really posted: requests, those that are JSON, those that say what was meant."""

    peer: str
    requests: int
    json: int
    right: int


def bodies(peer: Peer, rows: int, folder: Path, server: Server) -> Bodies:
    """Let a peer post a few rows to a place that keeps them, and compare."""
    errand = Errand(rows, Server.url("bodies"), 8, folder)
    command = peer.command(errand)
    with server.running():
        measure.run(command, folder / "log.txt", extra=peer.environment(errand))
    posted = server.bodies()
    return Bodies(peer.name, len(posted), *right_bodies(posted, errand.bodies))


@dataclass(frozen=True, slots=True)
class Paced:
    """A run at a rate: rows per second asked and measured, the most in any second, and the rows."""

    asked: int
    measured: float
    most: int
    rows: int


def paced(command: Sequence[str | Path], asked: int, folder: Path, server: Server) -> Paced:
    """Run the importer at a rate; what left is read off the server."""
    with server.running():
        key = {"SATISMETER_WRITE_KEY": data.WRITE_KEY}
        measure.run(command, folder / "log.txt", extra=key)
    counted = server.counted()
    starts = sorted(start for start, _ in counted.times)
    measured = (len(starts) - 1) / (starts[-1] - starts[0])
    return Paced(asked, measured, counted.most_within(1.0), len(starts))
