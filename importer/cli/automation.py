"""`importer watch` and `importer schedule`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast
from urllib.parse import urlsplit

import click

from importer.cli import config, options, output
from importer.cli.options import SPAN
from importer.cli.unattended import Reporter, reporter, unattended
from importer.errors import ExitStatus, ImporterError, UsageError
from importer.model import Status, slug
from importer.privacy import visible

if TYPE_CHECKING:
    from importer.automation import Arrival, Ending, FileEnded
    from importer.automation.schedule import Task, When
    from importer.cli.given import Given, GivenToSchedule
    from importer.engine import Plan
    from importer.results import Summary
    from importer.settings import Settings


# `importer watch`: imports what is put into a folder.


@click.command("watch", cls=options.Sections)
@click.argument("folder", metavar="DIR", type=options.FOLDER)
@click.option("-m", "--mapping", required=True, metavar="MAPPING", help="The mapping: a YAML file.")
@click.option(
    "--pattern", "patterns", multiple=True, metavar="'*.csv'",
    help="Which names. Default: everything that can be read. Repeatable.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="One round, then end: for cron and its like.")
@click.option("--every", type=SPAN, default="60s", show_default=True, help="Time between rounds.")
@click.option(
    "--settled", type=SPAN, default="10s", show_default=True,
    help="A file is taken once it has stayed the same for so long.",
)  # fmt: skip
@click.option(
    "--keep", is_flag=True, help="Leave files where they are; the ledger remembers what was done."
)
@click.option(
    "--out", type=options.FOLDER, help="Where results go, a folder per file. Default: DIR/results."
)
@options.show_option
@options.xlsx_option
@options.target
@options.delivering
@unattended
def watch_command(**given: Unpack[Given]) -> ExitStatus:
    """Import every file that is put into DIR, each once, the oldest first.

    A file that is still being written is left alone. What is done goes to DIR/done, what can't be
    imported to DIR/failed; what could not be finished (API down, key refused) stays and is tried
    again. It may be killed at any moment: the next start goes on, and nothing is posted twice.
    Nobody is asked, so see a file with `importer plan` first.

    \b
    importer watch inbox -m mapping.yaml                     until Ctrl-C or SIGTERM
    importer watch inbox -m mapping.yaml --once              from cron: ends with the gravest status
    importer watch inbox -m mapping.yaml --pattern '*.csv' --keep --notify slack --max-failures 100
    """
    from importer import automation, http
    from importer.automation import FORMATS, SHELVES, Shelves, alone, arrivals, check_shelves
    from importer.mapping import load

    folder: Path = given["folder"]
    settings = options.settings({**given, "file": str(folder), "out": None})
    report = reporter("watch", given)
    shelves = None if given["keep"] else Shelves(folder)
    inbox = automation.Inbox(folder, given["patterns"] or FORMATS, given["settled"], shelves)
    with ExitStack() as stack:
        with report.before(settings):
            key = config.write_key(given["key_file"])
            http.check(settings.network, settings.endpoint.url)
            stack.enter_context(alone(folder, settings.state))
            # A folder that can't be read or a mapping that is wrong is no file's fault: it stops
            # the watch before the first.
            arrivals(folder)
            load(settings.mapping)
            check_shelves(folder, SHELVES)
        ready = dataclasses.replace(settings, write_key=key)
        desk = _Desk(ready, given["out"] or folder / "results", report, given)
        ending = stack.enter_context(automation.Ending())

        if not given["once"]:
            output.note(f"Watching {inbox.folder}; Ctrl-C or SIGTERM ends it.")
            return automation.forever(inbox, ending, desk, given["every"])
        statuses = automation.once(inbox, ending, desk)
        if ending.signal:
            statuses.append(ExitStatus(128 + ending.signal))
        return automation.gravest(statuses)


@dataclass
class _Desk:
    """Imports one file after the other, and says how each ended."""

    settings: Settings
    out: Path
    reporter: Reporter
    given: Given
    job: str = ""
    """The job of the file at hand."""
    error: str = ""
    """Why it can't be imported as it is."""

    def importing(self, arrival: Arrival, ending: Ending) -> FileEnded:
        """One file. An error is how it ended; it stops no other file."""
        from importer.automation import FileEnded

        self.job = self.error = ""
        output.QUIET.set(self.given["quiet"])
        try:
            sha256 = arrival.sha256()
            if former := self._former(sha256):
                output.note(f"{arrival.name}: imported before, by job {former}; not again.")
                return FileEnded(ExitStatus.DONE)
            summary = self._run(arrival, sha256, ending)
        except ImporterError as error:
            first, *more = error.lines
            told = (f"{arrival.name}: {first}", *more)
            return self._failed(*told, hint=error.hint, status=error.exit_status)
        except OSError as error:
            return self._failed(f"{arrival.name} can't be read: {error.strerror}.")
        except Exception as error:  # noqa: BLE001  a defect met by one file; the others go on
            return FileEnded(output.defect(error))
        self._tell(summary)
        self.error = f"Stopped early: {summary.stopped}\nSee {summary.report.resolve()}"
        accepted = any(summary.rows.get(each) for each in (Status.CREATED, Status.ALREADY_SENT))
        return FileEnded(summary.exit_status, summary.stopped.partition(":")[0], accepted)

    def _failed(
        self, *lines: str, hint: str = "", status: ExitStatus = ExitStatus.USAGE
    ) -> FileEnded:
        from importer.automation import FileEnded

        self.error = "\n".join(map(visible, (*lines, hint))).rstrip()
        output.failure(*lines, hint=hint)
        return FileEnded(status)

    def put(self, arrival: Arrival, ended: FileEnded, place: Path) -> None:
        """Say where a file lies now, and let the ledger know."""
        from importer.automation import Fate, fate
        from importer.ledger import existing
        from importer.results import files

        if place != arrival.path:
            if self.job:
                with existing(self.settings.ledger) as ledger:
                    ledger.moved(ledger.job(self.job), place)
            if fate(ended) == Fate.FAILED:
                # Why, beside the file on its shelf; a disk that is full must not stop the watch.
                try:
                    with files.whole(place.with_name(f"{place.name}.error.txt")) as file:
                        file.write(f"{self.error}\n")
                except OSError as error:
                    output.note(f"Why {place} failed can't be written beside it: {error.strerror}.")
        output.QUIET.set(self.given["quiet"] and ended.status == ExitStatus.DONE)
        if not self.given["as_json"]:
            where = f"in {place.parent}" if place != arrival.path else "left where it is"
            output.say(f"{arrival.name}: {fate(ended)} (exit status {int(ended.status)}), {where}")
        elif ended.status == ExitStatus.USAGE:
            told = {"exit_code": int(ended.status), "error": self.error, "moved_to": str(place)}
            output.emit_line({"command": "watch", "file": arrival.name, **told})

    def waiting(self, arrivals: Sequence[Arrival]) -> None:
        for arrival in arrivals:
            output.note(f"{arrival.name} is still being written; it waits for the next round.")

    def rounded(self, statuses: Sequence[ExitStatus]) -> None:
        """Write the metrics of the round: the sums, and the gravest exit status."""
        from importer.automation import gravest

        self.reporter.measure(gravest(statuses))

    def _run(self, arrival: Arrival, sha256: str, ending: Ending) -> Summary:
        from importer.automation import SHELVES, check_shelves

        folder = self.out / f"{arrival.path.stem}-{sha256[:8]}"
        if self.given["out"] is None:
            check_shelves(arrival.path.parent, SHELVES)
        settings = dataclasses.replace(
            self.settings, file=str(arrival.path), out=folder, links=False
        )
        with self.reporter.over(settings) as ended:
            summary = self._posted(settings, ending)
            ended(summary)
        return summary

    def _posted(self, settings: Settings, ending: Ending) -> Summary:
        from importer import engine
        from importer.cli.progress import Progress
        from importer.engine import Observers, SafePlaces

        progress = Progress(silent=output.spoken_for(self.given))

        def confirm(planned: Plan) -> bool:
            progress.close()
            ending.check()
            self.job = planned.job.name
            return True

        with closing(progress):
            return engine.run(settings, confirm, Observers((progress, SafePlaces(ending.check))))[1]

    def _former(self, sha256: str) -> str:
        """The job that has imported the same bytes to their end; "" where none has."""
        from importer.ledger import is_there, look_into
        from importer.mapping import load

        if not is_there(self.settings.ledger):
            return ""
        document = load(self.settings.mapping)
        with look_into(self.settings.ledger) as ledger:
            job = ledger.finished(sha256, document.digest, self.settings.endpoint.origin)
        self.job = job.name if job else ""
        return self.job

    def _tell(self, summary: Summary) -> None:
        output.QUIET.set(self.given["quiet"] and summary.exit_status == ExitStatus.DONE)
        if self.given["as_json"]:
            output.emit_line(summary.document())
            return
        rows = [f"{n:,} {name}" for name, n in summary.rows.items() if n]
        output.say(f"{Path(summary.file).name}: {', '.join(rows)} (job {summary.job})")
        if summary.stopped:
            output.say(f"  stopped early: {summary.stopped}")
        output.say(f"  results: {summary.folder}")


# `importer schedule`: a ready definition for a scheduler.

KINDS = ("systemd", "cron", "github", "airflow", "k8s")
"""As in `importer.automation.schedule`, which `--help` need not import."""


@click.command("schedule")
@click.argument("source", metavar="FILE|DIR")
@click.option("-m", "--mapping", required=True, metavar="MAPPING", help="The mapping: a YAML file.")
@click.option("--as", "kind", required=True, type=click.Choice(KINDS), help="Which scheduler.")
@click.option("--at", metavar="HH:MM", help="Once a day, then. [default: 02:30]")
@click.option("--every", metavar="SPAN", help="A part of the hour or of the day: 15min, 6h.")
@click.option("--name", help="What the task is called. Default: after FILE or DIR.")
@options.ledger_option
@click.option(
    "--state", type=options.FOLDER, help="The folder of the ledger. Default: the platform's place."
)
@click.option(
    "--with", "more", multiple=True, metavar="'OPTION…'",
    help="Options of run or watch that go along: --with '--notify slack'. Repeatable.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def schedule_command(**given: Unpack[GivenToSchedule]) -> ExitStatus:
    """Print what a scheduler needs to import FILE (or its address), or every new file of DIR.

    Installs nothing. The write key, and the addresses of notices, come from the platform's own secret
    place, which the printed comments name.

    \b
    importer schedule inbox -m mapping.yaml --as systemd --every 15min
    importer schedule answers.csv -m mapping.yaml --as cron --at 02:30
    importer schedule inbox -m mapping.yaml --as k8s --with '--notify slack --max-failures 100'
    """
    from importer.automation.schedule import RENDERED

    task = _task(given)
    text = RENDERED[given["kind"]](task)
    if given["as_json"]:
        words = list(task.local)
        output.emit({"kind": given["kind"], "name": task.name, "command": words, "text": text})
    else:
        output.whole(text.rstrip("\n"))
    return ExitStatus.DONE


def _task(given: GivenToSchedule) -> Task:
    import shlex

    from importer.automation.schedule import Task
    from importer.ledger import default_folder
    from importer.mapping import load

    try:
        more = tuple(word for each in given["more"] for word in shlex.split(each))
    except ValueError:
        raise UsageError("--with has an open quotation mark.") from None
    source = _source(given["source"])
    plain = source.stem if isinstance(source, Path) else Path(urlsplit(source).path).stem
    load(given["mapping"])  # so that no scheduled run fails for a mistake in it
    task = Task(
        name=slug(given["name"] or plain),
        source=source,
        folder=isinstance(source, Path) and source.is_dir(),
        mapping=str(Path(given["mapping"]).resolve()),
        when=_when(given["at"], given["every"]),
        program=str(Path(sys.argv[0]).resolve()),
        state=(given["state"] or default_folder()).resolve(),
        more=more,
        shared=options.shared(),
    )
    _check_words(task)
    return task


def _source(named: str) -> Path | str:
    from importer.settings import is_remote
    from importer.sources import Address

    if not is_remote(named):
        path = Path(named)
        if not path.exists():
            raise UsageError(f"There is no {path}.", hint="Name the file, or a folder to watch.")
        return path.resolve()
    Address.parse(named)
    if urlsplit(named).query:
        output.note("To know: the address holds a query; whoever may read the definition sees it.")
    return named


def _check_words(task: Task) -> None:
    """The options that go along, read by the command that is to get them: a mistake would fail each night."""
    from importer.cli.plan_run import run_command
    from importer.settings import FailOn, Rate

    verb, *words = task.local[1:]
    read = watch_command if verb == "watch" else run_command
    try:
        given = cast("Given", read.make_context(verb, words).params)
    except click.ClickException as error:
        raise UsageError(
            f"--with: {error.format_message()}", hint=f"`importer {verb} --help` lists the options."
        ) from None
    except click.exceptions.Exit:
        raise UsageError("--with takes options of a run, and --help is none.") from None
    Rate.parse(given["rate"] or "max")
    FailOn.parse(given["fail_on"])
    options.network_of(given)


def _when(at: str | None, every: str | None) -> When:
    from importer.automation.schedule import When

    if at and every:
        raise UsageError("Say --at or --every, not both.")
    if every:
        return When.each(every)
    return When.at(at or "02:30")
