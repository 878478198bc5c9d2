"""A job's lanes, posted by workers of Dask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from importer.engine.cluster import Workers
from importer.engine.errands import Errand, Refused, answered
from importer.engine.lanes import Worked, stop_all, work
from importer.errors import UsageError
from importer.settings import WRITE_KEY, Settings


def post_together(workers: Workers, settings: Settings, job: str) -> Worked:
    """Let each of them take part in a job that is laid out in lanes, until it is done. Where it is broken off
    (Ctrl-C), the rows in flight come to their ends. Raises ImporterError."""
    errand = Errand.of(settings)
    try:
        return _joined(workers.all(post, errand, job))
    except KeyboardInterrupt:
        stop_all(settings, job, "interrupted: by SIGINT")
        _joined(workers.wait())
        raise


def post(errand: Errand, job: str, _: int) -> Worked | Refused:
    """One worker's part. Where it dies, Dask asks another: the ledger knows what is left."""
    return answered(lambda: _posted(errand, job))


def _posted(errand: Errand, job: str) -> Worked:
    settings, _ = errand.here()
    if settings.write_key is None:
        raise UsageError(
            "this worker has no write key.", hint=f"Set {WRITE_KEY} in its environment."
        )
    return work(settings, job)


def _joined(answers: Sequence[Worked | Refused]) -> Worked:
    """What all of them did. One that could not work doesn't matter where others have done it."""
    done = [each for each in answers if isinstance(each, Worked)]
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
