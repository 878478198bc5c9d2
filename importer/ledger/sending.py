"""Which rows of a job are sent, in which order, and who has to wait."""

from __future__ import annotations

import time
from collections.abc import Sequence

from importer.ledger.database import Part, values, whole
from importer.model import PERHAPS_ALONE, Job, QueuedRow

FRESH = 24 * 60 * 60.0
"""Seconds after which the API's duplicate check is no longer trusted to know a row that may be stored:
it speaks of users who responded "recently" only."""

ANSWERED = ("stored_or_duplicate", "rejected_in_doubt")
"""Codes of rows in doubt that were asked about, and are in doubt still: asking again tells no more."""


class Sending(Part):
    """See `protocol.Ledger`."""

    def sending_order(self, job: Job, statuses: Sequence[str]) -> Sequence[int]:
        found = self._db.each("sending_order", job=job.id, statuses=statuses, alone=PERHAPS_ALONE)
        return whole(found)

    def late_order(self, job: Job, behind: Sequence[str]) -> Sequence[int]:
        found = self._db.each(
            "late_order", job=job.id, behind=behind, alone=PERHAPS_ALONE, **_asked()
        )
        return whole(found)

    def askable(self, job: Job) -> int:
        (number,) = self._db.one("askable", job=job.id, **_asked())
        return int(number)

    def outgoing(self, job: Job, seqs: Sequence[int]) -> list[QueuedRow]:
        found = {
            seq: QueuedRow(seq, row, person, *map(bool, rest))
            for seq, row, person, *rest in self._db.each(
                "outgoing",
                job=job.id,
                seqs=seqs,
                origin=job.origin,
                campaigns=job.campaigns,
                alone=PERHAPS_ALONE,
            )
        }
        return [found[seq] for seq in seqs]

    def doubtful(self) -> set[bytes]:
        return set(values(self._db.each("doubtful")))

    def stuck(self, job: Job) -> set[bytes]:
        return set(values(self._db.each("stuck", job=job.id, **_asked())))


def _asked() -> dict[str, object]:
    """What tells a row in doubt that can be asked about: the fragment `askable`."""
    return {"answered": (*ANSWERED, "unclear"), "now": time.time(), "fresh": FRESH}
