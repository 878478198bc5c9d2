"""A run's throughput and latency over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.ledger.figures import Post
from importer.results.report import Slot

_MOST = 60
_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400)


def slots(posts: Sequence[Post]) -> Iterator[Slot]:
    """The run cut into slots of equal length, 60 at most, empty ones too; the last one is up to half
    longer or shorter. `posts` are in order; a row that was tried again counts with its last attempt."""
    if not posts:
        return
    first, span = posts[0].at, posts[-1].at - posts[0].at
    length = next((each for each in _LENGTHS if span / each < _MOST), span / _MOST)
    shared: list[list[Post]] = [[] for _ in range(max(1, round(span / length)))]
    for post in posts:
        shared[min(int((post.at - first) // length), len(shared) - 1)].append(post)
    last = max(span - length * (len(shared) - 1), 1.0)
    for number, some in enumerate(shared):
        seconds = length if number < len(shared) - 1 else last
        times = sorted(post.ms for post in some if post.ms is not None)
        yield Slot(number * length, len(some) / seconds, _at(times, 0.5), _at(times, 0.95))


def _at(times: Sequence[int], share: float) -> float | None:
    """The time below which this share of the replies came; nearest rank."""
    return float(times[min(int(share * len(times)), len(times) - 1)]) if times else None
