"""What a ledger keeps of a row that can be sent: everything, or as much as a plan looks at."""

from __future__ import annotations

from typing import Protocol

from importer.ledger.hashes import Hasher
from importer.masking import Show
from importer.model import Response

Cells = tuple[object, ...]


class Lines(Protocol):
    """`columns` of the table `rows`, the identity first; what stands in them of one response."""

    columns: str

    def of(self, response: Response) -> Cells:
        """The cells, in the order of `columns`."""


class Whole:
    """All that a run, and whatever comes after it, will want to know."""

    columns = "identity, content, body, person, traits, shown, key, user_id, anonymous_id, ord"

    def __init__(self, hasher: Hasher, show: Show) -> None:
        self._hasher = hasher
        self._show = show

    def of(self, response: Response) -> Cells:
        """Six hashes, and the ids as they may be shown."""
        show = self._show
        ids = (show(response.key), show(response.user_id), show(response.anonymous_id))
        return (*self._hasher.of(response), *ids, response.order)


class Brief:
    """What a plan looks at. Contents, people and traits are only compared with one another there, for
    which this process' own 64-bit hashes do; none of them is kept. With `Whole` a plan of 100,000 rows took
    35 % more CPU (least of four turns)."""

    columns = "identity, content, person, traits, ord"

    def __init__(self, hasher: Hasher, _: Show) -> None:
        self._identity = hasher.identity

    def of(self, response: Response) -> Cells:
        """One keyed hash, by which the row is looked for in earlier runs, and three others."""
        return (
            self._identity(response),
            hash(response.content),
            hash((response.campaign, response.user_id, response.anonymous_id)),
            hash(response.traits),
            response.order,
        )
