"""What the sandbox has stored, in SQLite, and the statistics over it."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

import orjson

from importer.model import DETRACTORS, PROMOTERS, nps
from importer.sandbox.settings import SandboxQuestion

# What the sandbox has stored: responses and users, in SQLite.
#
# Each insert is a commit of its own, so that what a reply claims can be read by another process at
# once. Without fsync (it is a sandbox) that costs microseconds.

_SCHEMA = """
create table if not exists users (
    number integer primary key,
    person text not null unique,
    traits text not null,
    unsubscribed integer not null default 0
);
create table if not exists responses (
    number integer primary key,
    campaign text not null,
    person text not null,
    created integer not null,
    method text not null,
    rating integer,
    answers text not null
);
create index if not exists by_person on responses (campaign, person, created);
create index if not exists by_date on responses (created, number);
"""
_COLUMNS = """
select responses.number, campaign, responses.person, created, method, rating, answers,
       users.number, users.traits
from responses join users on users.person = responses.person
"""


@dataclass(frozen=True, slots=True)
class Insert:
    """A response that passed every check. `answers` are (question id, value) in the order sent."""

    campaign: str
    user_id: str
    anonymous_id: str
    method: str
    answers: tuple[tuple[str, int | str], ...]
    traits: Mapping[str, object]
    rating: int | None = None
    forced: bool = False

    @property
    def person(self) -> str:
        """One key for both kinds of people; a userId never meets an equal anonymousId."""
        return f"u:{self.user_id}" if self.user_id else f"a:{self.anonymous_id}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A response as it was stored. `created` is Unix time in milliseconds."""

    number: int
    campaign: str
    user_id: str
    anonymous_id: str
    created: int
    method: str
    rating: int | None
    answers: tuple[tuple[str, int | str], ...]
    user: str
    traits: Mapping[str, object]

    @property
    def id(self) -> str:
        """24 hex digits, as SatisMeter's own ids look: the second, then a count."""
        return f"{self.created // 1000:08x}{self.number:016x}"


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user as the account has him; `user_id` is "" for those who are known by an anonymousId alone."""

    number: int
    user_id: str
    traits: Mapping[str, object]
    unsubscribed: bool

    @property
    def id(self) -> str:
        """24 hex digits, as SatisMeter's own ids look."""
        return f"{self.number:024x}"


@dataclass(frozen=True, slots=True)
class Period:
    """Unix milliseconds; both ends count. `before` is the (created, number) that a page starts after."""

    start: int = 0
    end: int = 2**62
    before: tuple[int, int] = (2**62, 2**62)


Copies = Counter[tuple[str, tuple[tuple[str, int | str], ...]]]


NoStore = sqlite3.DatabaseError
"""What a file raises that is no store."""


class Store:
    """The responses and users; a context manager. Any number of processes may read the file."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(
            path or ":memory:", isolation_level=None, check_same_thread=False
        )
        self._writing = Lock()  # a test adds users from another thread
        self._database.execute("pragma journal_mode=wal")
        self._database.execute("pragma synchronous=off")
        self._database.executescript(_SCHEMA)
        # A file of 0.1 lacks a column.
        known = {name for _, name, *_ in self._database.execute("pragma table_info(users)")}
        if "unsubscribed" not in known:
            self._database.execute(
                "alter table users add column unsubscribed integer not null default 0"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def add(self, insert: Insert, created: int) -> Stored:
        with self._writing:
            self._database.execute("begin immediate")
            self._merge(insert.person, insert.traits)
            row = self._database.execute(
                "insert into responses (campaign, person, created, method, rating, answers)"
                " values (?, ?, ?, ?, ?, ?) returning number",
                (
                    insert.campaign,
                    insert.person,
                    created,
                    insert.method,
                    insert.rating,
                    orjson.dumps(insert.answers).decode(),
                ),
            ).fetchone()
            self._database.execute("commit")
            return self.one(row[0])

    def _merge(self, person: str, traits: Mapping[str, object]) -> None:
        """What is known of a person, and these over it."""
        self._database.execute(
            "insert into users (person, traits) values (?, ?)"
            " on conflict (person) do update set traits = excluded.traits",
            (person, orjson.dumps({**self.traits(person), **traits}).decode()),
        )

    def put_users(
        self, users: Iterable[tuple[str, Mapping[str, object]]], *, unsubscribed: bool = False
    ) -> None:
        """Add users by their userId, or bring their traits up to date; all at once."""
        with self._writing:
            self._database.execute("begin immediate")
            for user_id, traits in users:
                self._merge(f"u:{user_id}", traits)
                if unsubscribed:
                    self._database.execute(
                        "update users set unsubscribed = 1 where person = ?", (f"u:{user_id}",)
                    )
            self._database.execute("commit")

    def users(self, after: int = 0, limit: int = -1) -> list[StoredUser]:
        """The users behind this number, oldest first."""
        rows = self._database.execute(
            "select number, person, traits, unsubscribed from users where number > ?"
            " order by number limit ?",
            (after, limit),
        )
        return [_user(row) for row in rows.fetchall()]

    def user(self, user_id: str) -> StoredUser | None:
        row = self._database.execute(
            "select number, person, traits, unsubscribed from users where person = ?",
            (f"u:{user_id}",),
        ).fetchone()
        return _user(row) if row else None

    def one(self, number: int) -> Stored:
        row = self._database.execute(_COLUMNS + "where responses.number = ?", (number,)).fetchone()
        return _stored(row)

    def traits(self, person: str) -> dict[str, object]:
        row = self._database.execute(
            "select traits from users where person = ?", (person,)
        ).fetchone()
        return orjson.loads(row[0]) if row else {}

    def responded_since(self, campaign: str, person: str, moment: int) -> bool:
        """Whether the person has a response to the survey that is newer than the moment."""
        return bool(
            self._database.execute(
                "select 1 from responses where campaign = ? and person = ? and created > ? limit 1",
                (campaign, person, moment),
            ).fetchone()
        )

    def all(self) -> Iterator[Stored]:
        """Every response, oldest first."""
        return map(_stored, self._database.execute(_COLUMNS + "order by responses.number"))

    def newest(self, period: Period, limit: int = -1) -> list[Stored]:
        """The responses of a period, newest first."""
        rows = self._database.execute(
            _COLUMNS + "where created between ? and ? and (created, responses.number) < (?, ?)"
            " order by created desc, responses.number desc limit ?",
            (period.start, period.end, *period.before, limit),
        )
        return [_stored(row) for row in rows]

    def count(self) -> int:
        return int(self._database.execute("select count(*) from responses").fetchone()[0])

    def copies(self) -> Copies:
        """How often each (person, sorted answers) is stored: above 1 is a response stored twice."""
        return Counter(
            (each.user_id or each.anonymous_id, tuple(sorted(each.answers))) for each in self.all()
        )


def _user(row: tuple[int, str, str, int]) -> StoredUser:
    number, person, traits, unsubscribed = row
    kind, _, name = person.partition(":")
    return StoredUser(number, name if kind == "u" else "", orjson.loads(traits), bool(unsubscribed))


def _stored(row: tuple[int, str, str, int, str, int | None, str, int, str]) -> Stored:
    number, campaign, person, created, method, rating, answers, user, traits = row
    kind, _, name = person.partition(":")
    return Stored(
        number=number,
        campaign=campaign,
        user_id=name if kind == "u" else "",
        anonymous_id=name if kind == "a" else "",
        created=created,
        method=method,
        rating=rating,
        answers=tuple((question, value) for question, value in orjson.loads(answers)),
        user=f"{user:024x}",
        traits=orjson.loads(traits),
    )


# Figures over stored responses, as the statistics call and the older export give them.


def of(questions: Sequence[SandboxQuestion], responses: Sequence[Stored]) -> dict[str, object]:
    """The `data` of the statistics call: the number of responses, and each question's answers."""
    return {
        "statistics": {"responses": len(responses)},
        "questions": [_question(question, responses) for question in questions],
    }


def rounded_nps(scores: Sequence[int]) -> float | None:
    """As the API shows it, to one place; None without a score."""
    found = nps(Counter(scores))
    return None if found is None else round(found, 1)


def category(score: int) -> str:
    if score in PROMOTERS:
        return "promoter"
    return "detractor" if score in DETRACTORS else "passive"


def flat(questions: Sequence[SandboxQuestion], response: Stored) -> dict[str, object]:
    """A response as the older export has it: one rating, one text."""
    answers = dict(response.answers)
    scores = [answers[q.id] for q in questions if q.type == "nps" and q.id in answers]
    texts = [answers[q.id] for q in questions if q.type == "text" and q.id in answers]
    score = scores[0] if scores else response.rating
    return {
        "id": response.id,
        "rating": score,
        "category": category(score) if isinstance(score, int) else None,
        "score": score,
        "feedback": texts[0] if texts else None,
    }


def _question(question: SandboxQuestion, responses: Sequence[Stored]) -> dict[str, object]:
    values = [value for each in responses for id_, value in each.answers if id_ == question.id]
    counted = Counter(values) if question.type != "text" else Counter()
    figures = {
        "answers": len(values),
        "metric": _metric(question, [value for value in values if isinstance(value, int)]),
        "values": [
            {"value": value, "answers": count}
            for value, count in sorted(counted.items(), key=lambda item: str(item[0]).zfill(3))
        ],
    }
    return {
        "id": question.id,
        "label": question.label,
        "type": question.type,
        "statistics": figures,
    }


def _metric(question: SandboxQuestion, ratings: Sequence[int]) -> dict[str, object] | None:
    if question.range is None:
        return None
    if question.type == "nps":
        return {"type": "nps", "value": rounded_nps(ratings)}
    mean = round(sum(ratings) / len(ratings), 2) if ratings else None
    return {"type": question.type, "value": mean}
