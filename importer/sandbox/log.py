"""The log of requests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from importer.sandbox.exchange import Exchange
from importer.sandbox.insert import Refusal, parsed

MASK = "***"


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
