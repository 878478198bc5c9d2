"""The one exception tree. A row's own trouble is data (`model.Problem`), never one of these.

ImporterError            what every command turns into a message and an exit status
├── UsageError           2   a wrong option, no write key: nothing was sent
│   └── Declined         2   the question before sending was answered with no
├── SourceError          2   the file can't be read as a table: nothing was sent
├── MappingError         2   the mapping is wrong or doesn't fit the file: nothing was sent
├── LedgerError          5   the ledger can't be read or written: posting has stopped
├── ResultsError         5   the results can't be written; the ledger holds every outcome
├── Busy                 75  another run holds the campaign
└── Interrupted          130 or 143, after the rows in flight have been recorded
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitStatus(IntEnum):
    """What a command's exit status says; scripts may rely on it. `codes.toml` says what each means."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    SOME_REFUSED = 3
    SOME_UNKNOWN = 4
    STOPPED = 5
    BUSY = 75
    INTERRUPTED = 130
    TERMINATED = 143


class ImporterError(Exception):
    """What a user is told: what happened, and what to do (`hint`). `remedy`: the same as a code of
    `codes.toml`, where the wizard's pages say it in words of their own. `lines` are the message by its
    lines: a line break within one of them comes from the data."""

    exit_status = ExitStatus.UNEXPECTED

    def __init__(self, *lines: str, hint: str = "", remedy: str = "") -> None:
        self.lines = lines
        self.message = "\n".join(lines)
        self.hint = hint
        self.remedy = remedy
        super().__init__(self.message)


class UsageError(ImporterError):
    """A wrong option or a missing key."""

    exit_status = ExitStatus.USAGE


class Declined(UsageError):
    """Who was asked whether to send said no. Nothing was sent, and no job is left behind."""


class SourceError(ImporterError):
    """The file can't be read as a table of answers; names the file, and the sheet and row if known."""

    exit_status = ExitStatus.USAGE


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a mapping: where it stands (`line`, `column` from 1; 0 where it has no
    place), what is wrong, and what to write instead."""

    line: int
    column: int
    message: str
    hint: str = ""


_WRITE_KEY = re.compile(
    r"(?i)((?:write[ _-]?key|secret|passw(?:or)?d|token|(?:api|access|private)[ _-]?key)[^:=]{0,40}[:=]\s*).+"
)
"""A key that somebody put into a mapping is not shown in what is said of it; nor another secret."""


class MappingError(ImporterError):
    """Everything that is wrong with a mapping, at once. `str()` shows each with its line and caret."""

    exit_status = ExitStatus.USAGE

    def __init__(self, name: str, text: str, mistakes: Sequence[Mistake]) -> None:
        self.name = name
        self.text = text
        self.mistakes = tuple(mistakes)
        shown = "\n\n".join(self._shown(text.splitlines(), each) for each in mistakes)
        super().__init__(*shown.split("\n"))

    def beside(self, other: MappingError) -> MappingError:
        """Both at once, in the order of the lines; a place is told of once."""
        places = {(each.line, each.column) for each in self.mistakes}
        more = [each for each in other.mistakes if (each.line, each.column) not in places]
        every = sorted([*self.mistakes, *more], key=lambda each: (each.line, each.column))
        return MappingError(self.name, self.text, every)

    def _shown(self, lines: Sequence[str], mistake: Mistake) -> str:
        if not 0 < mistake.line <= len(lines):
            parts = [_indented(f"{self.name}: {mistake.message}")]
        else:
            margin = f"{mistake.line:>4} | "
            parts = [
                _indented(
                    f"{self.name}, line {mistake.line}, column {mistake.column}: {mistake.message}"
                ),
                margin + _WRITE_KEY.sub(r"\1***", lines[mistake.line - 1].rstrip()),
                " " * (len(margin) + mistake.column - 1) + "^",
            ]
        return "\n".join([*parts, _indented(mistake.hint)] if mistake.hint else parts)


def _indented(text: str) -> str:
    """Several lines, of which only the first begins where a message of its own would."""
    return "\n  ".join(text.splitlines())


class LedgerError(ImporterError):
    """The ledger can't be read or written. Nothing is posted after this."""

    exit_status = ExitStatus.STOPPED


class ResultsError(ImporterError):
    """The results can't be written. The ledger holds every outcome: the next start writes them."""

    exit_status = ExitStatus.STOPPED


class Busy(ImporterError):
    """Another run holds the campaign; the message names it."""

    exit_status = ExitStatus.BUSY


class Interrupted(ImporterError):
    """A signal ended the work at a safe place; `signal` is its number."""

    def __init__(self, signal: int) -> None:
        super().__init__("Ended by a signal.", hint="The same command goes on where it stopped.")
        self.exit_status = ExitStatus(128 + signal)
