"""The write-ahead journal over PostgreSQL: an attempt is durable, and permitted, before its request leaves.

It commits in groups: whatever has come while one commit was under way goes into the next, in a thread of its
own. Workers wait for the answer to their attempt: it is theirs, or another row answers for it, or the lane is
lost. Outcomes ride along with the next attempts; until those are committed they are kept in memory, and told
again where the connection is lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg

from importer.errors import Busy, LedgerError
from importer.ledger.jobs import CUT_OFF
from importer.ledger.postgres import clock
from importer.ledger.postgres.connection import (
    HUNG,
    Address,
    Connection,
    Lost,
    connect,
    failure,
    is_lost,
    timeline,
    watched,
)
from importer.ledger.postgres.database import text as statement
from importer.ledger.postgres.lanes import Keeper
from importer.model import Outcome, Status

log = logging.getLogger(__name__)

PINNED = {
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}
"""Each group touches some twenty rows of tables that grow: whatever the statistics say of a table that was
empty a moment ago, they are found by their keys."""

_RETRY = 0.3
"""Seconds between two tries to connect."""
_MOST = 2_000
"""Rows of one statement where all attempts are told again."""


class LaneLost(Busy):
    """Another process has the lane, or may have it: nothing more is posted under this lease."""


Answer = Outcome | Busy | None
"""None: the attempt is ours and durable. An outcome: another row answers for it. Busy: the lane is lost."""


@dataclass(slots=True)
class _Group:
    """What is written in one go."""

    seqs: list[int] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    durable: bool = False
    """Whether outcomes alone are waited for."""


class Journal:
    """The journal of the lanes that `keeper` has taken of its job. `rows`: how many the job has; `outage`:
    seconds for which the database may be away; `leaving` is called at the end, with whether every attempt has
    its outcome."""

    def __init__(
        self,
        address: Address,
        keeper: Keeper,
        rows: int,
        outage: float = 900.0,
        leaving: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._leaving = leaving
        self._open: set[int] = set()
        self._address = address
        self._keeper = keeper
        self._outage = outage
        self._attempted = bytearray(rows)
        self._made: dict[int, tuple[bytes, int]] = {}
        self._asked: dict[int, float] = {}
        self._unsure: dict[int, Outcome] = {}
        self._next = _Group()
        self._after: dict[int, Outcome] = {}
        self._waiting: dict[int, asyncio.Future[Outcome | None]] = {}
        self._flushed: list[asyncio.Future[None]] = []
        self._busy = False
        self._broken: LedgerError | None = None
        self._connection: Connection | None = None
        self._timeline: tuple[str, str] | None = None
        self._thread = ThreadPoolExecutor(1, "journal")
        self._loop: asyncio.AbstractEventLoop
        self.commits = 0

    async def __aenter__(self) -> Journal:
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(self._thread, self._connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Raises LedgerError where what was recorded can't be written down."""
        try:
            if not self._broken:
                await self.flush()
        finally:
            self._thread.shutdown()
            if self._connection is not None:
                self._connection.close()
            self._leaving(self._broken is None and not self._open)

    # for workers

    def attempting(self, seq: int) -> Awaitable[Outcome | None]:
        """To be awaited: None once it is durable that this row is about to be posted, by us; an outcome where
        another row answers for it. Raises LaneLost, LedgerError."""
        answer = self._loop.create_future()
        self._waiting[seq] = answer
        self._next.seqs.append(seq)
        self._soon()
        return answer

    def permits(self, seq: int) -> bool:
        """Whether the attempt may be posted at this moment."""
        return self._keeper.permits(self._asked.get(seq, float("-inf")))

    def record(self, seq: int, outcome: Outcome) -> None:
        """Write down what an attempt came to, with the next group."""
        self._asked.pop(seq, None)
        self._open.discard(seq)
        if seq in self._next.seqs:  # whoever asked is gone already
            self._after[seq] = outcome
        elif seq in self._made or seq in self._waiting:
            self._next.outcomes[seq] = outcome
            self._soon()

    async def flush(self) -> None:
        """Return once everything recorded so far is durable."""
        done = self._loop.create_future()
        self._flushed.append(done)
        self._next.durable = True
        self._soon()
        await done

    @property
    def broken(self) -> LedgerError | None:
        """The failure that ended the journal, if one did."""
        return self._broken

    # on the loop

    def _soon(self) -> None:
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        group, self._next = self._next, _Group(outcomes=self._after)
        self._after = {}
        flushed, self._flushed = self._flushed, []
        if self._broken:
            self._ended(group, {}, flushed)
            return
        work = self._loop.run_in_executor(self._thread, self._write, group)
        work.add_done_callback(lambda done: self._wrote(group, flushed, done))

    def _wrote(
        self,
        group: _Group,
        flushed: list[asyncio.Future[None]],
        done: asyncio.Future[dict[int, Answer]],
    ) -> None:
        error = done.exception()
        if isinstance(error, LedgerError):
            self._broken = error
        elif error is not None:
            self._broken = LedgerError(f"The ledger's journal failed: {type(error).__name__}.")
        self._ended(group, {} if error else done.result(), flushed)

    def _ended(
        self, group: _Group, answers: dict[int, Answer], flushed: list[asyncio.Future[None]]
    ) -> None:
        self._busy = False
        for seq in group.seqs:
            answer, waiting = answers.get(seq), self._waiting.pop(seq)
            if answer is None and not self._broken and seq not in self._next.outcomes:
                self._open.add(seq)
            if waiting.done():
                continue
            if self._broken or isinstance(answer, Busy):
                waiting.set_exception(self._broken or LaneLost(_LOST, hint=_LOST_HINT))
            else:
                waiting.set_result(answer)
        for each in flushed:
            if not each.done():
                each.set_exception(self._broken) if self._broken else each.set_result(None)
        if self._next.seqs or self._next.outcomes or self._next.durable:
            self._soon()

    # in the thread

    def _write(self, group: _Group) -> dict[int, Answer]:
        """Write the group, whatever connections it takes. Raises LedgerError."""
        self._unsure |= group.outcomes
        until = clock.now() + self._outage
        while True:
            try:
                return self._tried(group)
            except Lost:
                if clock.now() > until:
                    raise
            except psycopg.Error as error:
                if not is_lost(error) or clock.now() > until:
                    raise failure(self._address, error) from error
            self._drop()
            time.sleep(_RETRY)

    def _tried(self, group: _Group) -> dict[int, Answer]:
        connection, began = self._connected(), clock.now()
        try:
            with watched(connection):
                answers = self._told(connection, group)
        except psycopg.OperationalError as error:
            if clock.now() - began >= HUNG:
                raise LedgerError(_HUNG, hint=_HUNG_HINT) from error
            raise
        if group.seqs or group.durable:
            # a commit that was waited for takes all before it along
            for seq, outcome in self._unsure.items():
                if outcome.status is Status.CREATED:
                    self._made.pop(seq, None)
            self._unsure = {}
        return answers

    def _told(self, connection: Connection, group: _Group) -> dict[int, Answer]:
        cursor = None
        with connection.pipeline() as pipeline:
            if self._unsure:
                waits = group.durable and not group.seqs
                name = "outcome_durable" if waits else "outcome"
                connection.execute(statement(name), self._outcomes())
                pipeline.sync()
            if group.seqs:
                asked, values = clock.now(), self._values(group.seqs)
                cursor = connection.execute(statement("attempt"), values)
        self.commits += 1
        if cursor is None:
            return {}
        found = {seq: (identity, token, mine) for seq, identity, token, mine in cursor.fetchall()}
        ours = [seq for seq, (*_, mine) in found.items() if mine]
        others = [seq for seq, (*_, mine) in found.items() if not mine]
        if others:
            again = connection.execute(statement("attempt_again"), self._values(others))
            ours += [seq for (seq,) in again.fetchall()]
        answers: dict[int, Answer] = dict.fromkeys(ours)
        for seq in ours:
            identity, token, _ = found[seq]
            self._made[seq], self._asked[seq], self._attempted[seq] = (identity, token), asked, 1
        if left := [seq for seq in others if seq not in answers]:
            answers |= self._elsewhere(connection, {seq: found[seq][0] for seq in left})
        return {seq: answers.get(seq, _NOT_OURS) for seq in group.seqs}

    def _elsewhere(self, connection: Connection, rows: dict[int, bytes]) -> dict[int, Answer]:
        values = {"job": self._keeper.job, "seqs": list(rows), "identities": list(rows.values())}
        found: dict[int, Answer] = {
            seq: Outcome(Status(status), code, message, doubt=status == Status.UNKNOWN)
            for seq, status, code, message in connection.execute(statement("elsewhere"), values)
        }
        for seq, status, code, message, http, response, ms, doubt in connection.execute(
            statement("own"), values
        ):
            if status != "attempting":
                told = Outcome(Status(status), code, message, http, response, ms, doubt=bool(doubt))
                found[seq] = told
        return found

    def _values(self, seqs: Sequence[int]) -> dict[str, Any]:
        lanes = dict(self._keeper.lanes)
        return {
            "job": self._keeper.job,
            "lanes": self._keeper.count,
            "shards": list(lanes),
            "tokens": list(lanes.values()),
            "seqs": list(seqs),
            "at": time.time(),
        }

    def _outcomes(self) -> dict[str, Any]:
        rows = [(*self._made[seq], each) for seq, each in self._unsure.items() if seq in self._made]
        return {
            "job": self._keeper.job,
            "identities": [identity for identity, *_ in rows],
            "tokens": [token for _, token, _ in rows],
            "statuses": [str(each.status) for *_, each in rows],
            "codes": [each.code for *_, each in rows],
            "messages": [each.message.replace("\0", "") for *_, each in rows],
            "https": [each.http_status for *_, each in rows],
            "responses": [each.response_id.replace("\0", "") for *_, each in rows],
            "mss": [each.ms for *_, each in rows],
            "doubts": [int(each.doubt) for *_, each in rows],
        }

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            fresh = connect(self._address, **PINNED)
            with watched(fresh):
                found = timeline(fresh)
                if self._timeline not in (None, found):
                    self._failed_over(fresh)
            self._connection, self._timeline = fresh, found
        return self._connection

    def _failed_over(self, connection: Connection) -> None:
        """A standby has taken over. What this run had attempted it may lack: that is written down again, as
        in doubt, before anything is posted. Raises LedgerError where it did lack something."""
        log.warning(
            "the ledger's database has failed over to a standby", extra={"event": "failover"}
        )
        seqs = [seq for seq, done in enumerate(self._attempted) if done]
        lacked = 0
        for start in range(0, len(seqs), _MOST):
            some = seqs[start : start + _MOST]
            values = {"job": self._keeper.job, "seqs": some, "at": time.time(), "told": CUT_OFF}
            values["lanes"] = self._keeper.count
            lacked += connection.execute(statement("again_after_failover"), values).rowcount
        if lacked:
            raise LedgerError(
                f"The ledger's database has failed over to a standby that lacked {lacked:,} rows of this "
                "run: they are in doubt now.",
                hint="Rows that other processes had posted may be lacking, too, and would be posted twice: "
                "`importer resolve` settles those in doubt by what the survey holds, and `run "
                "--check-survey` sends nothing that it holds. Only a synchronous standby loses nothing.",
            )

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_NOT_OURS = Busy("")
_LOST = "The lease of these rows has ended, and another process may post them now"
_LOST_HINT = "What was posted is accounted for. The same command goes on where it stopped."
_HUNG = f"The ledger's database has not confirmed a commit for {HUNG:.0f} s. Posting has stopped."
_HUNG_HINT = (
    "It may wait for a standby that is away (synchronous_standby_names), also where it was one itself "
    "before: mend that; the same command goes on where it stopped."
)
