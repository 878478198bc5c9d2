"""What an import that nobody watches needs: when to fail, whom to tell, metrics and a log."""

from __future__ import annotations

import dataclasses
import logging
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from importer import logs, resources
from importer.cli import config, options, output
from importer.cli.output import after, next_command
from importer.errors import Declined, ExitStatus, ImporterError, MappingError, UsageError
from importer.privacy import masked_id, visible

if TYPE_CHECKING:
    from importer.automation import Notice, NotifyTarget
    from importer.cli.given import Given
    from importer.results import Summary
    from importer.settings import Settings


log = logging.getLogger(__name__)
_LEVELS = {ExitStatus.DONE: logging.INFO, ExitStatus.SOME_REFUSED: logging.WARNING}

KINDS = ("webhook", "slack", "email", "command")
"""As in `importer.automation`, which `--help` need not import."""


fail_on_option = click.option(
    "--fail-on",
    default="any",
    show_default=True,
    metavar="any|none|N%|duplicate",
    help="Exit with 3 where any, none or more than N% of the rows were refused (invalid, "
    "rejected or failed; `duplicate` and `N%,duplicate` count what the API called one). It is 3 "
    "anyhow where rows were posted and none was accepted, but for none.",
)


unattended = options.together(
    fail_on_option,
    click.option(
        "--max-failures",
        type=click.IntRange(0),
        metavar="N",
        help="Stop once more than N rows are refused; send nothing where the file alone has more.",
    ),
    click.option(
        "--notify",
        type=click.Choice(KINDS),
        multiple=True,
        help="Tell how it ended; IMPORTER_NOTIFY_SLACK and so on say where. Repeatable.",
    ),
    click.option(
        "--notify-on",
        type=click.Choice(["trouble", "always"]),
        default="trouble",
        show_default=True,
        help="Tell it only where the exit status is neither 0 nor 75, or always.",
    ),
    click.option(
        "--notify-file",
        type=options.FILE,
        help="A file that holds IMPORTER_NOTIFY_… lines (0600), in place of the environment.",
    ),
    click.option(
        "--metrics-file",
        type=options.FILE,
        help="Write metrics there in Prometheus's text format (….prom).",
    ),
    click.option(
        "--log-file", type=options.FILE, help="Append the log there, one JSON object a line."
    ),
    click.option(
        "--log",
        "log_format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Progress on standard error: for people, or as JSON lines.",
    ),
    options.quiet_option,
    options.verbose_option,
)
"""The options of runs that report by themselves."""


@dataclass(frozen=True)
class Reporter:
    """Tells the log, the metrics file and those who asked how each import ended."""

    command: str
    targets: Mapping[str, NotifyTarget]
    always: bool
    metrics: Path | None
    _told: list[Notice] = field(default_factory=list)

    @contextmanager
    def over(self, settings: Settings) -> Iterator[Callable[[Summary], None]]:
        """Within, one file is imported; call what it gives with the summary. However it ends, it is
        told; an exception goes on its way."""
        start = time.monotonic()
        ended: list[Summary] = []
        with logs.about(settings.name):
            log.info("starting", extra={"event": "starting"})
            try:
                yield ended.append
            except Declined:
                raise  # whoever said no knows it
            except BaseException as error:
                self.tell(self._cut(settings, error, time.monotonic() - start))
                raise
            if ended:
                self.tell(self._notice(ended[0]))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within, there is one import only: its metrics are written at the end, however it ends."""
        try:
            yield
        finally:
            for told in self._told[-1:]:
                self.measure(told.exit_status)

    @contextmanager
    def before(self, settings: Settings) -> Iterator[None]:
        """Within, nothing is imported yet; what goes wrong there is told as well."""
        try:
            yield
        except ImporterError as error:
            self.tell(self._cut(settings, error, 0.0))
            self.measure(error.exit_status)
            raise

    def tell(self, notice: Notice) -> None:
        """The log, and who asked; what fails is said, and changes nothing."""
        from importer.automation import Undelivered

        level = _LEVELS.get(notice.exit_status, logging.ERROR)
        log.log(level, notice.title, extra={"event": "finished", **notice.document()})
        self._told.append(notice)
        if self.always or notice.trouble:
            for kind, target in self.targets.items():
                try:
                    target.send(notice)
                except Undelivered as error:
                    output.note(f"The notification by {kind} did not arrive: {error}.")
                    why = {"event": "undelivered", "target": kind, "why": str(error)}
                    # Not `exception`: a traceback's text may hold the address, which is a secret.
                    log.error("no notification by %s", kind, extra=why)  # noqa: TRY400

    def measure(self, status: ExitStatus) -> None:
        """Write the metrics of what was told since the last time, under one exit status."""
        from importer.automation import metrics
        from importer.results import files

        if self.metrics and self._told:
            try:
                former = resources.small(self.metrics)[0].decode() if self.metrics.exists() else ""
                # The collector runs as somebody else, so everybody may read it: nothing in it is private.
                with files.whole(self.metrics, mode=0o644) as file:
                    file.write(metrics(together(self._told, status), former))
            except (OSError, UnicodeDecodeError) as error:
                output.note(f"The metrics file {self.metrics} can't be written: {error}.")
        self._told.clear()

    def _notice(self, summary: Summary) -> Notice:
        from importer.automation import Notice

        causes: dict[str, int] = {}
        for cause in summary.causes:
            causes[cause.code] = causes.get(cause.code, 0) + cause.count
        return Notice(
            command=self.command,
            file=Path(summary.file).name,
            mapping=Path(summary.mapping).name,
            exit_status=summary.exit_status,
            at=time.time(),
            seconds=summary.seconds,
            job=summary.job,
            campaign=summary.campaign,
            rows=summary.rows,
            requests=summary.requests,
            causes=causes,
            stopped=summary.stopped.partition(":")[0],
            host=platform.node(),
            report=str(summary.report.resolve()),
            next_step=self._next(summary),
        )

    def _next(self, summary: Summary) -> str:
        if self.command == "watch" or summary.exit_status == ExitStatus.SOME_REFUSED:
            return next_command("status", summary.job)
        return after(summary)[0]

    def _cut(self, settings: Settings, error: BaseException, seconds: float) -> Notice:
        from importer.automation import Notice

        return Notice(
            command=self.command,
            file=settings.name,
            mapping=Path(settings.mapping).name,
            exit_status=_status(error),
            at=time.time(),
            seconds=seconds,
            error=type(error).__name__,
            message=_message(error),
            host=platform.node(),
        )


def _message(error: BaseException) -> str:
    """What an error of ours says. The columns of a file are left out: where it has no header, they are
    a person's answers; and so are the mapping's lines, one of which may hold a key."""
    if not isinstance(error, ImporterError):
        return ""
    told = [*error.lines, error.hint]
    if isinstance(error, MappingError):
        wrong = ((f"line {each.line}: {each.message}", each.hint) for each in error.mistakes)
        told = [error.name, *chain.from_iterable(wrong)]
    shown = (line for each in told for line in each.partition(_COLUMNS)[0].splitlines())
    return masked_id("\n".join(visible(line) for line in shown if line))


_COLUMNS = "Its columns: "


def _status(error: BaseException) -> ExitStatus:
    if isinstance(error, ImporterError):
        return error.exit_status
    interrupted = isinstance(error, KeyboardInterrupt | click.Abort)
    return ExitStatus.INTERRUPTED if interrupted else ExitStatus.UNEXPECTED


def together(told: Sequence[Notice], status: ExitStatus) -> Notice:
    """Several imports as one: their sums, and the exit status of all."""
    rows: Counter[str] = Counter()
    for each in told:
        rows.update(each.rows)
    return dataclasses.replace(
        told[-1],
        exit_status=status,
        rows=rows,
        seconds=sum(each.seconds for each in told),
        requests=sum(each.requests for each in told),
    )


def reporter(command: str, given: Given) -> Reporter:
    """What the options ask for; until the command ends, its log is written. Raises UsageError before
    anything is read or sent."""
    from importer.automation import notify_target, written

    output.LINES.set(given["log_format"] == "json")
    output.QUIET.set(given["quiet"])
    if given["verbose"] and (elsewhere := config.told()):
        output.note(f"Not typed here: {elsewhere}.")
    if handlers := list(_handlers(given)):
        click.get_current_context().with_resource(written(handlers))
    network = options.network_of(given)
    return Reporter(
        command=command,
        targets={kind: notify_target(kind, variables(given), network) for kind in given["notify"]},
        always=given["notify_on"] == "always",
        metrics=given["metrics_file"],
    )


def variables(given: Given) -> Mapping[str, str]:
    """Where the addresses of notices stand: the environment, or --notify-file."""
    if given["notify_file"] is None:
        return os.environ
    import io

    import dotenv

    text = config.private_text(given["notify_file"], "notify file")
    found = dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value or "" for name, value in found.items()}


def _handlers(given: Given) -> Iterator[logging.Handler]:
    from importer.automation import PrivateFile

    if given["log_format"] == "json":
        yield logging.StreamHandler(sys.stderr)
    elif given["verbose"]:
        told = logging.StreamHandler(sys.stderr)
        told.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        yield told
    if path := given["log_file"]:
        try:
            yield PrivateFile(path)
        except OSError as error:
            raise UsageError(f"The log {path} can't be written: {error.strerror}.") from error
