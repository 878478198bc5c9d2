"""Rows in doubt are settled by what the survey holds: by count per person and answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from unicodedata import normalize

from importer.ledger.database import Part, batches, pairs
from importer.ledger.queries import ANSWERED
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
        """How many of these rows are stored, if the survey holds `found` such; None: can't be told."""
        surplus = found - self.acknowledged
        if surplus < 0:
            return None
        if surplus >= len(self.seqs) + self.others:
            return len(self.seqs)
        return None if self.others and surplus else surplus


class Sent(NamedTuple):
    """A row of any job that is stored, or may be. `at`: when it was last posted (Unix seconds)."""

    person: bytes
    shown: bytes
    response_id: str
    created: bool
    at: float


@dataclass(frozen=True, slots=True)
class Alike:
    """Rows of a job that are to be sent and look alike in the survey, in file order; `accounted` such
    responses are there by rows that were sent, or may have been."""

    seqs: tuple[int, ...]
    accounted: int


class Doubts(Part):
    def doubts(self, job: Job) -> list[Doubt]:
        """The job's rows in doubt, by what they look like in the survey."""
        alike: dict[tuple[bytes, bytes], list[_Row]] = {}
        for person, shown, *rest in self._db.each("doubts", job=job.id):
            alike.setdefault((person, shown), []).append(_Row(*rest))
        return [_doubt(*look, rows, job) for look, rows in alike.items()]

    def names(self, job: Job) -> dict[str, set[bytes]]:
        """The persons who have a row in doubt in the job, by their IDs as a service may give them back."""
        named: dict[str, set[bytes]] = {}
        for *ids, person in self._db.each("doubtful_names", job=job.id):
            for each in filter(None, map(loose, ids)):
                named.setdefault(each, set()).add(person)
        return named

    def sent_by(self, people: Collection[bytes]) -> dict[bytes, list[Sent]]:
        """The rows of these persons that are stored, or may be, by person."""
        found: dict[bytes, list[Sent]] = {}
        for some in batches(list(people)):
            for row in self._db.each("sent_by", people=some):
                found.setdefault(row[0], []).append(Sent(*row))
        return found

    def in_other_form(self, looks: Collection[bytes], since: float) -> tuple[int, int]:
        """How many rows of these looks, of any job, were accepted since then (Unix time), or are in doubt."""
        accepted, doubtful = self._db.one("in_other_form", looks=list(looks), since=since)
        return accepted, doubtful

    def controls(self, job: Job, doubt: Doubt) -> dict[bytes, Sent]:
        """Rows of the job that were accepted, of the same kind of person and posted nearest to these, by
        how they look in the survey."""
        found = self._db.each(
            "controls", job=job.id, by_user=int(doubt.by_user), near=doubt.last, most=CONTROLS
        )
        return {each.shown: each for each in map(Sent._make, found)}

    def to_send(self, job: Job) -> dict[bytes, Alike]:
        """The job's rows to send, by what they will look like in the survey (`shown`)."""
        seqs: dict[bytes, list[int]] = {}
        for shown, seq in self._db.each("looks_to_send", job=job.id):
            seqs.setdefault(shown, []).append(seq)
        accounted = pairs(self._db.all("looks_accounted", job=job.id))
        return {shown: Alike(tuple(each), accounted.get(shown, 0)) for shown, each in seqs.items()}

    def call_there(self, job: Job, alike: Alike, ids: Sequence[str]) -> int:
        """The survey holds responses of these `ids` that look so: as many of the rows as nothing else
        accounts for are there already. Returns how many."""
        left = list(zip(ids[alike.accounted :], alike.seqs, strict=False))
        with self._db.transaction():
            self._db.many("call_there", ((id_, job.id, seq) for id_, seq in left))
        return len(left)

    def call_stored(self, job: Job, seqs: Sequence[int], ids: Sequence[str]) -> None:
        """The survey holds these rows; `ids` are the responses' there."""
        told = (Status.CREATED, "read_back", "found in the survey when it was read back")
        with self._db.transaction():
            for seq, response_id in zip(seqs, ids, strict=True):
                self._settle(job, seq, told, response_id)

    def call_absent(self, job: Job, seqs: Sequence[int], *, final: bool = True) -> int:
        """The survey doesn't hold these rows: what was last said of each is true, or it failed; or, where
        that is not `final`, it stays in doubt. Returns how many are absent."""
        absent = _NOT_STORED if final else _NOT_FOUND
        with self._db.transaction():
            codes = [self._db.one("code_of", job=job.id, seq=seq)[0] for seq in seqs]
            for seq, code in zip(seqs, codes, strict=True):
                self._settle(job, seq, _ABSENT.get(code, absent))
        return sum(final or code in _ABSENT for code in codes)

    def call_unclear(self, job: Job, seqs: Sequence[int]) -> None:
        """What the survey holds doesn't tell about these rows: they stay in doubt, and aren't asked about."""
        with self._db.transaction():
            for some in batches(seqs):
                self._db.run("call_unclear", job=job.id, seqs=some, answered=ANSWERED)

    def call_by_hand(self, job: Job, seqs: Sequence[int], *, created: bool) -> None:
        """A person has looked, and decides."""
        told = (
            (Status.CREATED, "marked", "marked as created by a person")
            if created
            else (Status.FAILED, "marked", "marked as not created by a person")
        )
        with self._db.transaction():
            for seq in seqs:
                self._settle(job, seq, told)

    def _settle(
        self, job: Job, seq: int, told: tuple[Status, str, str], response_id: str = ""
    ) -> None:
        status, code, message = told
        self._db.run(
            "settle",
            job=job.id,
            seq=seq,
            status=status,
            code=code,
            message=message,
            response_id=response_id,
            doubt=int(status == Status.UNKNOWN),
        )


class _Row(NamedTuple):
    """A row of one look, of any job."""

    job: int
    seq: int
    status: str
    at: float | None
    by_user: bool


def _doubt(person: bytes, shown: bytes, rows: Sequence[_Row], job: Job) -> Doubt:
    times = [each.at for each in rows if each.at]
    doubtful = [each for each in rows if each.status == Status.UNKNOWN]
    own = tuple(each.seq for each in doubtful if each.job == job.id)
    return Doubt(
        person,
        shown,
        own,
        acknowledged=len(rows) - len(doubtful),
        others=len(doubtful) - len(own),
        first=min(times, default=0.0),
        last=max(times, default=0.0),
        by_user=bool(rows[0].by_user),
    )


def loose(person: str) -> str:
    """An ID in the form in which it is compared where a service may have changed it: `007` may come back as
    7, `Jane` as jane. E-mail addresses are masked, as the ledger has them."""
    return normalize("NFKC", masked_id(person)).casefold().strip().lstrip("0")


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
