"""Which survey tool wrote a file: by columns that only it writes; whether a sheet holds answers at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from importer.discovery import lexicon
from importer.discovery.header import FIRST, HEAD, Grid, column_shape
from importer.discovery.lexicon import is_question
from importer.errors import SourceError, UsageError
from importer.mapping import Shipped
from importer.mapping.text import folded

_CODED = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]+[A-Z]\w*")
_MOSTLY = 0.9
_ROWS = 12
"""A header with the tool's columns stands among the first rows; titles may stand above it."""


@dataclass(frozen=True, slots=True)
class Match:
    """A preset whose export the file is: `row` holds the signature (as Excel numbers it), `reason` says
    what it was known by. `complete` is false where only marks were found: the tool's own columns are
    gone."""

    preset: Shipped
    row: int
    reason: str
    complete: bool = True

    @property
    def name(self) -> str:
        return self.preset.name


def recognise(grid: Grid, presets: Sequence[Shipped], chosen: str = "") -> Match | None:
    """The tool that wrote the file; None where no signature fits.

    `chosen` names the one preset to look for. Raises UsageError where several fit, or the chosen one
    doesn't.
    """
    if chosen:
        return _chosen(grid, next(each for each in presets if each.name == chosen))
    found = [match for each in presets if (match := _match(grid, each))]
    complete = [match for match in found if match.complete] or found
    top = [match for match in complete if match.row == min(each.row for each in complete)]
    if len(top) > 1:
        raise _several(top)
    return top[0] if top else None


def _chosen(grid: Grid, preset: Shipped) -> Match | None:
    match = _match(grid, preset)
    if match is None and preset.about.signature:
        names = ", ".join(" or ".join(each) for each in preset.about.signature)
        raise UsageError(
            f"This isn't an export of {preset.about.tool}: no row has the columns {names}.",
            hint="Leave --preset out: the columns are then told by their names and values.",
        )
    return match


def _several(found: Sequence[Match]) -> UsageError:
    reasons = "; ".join(f"{each.name} ({each.reason})" for each in found)
    names = " or ".join(f"--preset {each.name}" for each in found)
    return UsageError(f"The file fits more than one tool: {reasons}.", hint=f"Say which: {names}.")


def _match(grid: Grid, preset: Shipped) -> Match | None:
    for at, (row, cells) in enumerate(zip(grid.rows[:_ROWS], grid.cells[:_ROWS], strict=True)):
        if columns := _signed(preset, cells, grid.cells[at + 1 : at + 1 + HEAD]):
            return Match(preset, row, f"row {row} has its columns {', '.join(columns)}")
    return _stamped(grid, preset) or _marked(grid, preset)


def _signed(preset: Shipped, cells: Sequence[str], below: Sequence[Sequence[str]]) -> list[str]:
    """The cells by which the row is known as the tool's; none where one is missing."""
    about = preset.about
    if not about.signature and not about.first:
        return []
    present = {folded(cell): cell.strip() for cell in reversed(cells)}
    wanted = [_present(each, present) for each in about.signature]
    if about.first:
        wanted.insert(0, _first(preset, cells, below))
    return list(dict.fromkeys(wanted)) if all(wanted) else []


def _first(preset: Shipped, cells: Sequence[str], below: Sequence[Sequence[str]]) -> str:
    """The first column's name, where it is one of the tool's and its values are written as the tool does."""
    at = next((i for i, cell in enumerate(cells) if cell.strip()), 0)
    name, about = cells[at].strip() if cells else "", preset.about
    if name not in about.first or (not about.signature and _is_made_by_hand(cells[at + 1 :])):
        return ""
    values = [row[at] for row in below]
    fits = _fit(about.first_values, values)
    if not fits and about.resaved_values and _asking(cells) > 1:
        fits = _fit((*about.first_values, *about.resaved_values), values)
    return name if fits else ""


def _stamped(grid: Grid, preset: Shipped) -> Match | None:
    """Known by how the first column's values are written, whatever it is called."""
    stamp = preset.about.stamp
    if not stamp or len(grid.rows) < 2 or not grid.cells[0][0].strip():
        return None
    stamps = [row[0] for row in grid.cells[1 : 1 + HEAD]]
    if not any(cell.strip() for cell in stamps) or not _fit((stamp,), stamps):
        return None
    if re.fullmatch(stamp, grid.cells[0][0].strip()):
        return None
    return Match(preset, grid.rows[0], f"column {grid.cells[0][0].strip()} holds its time stamps")


def _fit(patterns: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether most of the filled cells fit one of the patterns; true where there is none of either."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    fits = sum(any(re.fullmatch(each, cell) for each in patterns) for cell in filled)
    return not patterns or fits >= _MOSTLY * len(filled)


def _is_made_by_hand(cells: Sequence[str]) -> bool:
    """Whether most names are a programmer's (`user_id`, `npsScore`): a form's are titles and questions. Where
    some still are questions, somebody has shortened the others."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    return sum(map(bool, map(_CODED.fullmatch, filled))) * 2 > len(filled) and _asking(filled) < 2


def _asking(cells: Sequence[str]) -> int:
    return sum(map(is_question, cells))


def _present(names: Sequence[str], present: dict[str, str]) -> str:
    return next((present[folded(name)] for name in names if folded(name) in present), "")


def _marked(grid: Grid, preset: Shipped) -> Match | None:
    """Known by the second header row alone; the first has gaps there."""
    marks = frozenset(map(folded, preset.about.marks))
    if not marks or len(grid.rows) < 2:
        return None
    upper, lower = grid.cells[0], grid.cells[1]
    found = {cell.strip() for cell in lower if folded(cell) in marks}
    if not found or all(cell.strip() for cell in upper):
        return None
    shown = ", ".join(sorted(found))
    return Match(preset, grid.rows[0], f"its second header row has {shown}", complete=False)


# Whether a sheet holds answers of single people: totals, a form's plan and long tables are refused.

_PERCENT = re.compile(r"[-+]?\d+(?:[.,]\d+)?\s*%")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_FEWEST = 3
_PLANNED = frozenset({"begin_group", "end_group", "begin group", "end group", "note", "calculate"})


def check_answers(grid: Grid, place: str) -> None:
    """Raise SourceError where the sheet holds totals or a form's plan, whose rows are nobody's answers, or
    one answer in each row; or nothing at all."""
    if not grid.cells:
        raise SourceError(f"{place}: every row is blank.", hint="Is it the right sheet?")
    if _is_plan(grid):
        raise SourceError(
            f"{place}: this is the plan of a form (XLSForm: type, name, label); nobody's answers are in it.",
            hint="In KoboToolbox: Data > Downloads, export type CSV or XLS.",
        )
    if long := _long(grid):
        raise SourceError(
            f"{place}: each row holds one answer ({long[0]!r} asks, {long[1]!r} answers), so a response is "
            "several rows; the importer takes a row for a response.",
            hint="Export it with a column for each question, or turn it: in Excel, Data > From Table, then "
            f"Transform > Pivot Column on {long[0]!r}, values {long[1]!r}, don't aggregate.",
        )
    if _is_totals(grid) or _is_crosstab(grid):
        raise SourceError(
            f"{place}: this is a table of totals (percentages or counts by group); the answers of "
            "single people are not in it.",
            hint="Export the single responses instead, one row for each person. Another sheet: --sheet.",
        )


def _long(grid: Grid) -> tuple[str, str] | None:
    """The names of the columns of questions and of answers, where each row holds one answer of a response:
    questions recur, and another column comes again, but never twice with one of them."""
    for at, cells in enumerate(grid.cells[:FIRST]):
        asked = [i for i, cell in enumerate(cells) if lexicon.is_called("question", cell)]
        given = [i for i, cell in enumerate(cells) if lexicon.is_called("answer", cell)]
        rows = grid.cells[at + 1 : at + 1 + HEAD]
        questions = {row[asked[0]].strip() for row in rows} if len(asked) == 1 else set()
        if len(given) != 1 or not 1 < len(questions) * 2 <= len(rows):
            continue
        for i, cell in enumerate(cells):
            ids = {row[i].strip() for row in rows}
            pairs = {(row[i].strip(), row[asked[0]].strip()) for row in rows}
            if (
                i not in {*asked, *given}
                and 1 < len(ids) < len(rows)
                and "" not in ids
                and len(pairs) == len(rows)
                and cell.strip()
            ):
                return cells[asked[0]].strip(), cells[given[0]].strip()
    return None


def _is_crosstab(grid: Grid) -> bool:
    """Rows of how many answered the question and how many skipped it, as SurveyMonkey's summaries have."""
    first = [next(filter(str.strip, cells), "") for cells in grid.cells[:HEAD]]
    said = {folded(cell).rstrip(":") for cell in first}
    return bool(said & lexicon.texts("answered_row")) and bool(said & lexicon.texts("skipped_row"))


def _is_plan(grid: Grid) -> bool:
    """Columns `type`, `name` and `label`, and types that only a form has: https://xlsform.org."""
    header = [folded(cell) for cell in grid.cells[0]] if grid.cells else []
    labelled = any(cell.startswith("label") for cell in header)
    if not ({"type", "name"} <= set(header) and labelled):
        return False
    types = {folded(row[header.index("type")]) for row in grid.cells[1:HEAD]}
    return bool(types & _PLANNED) or any(each.startswith("select_") for each in types)


def _is_totals(grid: Grid) -> bool:
    """Percentages in most columns, or in some beside totals: who answered and when is in no such table."""
    body = grid.cells[1:HEAD]
    columns = [[row[i] for row in body] for i in range(grid.width)]
    if len(body) < _FEWEST or any(
        column_shape(each) in {"date", "e-mail", "code"} for each in columns
    ):
        return False
    counted = [
        each
        for each in columns
        if _share_of_rows(each, _NUMBER) + _share_of_rows(each, _PERCENT) > 0.5
    ]
    percent = [each for each in columns if _share_of_rows(each, _PERCENT) > 0.5]
    total = lexicon.pattern("total", flags=re.IGNORECASE)
    totals = sum(bool(total.fullmatch(cell.strip())) for row in grid.cells[:3] for cell in row)
    most = len(percent) * 2 > len(counted)
    return len(percent) >= _FEWEST and (most or totals > 1)


def _share_of_rows(cells: Sequence[str], pattern: re.Pattern[str]) -> float:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return sum(bool(pattern.fullmatch(cell)) for cell in filled) / len(filled) if filled else 0.0
