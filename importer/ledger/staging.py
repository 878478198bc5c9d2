"""Staging: each mapped row of a file gets its line in the ledger before anything is sent.

Here a row meets what was sent before it, in this file and in earlier runs.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from importer.ledger.ledger import SENDABLE, Ledger
from importer.masking import Show, masked, masked_id, plain
from importer.model import Invalid, Job, Mapped, Outgoing, Response, Skipped, Status

_LOOKUP = 500

_INSERT = (
    'INSERT INTO rows (job, seq, row, status, code, message, "column", value, key, user_id,'
    " anonymous_id, identity, content, person, traits, ord, elsewhere)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)

Cells = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of a row's identity: the same row of this file, or one of another job."""

    job: int
    job_name: str
    row: int
    status: str
    content: bytes
    at: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a row stands before it is sent; `elsewhere`: another row decides its fate."""

    status: Status
    elsewhere: bool
    code: str = ""
    message: str = ""


def standing(earlier: Earlier | None, job: Job, content: bytes) -> Standing:
    """Whether a row may be sent, by what the ledger knows of its identity. Never twice: a row that
    was accepted, refused or left in doubt before is not posted again by itself."""
    if earlier is None:
        return Standing(Status.PENDING, False)
    changed = "" if earlier.content == content else ", with other content"
    if earlier.job == job.id:
        return Standing(
            Status.DUPLICATE,
            True,
            "dup_same_file",
            f"the same response as row {earlier.row}{changed}; only the first is sent",
        )
    when = f"job {earlier.job_name}, row {earlier.row}{_on(earlier.at)}"
    if earlier.status == Status.CREATED:
        code = "changed_since_sent" if changed else "dup_earlier_run"
        told = f"sent by {when}{changed}; not sent again"
        return Standing(Status.ALREADY_SENT, True, code, told)
    if earlier.status in (Status.DUPLICATE, Status.REJECTED):
        return Standing(
            Status(earlier.status),
            True,
            f"{earlier.status}_earlier",
            f"refused in {when}; `importer retry {earlier.job_name}` posts it again",
        )
    return Standing(
        Status.UNKNOWN,
        True,
        "unknown_earlier",
        f"posted in {when}, and may be stored; `importer resolve {earlier.job_name}` settles it",
    )


def _on(at: float | None) -> str:
    return "" if at is None else time.strftime(", on %Y-%m-%d", time.gmtime(at))


class Staging:
    """Puts the rows of one job into the ledger, chunk by chunk."""

    def __init__(self, ledger: Ledger, job: Job, *, show_values: bool = False) -> None:
        self._ledger = ledger
        self._job = job
        self._hasher = ledger.hasher(job.origin)
        self._value: Show = plain if show_values else masked
        self._id: Show = plain if show_values else masked_id
        self._next = 0

    def add(self, mapped: Sequence[Mapped]) -> list[tuple[int, Response]]:
        """Write these rows down; returns those that are to be sent or settled, with their `seq`.

        Rows that an earlier start of the same job wrote down keep what they have.
        """
        first, self._next = self._next, self._next + len(mapped)
        known = self._known(first, self._next)
        fresh = [(first + i, each) for i, each in enumerate(mapped) if first + i not in known]
        known |= self._insert(fresh)
        return [
            (seq, each)
            for seq, each in enumerate(mapped, first)
            if isinstance(each, Response) and known[seq]
        ]

    def _known(self, first: int, end: int) -> dict[int, bool]:
        """Rows that stand in the ledger already: whether something is left to do for each."""
        marks = ",".join("?" * len(SENDABLE))
        with self._ledger.told():
            return dict(
                self._ledger.connection.execute(
                    f"SELECT seq, elsewhere = 0 AND status IN ({marks})"
                    " FROM rows WHERE job = ? AND seq >= ? AND seq < ?",
                    (*SENDABLE, self._job.id, first, end),
                )
            )

    def _insert(self, fresh: Sequence[tuple[int, Mapped]]) -> dict[int, bool]:
        """Write the new rows; says of each whether it is to be sent."""
        hashes = {seq: self._hashes(each) for seq, each in fresh if isinstance(each, Response)}
        earlier = self._earlier({identity for identity, *_ in hashes.values()})
        lines: list[Cells] = []
        sent: dict[int, bool] = {}
        for seq, each in fresh:
            if isinstance(each, Response):
                identity, content, *_ = hashes[seq]
                stands = standing(earlier.get(identity), self._job, content)
                earlier.setdefault(identity, self._first(each.row, content))
                lines.append(self._sendable(seq, each, stands, hashes[seq]))
                sent[seq] = not stands.elsewhere
            else:
                lines.append(self._kept(seq, each))
                sent[seq] = False
        with self._ledger.transaction() as connection:
            connection.executemany(_INSERT, lines)
        return sent

    def _first(self, row: int, content: bytes) -> Earlier:
        return Earlier(self._job.id, self._job.name, row, Status.PENDING, content, None)

    def _hashes(self, response: Response) -> tuple[bytes, bytes, bytes, bytes]:
        """Keyed hashes of identity, content, person and traits."""
        campaign = response.campaign.encode() + b"\0"
        identity = self._hash(b"identity", campaign, response.identity)
        content = self._hash(b"identity", campaign, response.content)
        kind, person = ("u", response.user_id) if response.user_id else ("a", response.anonymous_id)
        return (
            identity,
            content,
            self._hash(b"person", campaign, f"{kind}\0{person}".encode())[:8],
            self._hash(b"traits", response.traits)[:8],
        )

    def _hash(self, *parts: bytes) -> bytes:
        hasher: hashlib.blake2b = self._hasher.copy()
        for part in parts:
            hasher.update(part)
        return hasher.digest()

    def _earlier(self, identities: Iterable[bytes]) -> dict[bytes, Earlier]:
        """What is known of these identities: this file's first, else the newest of other jobs."""
        found: dict[bytes, Earlier] = {}
        wanted = list(identities)
        for start in range(0, len(wanted), _LOOKUP):
            some = wanted[start : start + _LOOKUP]
            if self._ledger.history != "main":
                found |= self._look(self._ledger.history, some)
            found |= self._look("main", some)
        return found

    def _look(self, database: str, identities: Sequence[bytes]) -> dict[bytes, Earlier]:
        """Later lines win: other jobs in their order, then this job from its last row to its first."""
        mine = self._job.id if database == "main" else -1
        marks = ",".join("?" * len(identities))
        query = (
            "SELECT r.identity, r.job, j.name, r.row, r.status, r.content, r.sent_at"
            f" FROM {database}.rows r JOIN {database}.jobs j ON j.id = r.job"
            f" WHERE r.identity IN ({marks}) AND r.elsewhere = 0 AND (r.job = ? OR r.status IN"
            " ('created', 'duplicate', 'rejected', 'unknown', 'attempting'))"
            " ORDER BY r.job = ?, r.job, -r.seq"
        )
        with self._ledger.told():
            rows = self._ledger.connection.execute(query, (*identities, mine, mine))
            return {
                identity: Earlier(job if database == "main" else -job, *rest)
                for identity, job, *rest in rows
            }

    def _sendable(
        self, seq: int, response: Response, stands: Standing, hashes: Sequence[bytes]
    ) -> Cells:
        return (
            *(self._job.id, seq, response.row, stands.status, stands.code, stands.message, "", ""),
            *(self._id(response.key), self._id(response.user_id), self._id(response.anonymous_id)),
            *(*hashes, response.order, stands.elsewhere),
        )

    def _kept(self, seq: int, each: Invalid | Skipped) -> Cells:
        none = (None, None, None, None, "", 0)
        if isinstance(each, Skipped):
            told = (Status.SKIPPED, "skip_rule", each.rule, "", "")
            return (self._job.id, seq, each.row, *told, self._id(each.key), "", "", *none)
        first = each.problems[0]
        message = "; ".join(dict.fromkeys(problem.message for problem in each.problems))
        told = (Status.INVALID, first.code, message, first.column, self._value(first.value))
        ids = (self._id(each.key), self._id(each.user_id), self._id(each.anonymous_id))
        return (self._job.id, seq, each.row, *told, *ids, *none)

    def finish(self, repeats: str) -> None:
        """Every row is staged: apply the mapping's `repeats` (all, latest or first row of a person)
        once, and write down that staging is complete."""
        if self._job.staged_at is not None:
            return
        with self._ledger.transaction() as connection:
            if repeats in _KEPT:
                connection.execute(
                    "UPDATE rows SET status = 'skipped', code = 'repeats', message = ?"
                    " WHERE job = ? AND status = 'pending' AND seq NOT IN (SELECT seq FROM"
                    " (SELECT seq, ROW_NUMBER() OVER (PARTITION BY person ORDER BY"
                    f" {_KEPT[repeats]}) AS place FROM rows WHERE job = ? AND status = 'pending')"
                    " WHERE place = 1)",
                    (f"repeats: only the {repeats} row of a person is sent",) + (self._job.id,) * 2,
                )
            connection.execute(
                "UPDATE jobs SET staged_at = ? WHERE id = ?", (time.time(), self._job.id)
            )

    @property
    def read(self) -> int:
        """Rows staged so far."""
        return self._next


_KEPT: Mapping[str, str] = {"latest": "ord DESC, seq DESC", "first": "ord, seq"}


def sending_order(ledger: Ledger, job: Job, statuses: Sequence[str]) -> list[int]:
    """The `seq` of the job's rows of these statuses, oldest first, as the mapping's date says;
    without a date in file order. Rows whose fate another job decides are left out."""
    marks = ",".join("?" * len(statuses))
    with ledger.told():
        return [
            seq
            for (seq,) in ledger.connection.execute(
                f"SELECT seq FROM rows WHERE job = ? AND status IN ({marks}) AND elsewhere = 0"
                " ORDER BY ord, seq",
                (job.id, *statuses),
            )
        ]


def outgoing(ledger: Ledger, job: Job, seqs: Sequence[int]) -> list[Outgoing]:
    """These rows as the sender takes them, in the order given."""
    marks = ",".join("?" * len(seqs))
    with ledger.told():
        found = {
            seq: Outgoing(seq, row, person, bool(doubt))
            for seq, row, person, doubt in ledger.connection.execute(
                f"SELECT seq, row, person, doubt FROM rows WHERE job = ? AND seq IN ({marks})",
                (job.id, *seqs),
            )
        }
    return [found[seq] for seq in seqs]
