"""What a job's look at the account has found: sealed, kept for as long as it is needed, and no longer."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from importer.errors import LedgerError
from importer.ledger.database import Database
from importer.model import Job, same_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# Sealing: what the ledger must hold of people in the clear for a while is encrypted, under the hash key.


_NONCE = 12
"""Bytes, as AES-GCM takes them. They are drawn anew for each record: 2**32 records are far away."""


class Seal:
    """AES-256-GCM under a key made of the ledger's secret. Whoever has the ledger without that reads
    nothing, and what was changed or moved to another place isn't opened."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @cached_property
    def _cipher(self) -> AESGCM:
        # Here: it takes some milliseconds, which most commands need not wait for.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = hashlib.blake2b(b"account", key=self._secret, person=b"importer seal").digest()[:32]
        return AESGCM(key)

    def person(self, user_id: str) -> bytes:
        """The keyed hash by which a userId's records are found, whatever the survey."""
        named = b"user\0" + user_id.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(named, key=self._secret, digest_size=16).digest()

    def close(self, value: object, place: bytes) -> bytes:
        """A JSON value, sealed; `place` is where it belongs, and has to be said again to open it."""
        # In ASCII: half a surrogate, which JSON may hold, comes back as it was.
        return self.close_bytes(json.dumps(value, separators=(",", ":")).encode(), place)

    def close_bytes(self, content: bytes, place: bytes) -> bytes:
        """The same for any content."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> Any:
        """The value. Raises LedgerError where it was sealed under another key, changed, or moved."""
        return json.loads(self.open_bytes(sealed, place))

    def open_bytes(self, sealed: bytes, place: bytes) -> bytes:
        """The content of `close_bytes`. Raises LedgerError likewise."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], place)
        except (InvalidTag, ValueError) as error:
            raise LedgerError(
                "What the ledger keeps of the account can't be opened: it was changed, or the hash key is "
                "another one.",
                hint="Set SATISMETER_HASH_KEY (or the state folder's hash.key) as it was.",
            ) from error


Traits = Mapping[str, object]


class AccountRow(NamedTuple):
    """A row's traits as they are to be sent: its place in the job, its Excel row, whose it is."""

    seq: int
    row: int
    user_id: str
    traits: Traits
    left_out: tuple[str, ...] | None = None
    """Those of them that aren't sent; None where nothing was decided yet."""


class SeenUser(NamedTuple):
    """A user as the account had him: `traits` None where it didn't know him."""

    user_id: str
    traits: Traits | None
    unsubscribed: bool = False


class PersonRows(NamedTuple):
    """A person of the rows to send, in the order in which they are sent. `before` is what he had before
    the job's first post, `now` what he has at this start; None where the account doesn't know him."""

    person: bytes
    rows: Sequence[AccountRow]
    before: Traits | None
    now: Traits | None
    unsubscribed: bool


class HadTraits(NamedTuple):
    """A person of whom a job has overwritten something. `before`: the traits as they were, by name;
    `sent`: of each, the values that the job has posted; `posted_at`: when it last did, in Unix seconds."""

    person: bytes
    user_id: str
    before: Traits
    sent: Mapping[str, Sequence[object]]
    posted_at: Mapping[str, float]


class _Posted(NamedTuple):
    """What a job has posted of a person: of each trait the values, and when it last did."""

    values: dict[str, list[object]]
    at: dict[str, float]


@dataclass(frozen=True, slots=True)
class AccountLook:
    """How a job's first look came about: whether there was one, else why not; and, where its plan was
    approved, what that leaves out (the plan's own words)."""

    looked: bool
    why: str = ""
    approved: str = ""


ACCOUNT_CHANGED = "account_changed"
"""The code of a row that is held."""
FIRST, NEWEST = 0, 1
"""Turns: what persons had before a job's first post; what they have at its newest start."""
_BATCH = 500
"""Persons that are in memory at once."""


class Account:
    """The account as one job met it. Every value lies sealed (`Seal`); hashes say whose it is."""

    def __init__(self, database: Database, secret: bytes, job: Job) -> None:
        self._db = database
        self._job = job.id
        self._seal = Seal(secret)

    # the look

    def look(self) -> AccountLook | None:
        """How the job's first look came about; None where it had none."""
        found = self._db.first("account_look", job=self._job)
        return AccountLook(bool(found[0]), found[1], found[2]) if found else None

    def posted(self) -> bool:
        return bool(self._db.one("account_posted", job=self._job)[0])

    def begin(self, look: AccountLook) -> None:
        with self._db.transaction():
            told = {"looked": int(look.looked), "why": look.why, "approved": look.approved}
            self._db.run("account_look_begun", job=self._job, **told)

    def forget_rows(self) -> None:
        """Nothing was posted yet: what was decided of rows goes."""
        with self._db.transaction():
            self._db.run("account_rows_purged", job=self._job)

    def to_send(self, statuses: Sequence[str]) -> Iterator[tuple[int, int]]:
        """`seq` and Excel row of the rows to send or to settle, in the order in which they are sent."""
        yield from self._db.each("account_to_send", job=self._job, statuses=list(statuses))

    def add(self, rows: Iterable[AccountRow]) -> None:
        """These rows, and no others, are to be sent; in their order."""
        with self._db.transaction():
            self._db.run("account_row_places", job=self._job)
            self._db.many("account_row_add", self._lines(rows))

    def _lines(self, rows: Iterable[AccountRow]) -> Iterator[Sequence[object]]:
        for place, each in enumerate(rows):
            person = self._seal.person(each.user_id)
            sealed = self._seal.close([each.user_id, each.traits], self._of_row(each.seq))
            yield self._job, each.seq, place, each.row, person, sealed

    def persons(self, *, had: bool = False) -> int:
        """How many persons the rows to send are of; with `had`, those known before the first post."""
        query = "account_had_persons" if had else "account_persons"
        return int(self._db.one(query, job=self._job)[0])

    def see(self, users: Sequence[SeenUser], turn: int, *, had: bool = False) -> None:
        """Write down what was seen of these, as far as they are such persons; of others nothing is kept."""
        known = {self._seal.person(each.user_id): each for each in users if each.user_id}
        if not known:
            return
        query, at = "account_had_ours" if had else "account_ours", time.time()
        ours = self._db.all(query, job=self._job, persons=list(known))
        lines = [
            (self._job, person, turn, at, *self._seen(known[bytes(person)], bytes(person)))
            for (person,) in ours
        ]
        if lines:
            with self._db.transaction():
                self._db.many("account_user_add", lines)

    def _seen(self, each: SeenUser, person: bytes) -> tuple[int, int, bytes]:
        value = [each.user_id, each.traits]
        sealed = self._seal.close(value, self._of_user(person))
        return int(each.traits is not None), int(each.unsubscribed), sealed

    def stale(self, turn: int, before: float) -> None:
        """What was seen in this turn before that moment goes."""
        with self._db.transaction():
            self._db.run("account_users_stale", job=self._job, turn=turn, before=before)

    def unseen(self, turn: int, *, had: bool = False) -> Iterator[str]:
        """The userIds of such persons whom nobody has looked for in this turn."""
        after, query = b"", "account_had_unseen" if had else "account_unseen"
        while found := self._db.all(query, job=self._job, turn=turn, after=after, limit=_BATCH):
            for person, *seq, sealed in found:
                place = self._of_row(*seq) if seq else self._of_user(bytes(person))
                yield self._seal.open(sealed, place)[0]
            after = found[-1][0]

    def absent(self, turn: int) -> None:
        """The account knows none of the persons who weren't seen in this turn."""
        with self._db.transaction():
            self._db.run("account_absent", job=self._job, turn=turn, at=time.time())

    def now(self, persons: Sequence[bytes]) -> Mapping[bytes, Traits]:
        """What these persons have at the newest start; without those whom the account doesn't know."""
        found = self._db.all("account_now", job=self._job, persons=list(persons))
        return {bytes(person): self._traits(bytes(person), sealed) for person, sealed in found}

    def first_seen(self) -> None:
        """Persons who come in at a later start had before the first post what they have now."""
        with self._db.transaction():
            self._db.run("account_first_seen", job=self._job)

    def groups(self, turn: int) -> Iterator[PersonRows]:
        """The persons of the rows to send; `now` is what was seen in this turn."""
        for persons in self._pages("account_persons_page"):
            ours = [person for (person, *_) in persons]
            lines = self._db.all("account_groups", job=self._job, turn=turn, persons=ours)
            for person, found in groupby(lines, key=lambda line: bytes(line[0])):
                yield self._group(person, list(found))

    def _group(self, person: bytes, lines: Sequence[tuple[Any, ...]]) -> PersonRows:
        before_known, unsubscribed, before, now_known, now = lines[0][5:]
        return PersonRows(
            person,
            [self._sent(*line[1:5]) for line in lines],
            self._traits(person, before) if before_known else None,
            self._traits(person, now) if now_known else None,
            bool(unsubscribed),
        )

    def _pages(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """Whole pages, so that what is read may be written meanwhile; the first column is the person."""
        after = b""
        while found := self._db.all(query, job=self._job, after=after, limit=_BATCH):
            yield found
            after = found[-1][0]

    def _sent(self, seq: int, row: int, sealed: bytes, left_out: str | None) -> AccountRow:
        user_id, traits = self._seal.open(sealed, self._of_row(seq))
        return AccountRow(seq, row, user_id, traits, None if left_out is None else _names(left_out))

    def _traits(self, person: bytes, sealed: bytes) -> Traits:
        found: Traits = self._seal.open(sealed, self._of_user(person))[1]
        return found

    def decide(self, left_out: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Which traits of these rows (by `seq`) aren't sent."""
        with self._db.transaction():
            lines = ((json.dumps(list(names)), self._job, seq) for seq, names in left_out)
            self._db.many("account_decided", lines)

    def sent(self, person: bytes) -> Mapping[str, Sequence[object]]:
        """The values that the job has posted of a person, by trait, whatever became of the rows."""
        posted = self._posted([person]).get(person)
        return posted.values if posted else {}

    def _posted(self, persons: list[bytes]) -> dict[bytes, _Posted]:
        found: dict[bytes, _Posted] = {}
        for person, seq, sealed, left_out, at in self._db.all(
            "account_sent", job=self._job, persons=persons
        ):
            posted = found.setdefault(bytes(person), _Posted({}, {}))
            left = _names(left_out or "")
            for name, value in self._seal.open(sealed, self._of_row(seq))[1].items():
                if name not in left:
                    posted.values.setdefault(name, []).append(value)
                    posted.at[name] = max(at, posted.at.get(name, 0.0))
        return found

    def hold(self, rows: Sequence[int], message: str) -> None:
        with self._db.transaction():
            lines = ((ACCOUNT_CHANGED, message, self._job, seq) for seq in rows)
            self._db.many("account_hold", lines)

    # what is kept for putting back

    def kept(self) -> Iterator[list[HadTraits]]:
        """The persons who had traits that the job has posted, with both; some at a time."""
        for found in self._pages("account_had"):
            posted = self._posted([person for person, _ in found])
            yield [
                had
                for person, sealed in found
                if (sent := posted.get(bytes(person)))
                if (had := self._had(bytes(person), sealed, sent)).before
            ]

    def _had(self, person: bytes, sealed: bytes, posted: _Posted) -> HadTraits:
        user_id, before = self._seal.open(sealed, self._of_user(person))
        had = {name: value for name, value in before.items() if name in posted.values}
        sent = {name: posted.values[name] for name in had}
        return HadTraits(person, user_id, had, sent, {name: posted.at[name] for name in had})

    def finish(self) -> None:
        """The job has ended: only what putting back needs is kept, which is what was overwritten."""
        with self._db.transaction():
            for some in self.kept():
                over = [(each, traits) for each in some if (traits := _overwritten(each))]
                lines = [(self._closed(*each), self._job, each[0].person) for each in over]
                self._db.many("account_user_reduced", lines)
                self._db.many("account_user_mark", [(self._job, each.person) for each, _ in over])
            self._db.run("account_users_unmarked", job=self._job)
            self._db.run("account_users_unmark", job=self._job)
            self._db.run("account_rows_free", job=self._job)

    def _closed(self, each: HadTraits, traits: Traits) -> bytes:
        return self._seal.close([each.user_id, traits], self._of_user(each.person))

    def restores_of(self, had: HadTraits) -> Mapping[str, bool]:
        """By trait, whether it was put back and seen to be there, or is only about to be. A trait that the
        job has posted since (a pilot was put back, and the rest went) is not back."""
        found = self._db.all("account_restores", job=self._job, person=had.person)
        return {
            trait: bool(done) and had.posted_at.get(trait, 0.0) <= at for trait, done, at in found
        }

    def restoring(self, person: bytes, traits: Iterable[str]) -> None:
        """Written down before they are put back."""
        at = time.time()
        with self._db.transaction():
            lines = [(self._job, person, trait, at) for trait in traits]
            self._db.many("account_restoring", lines)

    def restored(self, person: bytes, traits: Iterable[str]) -> None:
        """They were put back, and seen to be there."""
        lines = [(time.time(), self._job, person, trait) for trait in traits]
        if not lines:
            return
        with self._db.transaction():
            self._db.many("account_restored", lines)

    def _of_row(self, seq: int) -> bytes:
        return b"row\0%d\0%d" % (self._job, seq)

    def _of_user(self, person: bytes) -> bytes:
        return b"user\0%d\0%b" % (self._job, person)


_REMOVE = (
    *("account_rows_purged", "account_users_purged"),
    *("account_restored_purged", "account_looks_purged"),
)
_FORGET = ("account_forget_users", "account_forget_restored", "account_forget_row")


def remove(database: Database, job: int) -> None:
    """Nothing is kept of a job's look; within a transaction."""
    for query in _REMOVE:
        database.run(query, job=job)


def forget(database: Database, job: int, seqs: Sequence[int]) -> None:
    """Nothing is kept of the persons of these rows; within a transaction."""
    for query in _FORGET:
        for seq in seqs:
            database.run(query, job=job, seq=seq)


def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _overwritten(kept: HadTraits) -> Traits:
    """The traits in whose place another value was posted."""
    return {
        name: value
        for name, value in kept.before.items()
        if not all(same_json(value, sent) for sent in kept.sent[name])
    }
