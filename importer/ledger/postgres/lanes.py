"""Leases: who imports into a survey, and who posts which lane of a job, by the database's clock.

A lane is the rows of a job whose person falls to it; its token grows with each holder. To post, a process
needs a valid lease in the very statement that makes the attempt durable; what an attempt came to it may tell
even after it has lost the lane.
"""

from __future__ import annotations

import hashlib
import json
import logging
import marshal
import math
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from importer import system
from importer.errors import Busy, LedgerError
from importer.ledger.jobs import CUT_OFF
from importer.ledger.postgres.connection import (
    Address,
    Connection,
    connect,
    watched,
    wrap_postgres_errors,
)
from importer.ledger.postgres.database import PostgresDatabase, text
from importer.settings import Rate

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: how long a lease holds without a beat, how often it is renewed, and how long after it was
    asked for an attempt may still be posted."""

    ttl: float = 30.0
    beat: float = 5.0
    guard: float = 5.0


def holder_of(what: str) -> str:
    """What a process is told from every other by."""
    return f"{what} {socket.gethostname()} {os.getpid()} {os.urandom(4).hex()}"


class Keeper:
    """Keeps what this process holds, with a thread and a connection of its own: a lease must not end while
    the process maps a file. `changed` is called (in that thread) with each beat."""

    def __init__(
        self,
        address: Address,
        holder: str,
        timing: Timing | None = None,
        changed: Callable[[Connection], None] | None = None,
    ) -> None:
        self.address = address
        self.holder = holder
        self.timing = timing or Timing()
        self.changed = changed
        self.job = 0
        self.count = 1
        self.lanes: Mapping[int, int] = {}
        self.recovered = 0
        self.lost = threading.Event()
        self._servers: dict[str, str] = {}
        self._shared = ""
        self._lane_ends = system.steady()
        self._ending = threading.Event()
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> Keeper:
        with wrap_postgres_errors(self.address):
            self._connected()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        try:
            self.give()
            for server, holder in self._servers.items():
                if holder != self._shared:
                    self._ask("holds_give", server=server, holder=holder)
        except (psycopg.Error, LedgerError):
            log.info("a lease is left to its end", exc_info=True)
        finally:
            self._drop()

    # surveys

    def hold(
        self, server: str, campaigns: Collection[str], facts: Mapping[str, object], shared: str = ""
    ) -> None:
        """Hold these surveys of a server; raises Busy naming who does. `shared`: for all processes that hold
        them under this name, until the last of them has let the lease run out."""
        self._shared = shared
        values = {
            "server": server,
            "campaigns": sorted(set(campaigns)),
            "holder": shared or self.holder,
            "facts": json.dumps(facts),
            "ttl": self.timing.ttl,
        }
        with self._lock, wrap_postgres_errors(self.address):
            connection = self._connected()
            with watched(connection), connection.transaction():
                connection.execute(text("holds_gate"))
                rival = connection.execute(text("holds_rivals"), values).fetchone()
                if rival is None:
                    connection.execute(text("holds_take"), values)
        if rival is not None:
            raise Busy(
                f"Another run holds the campaign: {_told(rival[0])}.",
                hint="Wait for it to end, or stop it with Ctrl-C; its rows stay accounted for. One that was "
                f"killed is forgotten {self.timing.ttl:.0f} s after its end.",
            )
        self._servers[server] = shared or self.holder

    # lanes

    def open(self, job: int, lanes: int = 1) -> None:
        """Begin with a job: it is cut into so many lanes, unless it was cut before."""
        with self._lock, wrap_postgres_errors(self.address):
            (count,) = self._ask("lanes_count", job=job)[0]
            if not count:
                self._ask("lanes_make", job=job, lanes=lanes)
                (count,) = self._ask("lanes_count", job=job)[0]
        self.job, self.count = job, count

    def take(self, most: int | None = None) -> int:
        """Take lanes that nobody holds, all of them or so many at most; returns how many. What former holders
        had under way is in doubt then. Waits for an attempt that is just being written down."""
        with self._lock, wrap_postgres_errors(self.address):
            asked, connection = system.steady(), self._connected()
            with watched(connection), connection.transaction():
                wanted = {"job": self.job, "holder": self.holder, "ttl": self.timing.ttl}
                found = connection.execute(text("lanes_take"), {**wanted, "most": most}).fetchall()
                unclean = [shard for shard, _, clean in found if not clean]
                self.recovered = 0
                if unclean:
                    lost = {"job": self.job, "shards": unclean, "lanes": self.count}
                    told = connection.execute(text("lanes_recover"), {**lost, "told": CUT_OFF})
                    self.recovered = told.rowcount
            if not self.lanes:
                self._lane_ends = asked + self.timing.ttl
            self.lanes = {**self.lanes, **{shard: token for shard, token, _ in found}}
            self._lane_ends = min(self._lane_ends, asked + self.timing.ttl)
        return len(found)

    def give(self, *, done: bool = False, clean: bool = True) -> None:
        """Give the lanes back; where the server is away, they are free when their lease ends. `done`: nothing
        of them is left to send. `clean`: no attempt is open."""
        with self._lock:
            lanes, self.lanes = self.lanes, {}
            self._lane_ends = system.steady()
            try:
                if lanes:
                    self._ask("lanes_give", job=self.job, done=done, clean=clean, **_held(lanes))
            except (psycopg.Error, LedgerError):
                log.info("a lease is left to its end", exc_info=True)
                self._drop()

    def released(self) -> None:
        """The job is at its end: its surveys are free for others."""
        with self._lock, wrap_postgres_errors(self.address):
            for server, holder in self._servers.items():
                self._ask("holds_give", server=server, holder=holder)
        self._servers = {}

    def again(self) -> bool:
        """Where every lane is done, they may be taken once more, by whoever settles what is in doubt."""
        with self._lock, wrap_postgres_errors(self.address):
            connection = self._connected()
            with watched(connection):
                return connection.execute(text("lanes_again"), {"job": self.job}).rowcount > 0

    def beat(self) -> None:
        """Renew all and tell `changed`, now. Raises LedgerError."""
        with self._lock, wrap_postgres_errors(self.address):
            self._beat()

    def through(self, work: Callable[[Connection], None]) -> None:
        """Do this over the keeper's connection. Raises LedgerError."""
        with self._lock, wrap_postgres_errors(self.address):
            work(self._connected())

    def left(self) -> tuple[int, int]:
        """How many lanes of the job somebody holds, and how many are yet to be done."""
        with self._lock, wrap_postgres_errors(self.address):
            held, undone = self._ask("lanes_left", job=self.job)[0]
        return int(held), int(undone)

    def permits(self, asked: float) -> bool:
        """Whether an attempt that was asked for then (by `system.steady`) may be posted now: soon after, and
        within the lease. Whoever slept longer may have lost the lane, and his attempt may be settled."""
        time_ = system.steady()
        return time_ - asked < self.timing.guard and time_ < self._lane_ends

    # beats

    def _run(self) -> None:
        while not self._ending.wait(self.timing.beat):
            try:
                with self._lock:
                    self._beat()
            except (psycopg.Error, LedgerError) as error:
                log.warning("the lease could not be renewed: %s", type(error).__name__)
                self._drop()

    def _beat(self) -> None:
        asked, ttl = system.steady(), self.timing.ttl
        # Before the lanes, whose lease permits posts: a share must not end before that.
        if self.changed:
            self.changed(self._connected())
        for server, holder in self._servers.items():
            if not self._ask("holds_beat", server=server, holder=holder, ttl=ttl):
                self.lost.set()
        if self.lanes:
            renewed = self._ask("lanes_beat", job=self.job, ttl=ttl, **_held(self.lanes))
            kept = {shard for (shard,) in renewed}
            if len(kept) < len(self.lanes):
                self.lanes = {each: token for each, token in self.lanes.items() if each in kept}
                self.lost.set()
            self._lane_ends = asked + ttl if kept else asked

    def _ask(self, name: str, **values: Any) -> list[tuple[Any, ...]]:
        connection = self._connected()
        with watched(connection):
            found = connection.execute(text(name), values)
            return found.fetchall() if found.description else []

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self.address)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _held(lanes: Mapping[int, int]) -> dict[str, list[int]]:
    return {"shards": list(lanes), "tokens": list(lanes.values())}


def facts_of(file: str) -> dict[str, object]:
    """What a rival is told of this process."""
    return {"pid": os.getpid(), "host": socket.gethostname(), "file": file, "since": time.time()}


def _told(text: str) -> str:
    facts = json.loads(text)
    since = time.strftime("%H:%M:%S", time.localtime(facts["since"]))
    return f"process {facts['pid']} on {facts['host']}, importing {facts['file']} since {since}"


# Requests kept in the ledger until their job ends: compressed, and sealed with a key that isn't there.

PART = 1_000
"""Rows that are compressed together."""
_NONCE = 12


class Bodies:
    """The requests of one job. `secret` keys the ledger's hashes; the seal's key is made of it."""

    def __init__(self, database: PostgresDatabase, job: int, secret: bytes) -> None:
        self._db = database
        self._job = job
        key = hashlib.blake2b(b"bodies", key=secret, digest_size=32).digest()
        self._seal = AESGCM(key)

    def put(self, shard: int, part: int, rows: Iterable[tuple[int, bytes]]) -> None:
        """Keep the requests of some rows of a lane, by their `seq`; the same part again would be an error."""
        plain = zlib.compress(marshal.dumps(list(rows), 2), 6)
        nonce = os.urandom(_NONCE)
        blob = nonce + self._seal.encrypt(nonce, plain, self._place(shard, part))
        self._db.run("bodies_put", job=self._job, part=part, shard=shard, blob=blob)

    def get(self, shard: int) -> Iterator[tuple[int, bytes]]:
        """The requests of a lane, in the order in which they were kept. Raises LedgerError where they were
        sealed with another key, or changed since."""
        for part, blob in self._db.each("bodies_get", job=self._job, shard=shard):
            sealed = bytes(blob)
            place = self._place(shard, part)
            try:
                plain = self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
            except InvalidTag:
                raise LedgerError(
                    f"The requests of job {self._job} in the ledger can't be unsealed.",
                    hint="Set SATISMETER_HASH_KEY as it was when the job was staged.",
                ) from None
            # sealed, so nobody else has made it; JSON would take twice the time
            yield from marshal.loads(zlib.decompress(plain))  # noqa: S302

    def remove(self) -> None:
        """All of them go."""
        self._db.run("bodies_removed", job=self._job)

    def _place(self, shard: int, part: int) -> bytes:
        """Bound into the seal, so that no part can take another's place."""
        return f"{self._job} {shard} {part}".encode()


# One exact rate for all workers of a job, dealt out in whole units; their pauses, refusals and stops.


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
