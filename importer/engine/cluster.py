"""Workers of Dask: who does the work. What is done, and how often, the ledger says: a task may run twice."""

from __future__ import annotations

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing import get_all_start_methods, get_context
from typing import TYPE_CHECKING, Any, TypeVar

from importer.engine.findings import PartResult
from importer.engine.parts import Errand, PartTask, Refused, answered, opened, stage_part, tasks
from importer.engine.record import rows_of
from importer.engine.stage import secret_of
from importer.errors import ExitStatus, LedgerError, UsageError
from importer.ledger import open_ledger
from importer.model import Job
from importer.settings import API_KEY, HASH_KEY, LEDGER, WRITE_KEY, Settings, is_loopback, split_url
from importer.sources import Source

if TYPE_CHECKING:
    from importer.engine.lanes import Worked

log = logging.getLogger(__name__)
T = TypeVar("T")
_STARTS = 30.0
"""Seconds in which a scheduler answers, and has a worker."""
_AHEAD = 2
"""Parts for each worker that are under way or wait to be merged: more would only fill memory."""
_CONFIG: Mapping[str, object] = {
    # Workers that may die over a task before it counts as what kills them: Dask suspects every task that was
    # assigned to one, three times by default.
    "distributed.scheduler.allowed-failures": 10,
    # Its watching of itself took an eighth of a busy worker's CPU.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "1s",
}


class Workers:
    """Some processes that take tasks, in this order: a part's result comes after those above it."""

    def __init__(self, client: Any, count: int) -> None:
        self._client, self._count = client, count
        self._asked: list[Any] = []

    def stage(
        self, settings: Settings, job: Job, source: Source, *, brief: bool
    ) -> Iterator[PartResult]:
        """See `stage.Helpers`. Raises ImporterError."""
        secret = secret_of(settings)
        under_way: deque[tuple[PartTask, Any]] = deque()
        try:
            for task in tasks(settings, job, source, brief=brief):
                with told():
                    future = self._client.submit(stage_part, task, pure=False)
                under_way.append((task, future))
                if len(under_way) > _AHEAD * self._count:
                    yield self._next(under_way, secret)
            while under_way:
                yield self._next(under_way, secret)
        finally:
            self._client.cancel([future for _, future in under_way])

    def all(self, function: Callable[..., T], *words: object) -> list[T]:
        """What each of them answers, where the same is wanted of all; `wait` once more where that was broken
        off. Raises ImporterError."""
        with told():
            self._asked = [
                self._client.submit(function, *words, number, pure=False)
                for number in range(self._count)
            ]
        return self.wait()

    def wait(self) -> list[Any]:
        """For what they answer to what `all` has asked."""
        with told():
            return [future.result() for future in self._asked]

    def _next(self, under_way: deque[tuple[PartTask, Any]], secret: bytes) -> PartResult:
        task, future = under_way.popleft()
        with told():
            return opened(future.result(), task, secret)


@contextmanager
def workers(settings: Settings) -> Iterator[Workers]:
    """Those behind the scheduler at `settings.dask`; else so many processes of this machine as
    `settings.workers` says, gone afterwards. Raises ImporterError."""
    if find_spec("distributed") is None:
        raise UsageError(
            "Several workers need Dask, which isn't installed.",
            hint="Install it: pip install 'satismeter-importer[dask]'",
        )
    import dask
    import distributed  # noqa: F401  its defaults have to be there before: else they would go with ours

    begun = {"distributed.worker.multiprocessing-method": _beginning()}
    with (
        dask.config.set({**_CONFIG, **begun}),
        _there(settings.dask) if settings.dask else _here(settings) as client,
    ):
        with told():
            client.wait_for_workers(1, _STARTS)
            count = len(client.scheduler_info(n_workers=-1)["workers"])
        if client.dashboard_link and settings.dask:
            log.info("the workers at work: %s", client.dashboard_link)
        yield Workers(client, count)


@contextmanager
def _here(settings: Settings) -> Iterator[Any]:
    """Nobody else can talk to them, though they listen on a port of this machine, to whose users a scheduler
    is a shell: they speak TLS among themselves, with keys that nobody else has."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=settings.workers,
        threads_per_worker=1,
        processes=True,
        security=True,
        dashboard_address="127.0.0.1:0",  # None is port 8787 of all addresses
        silence_logs="CRITICAL",
        env=_environment(settings),
    )
    with cluster, Client(cluster, direct_to_workers=True) as client:  # type: ignore[no-untyped-call]
        yield client


def _beginning() -> str:
    """How Python begins a worker: where it can, as a fork of a process that has imported, once, what they all
    need. (Dask would have that import pandas, too. In Python 3.11.0 others can reach its socket.)"""
    from distributed import utils

    if "forkserver" not in get_all_start_methods() or sys.version_info < (3, 11, 1):
        return "spawn"
    utils._forkserver_preload_set = True  # noqa: SLF001  there is no other way
    get_context("forkserver").set_forkserver_preload(["distributed", Errand.__module__])
    return "forkserver"


@contextmanager
def _there(address: str) -> Iterator[Any]:
    """Certificates come from Dask's own settings."""
    from distributed import Client
    from distributed.utils import silence_logging_cmgr

    parts = split_url(address)
    if parts.scheme not in ("tls", "tcp") or not parts.hostname:
        raise UsageError(f"{address!r} is no scheduler's address.", hint="Such as tls://HOST:8786")
    if parts.scheme == "tcp" and not is_loopback(parts.hostname):
        raise UsageError(
            f"{address} would be open to whoever reaches it: a scheduler without TLS is a shell for all.",
            hint="Start scheduler and workers with TLS, and say tls://HOST:PORT: docs/dask.md.",
        )
    with silence_logging_cmgr("CRITICAL"):  # of a scheduler that dies it shows a traceback
        try:
            client = Client(address, timeout=_STARTS)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError) as error:
            raise UsageError(
                f"No scheduler answers at {address}.",
                hint="Is it running, and of the same version of Dask? With TLS both need the certificates.",
            ) from error
        with client:
            yield client


def _environment(settings: Settings) -> Mapping[str, str]:
    """That of this process, as it is now; its keys, and its ledger, wherever it has them from."""
    keys = {HASH_KEY: settings.hash_key, WRITE_KEY: settings.write_key, API_KEY: settings.api_key}
    own = {name: key.reveal() for name, key in keys.items() if key}
    return {**os.environ, **own, LEDGER: settings.shared.address if settings.shared else ""}


@contextmanager
def told() -> Iterator[None]:
    """Dask's errors in our words."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise LedgerError(
            "Workers died one after the other over the same rows.",
            hint="Have they too little memory? The same command goes on where this one stopped.",
        ) from error
    except ImportError as error:
        raise UsageError(
            f"A worker can't do it: {error.name or 'a module'} isn't installed there.",
            hint="Scheduler and workers need this version of the importer: satismeter-importer[dask].",
        ) from error
    except TimeoutError as error:
        raise UsageError(
            "There is no worker.", hint="Start some: `dask worker ADDRESS --nthreads 1`."
        ) from error
    except (FutureCancelledError, CommClosedError) as error:
        raise LedgerError(
            "The scheduler is gone, and its workers with it.",
            hint="Start it again; the same command goes on where this one stopped.",
        ) from error


# A job's lanes, posted by workers.


def post_together(workers: Workers, settings: Settings, job: str) -> Worked:
    """Let each of them take part in a job that is laid out in lanes, until it is done. Where it is broken off
    (Ctrl-C), the rows in flight come to their ends. Raises ImporterError."""
    from importer.engine.lanes import tell_all  # brings PostgreSQL's driver, an extra

    errand = Errand.of(settings)
    tell_all(settings, job)
    try:
        worked = _joined(workers.all(post, errand, job))
        return worked if worked.rows or worked.stopped else _ended(settings, worked)
    except KeyboardInterrupt:
        tell_all(settings, job, "interrupted: by SIGINT")
        _joined(workers.wait())
        raise


def _ended(settings: Settings, worked: Worked) -> Worked:
    """With what the job came to, where workers of a command that was killed have ended it."""
    with closing(open_ledger(settings.ledger, secret_of(settings))) as ledger:
        job = ledger.job(worked.job)
        if job.exit_status is None:
            return worked
        rows = rows_of(ledger.standing(job))
    return replace(worked, rows=rows, exit_status=ExitStatus(job.exit_status), stopped=job.stopped)


def post(errand: Errand, job: str, _: int) -> Worked | Refused:
    """One worker's part. Where it dies, Dask asks another: the ledger knows what is left."""
    return answered(lambda: _posted(errand, job))


def _posted(errand: Errand, job: str) -> Worked:
    settings, _ = errand.here()
    if settings.write_key is None:
        raise UsageError(
            "this worker has no write key.", hint=f"Set {WRITE_KEY} in its environment."
        )
    from importer.engine.lanes import work

    return work(settings, job, anew=False)


def _joined(answers: Sequence[Worked | Refused]) -> Worked:
    """What all of them did. One that could not work doesn't matter where others have done it."""
    done = [each for each in answers if not isinstance(each, Refused)]
    ended = [each for each in done if each.rows is not None]
    refused = [each for each in answers if isinstance(each, Refused)]
    if refused and not ended:
        raise refused[0].error()
    first = sorted(done, key=lambda each: each.stopped.startswith("stopped_elsewhere"))
    return replace(
        (ended or first)[0],
        requests=sum(each.requests for each in done),
        lanes=sum(each.lanes for each in done),
    )
