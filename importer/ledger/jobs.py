"""The ledger's jobs: begun, found again, ended; what a killed run has left in doubt."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from importer.errors import UsageError
from importer.ledger import account
from importer.ledger.database import Part, job_of, values
from importer.model import Job, Status, free_name, utf8
from importer.settings import server_of

ATTEMPTING = "attempting"
"""The status of a row whose request may be under way: told apart from `unknown` while its run lives."""

CUT_OFF = "the importer was ended while this row was being posted; it may be stored"

SENDABLE = (Status.PENDING, Status.FAILED, Status.UNKNOWN)
"""What is left of a job: to be posted, or to be settled."""
LEFT = (*SENDABLE, ATTEMPTING)
"""The same while its run lives."""
_OF_WORKERS = ("dropped", "lanes", "forced", "rate", "concurrency", "account")
"""What a job that is laid out says to all who post it, also after one of them went on with it alone."""


class Jobs(Part):
    def start_job(self, job: Job) -> Job:
        """The open job over the same file, mapping and server, else this one, written down."""
        # The newest job over the same bytes that still has rows to send or to settle.
        same = self._db.each(
            "jobs_unfinished",
            file_sha256=job.file_sha256,
            mapping_sha256=job.mapping_sha256,
            origin=job.origin,
            sheet=job.sheet,
            left=LEFT,
        )
        found = next((each for each in map(job_of, same) if "dropped" not in each.settings), None)
        if found:
            return self.reopen(found.name, job)
        with self._db.transaction():
            number = self._db.add(
                "job_start",
                name=free_name(job.name, set(values(self._db.all("job_names"))), "-"),
                file=job.file,
                file_sha256=job.file_sha256,
                sheet=job.sheet,
                mapping=job.mapping,
                mapping_sha256=job.mapping_sha256,
                origin=job.origin,
                campaigns=job.campaigns,
                settings=json.dumps(job.settings),
                started_at=job.started_at,
            )
        return self.job(str(number))

    def reopen(self, name: str, job: Job) -> Job:
        """Go on with the job of this name; `job` says how, where its file is now. One given up stays so."""
        found = self.job(name)
        stays = _OF_WORKERS if "lanes" in found.settings else ("dropped",)
        kept = {name: found.settings[name] for name in stays if name in found.settings}
        settings = json.dumps({**job.settings, **kept})
        with self._db.transaction():
            where = {"file": job.file, "mapping": job.mapping, "settings": settings}
            self._db.run("job_reopen", job=found.id, **where)
        return self.job(name)

    def newest(self, statuses: Sequence[str]) -> Job:
        """The newest job that has rows of these statuses and was neither given up nor purged; else the
        newest of all. UsageError where there is none."""
        wanted = [*statuses, *([ATTEMPTING] if Status.UNKNOWN in statuses else [])]
        found = map(job_of, self._db.each("jobs_with_rows", statuses=wanted))
        left = (each for each in found if not {"dropped", "purged"} & each.settings.keys())
        return next(left, None) or self.job("")

    def spelled(self, origin: str) -> str:
        """A server's origin as the jobs that were sent to it spell it, since the hashes begin with it:
        0.1 took `https://h:443` and `https://h.` for servers of their own."""
        known = [each.origin for each in self.jobs() if server_of(each.origin) == server_of(origin)]
        return origin if origin in known or not known else known[-1]

    def jobs(self) -> list[Job]:
        """Every job, newest first; of a plan's ledger, those that it looks back to."""
        return self.past.jobs()

    def job(self, name: str) -> Job:
        """The job of this name or number; "" is the newest. UsageError where there is none."""
        found = self._db.first("job_named", name=name)
        if not found:
            raise UsageError(
                f"There is no job {name!r} in {self.where}." if name else "There is no job yet.",
                hint="`importer jobs` lists them; another --state folder has others.",
            )
        return job_of(found)

    def finished(self, file_sha256: str, mapping_sha256: str, origin: str) -> Job | None:
        """The newest job over the same bytes, mapping and server that came to its end (exit status 0 or
        3) and has no row left to post; None where there is none."""
        found = self._db.first(
            "job_finished",
            file_sha256=file_sha256,
            mapping_sha256=mapping_sha256,
            origin=self.spelled(origin),
        )
        return job_of(found) if found else None

    def moved(self, job: Job, path: Path) -> None:
        """Write down where the job's file lies now, so that a later command finds it."""
        with self._db.transaction():
            self._db.run("job_moved", job=job.id, file=utf8(str(path.resolve())))

    @contextmanager
    def staging(self, job: Job) -> Iterator[None]:
        """The time before a job's first post. Where it breaks off, since the file can't be read to its
        end, or a person says no, a new job leaves nothing behind: none of its rows was posted."""
        try:
            yield
        except BaseException:
            if job.staged_at is None:
                with self._db.transaction():
                    self._remove(job)
            raise

    def _remove(self, job: Job) -> int:
        rows = self._db.run("rows_removed", job=job.id)
        account.remove(self._db, job.id)
        self._db.run("job_removed", job=job.id)
        return rows

    def begin_job(self, job: Job) -> None:
        """Write down that the job is under way, whether or not it had ended before: durably, and so that
        a ledger that is lost from now on is noticed."""
        with self._db.transaction():
            self._db.run("job_begun", job=job.id)

    def end_job(self, job: Job, exit_status: int, stopped: str = "") -> None:
        """Write down that the job has ended, how, and why it stopped early, if it did; until it goes on."""
        settings: Mapping[str, object] = {**job.settings, "stopped": stopped}
        with self._db.transaction():
            self._db.run(
                "job_ended",
                job=job.id,
                at=time.time(),
                exit_status=exit_status,
                settings=json.dumps(settings),
            )

    def recover(self, origin: str, campaigns: Collection[str]) -> int:
        """Rows found `attempting` were cut off by a crash: posted or not, nobody knows. Called with
        the lock of these campaigns held, since a row of another may be under way; returns how many."""
        self.fold()
        with self._db.transaction():
            held = [
                id_
                for id_, named, to in self._db.all("jobs_and_surveys")
                if server_of(to) == server_of(origin) and meet(named.split(","), campaigns)
            ]
            return self._db.run("rows_cut_off", jobs=held, message=CUT_OFF)


def meet(some: Collection[str], others: Collection[str]) -> bool:
    """Whether the surveys meet; `*` is any survey."""
    return "*" in some or "*" in others or not set(some).isdisjoint(others)
