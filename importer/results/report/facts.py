"""What the page knows. Whatever is personal has been masked before it gets here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.model import Cause
from importer.results.scores import Scores
from importer.results.summary import Summary

Kind = tuple[str, str]
"""A problem's code and column."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows come from and what read them: the file, the mapping, the program.

    `encoding_known_by` is how sure the encoding is; `samples` are lines that show a guessed one at
    work. `requests_sha256` is over the bodies of all rows.
    """

    file: str
    sheet: str
    format: str
    size: int
    sha256: str
    encoding: str
    encoding_known_by: str
    delimiter: str
    header_rows: tuple[int, ...]
    samples: tuple[str, ...]
    mapping: str
    mapping_name: str
    mapping_sha256: str
    requests_sha256: str
    version: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the import means for the account: where it posts to, as what, and for whom.

    `persons` are those of the rows that `scores` are of; `traits` are set for each of them.
    """

    endpoint: str
    campaigns: str
    method: str
    persons: int
    traits: tuple[str, ...]
    rate: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its letter, how many of its cells aren't blank, and where they go."""

    letter: str
    name: str
    filled: int
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A cell that made a row invalid."""

    row: int
    value: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Some seconds of a run: replies a second, and how long they took (milliseconds; None where none
    came): half were faster than `median`, nineteen of twenty faster than `p95`."""

    start: float
    rate: float
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Posting:
    """How the posting went. `tries` says how many rows took one attempt, how many two, and so on."""

    slots: tuple[Slot, ...]
    tries: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Report:
    """A plan or a run, for one page. `scores` (in the summary), `months` (`2026-11`) and `people`
    (rows of one person -> persons) are of the rows that are ready, or that were accepted in a run.
    `masked` is false where the page shows personal data."""

    summary: Summary
    made_at: float
    origin: Origin
    account: Account
    causes: tuple[Cause, ...]
    skips: Mapping[str, int]
    months: Mapping[str, int]
    people: Mapping[int, int]
    columns: tuple[Column, ...]
    constants: Mapping[str, str]
    examples: Mapping[Kind, Sequence[Example]]
    unmapped_values: Mapping[str, Mapping[str, int]]
    requests: tuple[str, ...]
    masked: bool
    posting: Posting | None = None

    @property
    def is_run(self) -> bool:
        """Whether something was posted; otherwise it is a plan."""
        return self.posting is not None

    @property
    def scores(self) -> tuple[Scores, ...]:
        """Those that hold an answer."""
        return tuple(each for each in self.summary.scores if each.answers)
