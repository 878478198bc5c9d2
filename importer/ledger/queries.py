"""Questions to the ledger: what a job's rows came to, which are to be sent, what the survey should hold."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from importer import codes
from importer.errors import UsageError
from importer.ledger.database import MIGRATIONS, wrap_sqlite_errors
from importer.ledger.state import hold_there, ledger_path
from importer.ledger.store import SENDABLE, Ledger
from importer.model import PERHAPS_ALONE, Cause, Job, QueuedRow, Status, utf8

# What a job's rows came to: the reasons that only the whole of them can give.


def explain(ledger: Ledger, job: Job) -> None:
    """Say of each duplicate which kind it is, where the ledger knows; and why rows are pending."""
    with ledger.transaction() as connection:
        for code, found, told in _KINDS:
            connection.execute(
                f"UPDATE rows SET code = :code, message = {told} WHERE job = :job"
                f" AND code = 'dup_or_targeting' AND EXISTS ({found})",
                {
                    "job": job.id,
                    "code": code,
                    "waves": json.dumps(job.waves),
                    "each": len(job.waves),
                },
            )
        connection.execute(
            "UPDATE rows SET code = 'not_reached', message = 'not posted yet; the same command goes"
            " on here' WHERE job = ? AND status = 'pending' AND code IN ('', 'held')",
            (job.id,),
        )
        connection.execute(
            "UPDATE rows SET code = 'held', message = 'an earlier row of the same person is of"
            " unknown fate, or failed; this one waits for it' WHERE job = ?1 AND status = 'pending'"
            " AND code = 'not_reached' AND person IN (SELECT person FROM rows WHERE elsewhere = 0"
            " AND (status = 'unknown' OR (status = 'failed' AND job = ?1)))",
            (job.id,),
        )


_WAVE = "IFNULL(', wave ' || json_extract(:waves, '$[' || (r.seq % :each) || ']'), '')"
"""Of a row of this job; nothing where it has no waves."""
_SAME = (
    f"SELECT r.row || {_WAVE} FROM rows r WHERE r.person = rows.person"
    " AND r.status = 'created' AND r.job = :job"
)
_BEFORE = (
    "SELECT j.name FROM rows r JOIN jobs j ON j.id = r.job WHERE r.person = rows.person"
    " AND r.status = 'created' AND r.job <> :job"
)
_KINDS = (
    (
        "dup_same_file",
        _SAME,
        (
            "'the API refused it as a duplicate; it accepted row ' || "
            f"({_SAME} ORDER BY r.seq LIMIT 1) || ' of the same person from this file'"
        ),
    ),
    (
        "dup_earlier_run",
        _BEFORE,
        (
            "'the API refused it as a duplicate; it accepted a row of the same person from job ' || "
            f"({_BEFORE} ORDER BY r.job DESC LIMIT 1)"
        ),
    ),
)


def duplicates(ledger: Ledger, job: Job) -> dict[str, int]:
    """Rows that were not sent, or were refused, because they were there before: by kind."""
    return ledger.counted(job, "code", (Status.DUPLICATE, Status.ALREADY_SENT))


def refusals(ledger: Ledger, job: Job, *, invalid: bool = False) -> tuple[Cause, ...]:
    """Why rows were refused (`invalid`: by the mapping, too), failed or left in doubt, most frequent first;
    those that the API calls duplicates where it isn't known of what. (Beside `MIN`, SQLite takes other
    columns from the row that has it.)"""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT code, message, COUNT(*), MIN(seq), row FROM rows WHERE job = ? AND (status IN"
            f" ('rejected', 'failed', 'unknown', 'attempting', ?) OR code IN {_TOLD})"
            " GROUP BY code, message"
            " ORDER BY 3 DESC, 1 LIMIT 50",
            (job.id, Status.INVALID if invalid else ""),
        ).fetchall()
    return tuple(
        Cause(code, message, count, rows=(row,), wave=job.wave(seq))
        for code, message, count, seq, row in found
    )


_TOLD = ("dup_or_targeting", *PERHAPS_ALONE)


def clashes(ledger: Ledger, job: Job, column: str) -> tuple[Cause, ...]:
    """The rows of one key that differ, as one cause; none where there are none. `column` names the key's
    columns."""
    with ledger.told():
        rows = [
            row
            for (row,) in ledger.connection.execute(
                "SELECT row FROM rows WHERE job = ? AND code = 'key_clash' ORDER BY seq", (job.id,)
            )
        ]
    told, fix = "different responses have the same key", codes.of("ledger")["key_clash"].remedy
    return (Cause("key_clash", told, len(rows), fix, column, tuple(rows[:5])),) if rows else ()


def several(ledger: Ledger, job: Job) -> set[bytes]:
    """The persons that have more than one row in the job."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT person FROM rows WHERE job = ? AND person IS NOT NULL GROUP BY person"
            " HAVING COUNT(*) > 1",
            (job.id,),
        )
        return {person for (person,) in found}


def accepted(ledger: Ledger, person: bytes) -> bool:
    """Whether a row of the person was accepted, as far as the journal is folded."""
    with ledger.told():
        query = "SELECT EXISTS (SELECT 1 FROM rows WHERE person = ? AND status = 'created')"
        return bool(ledger.connection.execute(query, (person,)).fetchone()[0])


def people(ledger: Ledger, job: Job) -> tuple[int, int]:
    """How many persons have more than one row to send, and of how many the rows' traits disagree."""
    with ledger.told():
        (several, disagree) = ledger.connection.execute(
            "SELECT COUNT(*), COALESCE(SUM(kinds > 1), 0) FROM (SELECT COUNT(*) AS number,"
            " COUNT(DISTINCT traits) AS kinds FROM rows WHERE job = ? AND person IS NOT NULL"
            " AND elsewhere = 0 AND status <> 'skipped' GROUP BY person) WHERE number > 1",
            (job.id,),
        ).fetchone()
    return several, disagree


# Figures of a job for people: which rows, whose they are, and how the posting went.


class Post(NamedTuple):
    """The last attempt of a row: when it was made (Unix seconds), how long the reply took
    (milliseconds; None where none came), and which attempt it was, from 1."""

    at: float
    ms: int | None
    attempt: int


def seqs(ledger: Ledger, job: Job, statuses: Sequence[str]) -> Iterator[int]:
    """The `seq` of the job's rows of these statuses, in file order."""
    marks = ",".join("?" * len(statuses))
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT seq FROM rows WHERE job = ? AND status IN ({marks}) ORDER BY seq",
            (job.id, *statuses),
        )
        for (seq,) in found:
            yield seq


def rows_per_person(ledger: Ledger, job: Job, statuses: Sequence[str]) -> dict[int, int]:
    """How many persons have one row of these statuses, how many two, and so on."""
    marks = ",".join("?" * len(statuses))
    with ledger.told():
        return dict(
            ledger.connection.execute(
                "SELECT number, COUNT(*) FROM (SELECT COUNT(*) AS number FROM rows"
                f" WHERE job = ? AND status IN ({marks}) AND person IS NOT NULL GROUP BY person)"
                " GROUP BY number ORDER BY number",
                (job.id, *statuses),
            ).fetchall()
        )


def posts(ledger: Ledger, job: Job, since: float) -> list[Post]:
    """The last attempts made since then, oldest first."""
    with ledger.told():
        return [
            Post(at, ms, attempt)
            for at, ms, attempt in ledger.connection.execute(
                "SELECT sent_at, ms, attempts FROM rows WHERE job = ? AND sent_at >= ? ORDER BY sent_at",
                (job.id, since),
            )
        ]


def sendable(ledger: Ledger, job: Job, wave: str = "") -> Iterator[tuple[int, bool]]:
    """The Excel rows that are to be posted or settled, in file order; and of each whether this job
    does it itself, or another job's outcome decides. Where the job has waves, those of one wave."""
    marks = ",".join("?" * len(SENDABLE))
    every, place = (len(job.waves), job.waves.index(wave)) if wave else (1, 0)
    with ledger.told():
        for row, elsewhere in ledger.connection.execute(
            f"SELECT row, elsewhere FROM rows WHERE job = ? AND status IN ({marks})"
            " AND seq % ? = ? ORDER BY seq",
            (job.id, *SENDABLE, every, place),
        ):
            yield row, not elsewhere


# What the survey should hold of a job, as far as the ledger knows: a line per row, hashes for people and
# answers.

_LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Expected:
    """A response that was posted for a row. `person` and `shown` are `Hashes` of the same names;
    `at`: when, in Unix seconds; `response_id`: what the API called it, "" where it didn't say.
    `certain` is False for rows of unknown fate; `anonymous` says that the row has no userId; `wave` is ""
    where the mapping has no waves."""

    seq: int
    row: int
    person: bytes
    shown: bytes
    response_id: str
    certain: bool
    anonymous: bool
    at: float
    wave: str = ""


def expected(ledger: Ledger, job: Job) -> list[Expected]:
    """Of every row that was accepted, by this job or (`already_sent`) by an earlier one, and of every
    row of unknown fate, this job's or an earlier one's; in file order. Rows of one response are one."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT seq, row, person, shown, response_id, status = 'created',"
            " user_id = '' AND anonymous_id <> '', sent_at FROM rows"
            " WHERE job = ?1 AND elsewhere = 0 AND status IN ('created', 'unknown', 'attempting')"
            " UNION ALL "
            "SELECT MIN(2 * r.seq + (e.status <> 'created')) / 2, r.row, e.person, e.shown,"
            " e.response_id, e.status = 'created', e.user_id = '' AND e.anonymous_id <> '', e.sent_at"
            " FROM rows r JOIN rows e ON e.identity = r.identity AND e.elsewhere = 0"
            " AND e.status IN ('created', 'unknown', 'attempting')"
            " WHERE r.job = ?1 AND r.status IN ('already_sent', 'unknown') AND r.elsewhere = 1"
            " GROUP BY r.identity ORDER BY 1",
            (job.id,),
        ).fetchall()
    return [
        Expected(
            *(seq, row, person, shown, response_id, bool(certain), bool(anonymous), at or 0.0),
            job.wave(seq),
        )
        for seq, row, person, shown, response_id, certain, anonymous, at in found
    ]


def others(
    ledger: Ledger, job: Job, shown: Collection[bytes], since: float, until: float
) -> Counter[bytes]:
    """Of these, how often each was posted in that time by other jobs, for rows that this one has not."""
    counts: Counter[bytes] = Counter()
    wanted = list(shown)
    for start in range(0, len(wanted), _LOOKUP):
        some = wanted[start : start + _LOOKUP]
        with ledger.told():
            counts.update(
                each
                for (each,) in ledger.connection.execute(
                    "SELECT shown FROM rows WHERE job <> ? AND elsewhere = 0 AND sent_at BETWEEN ? AND ?"
                    " AND status IN ('created', 'unknown', 'attempting')"
                    f" AND shown IN ({','.join('?' * len(some))})"
                    " AND identity NOT IN (SELECT identity FROM rows WHERE job = ?"
                    " AND identity IS NOT NULL)",
                    (job.id, since, until, *some, job.id),
                )
            )
    return counts


# Which rows of a job are sent, in which order, and who has to wait.

FRESH = 24 * 60 * 60.0
"""Seconds after which the API's duplicate check is no longer trusted to know a row that may be stored:
it speaks of users who responded "recently" only."""

ANSWERED = ("stored_or_duplicate", "rejected_in_doubt")
"""Codes of rows in doubt that were asked about, and are in doubt still: asking again tells no more."""


def sending_order(ledger: Ledger, job: Job, statuses: Sequence[str]) -> list[int]:
    """The `seq` of the job's rows of these statuses, oldest first, as the mapping's date says;
    without a date in file order; last those of people with a row that an earlier run has stopped at.
    Rows whose fate another job decides are left out."""
    marks = ",".join("?" * len(statuses))
    return _seqs(ledger, job, f"status IN ({marks})", *statuses)


def late_order(ledger: Ledger, job: Job, behind: Sequence[str]) -> list[int]:
    """The rows in doubt that the API's duplicate check can decide (`askable`), and those of the
    statuses `behind`, which may have waited for them."""
    marks = ",".join("?" * len(behind))
    return _seqs(ledger, job, f"({_ASKABLE}) OR status IN ({marks})", *_asked(), *behind)


def askable(ledger: Ledger, job: Job) -> int:
    """How many rows in doubt the API's duplicate check can decide: posted lately, and not asked about
    before."""
    return len(_seqs(ledger, job, _ASKABLE, *_asked()))


_ASKABLE = f"status = 'unknown' AND code NOT IN {(*ANSWERED, 'unclear')} AND ABS(? - sent_at) <= ?"


def _asked() -> tuple[float, float]:
    return time.time(), FRESH


def _seqs(ledger: Ledger, job: Job, where: str, *values: object) -> list[int]:
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT seq FROM rows WHERE job = ? AND elsewhere = 0 AND ({where}) ORDER BY person IN"
            f" (SELECT person FROM rows WHERE job = ? AND status = 'pending' AND code IN {PERHAPS_ALONE}),"
            " ord, seq",
            (job.id, *values, job.id),
        )
        return [seq for (seq,) in found]


def outgoing(ledger: Ledger, job: Job, seqs: Sequence[int]) -> list[QueuedRow]:
    """These rows as the sender takes them, in the order given."""
    marks = ",".join("?" * len(seqs))
    with ledger.told():
        found = {
            seq: QueuedRow(seq, row, person, *map(bool, rest))
            for seq, row, person, *rest in ledger.connection.execute(
                # SQLite computes both sides of an AND here: a search of the ledger for each row
                f"SELECT seq, row, person, doubt, code IN {PERHAPS_ALONE}, CASE WHEN code IN {PERHAPS_ALONE}"
                f" THEN EXISTS ({_ACCEPTED_SINCE}) ELSE 0 END FROM rows WHERE job = ? AND seq IN ({marks})",
                (job.origin, job.campaigns, job.id, *seqs),
            )
        }
    return [found[seq] for seq in seqs]


_ACCEPTED_SINCE = (
    "SELECT 1 FROM rows o WHERE o.status = 'created' AND o.elsewhere = 0"
    " AND o.sent_at > rows.sent_at + IFNULL(rows.ms, 0) / 1000.0 + 1"
    " AND o.job IN (SELECT id FROM jobs WHERE origin = ? AND campaigns = ?)"
)


def doubtful(ledger: Ledger) -> set[bytes]:
    """The persons that have a row in doubt, in any job: their further rows wait for it."""
    return _people(ledger, "")


def stuck(ledger: Ledger, job: Job) -> set[bytes]:
    """The persons with a row in doubt that asking again in this job can't settle: it is another
    job's, too old, or was asked about before."""
    return _people(ledger, f" AND NOT (job = ? AND {_ASKABLE})", job.id, *_asked())


def _people(ledger: Ledger, where: str, *values: object) -> set[bytes]:
    with ledger.told():
        found = ledger.connection.execute(
            f"SELECT DISTINCT person FROM rows WHERE status = 'unknown' AND elsewhere = 0{where}",
            values,
        )
        return {person for (person,) in found}


# What a watched folder asks the ledger: whether a file's import has ended, and where the file is now.


@contextmanager
def existing(state: Path) -> Iterator[Ledger]:
    """As `opened`; UsageError where there is no ledger, so that looking makes none."""
    hold_there(ledger_path(state))
    if not ledger_path(state).exists():
        raise UsageError(
            f"There is no ledger in {state}: nothing was run yet.",
            hint="Another folder? Name it with --state DIR.",
        )
    with opened(state) as ledger:
        yield ledger


@contextmanager
def opened(state: Path) -> Iterator[Ledger]:
    """The ledger of a state folder, to ask it and to keep its house: without the key of its hashes,
    so no row can be staged. Raises LedgerError."""
    with closing(Ledger.open(ledger_path(state), b"")) as ledger:
        yield ledger


@contextmanager
def reading(state: Path) -> Iterator[Ledger | None]:
    """The ledger of a state folder only to look at, as often as one likes, while another process posts:
    nothing is checked, folded or written (`progress` counts what isn't folded yet). None where nothing was
    run yet. Raises LedgerError."""
    path = ledger_path(state)
    if not path.exists() or not path.stat().st_size:
        yield None
        return
    with wrap_sqlite_errors(path):
        place = f"{path.resolve().as_uri()}?mode=ro"
        connection = sqlite3.connect(place, timeout=5, uri=True, isolation_level=None)
    with closing(connection):
        with wrap_sqlite_errors(path):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version in {0, len(MIGRATIONS)}:
            yield Ledger(connection, path, b"") if version else None
            return
    with opened(state) as ledger:  # an older one, which is brought up to date
        yield ledger


def finished(ledger: Ledger, file_sha256: str, mapping_sha256: str, origin: str) -> Job | None:
    """The newest job over the same bytes, mapping and server that came to its end (exit status 0 or
    3) and has no row left to post; None where there is none."""
    with ledger.told():
        found = ledger.connection.execute(
            "SELECT id FROM jobs WHERE file_sha256 = ? AND mapping_sha256 = ? AND origin = ?"
            " AND ended_at IS NOT NULL AND exit_status IN (0, 3) AND NOT EXISTS"
            " (SELECT 1 FROM rows WHERE job = jobs.id AND status IN ('pending', 'attempting')"
            " AND elsewhere = 0) ORDER BY id DESC LIMIT 1",
            (file_sha256, mapping_sha256, ledger.spelled(origin)),
        ).fetchone()
    return ledger.job(str(found[0])) if found else None


def moved(ledger: Ledger, job: Job, path: Path) -> None:
    """Write down where the job's file lies now, so that a later command finds it."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE jobs SET file = ? WHERE id = ?", (utf8(str(path.resolve())), job.id)
        )
