"""Whether a sheet holds answers of single people: totals, a form's plan and long tables are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.discovery import lexicon
from importer.discovery.header import FIRST, HEAD, Grid, column_shape
from importer.errors import SourceError
from importer.mapping.text import folded

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
    """Percentages in most columns; or in some, beside columns called totals. Who answered and when is in no
    such table."""
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
