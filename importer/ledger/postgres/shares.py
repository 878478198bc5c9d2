"""One exact rate for all workers of a job, dealt out in whole units; their pauses, refusals and stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from importer.ledger.postgres.connection import Connection, watched
from importer.ledger.postgres.database import text
from importer.settings import Rate


def units_of(rate: Rate) -> int:
    """What is dealt out: whole requests a second; a rate below one is a unit of its own; 0 for no rate."""
    return max(1, math.floor(rate.per_second)) if rate.per_second else 0


@dataclass(slots=True)
class Told:
    """What a worker hears with each beat: its part of the rate (requests a second; None is as fast as the
    server takes them), for how many seconds nobody posts, how many rows were refused in all, and why all
    stop (`code: message`), if they do."""

    per_second: float | None
    pause: float
    refused: int
    stop: str


@dataclass(slots=True)
class Says:
    """What it says: rows that were refused since, for how long the server asked it to wait, why it stops."""

    refused: int = 0
    pause: float = 0.0
    stop: str = ""


class Shares:
    """One worker's part. A part that shrinks is used at once, and given back one beat later (a second or
    more): no second sees more than the whole rate, whoever looks."""

    def __init__(
        self,
        job: int,
        holder: str,
        rate: Rate,
        ttl: float,
        says: Callable[[], Says],
        hears: Callable[[Told], None],
    ) -> None:
        self._job = job
        self._holder = holder
        self._ttl = ttl
        self._says = says
        self._hears = hears
        self.units = units_of(rate)
        self._unit = (rate.per_second or 0.0) / self.units if self.units else 0.0
        self._mine = 0

    def beat(self, connection: Connection) -> None:
        """Look at the others, take what is due, tell and hear. Raises psycopg.Error."""
        says = self._says()
        values = {"job": self._job, "holder": self._holder, "ttl": self._ttl}
        with watched(connection), connection.transaction():
            pause = self._dealt(connection, says, values) if self.units else 0.0
            told = {"job": self._job, "refused": says.refused, "stop": says.stop}
            refused, stop = connection.execute(text("work_told"), told).fetchall()[0]
        per_second = self._mine * self._unit if self.units else None
        self._hears(Told(per_second, pause, int(refused), str(stop)))

    def _dealt(self, connection: Connection, says: Says, values: dict[str, object]) -> float:
        if says.pause:
            connection.execute(text("rate_pause"), {"job": self._job, "seconds": says.pause})
        total, pause = connection.execute(text("rate_get"), values).fetchall()[0]
        taken, others, before = connection.execute(text("shares_of_others"), values).fetchall()[0]
        due = total // (others + 1) + (1 if before < total % (others + 1) else 0)
        wanted = max(0, min(due, total - int(taken)))
        kept = max(wanted, self._mine)
        connection.execute(text("share_put"), {**values, "share": kept, "wanted": wanted})
        self._mine = wanted
        return float(pause)

    def leave(self, connection: Connection) -> None:
        """Nothing is posted any more: others may have it, a second later."""
        if self.units:
            gone = {"job": self._job, "holder": self._holder, "ttl": 1.0, "wanted": 0}
            connection.execute(text("share_put"), {**gone, "share": self._mine})
