"""The journal's entries become what `rows` says. Anybody may do it at any time: it is one transaction, and
an entry that was folded is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

import orjson

from importer.ledger.schema import ATTEMPTING

Fields = dict[str, object]
"""An outcome as the journal holds it: the fields of `model.Outcome`, by name."""


@dataclass(slots=True)
class _Course:
    """What the journal tells of one row: the attempts made since the last fold and when the last of them was,
    the last outcome, and whether an attempt has none yet."""

    attempts: int = 0
    at: float | None = None
    outcome: Fields | None = None
    open: bool = False


@dataclass(slots=True)
class _Courses:
    """The journal's rows by job and `seq`."""

    rows: dict[tuple[int, int], _Course] = field(default_factory=dict)

    def take(self, job: int, at: float, entries: list[int | tuple[int, Fields]]) -> None:
        """The entries of one commit, in their order."""
        for entry in entries:
            if isinstance(entry, int):
                course = self._of(job, entry)
                course.attempts, course.at, course.open = course.attempts + 1, at, True
            else:
                course = self._of(job, entry[0])
                course.outcome, course.open = entry[1], False

    def _of(self, job: int, seq: int) -> _Course:
        place = (job, seq)
        if place not in self.rows:
            self.rows[place] = _Course()
        return self.rows[place]

    def ended(self) -> Iterator[tuple[object, ...]]:
        """The values of `_ENDED`."""
        for place, course in sorted(self.rows.items()):
            if course.outcome:
                yield (*course.outcome.values(), course.attempts, course.at, *place)

    def under_way(self) -> Iterator[tuple[object, ...]]:
        """The values of `_UNDER_WAY`: their attempts are counted by `_ENDED` where they have an outcome."""
        for place, course in self.rows.items():
            if course.open:
                yield (0 if course.outcome else course.attempts, course.at, *place)


def fold(connection: sqlite3.Connection) -> None:
    """Bring `rows` up to date. Raises sqlite3.Error; then nothing is changed."""
    if not connection.execute("SELECT EXISTS (SELECT 1 FROM journal)").fetchone()[0]:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        courses = _Courses()
        for job, at, entries in connection.execute(
            "SELECT job, at, entries FROM journal ORDER BY id"
        ):
            courses.take(job, at, orjson.loads(entries))
        connection.executemany(_ENDED, courses.ended())
        connection.executemany(_UNDER_WAY, courses.under_way())
        connection.execute("DELETE FROM journal")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_ENDED = (
    "UPDATE rows SET status = ?, code = ?, message = ?, http_status = ?, response_id = ?, ms = ?,"
    " doubt = ?, attempts = attempts + ?, sent_at = IFNULL(?, sent_at) WHERE job = ? AND seq = ?"
)
_UNDER_WAY = (
    f"UPDATE rows SET status = '{ATTEMPTING}', attempts = attempts + ?, sent_at = ?"
    " WHERE job = ? AND seq = ?"
)
