"""A plan or a rehearsal, in a thread; a run, as a process of its own: the command `importer run`.

What the pages say of a run they read from the ledger, so that a reload, a second tab, a crash of the server
and the command line all see the same."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, Any

from importer import engine, resources, system
from importer.automation.monitoring import waiting
from importer.engine import Event, Looking, Staged
from importer.engine.stage import campaigns_of
from importer.errors import Busy, ImporterError, UsageError
from importer.ledger import Ledger, reading
from importer.mapping import Document, load
from importer.model import Job, Line
from importer.sandbox import WRITE_KEY, SandboxQuestion, SandboxSettings, background
from importer.settings import Endpoint, Rate, Secret, Settings
from importer.web.drafts import MEANWHILE, Draft, Drafts
from importer.web.reading import sheet_of
from importer.web.standing import MOST, Standing, document

_LOOKS = (0.02, 0.1)
"""Seconds that a start waits for another wizard's glance at the lock."""
PILOT = 10
"""Rows of a first run."""

# A plan.


class _Cancelled(Exception):
    """The person wants it no longer."""


class Planning:
    """A plan under way, or broken off: `rows` read so far, and why it failed, if it did."""

    def __init__(self) -> None:
        self.rows = 0
        self.cancelled = False
        self.failed: ImporterError | None = None
        self.task: asyncio.Future[Any] | None = None

    @property
    def on(self) -> bool:
        return self.task is not None and not self.task.done()

    async def done(self, work: Callable[..., object], *given: object) -> bool:
        """Do it in a thread; True once it has come to its end, and wasn't broken off."""
        try:
            await asyncio.to_thread(work, *given)
        except _Cancelled:
            return False
        except ImporterError as error:
            self.failed = error
        except Exception as error:  # noqa: BLE001  a defect is told on the page, not by a task that nobody awaits
            self.failed = UsageError(f"unexpected {type(error).__name__}: please report it.")
        return self.failed is None

    def event(self, event: Event, /) -> None:
        """Rows read so far; here a plan can be broken off, since it leaves nothing behind."""
        if isinstance(event, Staged):
            self.rows = event.rows
        if isinstance(event, Staged | Looking) and self.cancelled:
            raise _Cancelled


@dataclass
class Runs:
    drafts: Drafts
    _tasks: dict[tuple[str, str], Planning] = field(default_factory=dict)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    stopping: set[str] = field(default_factory=set)
    _starting: Lock = field(default_factory=Lock)

    # what is done in a thread

    def task(self, kind: str, name: str) -> Planning | None:
        """The `plan` or `rehearsal` of a draft, or what is asked about (`ask`) a job: under way, or as it has
        ended since the server began."""
        return self._tasks.get((kind, name))

    def once(self, kind: str, name: str, work: Callable[[Planning], object]) -> Planning:
        """Begin it, unless it is on."""
        now = self.task(kind, name)
        if now is None or not now.on:
            now = self._tasks[kind, name] = Planning()
            now.task = asyncio.create_task(now.done(work, now))
        return now

    # plans

    def settings(self, base: Settings, one: Draft) -> Settings:
        """A job's settings, as the command has them of the words of `words`."""
        return replace(
            base,
            file=self.drafts.sent(one),
            mapping=str(self.drafts.mapping(one)),
            out=self.drafts.out(one),
            sheet=sheet_of(one),
            save_plan=self.drafts.plan(one),
        )

    def plan(self, base: Settings, one: Draft) -> None:
        """Begin to plan; a plan of the draft that is under way is broken off."""
        former, now = self.task("plan", one.id), Planning()
        if former:
            former.cancelled = True
        self._tasks["plan", one.id] = now
        settings = self.settings(base, one)

        async def whole() -> None:
            if former and former.task:
                await former.task
            if await now.done(engine.plan, settings, now):
                current = self.drafts.load(one.id)
                if current and current.revision == one.revision:
                    self.drafts.save(current, planned=True)

        now.task = asyncio.create_task(whole())

    # rehearsals

    def rehearsed(self, one: Draft) -> Mapping[str, object]:
        """What it came to; {} where what is approved now was not rehearsed."""
        place = self.drafts.path(one, "rehearsal") / "results" / "summary.json"
        return document(place) if one.approved and one.rehearsed == one.approved else {}

    def rehearse(self, base: Settings, one: Draft) -> None:
        settings, folder = self.settings(base, one), self.drafts.path(one, "rehearsal")

        def whole(now: Planning) -> None:
            rehearse(settings, folder, now)
            self.drafts.save(one, rehearsed=one.approved)

        self.once("rehearsal", one.id, whole)

    def summary(self, base: Settings, one: Draft) -> Mapping[str, object]:
        """What the plan came to: plan-summary.json; {} where there is none."""
        path = self.settings(base, one).folder / "plan-summary.json"
        return document(path) if one.planned else {}

    def seal(self, one: Draft) -> str:
        """The saved plan's SHA-256; "" where there is none."""
        try:
            return hashlib.sha256(resources.small(self.drafts.plan(one), MOST)[0]).hexdigest()
        except OSError:
            return ""

    # runs

    def words(self, base: Settings, one: Draft, limit: int | None = None) -> list[str]:
        """The command that does what the page does."""
        plan = {"--plan": self.drafts.plan(one), "--plan-sha256": one.approved or None}
        return self._command("run", base, one, {**plan, "--limit": limit})

    def retry(self, base: Settings, one: Draft, job: str, status: str) -> list[str]:
        """The command that sends a job's rows of this status once more."""
        own = {"--status": status, "--file": self.drafts.sent(one), **self._ways(base)}
        return ["retry", job, *_options(own)]

    def commands(self, base: Settings, one: Draft) -> list[str]:
        """The same as commands, to be typed."""
        plan = self._command("plan", base, one, {"--save": self.drafts.plan(one)})
        every = (plan, self.words(base, one, PILOT), self.words(base, one))
        return [shlex.join(["importer", *each]) for each in every]

    def _command(
        self, name: str, base: Settings, one: Draft, own: Mapping[str, object]
    ) -> list[str]:
        own = {"-m": self.drafts.mapping(one), **own, "--sheet": sheet_of(one)}
        own |= {"--out": self.drafts.out(one), "--endpoint": base.endpoint.url, **self._ways(base)}
        return [name, self.drafts.sent(one), *_options(own)]

    def _ways(self, base: Settings) -> dict[str, object]:
        proxy = base.network.proxy
        return {
            "--project": base.project or None,
            "--state": base.state,
            "--proxy": proxy.reveal() if proxy else None,
            "--ca-file": base.network.ca_file,
        }

    def start(
        self, base: Settings, one: Draft, limit: int | None, again: str = "", *, look: bool = False
    ) -> Draft:
        """Start the run, unless it is on; returns the draft with its process. `again`: the job's rows of
        this status go once more, and no others; `look`: the survey is read first, and what it holds isn't
        sent. Raises UsageError, and Busy where the draft was changed, or a run begun, since it was loaded."""
        with self._starting, ExitStack() as stack:
            try:
                log = stack.enter_context(self._alone(one))
            except BlockingIOError:
                return self.drafts.load(one.id) or one
            now = self.drafts.load(one.id) or one
            if now.revision != one.revision:
                raise Busy(MEANWHILE, hint="Load the page anew, and look at what was sent.")
            if not again and (not now.approved or self.seal(now) != now.approved):
                raise UsageError(
                    "The plan is not the one that was approved.",
                    hint="Plan anew, and approve that.",
                )
            if base.write_key is None:
                raise UsageError("There is no write key.")
            standing = self._standing(now, running=False)
            before = standing.unsent if standing.job else _ready(self.summary(base, now))
            before = standing.counts.get(again, 0) if again else before
            job = standing.job.name if standing.job else ""
            words = self.retry(base, now, job, again) if again else self.words(base, now, limit)
            words += [*(["--check-survey"] if look else []), *_UNATTENDED]
            log.truncate()
            said = self.drafts.folder(now.id) / "run.json"
            with os.fdopen(
                os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as out:
                child = subprocess.Popen(  # noqa: S603  this interpreter, our own command
                    [sys.executable, "-P", "-c", _START, _ROOT, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    env=_environment(base),
                    **system.OWN_GROUP,
                )
            self._children[now.id] = child
            self.stopping.discard(now.id)
            now = self.drafts.save(
                now,
                pid=child.pid,
                host=socket.gethostname(),
                began=time.time(),
                before=before,
                goal=min(before, limit or before),
                again=again,
                got=(),
            )
            return self.drafts.save(
                now, revision=now.revision + 1
            )  # other tabs show what was before

    @contextmanager
    def _alone(self, one: Draft) -> Iterator[IO[bytes]]:
        """A draft's log, locked. The run inherits it as its stderr, and the lock with it: so it is held from
        the start to the end of the process, and every wizard can see that. Raises BlockingIOError."""
        path = self.drafts.folder(one.id) / "run.log"
        if self.is_running(one):
            raise BlockingIOError
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as log:
            for pause in (*_LOOKS, None):
                try:
                    system.hold(log)
                    break
                except BlockingIOError:
                    if pause is None:
                        raise
                    time.sleep(pause)
            yield log

    def stop(self, one: Draft) -> None:
        """Let the rows in flight end, and no other leave; where that was said before, leave at once."""
        if self.is_running(one):
            if one.host != socket.gethostname():
                raise UsageError(f"The run is on {one.host}.", hint="Pause it there.")
            self.stopping.add(one.id)
            try:
                system.ask_to_end(one.pid)
            except ProcessLookupError:
                """It has ended meanwhile."""
            except OSError as error:
                raise UsageError(
                    f"The run can't be reached from here: {error.strerror}.",
                    hint="Pause it in the wizard that began it.",
                ) from error

    def standing(self, one: Draft) -> Standing:
        return self._standing(one, self.is_running(one))

    def _standing(self, one: Draft, running: bool) -> Standing:
        with reading(self.drafts.state) as ledger:
            job = self._job(ledger, one) if ledger else None
            counts = ledger.progress(job) if ledger and job else {}
            again = ledger.tries(job, one.began) if ledger and job and one.again else ()
            posted = sum(each.rows for each in again)
        if not running:
            self.stopping.discard(one.id)
        folder = self.drafts.folder(one.id)
        said = {} if running else document(folder / "run.json")
        if one.pid and not (running or said or job):
            said = {"error": "The run has ended before a row was sent.", "hint": "Start it again."}
        waits = waiting(folder / "run.log") if running else ""
        return Standing(running, job, counts, said, waits, posted=posted)

    def is_running(self, one: Draft) -> bool:
        """Whether the draft's run is on, whichever wizard has begun it."""
        if child := self._children.get(one.id):
            child.poll()  # one that has ended is buried
        try:
            return system.is_held(self.drafts.folder(one.id) / "run.log")
        except OSError:
            return False  # it was never begun, or is forgotten

    def _job(self, ledger: Ledger, one: Draft) -> Job | None:
        """The newest of this import; once a plan is approved, only that of this very mapping and file."""
        mapping = str(self.drafts.mapping(one).resolve())
        inputs = document(self.drafts.plan(one)).get("inputs") if one.approved else None
        jobs = (each for each in ledger.jobs() if each.settings.get("mapping") == mapping)
        if isinstance(inputs, dict):
            wanted = inputs.get("meaning_sha256"), inputs.get("file_sha256")
            jobs = (each for each in jobs if (each.mapping_sha256, each.file_sha256) == wanted)
        return next(jobs, None)

    def running(self) -> list[Draft]:
        return [each for each in self.drafts.all() if self.is_running(each)]

    def forget(self, one: Draft) -> None:
        """Remove a draft, its upload and what was written of it. Raises Busy where its run is on."""
        with self._starting:
            try:
                with self._alone(one) as log:
                    system.let_go(log)
                    self.drafts.forget(one)
            except BlockingIOError:
                raise Busy("The run is under way.", hint="Pause it first.") from None

    def close(self) -> None:
        """Break off the plans that are being made, so that nobody waits for them."""
        for each in self._tasks.values():
            each.cancelled = True

    def posted(self, one: Draft, most: int) -> list[Line]:
        """The first rows that were posted, in file order."""
        with reading(self.drafts.state) as ledger:
            job = self._job(ledger, one) if ledger else None
            if not ledger or not job:
                return []
            return list(islice((each for each in ledger.lines(job) if each.attempts), most))


_ROOT = str(Path(__file__).resolve().parents[2])
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'importer'; "
    "from importer.cli import main; main()"
)
"""`python -m importer` without the folder at hand in its path, where another `importer.py` may lie."""
_UNATTENDED = ("--yes", "--json", "--log", "json")


def _options(given: Mapping[str, object]) -> list[str]:
    said = [(option, str(value)) for option, value in given.items() if value is not None]
    return [word for pair in said for word in pair]


def _environment(base: Settings) -> dict[str, str]:
    """The keys go in here: a command line can be read by every user of the machine."""
    keys = {"SATISMETER_WRITE_KEY": base.write_key, "SATISMETER_API_KEY": base.api_key}
    return {**os.environ, **{name: key.reveal() for name, key in keys.items() if key}}


def _ready(summary: Mapping[str, object]) -> int:
    rows = summary.get("rows")
    return int(rows.get("ready", 0)) if isinstance(rows, dict) else 0


# A rehearsal: the very run, against a made-up SatisMeter on this machine, with a ledger of its own.

_SETTLE = 1.0
"""Seconds; nothing is in doubt there for long."""
_GLANCE = 0.2


def rehearse(settings: Settings, folder: Path, now: Planning) -> None:
    """Do all that `run` does, as fast as it goes, and let nothing leave this machine: neither the write key
    nor the ledger of `settings` is used. What an earlier rehearsal left in `folder` goes first. Once `now` is
    cancelled it ends early. Raises as `run` does; UsageError where rows go to several surveys."""
    document = load(settings.mapping)
    campaigns = campaigns_of(document)
    if len(campaigns) != 1 or campaigns == ("*",):
        raise UsageError(
            "Rows go to several surveys, and the made-up SatisMeter has but one.",
            hint="Send ten rows first instead.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    made = SandboxSettings(campaign=campaigns[0], questions=tuple(_questions(document)))
    with background(made) as sandbox:
        own = replace(
            settings,
            state=folder / "state",
            shared=None,
            out=folder / "results",
            endpoint=Endpoint.parse(sandbox.url),
            write_key=Secret(WRITE_KEY),
            api_key=None,
            project="",
            rate=Rate(None),
            settle=_SETTLE,
            limit=None,
            save_plan=None,
            signed_plan=None,
            plan_sha256="",
        )
        with engine.start(own, observer=now) as run:
            while not run.done:
                with suppress(TimeoutError):
                    run.wait(_GLANCE)
                if now.cancelled:
                    run.stop("cancelled", now=True)


def _questions(document: Document) -> Iterator[SandboxQuestion]:
    """Those that the mapping answers, in any wave, with their scales."""
    for wave in document.by_wave:
        for answer in wave.answers:
            id_ = wave.question(answer.id)
            if id_:
                scale = (answer.min or 0, answer.max or 0) if answer.type == "scale" else None
                yield SandboxQuestion(id_, answer.id, answer.type, scale)
