"""What the pages know, and in which words: whatever is personal has been masked before it gets here."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from importer import codes
from importer.errors import ExitStatus
from importer.model import Cause
from importer.privacy import masked_id, short
from importer.results.scores import Scores
from importer.results.summary import Summary

# What the page knows. Whatever is personal has been masked before it gets here.

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


# The words of the pages, for somebody who never saw a terminal.


def cut_short(number: int, shown: int, what: str) -> str:
    """`… and 12 more columns`, where not all are shown; else ""."""
    return f"… and {number - shown:,} more {what}" if number > shown else ""


def per_cent(part: float, whole: float) -> str:
    """`38 %`; a part that is there is never 0 %, and one that lacks something never 100 %."""
    if not whole or not part:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 1:
        return "< 1 %"
    return "> 99 %" if 99 < share < 100 else f"{share:.0f} %"


def status_label(status: str) -> str:
    """What a row's status means, in the middle of a sentence."""
    label = codes.of("status")[status].label
    return label[:1].lower() + label[1:]


def sentence(text: str) -> str:
    """With a capital at its start."""
    return text[:1].upper() + text[1:]


def tone(summary: Summary) -> str:
    """The verdict's colour: its class."""
    rows, status = summary.rows, summary.exit_status
    if not (rows.get("created") or rows.get("ready") or rows.get("already_sent")):
        return "bad"
    if status == ExitStatus.DONE:
        return "good"
    return "fair" if status in (ExitStatus.SOME_REFUSED, ExitStatus.SOME_UNKNOWN) else "bad"


def duplicates(counts: Mapping[str, int]) -> Sequence[tuple[str, int, str]]:
    """Code, number and meaning of each kind."""
    known = {**codes.of("delivery"), **codes.of("ledger")}
    return [(code, n, known[code].label if code in known else "") for code, n in counts.items()]


def attempts(tries: Mapping[int, int]) -> Sequence[tuple[str, int]]:
    """Attempts, and rows that took so many."""
    return [(str(number), rows) for number, rows in tries.items()]


def columns(report: Report, some: Sequence[Column]) -> Sequence[tuple[object, ...]]:
    """Name, letter and fill of columns; of those that are sent, where they go."""
    return [
        (
            short(each.name) or "(no name)",
            each.letter,
            per_cent(each.filled, report.summary.rows_of_file),
            *([tuple(dict.fromkeys(each.targets))] if each.targets else ()),
        )
        for each in some
    ]


def unmapped(values: Mapping[str, Mapping[str, int]]) -> Sequence[tuple[str, str, int]]:
    """Column, value and rows of each value that the mapping doesn't have."""
    return [
        (short(column), short(value) or "(blank)", number)
        for column, found in values.items()
        for value, number in found.items()
    ]


# Whole requests as they may be shown: their shape, without the person.

_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def shown(body: bytes) -> str:
    """The request as indented JSON, as it is posted but for the key."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()


def hidden(body: bytes, known: Container[str]) -> str:
    """The same without personal values: IDs with their e-mail addresses masked; of texts that don't
    stand in the mapping (`known`), the first letter and the length. Scores, dates and other numbers
    stay."""
    request: dict[str, Any] = orjson.loads(body)
    for name in ("userId", "anonymousId"):
        if name in request:
            request[name] = masked_id(request[name])
    traits = request.get("traits", {})
    traits.update({name: _hidden(value, known) for name, value in traits.items()})
    for answer in request["answers"]:
        answer["value"] = _hidden(answer["value"], known)
    return orjson.dumps(request, option=orjson.OPT_INDENT_2).decode()


def _hidden(value: object, known: Container[str]) -> object:
    return initial(value) if isinstance(value, str) and value not in known else value


def initial(text: str) -> str:
    """`J… (13 characters)`; e-mail addresses as `j***@example.com`; dates as they are sent."""
    if not text or _DATE.fullmatch(text):
        return text
    if masked_id(text) != text and not text.split()[1:]:
        return masked_id(text)
    return f"{text[:1]}… ({len(text):,} characters)"
