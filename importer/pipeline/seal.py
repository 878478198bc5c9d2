"""One figure that stands for every body of a job: two jobs that post the same have the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from importer.model import Mapped, Response


class Seal:
    """SHA-256 over the rows that can be posted, in file order: each one's row number and body.

    The mapping decides it with the file, the hash key, the time zones and the importer's own code, and
    nothing else: neither the ledger nor the rate. A body holds no line break, so that no two lists of
    bodies give the same bytes.
    """

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()

    def add(self, mapped: Sequence[Mapped]) -> None:
        """Take the next rows in."""
        lines = [
            b"%d %b\n" % (each.row, each.body) for each in mapped if isinstance(each, Response)
        ]
        self._hasher.update(b"".join(lines))

    def hexdigest(self) -> str:
        """The figure so far."""
        return self._hasher.hexdigest()
