"""Settling a job's rows in doubt without posting: by reading the survey back, or by hand."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from importer import http
from importer.engine.reconcile import Settled, read_back, reader
from importer.engine.record import Rewritten, folder_of, rewrite
from importer.engine.stage import secret_of
from importer.errors import UsageError
from importer.ledger import Ledger, existing, look_into, reading
from importer.model import Job, Line, Status, place
from importer.settings import Settings


@http.apart
def resolve(settings: Settings) -> tuple[Job, Settled, Rewritten]:
    """Settle the rows in doubt of `settings.job` (the newest where it is "") by what the survey holds.
    Posts nothing. Raises UsageError without an API key or project, Busy while the job is under way,
    ReadError where the survey can't be read."""
    with alone(settings) as (ledger, job):
        reader(settings, job.origin)
        settled = asyncio.run(read_back(settings, ledger, job))
        ledger.explain(job)
        return job, settled, rewrite(ledger, job, folder_of(job, settings.out))


def mark(
    settings: Settings, rows: Sequence[int], waves: Sequence[str] = (), *, created: bool
) -> tuple[Job, Rewritten]:
    """Settle rows in doubt by a person's word: they are in the survey, or they are not. Where rows have
    waves, those named; none need be for a row of which one wave is in doubt. Raises UsageError, before
    anything is changed, where one of them is not in doubt."""
    with alone(settings) as (ledger, job):
        named = _Named(job, set(rows), waves)
        lines = named.lines(ledger.lines(job))
        ledger.call_by_hand(job, [line.seq for line in lines], created=created)
        ledger.explain(job)
        return job, rewrite(ledger, job, folder_of(job, settings.out))


@dataclass(frozen=True, slots=True)
class _Named:
    """What a person has named: rows of a job, and waves of them (all that are in doubt, where none is
    named)."""

    job: Job
    rows: Set[int]
    waves: Sequence[str]

    def lines(self, every: Iterable[Line]) -> list[Line]:
        """Those of the job's lines, each in doubt."""
        for wave in self.waves:
            if wave not in self.job.waves:
                known = ", ".join(self.job.waves)
                hint = f"There are: {known}." if known else "Its mapping has no waves."
                raise UsageError(f"Job {self.job.name} has no wave {wave!r}.", hint=hint)
        found: dict[int, list[Line]] = {row: [] for row in sorted(self.rows)}
        for line in every:
            if line.row in found:
                found[line.row].append(line)
        return [line for row, lines in found.items() for line in self._in_doubt(row, lines)]

    def _in_doubt(self, row: int, lines: Sequence[Line]) -> Sequence[Line]:
        if not lines:
            told = f"Job {self.job.name} has no row {row}."
            raise UsageError(told, hint="Rows count as Excel shows them.")
        wanted = [line for line in lines if not self.waves or line.wave in self.waves]
        doubtful = [line for line in wanted if _is_in_doubt(line)]
        if not doubtful or (self.waves and len(doubtful) < len(wanted)):
            raise self._not_in_doubt(next(line for line in wanted if line not in doubtful))
        if len(doubtful) > 1 and not self.waves:
            raise UsageError(
                f"Several waves of row {row} are in doubt: {', '.join(line.wave for line in doubtful)}.",
                hint=f"Name those you mean: --row {row} --wave {shlex.quote(doubtful[0].wave)}",
            )
        return doubtful

    def _not_in_doubt(self, line: Line) -> UsageError:
        why = line.message if line.status == Status.UNKNOWN else line.status
        which = place(line.row, line.wave).capitalize()
        return UsageError(
            f"{which} of job {self.job.name} is not in doubt here: {why}.",
            hint="Only rows whose status is unknown can be marked.",
        )


def in_doubt(settings: Settings, job: Job, after: int, most: int) -> list[Line]:
    """So many of the job's rows that can be settled by it, below that of the `seq` `after`."""
    with reading(settings.ledger) as ledger:
        lines = ledger.lines(job, (Status.UNKNOWN,), after=after) if ledger else ()
        return list(islice(filter(_is_in_doubt, lines), most))


def _is_in_doubt(line: Line) -> bool:
    return line.status == Status.UNKNOWN and line.code != "unknown_earlier"


@contextmanager
def alone(settings: Settings, has: Sequence[str] = ()) -> Iterator[tuple[Ledger, Job]]:
    """The ledger and the job, while nobody posts to its surveys. Where none is named it is the newest, or the
    newest that `has` rows of these statuses."""
    with look_into(settings.ledger):
        secret = secret_of(settings)
    with existing(settings.ledger, secret) as ledger:
        job = ledger.newest(has) if has and not settings.job else ledger.job(settings.job)
        campaigns = job.campaigns.split(",")
        with ledger.lock(job.origin, campaigns, f"importer, job {job.name}"):
            ledger.recover(job.origin, campaigns)
            yield ledger, job
