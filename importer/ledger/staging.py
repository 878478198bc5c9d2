"""Staging: each mapped row of a file gets its line in the ledger before anything is sent.

Here a row meets what was sent before it, in this file and in earlier runs; and a row that an earlier start
of the same job wrote down meets what other jobs have sent since.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from importer.ledger.database import Database, Earlier, Past, batches
from importer.ledger.dedupe import REKEYED, TO_SEND, Decision, OtherRules, decide, mark_within_file
from importer.ledger.fingerprint import Hasher, contents, themselves
from importer.ledger.jobs import ATTEMPTING, SENDABLE
from importer.model import HALVES, Invalid, Job, Mapped, Problem, Response, Skipped, Status
from importer.privacy import Show, hidden, masked, masked_id, plain
from importer.settings import server_of

_WITHIN_FILE = ("dup_same_file", "key_clash")
"""Codes of rows that another row of the same file decides."""

Rows = Sequence[tuple[int, Response]]
"""Responses with their `seq`."""

# What a ledger keeps of a row that can be sent: everything, or as much as a plan looks at.

Cells = tuple[object, ...]
Written = Iterable[tuple[int, Cells]]
"""Rows by their `seq`."""


class Lines(Protocol):
    """What stands of responses in the columns of `rows` that `query` inserts, the identity first."""

    query: str

    def of(self, responses: Sequence[Response]) -> list[Cells]:
        """The cells of each, in the order of the query's parameters."""


class Whole:
    """All that a run, and whatever comes after it, will want to know."""

    query = "stage_row"

    def __init__(self, hasher: Hasher, show: Show) -> None:
        self._hasher = hasher
        self._show = show

    def of(self, responses: Sequence[Response]) -> list[Cells]:
        """Six hashes, and the ids as they may be shown."""
        show, hashes = self._show, self._hasher.of
        return [
            (*hashes(e), show(e.key), show(e.user_id), show(e.anonymous_id), e.order, e.row)
            for e in responses
        ]


class Brief:
    """What a plan looks at. Contents, people and traits are only compared with one another there, for
    which this process' own 64-bit hashes do; none of them is kept. (Of a million rows two are alike by chance
    in one plan of 37 million.) With `Whole` a plan of 100,000 rows took
    35 % more CPU (least of four turns)."""

    query = "stage_row_briefly"
    alone = False
    """Whether nothing was sent before: then identities, too, are compared with one another only."""

    def __init__(self, hasher: Hasher, _: Show) -> None:
        self._hasher = hasher

    def of(self, responses: Sequence[Response]) -> list[Cells]:
        """A hash by which the row is looked for in earlier runs, and three others."""
        if not responses:
            return []
        settled = contents(responses)
        rows, users, nameless, campaigns, _, _, _, traits, _, orders, *_ = zip(
            *responses, strict=True
        )
        identities: Iterable[object]
        if self.alone:  # a number is quicker to make, to write and to sort: 5 % of a plan
            pairs = zip(campaigns, themselves(responses, settled), strict=True)
            identities = map(hash, pairs)
        else:
            identities = self._hasher.idempotency_of(responses, settled)
        who = map(hash, zip(campaigns, users, nameless, strict=True))
        hashed = (identities, map(hash, settled), who, map(hash, traits))
        return [*zip(*hashed, orders, rows, strict=True)]


class BriefApart(Brief):
    """The same for rows that another process puts together, where `hash` gives other figures."""

    def of(self, responses: Sequence[Response]) -> list[Cells]:
        short, settled = self._hasher.short, contents(responses)
        identities = self._hasher.idempotency_of(responses, settled)
        return [
            (
                identity,
                identity[:8] if e.idempotency_key is e.content else short(content),
                short("\0".join((e.campaign, e.user_id, e.anonymous_id)).encode()),
                short(e.traits),
                e.order,
                e.row,
            )
            for e, identity, content in zip(responses, identities, settled, strict=True)
        ]


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


@dataclass(slots=True)
class PartLines:
    """What a part of a file puts into a ledger, its first row being `seq` 0: new rows that can be sent, such
    as are not to be, and where those stand that others answer for. `read` rows were read."""

    read: int = 0
    new: list[tuple[int, Cells]] = field(default_factory=list)
    left: list[tuple[int, Cells]] = field(default_factory=list)
    moves: list[tuple[int, Cells]] = field(default_factory=list)


class SqlStaging:
    """Puts the rows of one job into a ledger, chunk by chunk (see `store.Staging`)."""

    def __init__(
        self,
        database: Database,
        past: Past,
        secret: bytes,
        job: Job,
        *,
        keeping: type[Whole | Brief] = Whole,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> None:
        self._db = database
        self._past = past
        self._job = job
        self._sending = sending
        self._any_before = past.any(job)
        self._by_other_rule = None if again else OtherRules(past, secret, job)
        self._value: Show = plain if show_values else masked
        self._id: Show = plain if show_values else masked_id
        self._hasher = Hasher(secret, job.origin)
        self._hashers = {each: Hasher(secret, each) for each in _other_spellings(past, job)}
        self._lines: Lines = keeping(self._hasher, self._id)
        if isinstance(self._lines, Brief):
            self._lines.alone = not self._any_before
        self._staged = int(self._db.one("rows_staged", job=job.id)[0])
        self._next = 0

    def add(self, mapped: Sequence[Mapped]) -> Rows:
        first, self._next = self._next, self._next + len(mapped)
        known = self._known(first, self._next)
        rows = [(seq, each) for seq, each in enumerate(mapped, first) if isinstance(each, Response)]
        lines = self._lines.of([each for _, each in rows])
        others = self._earlier(rows, lines)
        stands = dict(self._stands(rows, lines, known, others))
        stands |= self._held(rows, known, stands)
        new: Written = zip([seq for seq, _ in rows], lines, strict=True)
        new = [(seq, line) for seq, line in new if seq not in known] if known else new
        left = self._left(mapped, first, known) if len(rows) < len(mapped) else ()
        self._write(new, left, self._moves(stands, known))
        if not stands and self._is_to_send(TO_SEND):
            return rows
        return [row for row in rows if self._is_to_send(stands.get(row[0], TO_SEND))]

    def _write(self, new: Written, left: Written, moves: Written, first: int = 0) -> None:
        """Rows that are new, those that are not to be sent, and where others stand; each with its `seq`,
        counted from `first`."""
        job = self._job.id
        with self._db.transaction():
            self._db.many(self._lines.query, ((*line, job, first + seq) for seq, line in new))
            self._db.many("stage_left", ((job, first + seq, *line) for seq, line in left))
            self._db.many("stage_move", ((*line, job, first + seq) for seq, line in moves))

    @property
    def takes_parts(self) -> bool:
        """Whether the rows of one part of the file say nothing of those of another: no row was written down
        before, and none was sent by another rule, under which each row sent stands for but one."""
        return not self._staged and not (self._by_other_rule and self._by_other_rule.in_turn)

    def add_part(self, part: PartLines) -> int:
        """Write down what a `PartStaging` found of the rows that come next; returns the first one's `seq`."""
        first = self._next
        self._next += part.read
        self._write(part.new, part.left, part.moves, first)
        return first

    def _earlier(self, rows: Rows, lines: Sequence[Cells]) -> dict[bytes, Earlier]:
        """What other jobs have sent, by identity; also as 0.1 told rows apart, and under another spelling of
        the server."""
        if not self._any_before:
            return {}
        found = self._find([line[0] for line in lines])
        for hasher in (self._hasher, *self._hashers.values()):
            ours = {
                identity: line[0]
                for (_, each), line in zip(rows, lines, strict=True)
                for identity in hasher.idempotency_keys(each) - {line[0]}
            }
            for identity, earlier in self._find(list(ours)).items():
                found.setdefault(ours[identity], earlier)  # type: ignore[arg-type]  # bytes
        return found

    def _find(self, identities: Sequence[object]) -> dict[bytes, Earlier]:
        found: dict[bytes, Earlier] = {}
        for some in batches(identities):
            found |= self._past.find(some, self._job)
        return found

    def _known(self, first: int, end: int) -> dict[int, _Known]:
        if first >= self._staged:
            return {}
        found = self._db.each("stage_known", job=self._job.id, first=first, end=end)
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

    def _moves(self, stands: Mapping[int, Decision], known: Mapping[int, _Known]) -> Written:
        """New rows that other jobs answer for, and old ones that others have sent since, or no longer
        answer for."""
        for seq, to in stands.items():
            row = known.get(seq)
            if row is None or (row.open(self._sending) and row.differs(to)):
                yield seq, (to.status, to.code, to.message, int(to.elsewhere))

    def _left(self, mapped: Sequence[Mapped], first: int, known: Mapping[int, _Known]) -> Written:
        """Rows that are not to be sent."""
        for seq, each in enumerate(mapped, first):
            if not isinstance(each, Response) and seq not in known:
                yield seq, (each.row, *map(_whole, self._why(each)))

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
        with self._db.transaction():
            mark_within_file(self._db, self._job)
            if self._job.staged_at is not None:
                return
            if repeats in _KEPT:
                message = f"repeats: only the {repeats} row of a person is sent"
                here = {"job": self._job.id, "within_file": _WITHIN_FILE}
                self._db.run(_KEPT[repeats], message=message, **here)
            self._db.run("job_staged", job=self._job.id, at=time.time())

    @property
    def read(self) -> int:
        """Rows staged so far."""
        return self._next


class PartStaging(SqlStaging):
    """Finds what the rows of a part put into a ledger that is somewhere else (`lines`)."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lines = PartLines()

    def _write(self, new: Written, left: Written, moves: Written, first: int = 0) -> None:
        self.lines.read = self._next - first
        self.lines.new += new
        self.lines.left += left
        self.lines.moves += moves


_KEPT: Mapping[str, str] = {"latest": "keep_latest", "first": "keep_first"}


def _other_spellings(past: Past, job: Job) -> list[str]:
    """Of the job's server, in other jobs: 0.1 took them for servers of their own."""
    same = {each.origin for each in past.jobs() if server_of(each.origin) == server_of(job.origin)}
    return sorted(same - {job.origin})


def _whole(cell: object) -> object:
    """Of half a surrogate, which JSON and DataFrames may hold, U+FFFD: no database takes it."""
    return HALVES.sub("\ufffd", cell) if isinstance(cell, str) else cell


def _settled(status: str) -> str:
    """`attempting` is what a crash leaves; it is of unknown fate."""
    return Status.UNKNOWN if status == ATTEMPTING else status
