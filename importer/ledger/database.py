"""What a ledger needs of its database, whichever it is; and whether a row was sent before, by any job."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from importer.errors import LedgerError
from importer.ledger.fingerprint import Hasher
from importer.model import Job

Row = tuple[Any, ...]


class Database(Protocol):
    """Asks named queries (see `Queries`). Every error leaves as a `LedgerError` that says where."""

    where: str
    """The ledger in words that a person knows it by: a path, a server and a database's name."""

    def all(self, query: str, **values: object) -> list[Row]:
        """Every row that is found, all in memory at once."""

    def each(self, query: str, **values: object) -> Iterator[Row]:
        """The same, one by one: however many there are, few are in memory."""

    def first(self, query: str, **values: object) -> Row | None:
        """The first row, if there is one."""

    def one(self, query: str, **values: object) -> Row:
        """The row of a query that always finds one."""

    def run(self, query: str, **values: object) -> int:
        """Change something; returns how many rows were."""

    def many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """The same for each of these, whose values come in the order of the query's parameters."""

    def add(self, query: str, **values: object) -> int:
        """Insert a row; returns its `id`."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that is changed meanwhile, or nothing of it."""


class Part:
    def __init__(self, database: Database, secret: bytes, past: Past) -> None:
        self._db = database
        self._secret = secret
        self.past = past

    @property
    def where(self) -> str:
        """The ledger in words that a person knows it by."""
        return self._db.where

    def hasher(self, origin: str) -> Hasher:
        return Hasher(self._secret, origin)

    def fold(self) -> None:
        """Bring the rows up to date with what a killed process has journalled; a database that has no
        journal of its own has nothing to do. Anybody may, at any time."""


def check_secret(database: Database, secret: bytes, *, keep: bool = True) -> None:
    """Another key would make other hashes, by which nothing that was sent is known again. `keep`: the first
    one is written down."""
    mark = hashlib.blake2b(b"ledger", key=secret, digest_size=8).hexdigest()
    found = database.first("secret_mark")
    if found is None and keep:
        database.run("secret_marked", mark=mark)
        found = database.first("secret_mark")
    if found is not None and found[0] != mark:
        raise LedgerError(
            f"The ledger {database.where} was written with another hash key, so it couldn't tell what was "
            "sent.",
            hint="Set SATISMETER_HASH_KEY as it was (or unset it), put the state folder's hash.key "
            "back, or name another --state folder.",
        )


def values(rows: Iterable[Row]) -> list[Any]:
    """The only column of each row."""
    return [value for (value,) in rows]


def pairs(rows: Iterable[Row]) -> dict[Any, Any]:
    """The second column by the first."""
    return dict(rows)


LOOKUP = 500
"""Values that one query looks for at a time: databases bound how many it may name."""


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values, so many at a time."""
    for start in range(0, len(values), LOOKUP):
        yield values[start : start + LOOKUP]


# Named queries: the ledger's SQL lies in `.sql` files, each statement with a name and a sentence.
#
#     -- name: newest_job
#     -- The newest job that has one of these names.
#     SELECT {job} FROM jobs WHERE name IN :names AND origin = :origin
#
# `sql/` holds what all databases understand, a folder beside it what one of them says in its own way: a name
# that stands in both is taken from there. `-- fragment: job` names a piece that others take in as `{job}`.
# Parameters are `:name`; after `IN` or `NOT IN` one is a list. Each database makes of both what its
# driver takes.


_ROOM = Path(__file__).parent
SHARED = "sql"

_HEAD = re.compile(r"^-- (name|fragment): (\w+)\n((?:--.*\n)+)", re.MULTILINE)
_INSERTED = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "[^"]*" | --[^\n]* | ::      # a colon in these names no parameter
    | (?: \b(?P<operator>NOT\s+IN|IN)\s+ )? :(?P<name>[a-z_]\w*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where a value goes. `operator`, `IN` or `NOT IN`, stands before a list, and is no part of the text
    around it: a database may have another (`= ANY`)."""

    name: str
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement, cut at its parameters: one piece more than there are of them. `about` is its sentence."""

    name: str
    about: str
    pieces: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def text(self, marks: Sequence[str]) -> str:
        first, *others = self.pieces
        return first + "".join(f"{mark}{piece}" for mark, piece in zip(marks, others, strict=True))

    def plain(self, mark: str) -> str:
        """The statement with one mark (`?`, `%s`) for every parameter: for one without lists, whose values
        come in the order of its parameters."""
        return self.text([mark] * len(self.parameters))


class Queries(Mapping[str, Query]):
    """Every statement of one database, by name; cut up when it is first asked for."""

    def __init__(self, folders: Sequence[Path], given: Mapping[str, str]) -> None:
        self._texts: dict[str, tuple[str, str]] = {}
        self._pieces = dict(given)
        self._cut: dict[str, Query] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.sql")):
                self._read(path)

    def __getitem__(self, name: str) -> Query:
        if name not in self._cut:
            about, text = self._texts[name]
            self._cut[name] = Query(name, about, *_cut(self._whole(text)))
        return self._cut[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def _read(self, path: Path) -> None:
        _, *parts = _HEAD.split(path.read_text(encoding="utf-8"))
        for kind, name, comment, text in zip(*(parts[n::4] for n in range(4)), strict=True):
            about = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
            if kind == "fragment":
                self._pieces[name] = text.strip()
            else:
                self._texts[name] = (about, text.strip().removesuffix(";"))

    def _whole(self, text: str) -> str:
        found = _INSERTED.sub(lambda piece: self._pieces[piece[1]], text)
        return found if found == text else self._whole(found)


def _cut(text: str) -> tuple[tuple[str, ...], tuple[Parameter, ...]]:
    pieces, parameters, end = [], [], 0
    for token in _TOKEN.finditer(text):
        if not token["name"]:
            continue
        operator = " ".join((token["operator"] or "").split())
        pieces.append(text[end : token.start()])
        parameters.append(Parameter(token["name"], operator))
        end = token.end()
    return (*pieces, text[end:]), tuple(parameters)


@cache
def queries(database: str, past: str = "") -> Queries:
    """The statements of a database: the shared ones, and its own from the folder of that name. `past` stands
    before the tables in which other jobs are looked for (`history.`), where those are others."""
    return Queries((_ROOM / SHARED, _ROOM / database), {"past": past})


# What the ledger knows of other jobs: whether a row was sent before, whatever job it is in now.


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of a row's identity from another job; of one that was erased, that alone."""

    job_name: str
    row: int
    status: str
    content: bytes | None
    body: bytes | None
    at: float | None
    origin: str


class SentRow(NamedTuple):
    """A row of another job that was sent, or may have been. `at`: when it was last posted (Unix seconds)."""

    job: int
    seq: int
    row: int
    status: str
    person: bytes
    shown: bytes
    at: float | None


class Past:
    """Other jobs, as one looks back from a job, by the queries of `past.sql`. A run looks back into its own
    ledger; a plan, whose rows lie in a ledger that is thrown away, into the one that a run would write to:
    that is `apart`, and the job's number says nothing there."""

    def __init__(self, database: Database, *, apart: bool = False) -> None:
        self._db = database
        self._apart = apart

    def jobs(self) -> list[Job]:
        """Every job, newest first."""
        return [job_of(each) for each in self._db.each("past_jobs")]

    def others(self, job: Job) -> list[Job]:
        return [each for each in self.jobs() if each.id != self._own(job)]

    def any(self, job: Job) -> bool:
        return self._db.first("past_any", own=self._own(job)) is not None

    def find(self, identities: Sequence[object], job: Job) -> dict[bytes, Earlier]:
        """The rows of other jobs that were sent or refused, by identity: one that was accepted counts before
        one in doubt, that before one that was refused; of equal ones the newest."""
        found = self._db.all("past_find", identities=identities, own=self._own(job))
        return {identity: Earlier(*rest) for identity, *rest in found}

    def surveys(self, origin: str) -> list[str]:
        """The campaigns (`Job.campaigns`) of the jobs that have sent anything to this server."""
        return [named for (named,) in self._db.each("past_surveys", origin=origin)]

    def gather(self, jobs: Sequence[Job]) -> None:
        """Lay ready the rows of these jobs that are stored, or may be, for `between`."""
        self._db.run("past_gathered_before")
        self._db.run("past_gather", jobs=[each.id for each in jobs])
        self._db.run("past_gathered_by_row")

    def between(self, first: int, last: int) -> list[SentRow]:
        """Of what was gathered, the rows that Excel shows under these numbers."""
        return self._sent("past_between", first=first, last=last)

    def accepted(self, people: Sequence[bytes], jobs: Sequence[Job]) -> list[SentRow]:
        """The accepted rows of these persons in these jobs, oldest first."""
        return self._sent("past_accepted", people=people, jobs=[each.id for each in jobs])

    def _sent(self, query: str, **values: object) -> list[SentRow]:
        return [SentRow(*each) for each in self._db.each(query, **values)]

    def _own(self, job: Job) -> int:
        return 0 if self._apart else job.id


def job_of(columns: Sequence[Any]) -> Job:
    """A job from its columns, which are the fields in their order (the fragment `job`)."""
    fields = list(columns)
    fields[9] = json.loads(str(fields[9]))
    return Job(*fields)
