"""Where a row stands before it is sent, by what earlier runs have sent."""

from __future__ import annotations

import time
from dataclasses import dataclass

from importer.ledger.hashes import Hashes
from importer.model import Status


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the ledger knows of a row's identity from another job."""

    job_name: str
    row: int
    status: str
    content: bytes
    body: bytes
    at: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """`elsewhere`: another row decides this one's fate."""

    status: Status
    elsewhere: bool
    code: str = ""
    message: str = ""


TO_SEND = Standing(Status.PENDING, elsewhere=False)

_REFUSED = (Status.DUPLICATE, Status.REJECTED)


def standing(earlier: Earlier, hashes: Hashes) -> Standing:
    """Whether a row may be sent, by what the ledger knows of its identity. Never twice: one that was
    accepted or left in doubt before is not posted again by itself, and neither is the very request
    that was refused; a mended one is."""
    changed = "" if earlier.content == hashes.content else ", with other content"
    where = f"job {earlier.job_name}, row {earlier.row}{_on(earlier.at)}"
    if earlier.status == Status.CREATED:
        code = "changed_since_sent" if changed else "dup_earlier_run"
        told = f"sent by {where}{changed}; not sent again"
        return Standing(Status.ALREADY_SENT, True, code, told)
    if earlier.status in _REFUSED:
        return _refused(earlier, hashes, where)
    told = f"posted in {where}, and may be stored; `importer resolve {earlier.job_name}` settles it"
    return Standing(Status.UNKNOWN, True, "unknown_earlier", told)


def _refused(earlier: Earlier, hashes: Hashes, where: str) -> Standing:
    if earlier.body != hashes.body:
        return TO_SEND
    again = f"importer retry {earlier.job_name} --status {earlier.status}"
    told = f"this very request was refused in {where}; `{again}` posts it again"
    return Standing(Status(earlier.status), True, f"{earlier.status}_earlier", told)


def _on(at: float | None) -> str:
    return "" if at is None else time.strftime(", on %Y-%m-%d", time.gmtime(at))
