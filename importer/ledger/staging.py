"""Staging: each mapped row of a file gets its line in the ledger before anything is sent.

Here a row meets what was sent before it, in this file and in earlier runs; and a row that an earlier start
of the same job wrote down meets what other jobs have sent since.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from importer.ledger.before import Before
from importer.ledger.hashes import Hasher, Hashes
from importer.ledger.ledger import SENDABLE, Ledger
from importer.ledger.standing import TO_SEND, Earlier, Standing, standing
from importer.masking import Show, hidden, masked, masked_id, plain
from importer.model import Invalid, Job, Mapped, Problem, Response, Skipped, Status

_INSERT = (
    'INSERT INTO rows (job, seq, row, status, code, message, "column", value, key, user_id,'
    " anonymous_id, identity, content, body, person, traits, shown, ord, elsewhere)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_MOVE = "UPDATE rows SET status = ?, code = ?, message = ?, elsewhere = ? WHERE job = ? AND seq = ?"

Cells = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """A row that an earlier start of the job wrote down."""

    status: str
    code: str
    elsewhere: bool

    def open(self, sending: Collection[str]) -> bool:
        """Whether what other jobs have sent since may still change where it stands: it is to be sent,
        or another job answered for it. A row in doubt is its own job's to settle."""
        if self.elsewhere:
            return self.status != Status.ALREADY_SENT and self.code != "dup_same_file"
        return self.status in sending and self.status != Status.UNKNOWN


class Staging:
    """Puts the rows of one job into the ledger, chunk by chunk. `sending`: rows of these statuses are
    to be sent."""

    def __init__(
        self,
        ledger: Ledger,
        job: Job,
        *,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
    ) -> None:
        self._ledger = ledger
        self._job = job
        self._sending = sending
        self._hasher = Hasher(ledger.secret, job.origin)
        self._before = Before(ledger, job)
        self._value: Show = plain if show_values else masked
        self._id: Show = plain if show_values else masked_id
        self._next = 0

    def add(self, mapped: Sequence[Mapped]) -> list[tuple[int, Response]]:
        """Write these rows down; returns those that are to be sent or settled, with their `seq`.

        Rows that an earlier start of the same job wrote down keep what they have, unless another job
        has sent them since.
        """
        first, self._next = self._next, self._next + len(mapped)
        known = self._known(first, self._next)
        responses = {
            seq: each for seq, each in enumerate(mapped, first) if isinstance(each, Response)
        }
        hashes = {seq: self._hasher.of(each) for seq, each in responses.items()}
        stands = self._stands(responses, hashes, known, first)
        fresh = [(seq, each) for seq, each in enumerate(mapped, first) if seq not in known]
        with self._ledger.transaction() as connection:
            connection.executemany(_INSERT, self._lines(fresh, stands, hashes))
            connection.executemany(_MOVE, self._moves(stands, known))
        return [
            (seq, each)
            for seq, each in responses.items()
            if not stands[seq].elsewhere and stands[seq].status in self._sending
        ]

    def _known(self, first: int, end: int) -> dict[int, _Known]:
        with self._ledger.told():
            found = self._ledger.connection.execute(
                "SELECT seq, status, code, elsewhere FROM rows WHERE job = ? AND seq >= ? AND seq < ?",
                (self._job.id, first, end),
            )
            return {seq: _Known(status, code, bool(there)) for seq, status, code, there in found}

    def _stands(
        self,
        responses: Mapping[int, Response],
        hashes: Mapping[int, Hashes],
        known: Mapping[int, _Known],
        first: int,
    ) -> dict[int, Standing]:
        """Where each response stands, in file order: of equal ones the first decides for all."""
        identities = {each.identity for each in hashes.values()}
        others = self._before.elsewhere(identities)
        here = self._before.here(identities, first)
        in_chunk: dict[bytes, int] = {}
        stands: dict[int, Standing] = {}
        for seq in responses:
            own = hashes[seq]
            earlier = here.get(own.identity)
            if earlier is None and (at := in_chunk.get(own.identity)) is not None:
                earlier = self._first(responses[at].row, hashes[at])
            stands[seq] = self._stand(known.get(seq), earlier or others.get(own.identity), own)
            if not stands[seq].elsewhere:
                in_chunk.setdefault(own.identity, seq)
        return stands

    def _stand(self, known: _Known | None, earlier: Earlier | None, own: Hashes) -> Standing:
        if known is None:
            return standing(earlier, self._job, own)
        kept = Standing(Status(_settled(known.status)), known.elsewhere, known.code)
        if not known.open(self._sending):
            return kept
        stands = standing(earlier, self._job, own)
        return kept if stands == TO_SEND and not known.elsewhere else stands

    def _first(self, row: int, own: Hashes) -> Earlier:
        job, name = self._job.id, self._job.name
        return Earlier(job, name, row, Status.PENDING, own.content, own.body, None)

    def _lines(
        self,
        fresh: Sequence[tuple[int, Mapped]],
        stands: Mapping[int, Standing],
        hashes: Mapping[int, Hashes],
    ) -> Iterator[Cells]:
        for seq, each in fresh:
            if isinstance(each, Response):
                yield self._sendable(seq, each, stands[seq], hashes[seq])
            else:
                yield self._kept(seq, each)

    def _moves(
        self, stands: Mapping[int, Standing], known: Mapping[int, _Known]
    ) -> Iterator[Cells]:
        """Rows that other jobs have sent since, or no longer answer for."""
        for seq, row in known.items():
            if row.open(self._sending) and seq in stands:
                to = stands[seq]
                if (to.status, to.code, to.elsewhere) != (row.status, row.code, row.elsewhere):
                    yield (to.status, to.code, to.message, to.elsewhere, self._job.id, seq)

    def _sendable(self, seq: int, response: Response, stands: Standing, own: Hashes) -> Cells:
        return (
            *(self._job.id, seq, response.row, stands.status, stands.code, stands.message, "", ""),
            *(self._id(response.key), self._id(response.user_id), self._id(response.anonymous_id)),
            *(own.identity, own.content, own.body, own.person, own.traits, own.shown),
            *(response.order, stands.elsewhere),
        )

    def _kept(self, seq: int, each: Invalid | Skipped) -> Cells:
        none = (None, None, None, None, None, None, "", 0)
        if isinstance(each, Skipped):
            told = (Status.SKIPPED, "skip_rule", each.rule, "", "")
            return (self._job.id, seq, each.row, *told, self._id(each.key), "", "", *none)
        first = each.problems[0]
        message = "; ".join(dict.fromkeys(problem.message for problem in each.problems))
        told = (Status.INVALID, first.code, message, first.column, self._shown(first))
        ids = (self._id(each.key), self._id(each.user_id), self._id(each.anonymous_id))
        return (self._job.id, seq, each.row, *told, *ids, *none)

    def _shown(self, problem: Problem) -> str:
        """A mistyped e-mail address names its owner as a whole one does."""
        mistyped = problem.code == "bad_email" and self._value is masked
        return hidden(problem.value) if mistyped else self._value(problem.value)

    def finish(self, repeats: str) -> None:
        """Every row is staged: apply the mapping's `repeats` (all, latest or first row of a person)
        once, and write down that staging is complete. Rows that earlier runs have sent count: beside
        a later one that is there already, an older one is not sent."""
        if self._job.staged_at is not None:
            return
        with self._ledger.transaction() as connection:
            if repeats in _KEPT:
                connection.execute(
                    "UPDATE rows SET status = 'skipped', code = 'repeats', message = ?"
                    " WHERE job = ? AND status = 'pending' AND seq NOT IN (SELECT seq FROM"
                    " (SELECT seq, ROW_NUMBER() OVER (PARTITION BY person ORDER BY"
                    f" {_KEPT[repeats]}) AS place FROM rows WHERE job = ? AND person IS NOT NULL"
                    " AND status <> 'skipped' AND code <> 'dup_same_file') WHERE place = 1)",
                    (f"repeats: only the {repeats} row of a person is sent", *[self._job.id] * 2),
                )
            connection.execute(
                "UPDATE jobs SET staged_at = ? WHERE id = ?", (time.time(), self._job.id)
            )

    @property
    def read(self) -> int:
        """Rows staged so far."""
        return self._next


_KEPT: Mapping[str, str] = {"latest": "ord DESC, seq DESC", "first": "ord, seq"}


def _settled(status: str) -> str:
    """`attempting` is what a crash leaves; it is of unknown fate."""
    return Status.UNKNOWN if status == "attempting" else status
