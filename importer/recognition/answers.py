"""Whether a sheet holds answers of single people at all: totals, and the plan of a form, are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.errors import SourceError
from importer.inference import lexicon
from importer.mapping.blanks import folded
from importer.recognition.grid import HEAD, Grid
from importer.recognition.shapes import column_shape

_PERCENT = re.compile(r"[-+]?\d+(?:[.,]\d+)?\s*%")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_FEWEST = 3
_PLANNED = frozenset({"begin_group", "end_group", "begin group", "end group", "note", "calculate"})


def check_answers(grid: Grid, place: str) -> None:
    """Raise SourceError where the sheet holds totals or a form's plan, whose rows are nobody's answers."""
    if _is_plan(grid):
        raise SourceError(
            f"{place}: this is the plan of a form (XLSForm: type, name, label); nobody's answers are in it.",
            hint="In KoboToolbox: Data > Downloads, export type CSV or XLS.",
        )
    if _is_totals(grid):
        raise SourceError(
            f"{place}: this is a table of totals (percentages by group); the answers of single people are "
            "not in it.",
            hint="Export the single responses instead, one row for each person. Another sheet: --sheet.",
        )


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
    counted = [each for each in columns if _share(each, _NUMBER) + _share(each, _PERCENT) > 0.5]
    percent = [each for each in columns if _share(each, _PERCENT) > 0.5]
    total = lexicon.pattern("total", flags=re.IGNORECASE)
    totals = sum(bool(total.fullmatch(cell.strip())) for row in grid.cells[:3] for cell in row)
    most = len(percent) * 2 > len(counted)
    return len(percent) >= _FEWEST and (most or totals > 1)


def _share(cells: Sequence[str], pattern: re.Pattern[str]) -> float:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return sum(bool(pattern.fullmatch(cell)) for cell in filled) / len(filled) if filled else 0.0
