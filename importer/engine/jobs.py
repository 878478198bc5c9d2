"""Jobs that were begun: which there are, going on with one, writing its results anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from importer import codes
from importer.engine import Confirm, at_once, run
from importer.engine.observer import NULL_OBSERVER, Observer
from importer.engine.record import Rewritten, explain, folder_of, rewrite
from importer.engine.stage import Plan
from importer.errors import UsageError
from importer.ledger import ATTEMPTING, LEFT, SENDABLE, Ledger, Where, existing, look_into
from importer.model import FRAME, Job, Status, counted, moment
from importer.privacy import shell_word
from importer.results import Summary, files
from importer.settings import Endpoint, Rate, Settings, SharedLedger, server_of

if TYPE_CHECKING:
    from pandas import DataFrame

_UNSENT = (Status.PENDING, Status.FAILED)


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command that goes on from where a job stands: `options` are its parameters by name."""

    command: str
    words: tuple[str, ...] = ()
    why: str = ""
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job and where it stands: `rows` by status, those that are 0 left out, `attempting` those in flight
    while a run is under way; `in_doubt` of them can be settled by this job itself (`of` asks)."""

    job: Job
    rows: Mapping[str, int]
    in_doubt: int = 0

    @classmethod
    def of(cls, ledger: Ledger, job: Job) -> JobState:
        """A job as the ledger has it at this moment."""
        return cls(job, ledger.progress(job), ledger.own(job).get(Status.UNKNOWN, 0))

    @property
    def read(self) -> int:
        """Rows of the job, whatever has become of them."""
        return sum(self.rows.values())

    @property
    def left(self) -> int:
        """Rows that are to be sent or settled yet."""
        return sum(self.rows.get(each, 0) for each in LEFT)

    @property
    def in_flight(self) -> int:
        """Rows whose request is on its way, while a run is under way."""
        return self.rows.get(ATTEMPTING, 0)

    @property
    def ending(self) -> str:
        """How it ended, in a word or two."""
        if "dropped" in self.job.settings:
            return "given up"
        if "mapping" not in self.job.settings:
            return "purged"
        if self.job.stopped:
            return f"stopped: {self.job.stopped.partition(':')[0]}"
        if self.job.ended_at is None:
            return "under way" if self.in_flight else "under way, or cut off"
        return _ENDED.get(self.job.exit_status or 0, f"exit code {self.job.exit_status}")

    def written(self, name: str) -> str:
        """Where a file of the job's results lies; "" where it isn't there."""
        place = files.of_job(Path(str(self.job.settings.get("out", ""))), self.job.name) / name
        return str(place) if "out" in self.job.settings and place.exists() else ""

    def document(self) -> dict[str, object]:
        """As JSON: what `importer status --json` says of a job."""
        job = self.job
        return {
            "job": job.name,
            "number": job.id,
            "file": job.file,
            "mapping": job.mapping,
            "endpoint": job.settings.get("endpoint") or job.origin,
            "campaign": job.campaigns,
            "started_at": moment(job.started_at),
            "ended_at": job.ended_at and moment(job.ended_at),
            "exit_code": job.exit_status,
            "host": job.settings.get("host"),
            "stopped": job.stopped or None,
            "report": self.written("report.html") or None,
            "rows": {"read": self.read}
            | {each.value: self.rows.get(each, 0) for each in Status}
            | ({"in_flight": self.in_flight} if self.in_flight else {}),
            "left": self.left,
            **({"waves": list(job.waves)} if job.waves else {}),
        }

    def next_steps(self) -> list[NextStep]:
        """What goes on from here, by what is left; a job that was purged can't go on."""
        job, named = self.job, (self.job.name,)
        if "mapping" not in job.settings:
            return [NextStep("jobs")]
        if self.in_flight:
            return [NextStep("status", named, "the run goes on")]
        steps = []
        if any(self.rows.get(each) for each in _UNSENT) or self.in_doubt:
            steps.append(self._going_on())
        if self.in_doubt:
            why = "settles rows in doubt by reading the survey"
            steps.append(NextStep("resolve", named, why))
        if self.rows.get(Status.REJECTED):
            statuses = {"statuses": "rejected"}
            steps.append(NextStep("retry", named, "once the cause is mended", statuses))
        book, text = self.written("problems.xlsx"), self.written("problems.csv")
        if self.rows.get(Status.INVALID) and (book or text):
            to = {each: job.settings[each] for each in ("mapping", "endpoint")}
            to |= {"sheet": job.sheet} if book and job.sheet else {}
            steps.append(NextStep("run", (book or text,), "once its rows are mended", to))
        return steps or [NextStep("results", named)]

    def _going_on(self) -> NextStep:
        job, why = self.job, "goes on with what is left"
        if job.file == "-":
            to = {each: job.settings[each] for each in ("mapping", "endpoint")} | {"yes": True}
            return NextStep("run", ("-",), f"{why}, with the same bytes", to)
        if job.file == FRAME:
            return NextStep("results", (job.name,), "the program that has its DataFrame goes on")
        if "://" in job.file or Path(job.file).is_file():
            return NextStep("resume", (job.name,), why)
        return NextStep("resume", (job.name,), "names where FILE is now", {"file": "FILE"})


_ENDED = {0: "done", 3: "done, some refused", 4: "some in doubt"}


def jobs(state: str | PathLike[str] | SharedLedger) -> list[JobState]:
    """Every job of a state folder's ledger, or of a shared one, newest first. Raises UsageError where there
    is none."""
    with look_into(_where(state)) as ledger:
        return [JobState(job, ledger.progress(job)) for job in ledger.jobs()]


def resume(
    settings: Settings, confirm: Confirm = at_once, observer: Observer = NULL_OBSERVER
) -> tuple[Plan, Summary]:
    """Post what is left of `settings.job` (the newest that has rows left, where it is ""), and settle what
    is in doubt: as it was started, but for what the settings say anew. Make them with `Settings.of_job`.
    Raises as `run` does; UsageError where the file or the mapping has changed or is gone."""
    found = chosen(settings, SENDABLE)
    return run(dataclasses.replace(resumed(found, settings), statuses=_UNSENT), confirm, observer)


def retry(
    settings: Settings,
    statuses: Sequence[str] = (Status.FAILED,),
    confirm: Confirm = at_once,
    observer: Observer = NULL_OBSERVER,
) -> tuple[Plan, Summary]:
    """Post rows of a job once more that are surely not stored: `failed`, `rejected`, `duplicate`, `pending`.
    Otherwise as `resume`."""
    wrong = set(statuses) - {*_UNSENT, Status.REJECTED, Status.DUPLICATE}
    if wrong or not statuses:
        raise UsageError(f"Rows of status {', '.join(sorted(wrong)) or '(none)'} can't be retried.")
    found = chosen(settings, statuses)
    again = dataclasses.replace(resumed(found, settings, "retry"), statuses=tuple(statuses))
    return run(again, confirm, observer)


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
            **codes.to_do("purged"),
        )
    if file == "-":
        raise UsageError(
            f"Job {job.name} came from standard input, which can't be read again.",
            hint=f"Pipe the same bytes into `importer run - -m {shell_word(str(kept['mapping']))}`, "
            "or name --file.",
        )
    if file == FRAME and settings.frame is None:
        raise UsageError(
            f"Job {job.name} came from a DataFrame of a program, which has to hand it over again.",
            hint="In it: resume(Settings.of_job(state, job, file=frame)).",
        )
    if file != FRAME and "://" not in file and not Path(file).exists():
        raise UsageError(
            f"{file}, with which job {job.name} was started, is no longer there.",
            **codes.to_do("file_moved", command=command, job=job.name),
        )
    return as_started(job, dataclasses.replace(settings, file=file))


def as_started(job: Job, settings: Settings) -> Settings:
    """The settings with which a job was started, where these don't say otherwise."""
    kept = job.settings
    rate, sheet, concurrency = kept.get("rate"), kept.get("sheet"), kept.get("concurrency")
    return dataclasses.replace(
        settings,
        job=job.name,
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


@contextmanager
def nobody_else(ledger: Ledger) -> Iterator[None]:
    """Keep every run of every server out meanwhile; raises Busy."""
    with ExitStack() as stack:
        for origin in {server_of(job.origin) for job in ledger.jobs()}:
            stack.enter_context(ledger.lock(origin, ("*",), "importer purge"))
        yield


def purge(where: Where, name: str) -> None:
    """Remove from the ledger what people can read of a job that has nothing left to send or to settle; what
    was sent stays known. Raises UsageError where rows are left, Busy while a run is on."""
    with existing(where) as ledger, nobody_else(ledger):
        for each in ledger.named(name):
            if each.left:
                raise UsageError(
                    f"{counted(each.left, 'row')} of this import can still be sent or settled.",
                    hint="The ledger needs to know them for that: send or settle them first.",
                )
            ledger.purge([each.job])


def _where(state: str | PathLike[str] | SharedLedger) -> Where:
    return state if isinstance(state, SharedLedger) else Path(state)


def write_results(
    state: str | PathLike[str] | SharedLedger,
    job: str = "",
    out: str | PathLike[str] | None = None,
    *,
    xlsx: bool = False,
) -> tuple[Job, Rewritten, bool]:
    """Write results.csv and problems.csv of a job (the newest where it is "") anew into its folder, or
    into `out`; the same ledger gives the same bytes. The last says whether the job has ended."""
    with existing(_where(state)) as ledger:
        found = ledger.job(job)
        ended = explain(ledger, found)
        folder = folder_of(found, Path(out) if out else None)
        return found, rewrite(ledger, found, folder, xlsx=xlsx), ended


def results_frame(state: str | PathLike[str], job: str = "") -> DataFrame:
    """The outcomes of a job (the newest where it is "") as a DataFrame with the columns of results.csv: ids
    as text, `sent_at` in UTC, `status` a category. Raises UsageError where there is no such job."""
    from importer.results.files import outcomes_frame  # brings pandas

    with existing(Path(state)) as ledger:
        found = ledger.job(job)
        explain(ledger, found)
        return outcomes_frame(ledger.lines(found), found.sheet)
