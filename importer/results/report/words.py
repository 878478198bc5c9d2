"""The words of the pages, for somebody who never saw a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from importer import codes
from importer.errors import ExitStatus
from importer.results.report.facts import Column, Report
from importer.results.summary import Summary


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


def short(text: str, most: int = 120) -> str:
    """Cut where nobody reads on."""
    return text if len(text) <= most else text[: most - 1] + "…"


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
