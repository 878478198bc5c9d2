"""The queue, keyed by person: rows in order, and rows of one person strictly one after the other."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator

from importer.model import QueuedRow


class KeyedQueue:
    """Hands rows to workers. A person whose row is under way has a lane: his further rows wait in it,
    while other people's rows go on. A worker that took a row says `task_done` when it has ended. Rows of
    the `held` persons stay where they are."""

    def __init__(self, rows: Iterator[QueuedRow], held: Iterable[bytes] = ()) -> None:
        self._rows = rows
        self._waiting: dict[bytes, deque[QueuedRow]] = defaultdict(deque)
        self._busy: set[bytes] = set()
        self._ready: deque[QueuedRow] = deque()
        self._held = set(held)

    def get(self) -> QueuedRow | None:
        """The next row whose person is free; None when there is none (other workers may still hold
        lanes, and will serve them)."""
        if self._ready:
            return self._taken(self._ready.popleft())
        for row in self._rows:
            if row.person in self._held:
                continue
            if row.person not in self._busy:
                return self._taken(row)
            self._waiting[row.person].append(row)
        return None

    def _taken(self, row: QueuedRow) -> QueuedRow:
        self._busy.add(row.person)
        return row

    def task_done(self, row: QueuedRow) -> None:
        """This person's next row may go."""
        lane = self._waiting.get(row.person)
        if lane:
            self._ready.append(lane.popleft())
        else:
            self._busy.discard(row.person)
            self._waiting.pop(row.person, None)

    def block(self, row: QueuedRow) -> int:
        """This row's fate is unknown: the person's further rows stay where they are. Returns how
        many were waiting."""
        self._held.add(row.person)
        self._busy.discard(row.person)
        return len(self._waiting.pop(row.person, ()))
