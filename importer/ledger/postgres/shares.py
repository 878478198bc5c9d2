"""One exact rate for all workers of a job, dealt out in whole units; their pauses, refusals and stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from importer.ledger.postgres.connection import Connection, watched
from importer.ledger.postgres.database import text
from importer.settings import Rate

WINDOW = 1.25
"""Seconds for which nobody else uses what a worker no longer does: the second that a server looks back
on, and by how much requests from two hosts may be late."""


def units_of(rate: Rate) -> int:
    """What is dealt out: whole requests a second; a rate below one is a unit of its own; 0 for no rate."""
    return max(1, math.floor(rate.per_second)) if rate.per_second else 0


@dataclass(slots=True)
class Told:
    """What a worker hears with each beat: for how many seconds nobody posts, how many rows were refused in
    all, and why all stop (`code: message`), if they do."""

    pause: float
    refused: int
    stop: str


@dataclass(slots=True)
class Says:
    """What it says: rows that were refused since, for how long the server asked it to wait, why it stops, and
    whether it has anything to post: who waits for others leaves them the rate."""

    refused: int = 0
    pause: float = 0.0
    stop: str = ""
    working: bool = True


class Shares:
    """One worker's part. `uses` is told how many requests a second that is, in the thread of the beats: one
    that shrinks before it is given back, one that grows once it is ours. So no second sees more than the
    whole rate, whoever looks."""

    def __init__(
        self,
        job: int,
        holder: str,
        rate: Rate,
        ttl: float,
        says: Callable[[], Says],
        uses: Callable[[float], None],
        hears: Callable[[Told], None],
    ) -> None:
        self._job = job
        self._holder = holder
        self._ttl = ttl
        self._says = says
        self._uses = uses
        self._hears = hears
        self.units = units_of(rate)
        self._whole = rate.per_second or 0.0
        self._mine = 0

    def beat(self, connection: Connection) -> None:
        """Look at the others, take what is due, tell and hear. Raises psycopg.Error."""
        says, due, pause = self._says(), 0, 0.0
        with watched(connection), connection.transaction():
            if self.units:
                due, pause = self._due(connection, says)
                self._put(connection, due, self._ttl + WINDOW if says.working else 0.0)
            told = {"job": self._job, "refused": says.refused, "stop": says.stop}
            refused, stop = connection.execute(text("work_told"), told).fetchall()[0]
        if self.units:
            self._mine = due
            self._uses(self._rate_of(due))
        self._hears(Told(pause, int(refused), str(stop)))

    def _due(self, connection: Connection, says: Says) -> tuple[int, float]:
        values = {"job": self._job, "holder": self._holder, "seconds": says.pause}
        if says.pause:
            connection.execute(text("rate_pause"), values)
        total, pause = connection.execute(text("rate_get"), values).fetchall()[0]
        taken, others, before = connection.execute(text("shares_of_others"), values).fetchall()[0]
        due = total // (others + 1) + (1 if before < total % (others + 1) else 0)
        return max(0, min(due, total - int(taken))) if says.working else 0, float(pause)

    def _put(self, connection: Connection, due: int, ttl: float) -> None:
        row = {"job": self._job, "holder": self._holder, "share": due, "ttl": ttl}
        connection.execute(text("share_put"), row)
        if due < self._mine:
            self._uses(self._rate_of(due))
            row |= {"holder": f"{self._holder} before", "share": self._mine - due, "ttl": WINDOW}
            connection.execute(text("share_before"), row)

    def _rate_of(self, units: int) -> float:
        """Requests a second; of a rate that is no whole number the rest is used by who has it all."""
        return self._whole if units == self.units else math.floor(units * self._whole / self.units)

    def leave(self, connection: Connection) -> None:
        """Nothing is posted any more: others may have it, once the window is over."""
        if self.units:
            self._put(connection, 0, 0.0)
