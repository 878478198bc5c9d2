"""What the sandbox remembers of a request, and its log."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from importer.sandbox.insert import Refusal, parsed

MASK = "***"


@dataclass(slots=True)
class Exchange:
    """One request and what became of it; filled in as it goes on.

    `arrived` and `answered` are monotonic seconds (`answered` is 0 while the reply is being worked
    on), `complete` whether the whole body came, `person` the userId or anonymousId, `fault` what was
    done to it ("" for a plain answer), `stored` the new response's id, `status` that of the reply
    (0 where a fault wrote it, or there was none). `body` are the bytes as they came, write key and all.
    """

    number: int
    method: str
    path: str
    arrived: float
    connection: str
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    person: str = ""
    fault: str = ""
    stored: str = ""
    status: int = 0
    answered: float = 0.0


class Pace:
    """Lets at most `limit` requests through in any one second: the moments of the last ones are kept."""

    def __init__(self, limit: int | None) -> None:
        self._passed: deque[float] | None = deque(maxlen=limit) if limit else None

    def wait(self, now: float) -> float:
        """Seconds until a request would pass; 0 lets this one through. `now` is monotonic."""
        if self._passed is None:
            return 0.0
        if len(self._passed) == self._passed.maxlen and now - self._passed[0] < 1:
            return 1 - (now - self._passed[0])
        self._passed.append(now)
        return 0.0


class Log:
    """A JSON line for each request, in a file that only its owner can read."""

    def __init__(self, path: Path | None) -> None:
        self._file: IO[bytes] | None = None
        if path is not None:
            descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "ab", buffering=0)

    def write(self, exchange: Exchange) -> None:
        """Add a line; the write key stays out, whatever it is."""
        if self._file is None:
            return
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "number": exchange.number,
            "method": exchange.method,
            "path": exchange.path,
            "bytes": len(exchange.body),
            "fault": exchange.fault,
            "stored": exchange.stored,
            "status": exchange.status,
            "ms": round((exchange.answered - exchange.arrived) * 1000, 1),
            "body": masked(exchange.body),
        }
        self._file.write(orjson.dumps(line) + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def masked(raw: bytes) -> Mapping[str, object] | None:
    """A body without its write key; None where it is no JSON object (no part of it is shown then)."""
    body = parsed(raw)
    if isinstance(body, Refusal):
        return None
    return {**body, "writeKey": MASK} if "writeKey" in body else body
