"""Staging: each mapped row of a file gets its line in the ledger before anything is sent.

Here a row meets what was sent before it, in this file and in earlier runs; and a row that an earlier start
of the same job wrote down meets what other jobs have sent since.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from importer.ledger.dedupe import (
    REKEYED,
    TO_SEND,
    Decision,
    Earlier,
    History,
    OtherRules,
    decide,
    mark_within_file,
)
from importer.ledger.fingerprint import Hasher
from importer.ledger.store import SENDABLE, Cells, Ledger, Lines
from importer.model import Invalid, Job, Mapped, Problem, Response, Skipped, Status
from importer.privacy import Show, hidden, masked, masked_id, plain

_LEFT = (
    'INSERT INTO rows (job, seq, row, status, code, message, "column", value, key, user_id,'
    " anonymous_id) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)
_MOVE = "UPDATE rows SET status = ?, code = ?, message = ?, elsewhere = ? WHERE job = ? AND seq = ?"

_WITHIN_FILE = ("dup_same_file", "key_clash")
"""Codes of rows that another row of the same file decides."""

Rows = Sequence[tuple[int, Response]]
"""Responses with their `seq`."""


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
            final = self.status == Status.ALREADY_SENT and self.code != REKEYED
            return not final and self.code not in _WITHIN_FILE
        return self.status in sending and self.status != Status.UNKNOWN

    def differs(self, to: Decision) -> bool:
        """Whether the row is to be written anew."""
        return (to.status, to.code, to.elsewhere) != (self.status, self.code, self.elsewhere)


class Staging:
    """Puts the rows of one job into the ledger, chunk by chunk. `sending`: rows of these statuses are
    to be sent. `again`: also those that other jobs have sent by another rule."""

    def __init__(
        self,
        ledger: Ledger,
        job: Job,
        *,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> None:
        self._ledger = ledger
        self._job = job
        self._sending = sending
        self._before = History(ledger, job)
        self._by_other_rule = None if again else OtherRules(ledger, job)
        self._value: Show = plain if show_values else masked
        self._id: Show = plain if show_values else masked_id
        self._hasher = Hasher(ledger.secret, job.origin)
        self._hashers: dict[str, Hasher] = {}
        self._lines: Lines = ledger.keeping(self._hasher, self._id)
        self._ready = _ready(self._lines, job)
        self._staged = self._rows_of_an_earlier_start()
        self._next = 0

    def add(self, mapped: Sequence[Mapped]) -> Rows:
        """Write these rows down; returns those that are to be sent or settled, with their `seq`. Of
        rows that stand twice in the file `finish` finds the later ones.

        Rows that an earlier start of the same job wrote down keep what they have, unless another job
        has sent them since.
        """
        first, self._next = self._next, self._next + len(mapped)
        known = self._known(first, self._next)
        rows = [(seq, each) for seq, each in enumerate(mapped, first) if isinstance(each, Response)]
        lines = [self._lines.of(each) for _, each in rows]
        others = self._earlier(rows, lines)
        stands = dict(self._stands(rows, lines, known, others))
        stands |= self._held(rows, known, stands)
        with self._ledger.transaction() as connection:
            fresh = zip(rows, lines, strict=True)
            connection.executemany(
                self._ready,
                ((seq, each.row, *line) for (seq, each), line in fresh if seq not in known),
            )
            if len(rows) < len(mapped):
                connection.executemany(_LEFT, self._left(mapped, first, known))
            connection.executemany(_MOVE, self._moves(stands, known))
        return [row for row in rows if self._is_to_send(stands.get(row[0], TO_SEND))]

    def _earlier(self, rows: Rows, lines: Sequence[Cells]) -> dict[bytes, Earlier]:
        """What other jobs have sent, by identity; also as 0.1 told rows apart, and under another spelling of
        the server."""
        if not self._before.any:
            return {}
        found = self._before.find([line[0] for line in lines])
        for origin in self._before.spellings:
            self._hashers.setdefault(origin, Hasher(self._ledger.secret, origin))
        for hasher in (self._hasher, *self._hashers.values()):
            ours = {
                identity: line[0]
                for (_, each), line in zip(rows, lines, strict=True)
                for identity in hasher.idempotency_keys(each) - {line[0]}
            }
            for identity, earlier in self._before.find(ours).items():
                found.setdefault(ours[identity], earlier)  # type: ignore[arg-type]  # bytes
        return found

    def _rows_of_an_earlier_start(self) -> int:
        with self._ledger.told():
            query = "SELECT COALESCE(MAX(seq) + 1, 0) FROM rows WHERE job = ?"
            (staged,) = self._ledger.connection.execute(query, (self._job.id,)).fetchone()
            return int(staged)

    def _known(self, first: int, end: int) -> dict[int, _Known]:
        if first >= self._staged:
            return {}
        with self._ledger.told():
            found = self._ledger.connection.execute(
                "SELECT seq, status, code, elsewhere FROM rows WHERE job = ? AND seq >= ? AND seq < ?",
                (self._job.id, first, end),
            )
            return {seq: _Known(status, code, bool(there)) for seq, status, code, there in found}

    def _stands(
        self,
        rows: Rows,
        lines: Sequence[Cells],
        known: Mapping[int, _Known],
        others: Mapping[bytes, Earlier],
    ) -> Iterator[tuple[int, Decision]]:
        """Where those stand of which the ledger knows anything."""
        if not (known or others):
            return
        for (seq, each), (identity, *_) in zip(rows, lines, strict=True):
            earlier, row = others.get(identity), known.get(seq)  # type: ignore[call-overload]  # bytes
            if earlier or row:
                yield seq, self._stand(row, earlier, each)

    def _stand(self, known: _Known | None, earlier: Earlier | None, each: Response) -> Decision:
        stands = TO_SEND
        if earlier:
            hasher = self._hashers.get(earlier.origin, self._hasher)
            stands = decide(earlier, hasher.of(each), hasher.content_0_1(each))
        if known is None:
            return stands
        if not known.open(self._sending) or (stands == TO_SEND and not known.elsewhere):
            return Decision(Status(_settled(known.status)), known.elsewhere, known.code)
        return stands

    def _held(
        self, rows: Rows, known: Mapping[int, _Known], stands: Mapping[int, Decision]
    ) -> dict[int, Decision]:
        """Of the rows that would be sent, those that another job has sent by another rule."""
        if self._by_other_rule is None or not self._by_other_rule.any:
            return {}
        free = [row for row in rows if self._is_open(row[0], known, stands)]
        return self._by_other_rule.find(free)

    def _is_open(
        self, seq: int, known: Mapping[int, _Known], stands: Mapping[int, Decision]
    ) -> bool:
        row = known.get(seq)
        to = stands.get(seq, TO_SEND)
        return (row is None or row.open(self._sending)) and (
            to.code == REKEYED or self._is_to_send(to)
        )

    def _is_to_send(self, stands: Decision) -> bool:
        return not stands.elsewhere and stands.status in self._sending

    def _moves(
        self, stands: Mapping[int, Decision], known: Mapping[int, _Known]
    ) -> Iterator[Cells]:
        """New rows that other jobs answer for, and old ones that others have sent since, or no longer
        answer for."""
        for seq, to in stands.items():
            row = known.get(seq)
            if row is None or (row.open(self._sending) and row.differs(to)):
                yield (to.status, to.code, to.message, to.elsewhere, self._job.id, seq)

    def _left(
        self, mapped: Sequence[Mapped], first: int, known: Mapping[int, _Known]
    ) -> Iterator[Cells]:
        """Rows that are not to be sent."""
        for seq, each in enumerate(mapped, first):
            if not isinstance(each, Response) and seq not in known:
                yield (self._job.id, seq, each.row, *self._why(each))

    def _why(self, each: Invalid | Skipped) -> Cells:
        if isinstance(each, Skipped):
            return (Status.SKIPPED, "skip_rule", each.rule, "", "", self._id(each.key), "", "")
        first = each.problems[0]
        message = "; ".join(dict.fromkeys(problem.message for problem in each.problems))
        told = (Status.INVALID, first.code, message, first.column, self._shown(first))
        return (*told, self._id(each.key), self._id(each.user_id), self._id(each.anonymous_id))

    def _shown(self, problem: Problem) -> str:
        """A mistyped e-mail address names its owner as a whole one does."""
        mistyped = problem.code == "bad_email" and self._value is masked
        return hidden(problem.value) if mistyped else self._value(problem.value)

    def finish(self, repeats: str) -> None:
        """Every row is staged: of rows that stand twice in the file let only one be sent; apply the
        mapping's `repeats` (all, latest or first row of a person) once, and write down that staging is
        complete. Rows that earlier runs have sent count: beside a later one that is there already, an
        older one is not sent."""
        with self._ledger.transaction() as connection:
            mark_within_file(connection, self._job)
            if self._job.staged_at is not None:
                return
            if repeats in _KEPT:
                connection.execute(
                    "UPDATE rows SET status = 'skipped', code = 'repeats', message = ?"
                    " WHERE job = ? AND status = 'pending' AND seq NOT IN (SELECT seq FROM"
                    " (SELECT seq, ROW_NUMBER() OVER (PARTITION BY person ORDER BY"
                    f" {_KEPT[repeats]}) AS place FROM rows WHERE job = ? AND person IS NOT NULL"
                    f" AND status <> 'skipped' AND code NOT IN {_WITHIN_FILE}) WHERE place = 1)",
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


def _ready(lines: Lines, job: Job) -> str:
    """The statement that writes down a row to send."""
    marks = ",".join("?" * len(lines.columns.split(",")))
    return (
        f"INSERT INTO rows (job, seq, row, status, {lines.columns})"
        f" VALUES ({job.id}, ?, ?, '{Status.PENDING}', {marks})"
    )


def _settled(status: str) -> str:
    """`attempting` is what a crash leaves; it is of unknown fate."""
    return Status.UNKNOWN if status == "attempting" else status
