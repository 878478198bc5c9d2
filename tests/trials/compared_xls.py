"""Compares the reading of `.xls` files with xlrd's own values and with python-calamine's:
`python -m tests.trials.compared_xls FOLDER...`.

White space at the ends of a text and half a second of a time are no difference. An error (`#REF!`) is a blank
cell for calamine, and a number that is shown with zeros in front has none for either.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd
from python_calamine import CalamineWorkbook

from importer.sources.engines import XlsBook

Cells = dict[tuple[int, int], Any]


def ours(path: str) -> Iterator[Cells]:
    """The cells of each sheet, by row and column from 0, as the importer reads them."""
    book = XlsBook(path)
    for sheet in book.sheets:
        if sheet.table:
            yield {
                (row - 1, at): cell
                for batch in book.rows(sheet.name)
                for row, cells in zip(batch.rows, batch.cells, strict=True)
                for at, cell in enumerate(cells)
                if cell.strip()
            }


def by_xlrd(path: str) -> Iterator[Cells]:
    """The same by xlrd, which knows dates by their format in its own way."""
    book = xlrd.open_workbook(path, logfile=sys.stderr)
    for sheet in book.sheets():
        yield {
            (row, at): _value(cell, book.datemode)
            for row in range(sheet.nrows)
            for at, cell in enumerate(sheet.row(row))
            if cell.ctype not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
            and str(cell.value).strip()
        }


def _value(cell: Any, datemode: Any) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    return xlrd.error_text_from_code[cell.value] if cell.ctype == xlrd.XL_CELL_ERROR else cell.value


def by_calamine(path: str) -> Iterator[Cells]:
    """The same by calamine."""
    with Path(path).open("rb") as file:
        book = CalamineWorkbook.from_filelike(file)
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            left = (sheet.start or (0, 0))[1]
            rows = enumerate(sheet.iter_rows())
            yield {
                (row, left + at): cell
                for row, cells in rows
                for at, cell in enumerate(cells)
                if str(cell).strip()
            }


def same(text: str, value: object) -> bool:
    """Whether a text of ours is the other's value."""
    if isinstance(value, bool):
        return text == str(value).upper()
    if isinstance(value, str):
        return text.strip() == value.strip()
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return _moment(text, value)
    try:
        return isinstance(value, int | float) and abs(float(text) - value) <= abs(value) * 1e-14
    except ValueError:
        return False


def _moment(text: str, value: dt.datetime | dt.date | dt.time | dt.timedelta) -> bool:
    if text.count(":") == 2 and "T" not in text:
        hours, minutes, seconds = text.split(":")
        shown = dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
        days = [dt.datetime(1899, 12, 31), dt.datetime(1904, 1, 1), dt.datetime(1899, 12, 30)]  # noqa: DTZ001
        if isinstance(value, dt.timedelta):
            return abs(shown - value) <= dt.timedelta(milliseconds=500)
        if isinstance(value, dt.time):
            value = dt.datetime.combine(days[0], value)
        elif not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        return any(abs(shown - (value - each)) <= dt.timedelta(milliseconds=500) for each in days)
    try:
        read = dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    if not isinstance(value, dt.datetime):
        return isinstance(value, dt.date) and read.date() == value
    return abs(read - value) <= dt.timedelta(milliseconds=500)


def compared(path: str) -> dict[str, tuple[int, list[str]]]:
    """For each reader the cells, and those that differ."""
    mine = list(ours(path))
    found = dict[str, tuple[int, list[str]]]()
    for name, read in (("xlrd", by_xlrd), ("calamine", by_calamine)):
        differ = list[str]()
        for own, other in zip(mine, read(path), strict=False):
            for place in sorted(own.keys() | other.keys()):
                text, value = own.get(place, ""), other.get(place)
                if not same(text, value) and not (text[:1] == "#" and value is None):
                    differ.append(f"{place} {text!r} {value!r}")
        found[name] = sum(map(len, mine)), differ
    return found


def main(folders: list[str]) -> None:
    """Print a line for each file."""
    for path in sorted(each for folder in folders for each in Path(folder).rglob("*")):
        if path.suffix.lower() != ".xls" or path.read_bytes()[:4] != b"\xd0\xcf\x11\xe0":
            continue
        theme = "theme" if b"theme/theme" in path.read_bytes() else ""
        try:
            found = compared(str(path))
        except Exception as error:  # noqa: BLE001  a file that one of them refuses
            sys.stdout.write(f"{path.name}\t{theme}\tnot read: {error}\n")
            continue
        for name, (cells, differ) in found.items():
            told = f"{len(differ)} differ, as {differ[0]}" if differ else "equal"
            sys.stdout.write(f"{path.name}\t{theme}\t{name}\t{cells} cells\t{told}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
