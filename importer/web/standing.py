"""How a run stands, by the ledger and the run's own files: whoever began it, whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from importer import codes, resources
from importer.errors import ExitStatus
from importer.ledger import ATTEMPTING, LEFT, Ledger, reading
from importer.model import Cause, Job, Status
from importer.results import files

MOST = 64 << 20
"""Bytes of what the importer itself has written: a saved plan, a summary."""

# A run, as it stands.


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run is. `counts` are the job's rows by status, `attempting` those in flight; `said` is the
    command's last word (summary.json's, or its `error` and `hint`), once it has ended; `waits` says why
    nothing happens, where nothing does; `causes`, why rows were refused."""

    running: bool = False
    job: Job | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[str, object] = field(default_factory=dict)
    waits: str = ""
    causes: Sequence[Cause] = ()
    posted: int = 0
    """Of a run that sends rows once more: those whose last attempt is of it."""

    @property
    def read(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return sum(self.counts.get(each, 0) for each in LEFT)

    @property
    def unsent(self) -> int:
        """Rows that are not posted yet, surely not stored, or whose answer hasn't come."""
        return sum(self.counts.get(each, 0) for each in (Status.PENDING, Status.FAILED, ATTEMPTING))

    @property
    def stopped(self) -> str:
        """Why it stopped early or didn't begin, in words; "" where neither is so."""
        if self.running:
            return ""
        if self.said.get("error"):
            hint = str(self.said.get("hint") or "")
            hint = codes.told_on_page(str(self.said.get("remedy") or ""), hint)
            return f"{self.said['error']} {hint}".strip()
        code, _, message = (self.job.stopped if self.job else "").partition(": ")
        return "" if code == "interrupted" else message or code

    @property
    def paused(self) -> bool:
        """Whether it was told to stop, and rows are left."""
        told = bool(self.job and self.job.stopped.startswith("interrupted:"))
        return told and not self.running and not self.said.get("error") and self.left > 0

    @property
    def cut_off(self) -> bool:
        """Whether it has ended without saying how."""
        return self.job is not None and not self.running and self.job.ended_at is None

    @property
    def ending(self) -> str:
        if self.running or self.job is None:
            return "running" if self.running else "not begun"
        if "dropped" in self.job.settings:
            return "given up"
        settled = self.job.exit_status == ExitStatus.SOME_UNKNOWN and not self.left
        return "cut off" if self.cut_off else _ended(0 if settled else self.job.exit_status)

    @property
    def folder(self) -> Path | None:
        """Where its results lie; None where nobody knows."""
        out = self.job.settings.get("out") if self.job else None
        return files.of_job(Path(str(out)), self.job.name) if self.job and out else None

    @property
    def remedy(self) -> str:
        """What to do about an early stop."""
        found = codes.of_stop(self.job.stopped.partition(":")[0]) if self.job else None
        return found.on_page if found and self.stopped else ""


def document(path: Path) -> dict[str, object]:
    """A JSON object that the command has written; {} where there is none."""
    try:
        found = orjson.loads(resources.small(path, MOST)[0])
    except (OSError, orjson.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def held_by(ledger: Ledger, job: Job) -> Mapping[str, object]:
    """Who posts to the job's survey now; {} where nobody does, or it can't be told."""
    return ledger.lock_holder(job.origin, job.campaigns.split(",")) or {}


def _ended(status: int | None) -> str:
    found = codes.of("exit").get(str(status))
    return found.brief if found else "ended"


# Jobs, whoever began them.


def history(state: Path, most: int = 100) -> list[Standing]:
    """The jobs of the ledger, newest first; those of the command line, too."""
    with reading(state) as ledger:
        return [_standing(ledger, job) for job in ledger.jobs()[:most]] if ledger else []


def found(state: Path, name: str) -> Standing | None:
    """One job of the ledger, with the reasons of its rows; None where there is none of that name."""
    with reading(state) as ledger:
        job = next((each for each in ledger.jobs() if each.name == name), None) if ledger else None
        if not ledger or not job:
            return None
        return replace(_standing(ledger, job), causes=ledger.refusals(job))


def _standing(ledger: Ledger, job: Job) -> Standing:
    running = job.ended_at is None and held_by(ledger, job).get("file") == Path(job.file).name
    return Standing(running, job, ledger.progress(job))
