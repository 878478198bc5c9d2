"""What the log is about.

What happens to a run is logged through the standard `logging`, below the logger `importer`, by the room that
knows it. A record's `extra` has an `event`, and figures under names of their own: counts, codes and seconds;
never a value, an id, a key or a text of the server's. By itself the importer adds a `NullHandler` only;
`automation.monitoring` writes JSON lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

FILE: ContextVar[str] = ContextVar("file", default="")
"""The name of the file at hand, without folders."""
JOB: ContextVar[str | None] = ContextVar("job", default=None)
"""The name of its job; None until the file was read."""


@contextmanager
def about(file: str) -> Iterator[None]:
    """Within, what is logged is about this file, and about the job that `JOB` is set to."""
    file_before, job_before = FILE.set(file), JOB.set(None)
    try:
        yield
    finally:
        FILE.reset(file_before)
        JOB.reset(job_before)
