"""Rows in doubt are settled by what the survey holds: by count per person and answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize

from importer.ledger.queries import ANSWERED
from importer.ledger.store import Ledger
from importer.model import Job, Status
from importer.privacy import masked_id

CONTROLS = 20
"""Acknowledged rows, posted nearest in time, that must be found before a row is called absent."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Rows of a job that are in doubt and look alike in the survey (`shown`): the same person with the
    same answers. `seqs` in file order; `acknowledged` rows look the same and were accepted, `others`
    are in doubt in other jobs. `first` and `last`: when rows of this look were posted (Unix seconds).
    `by_user`: the person is known by a userId."""

    person: bytes
    shown: bytes
    seqs: tuple[int, ...]
    acknowledged: int
    others: int
    first: float
    last: float
    by_user: bool

    def stored(self, found: int) -> int | None:
        """How many of these rows are stored, where the survey holds `found` that look so; None where
        that can't be told."""
        surplus = found - self.acknowledged
        if surplus < 0:
            return None
        if surplus >= len(self.seqs) + self.others:
            return len(self.seqs)
        return None if self.others and surplus else surplus


def doubts(ledger: Ledger, job: Job) -> list[Doubt]:
    """The job's rows in doubt, by what they look like in the survey."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT person, shown, job, seq, status, sent_at, user_id <> '' FROM rows WHERE elsewhere = 0"
            " AND status IN ('created', 'unknown') AND shown IN (SELECT shown FROM rows WHERE job = ?"
            " AND status = 'unknown' AND elsewhere = 0) ORDER BY shown, job, seq",
            (job.id,),
        ).fetchall()
    alike: dict[tuple[bytes, bytes], list[tuple[int, int, str, float, bool]]] = {}
    for person, shown, *rest in found:
        alike.setdefault((person, shown), []).append(tuple(rest))
    return [_doubt(*look, rows, job) for look, rows in alike.items()]


def names(ledger: Ledger, job: Job) -> dict[str, set[bytes]]:
    """The persons who have a row in doubt in the job, by their IDs as a service may give them back."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT DISTINCT user_id, anonymous_id, person FROM rows WHERE job = ? AND status = 'unknown'"
            " AND elsewhere = 0",
            (job.id,),
        ).fetchall()
    named: dict[str, set[bytes]] = {}
    for *ids, person in found:
        for each in filter(None, map(loose, ids)):
            named.setdefault(each, set()).add(person)
    return named


def loose(person: str) -> str:
    """An ID in the form in which it is compared where a service may have changed it: `007` may come back as
    7, `Jane` as jane. E-mail addresses are masked, as the ledger has them."""
    return normalize("NFKC", masked_id(person)).casefold().strip().lstrip("0")


class Sent(NamedTuple):
    """A row of any job that is stored, or may be. `at`: when it was last posted (Unix seconds)."""

    person: bytes
    shown: bytes
    response_id: str
    created: bool
    at: float


def sent_by(ledger: Ledger, people: Collection[bytes]) -> dict[bytes, list[Sent]]:
    """The rows of these persons that are stored, or may be, by person."""
    found: dict[bytes, list[Sent]] = {}
    wanted = list(people)
    for start in range(0, len(wanted), _LOOKUP):
        some = wanted[start : start + _LOOKUP]
        with ledger.told():
            rows = ledger.connection.execute(
                "SELECT person, shown, response_id, status = 'created', COALESCE(sent_at, 0) FROM rows WHERE"
                " elsewhere = 0 AND status IN ('created', 'unknown') AND person IN"
                f" ({','.join('?' * len(some))})",
                some,
            ).fetchall()
        for row in rows:
            found.setdefault(row[0], []).append(Sent(*row))
    return found


_LOOKUP = 500


def in_other_form(ledger: Ledger, looks: Collection[bytes], since: float) -> tuple[int, int]:
    """How many rows of these looks were accepted since then (Unix seconds), and are in doubt, in any job."""
    marks = ",".join("?" * len(looks))
    with ledger.told():
        accepted, doubtful = ledger.connection.execute(
            "SELECT COALESCE(SUM(status = 'created'), 0), COALESCE(SUM(status = 'unknown'), 0) FROM rows"
            f" WHERE elsewhere = 0 AND sent_at >= ? AND shown IN ({marks})",
            (since, *looks),
        ).fetchone()
    return accepted, doubtful


def _doubt(
    person: bytes, shown: bytes, rows: Sequence[tuple[int, int, str, float, bool]], job: Job
) -> Doubt:
    times = [at for *_, at, _ in rows if at]
    doubtful = [(job_id, seq) for job_id, seq, status, *_ in rows if status == Status.UNKNOWN]
    own = tuple(seq for job_id, seq in doubtful if job_id == job.id)
    return Doubt(
        person,
        shown,
        own,
        acknowledged=len(rows) - len(doubtful),
        others=len(doubtful) - len(own),
        first=min(times, default=0.0),
        last=max(times, default=0.0),
        by_user=bool(rows[0][-1]),
    )


def controls(ledger: Ledger, job: Job, doubt: Doubt) -> dict[bytes, Sent]:
    """Rows of the job that were accepted, of the same kind of person and posted nearest to these, by how
    they look in the survey."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT person, shown, response_id, 1, sent_at FROM rows WHERE job = ? AND status = 'created'"
            " AND elsewhere = 0 AND (user_id <> '') = ? AND sent_at IS NOT NULL"
            " ORDER BY ABS(sent_at - ?) LIMIT ?",
            (job.id, doubt.by_user, doubt.last, CONTROLS),
        )
        return {each.shown: each for each in map(Sent._make, found)}


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows of a job that are to be sent and look alike in the survey, in file order; `accounted` such
    responses are there by rows that were sent, or may have been."""

    seqs: tuple[int, ...]
    accounted: int


def to_send(ledger: Ledger, job: Job) -> dict[bytes, Alike]:
    """The job's rows to send, by what they will look like in the survey (`shown`)."""
    mine = "status IN ('pending', 'failed') AND elsewhere = 0"
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT shown, seq FROM rows WHERE job = ? AND {mine} ORDER BY seq", (job.id,)
        ).fetchall()
        sent = ledger.connection.execute(
            "SELECT shown, COUNT(*) FROM rows WHERE elsewhere = 0 AND status IN ('created', 'unknown')"
            f" AND shown IN (SELECT shown FROM rows WHERE job = ? AND {mine}) GROUP BY shown",
            (job.id,),
        ).fetchall()
    seqs: dict[bytes, list[int]] = {}
    for shown, seq in found:
        seqs.setdefault(shown, []).append(seq)
    accounted = dict(sent)
    return {shown: Alike(tuple(each), accounted.get(shown, 0)) for shown, each in seqs.items()}


def call_there(ledger: Ledger, job: Job, alike: Alike, ids: Sequence[str]) -> int:
    """The survey holds responses of these `ids` that look so: as many of the rows as nothing else accounts
    for are there already. Returns how many."""
    left = list(zip(alike.seqs, ids[alike.accounted :], strict=False))
    with ledger.transaction() as connection:
        connection.executemany(
            f"UPDATE rows SET status = '{Status.CREATED}', code = 'read_back', response_id = ?, message ="
            " 'found in the survey before it was sent' WHERE job = ? AND seq = ?",
            ((response_id, job.id, seq) for seq, response_id in left),
        )
    return len(left)


def call_stored(ledger: Ledger, job: Job, seqs: Sequence[int], ids: Sequence[str]) -> None:
    """The survey holds these rows; `ids` are the responses' there."""
    with ledger.transaction() as connection:
        for seq, response_id in zip(seqs, ids, strict=True):
            told = (Status.CREATED, "read_back", "found in the survey when it was read back")
            _write(connection, job, seq, told, response_id)


def call_absent(ledger: Ledger, job: Job, seqs: Sequence[int], *, final: bool = True) -> int:
    """The survey doesn't hold these rows: what was last said of each is true, or it failed; or, where that
    is not `final`, it stays in doubt. Returns how many are absent."""
    absent = _NOT_STORED if final else _NOT_FOUND
    with ledger.transaction() as connection:
        codes = [
            connection.execute(
                "SELECT code FROM rows WHERE job = ? AND seq = ?", (job.id, seq)
            ).fetchone()[0]
            for seq in seqs
        ]
        for seq, code in zip(seqs, codes, strict=True):
            _write(connection, job, seq, _ABSENT.get(code, absent))
    return sum(final or code in _ABSENT for code in codes)


_NOT_STORED = (
    Status.FAILED,
    "not_stored",
    "posted, and not stored: the survey was read back and doesn't hold it",
)
_NOT_FOUND = (
    Status.UNKNOWN,
    "not_found",
    "posted, and not in the survey when it was read back, which may only be slow to show it",
)
_ABSENT = dict(
    zip(
        ANSWERED,
        (
            (Status.DUPLICATE, "dup_or_targeting", "refused as a duplicate, and not in the survey"),
            (Status.REJECTED, "rejected", "refused, and not in the survey"),
        ),
        strict=True,
    )
)


def call_unclear(ledger: Ledger, job: Job, seqs: Sequence[int]) -> None:
    """What the survey holds doesn't tell about these rows: they stay in doubt, and are not asked about."""
    with ledger.transaction() as connection:
        connection.executemany(
            "UPDATE rows SET code = 'unclear', message = 'posted, and may be stored; what the survey holds "
            f"does not tell' WHERE job = ? AND seq = ? AND status = 'unknown' AND code NOT IN {ANSWERED}",
            ((job.id, seq) for seq in seqs),
        )


def call_by_hand(ledger: Ledger, job: Job, seqs: Sequence[int], *, created: bool) -> None:
    """A person has looked, and decides."""
    told = (
        (Status.CREATED, "marked", "marked as created by a person")
        if created
        else (Status.FAILED, "marked", "marked as not created by a person")
    )
    with ledger.transaction() as connection:
        for seq in seqs:
            _write(connection, job, seq, told)


def _write(
    connection: sqlite3.Connection,
    job: Job,
    seq: int,
    told: tuple[str, str, str],
    response_id: str = "",
) -> None:
    connection.execute(
        "UPDATE rows SET status = ?1, code = ?2, message = ?3, response_id = ?4, doubt = ?1 = 'unknown'"
        " WHERE job = ?5 AND seq = ?6 AND status = 'unknown' AND elsewhere = 0",
        (*told, response_id, job.id, seq),
    )
