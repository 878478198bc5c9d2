"""A transform's results, remembered per distinct text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from importer import codes
from importer.mapping.problems import Unfit
from importer.model import Problem

MAX_ENTRIES = 4_096
MAX_TEXT = 256


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem that belongs to a text, before it has a row."""

    code: str
    message: str
    column: str = ""
    value: str = ""
    fix: str = ""

    def at(self, row: int) -> Problem:
        """The problem of the row that Excel numbers so."""
        fix = self.fix or codes.of("mapping")[self.code].remedy
        return Problem(self.code, self.message, row, self.column, self.value, fix)


Result = object
"""A value to send, `None` for blank, or a `Fault`."""


class Memo(dict[str, Result]):
    """`memo[text]` is what `read` makes of the text. Most columns hold few distinct texts: those are
    worked out once. The number and the length of what is kept are bounded.

    `faulty` says whether any text so far was a fault.
    """

    __slots__ = ("column", "faulty", "read")

    def __init__(self, read: Callable[[str], Result], column: str) -> None:
        super().__init__()
        self.read = read
        self.column = column
        self.faulty = False

    def __missing__(self, text: str) -> Result:
        try:
            result = self.read(text)
        except Unfit as unfit:
            self.faulty = True
            result = Fault(unfit.code, unfit.message, self.column, text, unfit.fix)
        if len(text) <= MAX_TEXT and len(self) < MAX_ENTRIES:
            self[text] = result
        return result
