"""Jobs that were begun: which there are, going on with one, writing its results anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from importer import http
from importer.engine import Confirm, at_once, run
from importer.engine.observer import NULL_OBSERVER, Observer
from importer.engine.record import Rewritten, explain, folder_of, rewrite
from importer.engine.stage import Plan
from importer.errors import UsageError
from importer.ledger import existing, look_into
from importer.model import Job, Status
from importer.privacy import shell_word
from importer.results.summary import Summary
from importer.settings import Endpoint, Rate, Settings

_LEFT = (Status.PENDING, Status.FAILED)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job and where it stands: `rows` by status, those that are 0 left out."""

    job: Job
    rows: Mapping[str, int]

    @property
    def left(self) -> int:
        """Rows that are to be sent or settled yet."""
        return sum(self.rows.get(each, 0) for each in (*_LEFT, Status.UNKNOWN))


def jobs(state: str | PathLike[str]) -> list[JobState]:
    """Every job of a state folder's ledger, newest first. Raises UsageError where there is no ledger."""
    with look_into(Path(state)) as ledger:
        return [JobState(job, ledger.counts(job)) for job in ledger.jobs()]


def resume(
    settings: Settings, confirm: Confirm = at_once, watch: Observer = NULL_OBSERVER
) -> tuple[Plan, Summary]:
    """Post what is left of `settings.job` (the newest that has rows left, where it is ""), and settle what
    is in doubt: as it was started, but for what the settings say anew. Make them with `Settings.of_job`.
    Raises as `run` does; UsageError where the file or the mapping has changed or is gone."""
    http.refuse_within_a_loop("resume")
    found = chosen(settings, (*_LEFT, Status.UNKNOWN))
    return run(dataclasses.replace(resumed(found, settings), statuses=_LEFT), confirm, watch)


def retry(
    settings: Settings,
    statuses: Sequence[str] = (Status.FAILED,),
    confirm: Confirm = at_once,
    watch: Observer = NULL_OBSERVER,
) -> tuple[Plan, Summary]:
    """Post rows of a job once more that are surely not stored: `failed`, `rejected`, `duplicate`, `pending`.
    Otherwise as `resume`."""
    http.refuse_within_a_loop("retry")
    wrong = set(statuses) - {*_LEFT, Status.REJECTED, Status.DUPLICATE}
    if wrong or not statuses:
        raise UsageError(f"Rows of status {', '.join(sorted(wrong)) or '(none)'} can't be retried.")
    found = chosen(settings, statuses)
    again = dataclasses.replace(resumed(found, settings, "retry"), statuses=tuple(statuses))
    return run(again, confirm, watch)


def chosen(settings: Settings, statuses: Sequence[str]) -> Job:
    """The job that the settings name, else the newest that has rows of these statuses."""
    with look_into(settings.ledger) as ledger:
        return ledger.job(settings.job) if settings.job else ledger.newest(statuses)


def resumed(job: Job, settings: Settings, command: str = "resume") -> Settings:
    """The settings with which a job goes on. Raises UsageError where its file is not to be had."""
    kept, file = job.settings, settings.file or job.file
    if "mapping" not in kept or not file:
        raise UsageError(
            f"Job {job.name} was purged: the ledger no longer knows its file and mapping.",
            hint="`importer run FILE -m MAPPING` sends nothing again that was sent.",
        )
    if file == "-":
        raise UsageError(
            f"Job {job.name} came from standard input, which can't be read again.",
            hint=f"Pipe the same bytes into `importer run - -m {shell_word(str(kept['mapping']))}`, "
            "or name --file.",
        )
    if "://" not in file and not Path(file).exists():
        raise UsageError(
            f"{file}, with which job {job.name} was started, is no longer there.",
            hint=f"Name where it lies now: importer {command} {job.name} --file FILE",
        )
    rate, sheet, concurrency = kept.get("rate"), kept.get("sheet"), kept.get("concurrency")
    return dataclasses.replace(
        settings,
        job=job.name,
        file=file,
        mapping=str(kept["mapping"]),
        sheet=sheet if isinstance(sheet, int | str) else None,
        out=settings.out or Path(str(kept["out"])),
        endpoint=Endpoint.parse(str(kept["endpoint"])),
        rate=settings.rate or (Rate.parse(str(rate)) if rate else None),
        concurrency=settings.concurrency
        or (int(concurrency) if isinstance(concurrency, int) else None),
        accept_empty=settings.accept_empty or bool(kept.get("accept_empty")),
        xlsx=settings.xlsx or bool(kept.get("xlsx")),
        show_values=settings.show_values or bool(kept.get("show_values")),
        project=settings.project or str(kept.get("project") or ""),
    )


def write_results(
    state: str | PathLike[str],
    job: str = "",
    out: str | PathLike[str] | None = None,
    *,
    xlsx: bool = False,
) -> tuple[Job, Rewritten, bool]:
    """Write results.csv and problems.csv of a job (the newest where it is "") anew into its folder, or
    into `out`; the same ledger gives the same bytes. The last says whether the job has ended."""
    with existing(Path(state)) as ledger:
        found = ledger.job(job)
        ended = explain(ledger, found)
        folder = folder_of(found, Path(out) if out else None)
        return found, rewrite(ledger, found, folder, xlsx=xlsx), ended
