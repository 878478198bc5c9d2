"""Going on with a job: over the very bytes that it was started with, or not at all."""

from __future__ import annotations

from importer.errors import UsageError
from importer.loader import Source
from importer.mapping import Document
from importer.model import Job


def hold(job: Job, document: Document, source: Source) -> None:
    """Raise UsageError where the file, its sheet or the mapping is no longer what the job was started
    with."""
    if source.facts.sha256 != job.file_sha256 or source.sheet != job.sheet:
        raise UsageError(
            f"{source.place} has changed since job {job.name} was started.", hint=_ANEW
        )
    if document.digest != job.mapping_sha256:
        raise UsageError(f"The mapping has changed since job {job.name} was started.", hint=_ANEW)


_ANEW = (
    "Run it as it is now: `importer run FILE -m MAPPING` starts a new job, which sends nothing again "
    "that was sent, and refused rows only where they were mended. Or put back what was changed."
)
