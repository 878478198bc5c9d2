"""Laps -> medians, spread, ratios; and the tables in which people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.peers import BASE, Peer
from benchmarks.planning import Timed
from benchmarks.race import Bodies, Lap, Paced, Track

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


@dataclass(frozen=True, slots=True)
class Standing:
    """One peer's laps in one race: the median CPU in µs a row with its least and most, and the medians
    of peak memory (MB) and of rows per second."""

    peer: str
    laps: int
    rows: int
    cpu_us: float
    least_us: float
    most_us: float
    peak_mb: float
    per_second: float


def standings(laps: Iterable[Lap]) -> list[Standing]:
    """One for each peer, the cheapest last."""
    by_peer: dict[str, list[Lap]] = {}
    for lap in laps:
        by_peer.setdefault(lap.peer, []).append(lap)
    found = [_standing(peer, its) for peer, its in by_peer.items()]
    return sorted(found, key=lambda each: -each.cpu_us)


def _standing(peer: str, laps: Sequence[Lap]) -> Standing:
    cpu = [lap.cpu_us for lap in laps]
    return Standing(
        peer=peer,
        laps=len(laps),
        rows=round(median(lap.rows for lap in laps)),
        cpu_us=median(cpu),
        least_us=min(cpu),
        most_us=max(cpu),
        peak_mb=median(lap.peak_mb for lap in laps),
        per_second=median(lap.per_second for lap in laps),
    )


def ratio(of: str, to: str, among: Sequence[Standing]) -> float | None:
    """The one's CPU per row as a multiple of the other's; None where one is missing."""
    cpu = {each.peer: each.cpu_us for each in among}
    return cpu[of] / cpu[to] if of in cpu and to in cpu else None


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first stand right."""
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, marks, *rows))


def sending(found: Sequence[Standing], peers: Sequence[Peer], posted: Sequence[Bodies]) -> str:
    """The race to the server that answers at once."""
    does = {peer.name: peer.does for peer in peers}
    valid = {each.peer: f"{each.json:,} of {each.requests:,}" for each in posted}
    header = ("client", "does", "rows", "CPU µs/row", "least–most", f"x {BASE}", "peak MB")
    rows = (
        (
            *(f"**{each.peer}**" if each.peer == "importer run" else each.peer, does[each.peer]),
            *(f"{each.rows:,}", _number(each.cpu_us)),
            f"{_number(each.least_us)}–{_number(each.most_us)}",
            _ratio(ratio(each.peer, BASE, found)),
            f"{each.peak_mb:.0f}",
            valid.get(each.peer, ""),
        )
        for each in found
    )
    return table((*header, "valid JSON"), rows)


def waiting(races: Mapping[Track, Sequence[Standing]]) -> str:
    """The races to the server that waits: the share of what the concurrency allows."""
    tracks = list(races)
    header = ("client", *(f"{track.concurrency} in flight" for track in tracks))
    shares = {
        (each.peer, track): each.per_second / track.ideal
        for track in tracks
        for each in races[track]
    }
    names = dict.fromkeys(each.peer for track in tracks for each in races[track])
    last = tracks[0]
    order = sorted(names, key=lambda name: shares.get((name, last), 0.0))
    return table(
        header,
        ((name, *(_share(shares.get((name, track))) for track in tracks)) for name in order),
    )


def plans(timings: Iterable[Timed]) -> str:
    """Commands that send nothing."""
    header = ("command", "CPU s", "wall s", "rows per CPU second", "peak MB")
    return table(
        header,
        (
            (
                *(each.what, f"{each.cost.cpu:.2f}", f"{each.cost.wall:.2f}"),
                f"{each.rows_per_cpu_second:,.0f}" if each.rows else "",
                f"{each.cost.peak_mb:.0f}",
            )
            for each in timings
        ),
    )


def rates(paced: Iterable[Paced]) -> str:
    """Runs with --rate."""
    header = ("--rate", "measured", "most in any second", "rows")
    return table(
        header,
        (
            (f"{each.asked}/s", f"{each.measured:.2f}/s", str(each.most), f"{each.rows:,}")
            for each in paced
        ),
    )


def machine(facts: Mapping[str, str], versions: Mapping[str, str]) -> str:
    """The machine and the versions, in two lines."""
    own = " · ".join(f"{name} {value}" for name, value in facts.items())
    theirs = " · ".join(f"{name} {value}" for name, value in versions.items())
    return f"Measured with: {own}.\n\nThe others: {theirs}."


def replaced(document: str, block: str) -> str:
    """The document with everything between the two markers replaced."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def write(path: Path, block: str) -> None:
    """Put the block into the document at `path`, between its markers."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), block), encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
