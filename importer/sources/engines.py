"""What reads workbooks: python-calamine; openpyxl for an .xlsx that it would damage; xlrd for .xls; and
ElementTree for .ods."""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import xlrd
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from importer.sources import cells, probe
from importer.sources.cells import Show, is_big, is_moment, is_padded, shown, text
from importer.sources.probe import Package
from importer.sources.sheets import Batch, Layout, Rows, Sheet

# XLSX and XLSM: by python-calamine, or by openpyxl where calamine would lose something.


class XlsxBook:
    """A workbook. `careful`: read it by openpyxl, whatever the probe says."""

    def __init__(self, path: str, *, careful: bool = False) -> None:
        self._path, self._careful = path, careful
        self._package = Package(path)
        self.sheets, self.since_1904 = self._package.sheets, self._package.since_1904

    def has_data(self, sheet: str) -> bool:
        return probe.has_data(self._package.open(self._package.sheet(sheet)))

    def rows(self, sheet: str) -> Rows:
        """The sheet's rows. It is passed over once to its end before its first row is given."""
        found = self._look(sheet)
        why = found.why or self._why_texts
        rows = None if self._careful or why else self._by_calamine(sheet, found.layout)
        return rows or self._by_openpyxl(sheet, found.layout)

    def close(self) -> None:
        self._package.close()

    def _look(self, sheet: str) -> probe.Findings:
        part, codes = self._package.sheet(sheet), list(enumerate(self._codes))
        return probe.look(
            self._package.open(part),
            self._package.size(part),
            [at for at, code in codes if is_padded(code)],
            [at for at, code in codes if is_moment(code)],
        )

    def _by_calamine(self, sheet: str, layout: Layout) -> Rows | None:
        """None where calamine can't read it. (Where it dies of it, the parent asks openpyxl.)"""

        try:
            return CalamineRows(opened(self._path).get_sheet_by_name(sheet), layout)
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return None

    def _by_openpyxl(self, sheet: str, layout: Layout) -> Rows:
        from importer.sources.openpyxl_reader import OpenpyxlRows, shared_texts

        part = self._package.part("sharedStrings")
        texts = shared_texts(self._package.open(part)) if part else {}
        shows = cells.shows(self._codes, since_1904=self.since_1904)
        return OpenpyxlRows(self._package.open(self._package.sheet(sheet)), texts, shows, layout)

    @cached_property
    def _codes(self) -> list[str]:
        part = self._package.part("styles")
        return cells.codes(self._package.tree(part) if part else None)

    @cached_property
    def _why_texts(self) -> str:
        part = self._package.part("sharedStrings")
        return probe.look_at_texts(self._package.open(part)) if part else ""


# Workbooks by python-calamine: XLSB, and most sheets of XLSX. It holds the whole sheet in memory.

_ERRORS_ARE_BLANK = (
    "In this format an error (#REF!) can't be told from a blank cell; save it as .xlsx to see them."
)


def opened(path: str) -> CalamineWorkbook:
    """The workbook, whatever its name says it is."""
    with Path(path).open("rb") as file:
        file.seek(0)  # on macOS all who open a descriptor's path share one place in it
        return CalamineWorkbook.from_filelike(file)


class CalamineBook:
    """An XLSB, or an XLS that xlrd can't read."""

    since_1904 = False
    """Not to be seen through calamine, which reads dates right."""

    def __init__(self, path: str) -> None:
        self._book = opened(path)
        self.sheets = [
            Sheet(
                each.name,
                each.typ == SheetTypeEnum.WorkSheet,
                each.visible == SheetVisibleEnum.Visible,
            )
            for each in self._book.sheets_metadata
        ]

    def has_data(self, sheet: str) -> bool:
        return self._book.get_sheet_by_name(sheet).start is not None

    def rows(self, sheet: str) -> CalamineRows:
        """The sheet's rows; the whole sheet is in memory from here on."""
        found = self._book.get_sheet_by_name(sheet)
        return CalamineRows(found, Layout(), (_ERRORS_ARE_BLANK,))

    def close(self) -> None:
        self._book.close()


class CalamineRows:
    """The rows of one sheet. calamine leaves out the blank columns on the left; they are put back, so
    that a column's letter stays what Excel shows."""

    def __init__(self, sheet: CalamineSheet, layout: Layout, notes: Sequence[str] = ()) -> None:
        self._sheet, self.layout, self.notes = sheet, layout, notes

    def __iter__(self) -> Iterator[Batch]:
        left = [""] * (self._sheet.start or (0, 0))[1]
        batch = Batch()
        for number, values in enumerate(self._sheet.iter_rows(), start=1):
            cells: list[Any] = left + values
            for at in [at for at, value in enumerate(cells) if type(value) is not str]:
                if type(cells[at]) is float and is_big(cells[at]):
                    batch.marks.append((number, at, "big_number"))
                cells[at] = text(cells[at])
            batch.add(number, cells)
            if batch.full:
                yield batch
                batch = Batch()
        yield batch


# XLS by xlrd, which alone sees number formats, errors and the layout, and reads every code page.


class XlsBook:
    """A workbook of Excel 5 to 2003. Raises what xlrd raises where it can't read it."""

    def __init__(self, path: str) -> None:
        self._book = xlrd.open_workbook(
            path, logfile=sys.stderr, formatting_info=True, ragged_rows=True
        )
        tables = iter(self._book.sheets())
        kinds: list[int] = self._book._all_sheets_map  # type: ignore[attr-defined]  # noqa: SLF001
        # xlrd keeps no names of charts and macros, which must count: a sheet can be named by its number.
        self._sheets = {
            each.name if each else f"({at}: a chart or a macro)": each
            for at, each in enumerate((next(tables) if kind >= 0 else None for kind in kinds), 1)
        }
        self.sheets = [
            Sheet(name, each is not None, each is None or not each.visibility)
            for name, each in self._sheets.items()
        ]
        formats = (self._book.format_map[each.format_key] for each in self._book.xf_list)
        codes = [each.format_str or cells.BUILT_IN.get(each.format_key, "") for each in formats]
        self.since_1904 = bool(self._book.datemode)
        self._shows = cells.shows(codes, since_1904=self.since_1904)

    def has_data(self, sheet: str) -> bool:
        found = self._sheets[sheet]
        return found is not None and any(
            kind not in _BLANK for row in range(found.nrows) for kind in found.row_types(row)
        )

    def rows(self, sheet: str) -> XlsRows:
        found = self._sheets[sheet]
        assert found is not None  # noqa: S101  `choose_sheet` chooses none without data
        return XlsRows(found, self._shows)

    def close(self) -> None:
        self._book.release_resources()


_BLANK = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)


class XlsRows:
    """The rows of one sheet. `shows`: by style, how a number is shown where not as it stands."""

    notes = ()

    def __init__(self, sheet: xlrd.sheet.Sheet, shows: Mapping[int, Show]) -> None:
        self._sheet, self._shows = sheet, shows
        columns = sheet.colinfo_map.items()
        self.layout = Layout(
            sum(self._filled(row) for row, each in sheet.rowinfo_map.items() if each.hidden),
            [(at, at) for at, each in sorted(columns) if each.hidden],
            [(top + 1, left, end, to - 1) for top, end, left, to in sheet.merged_cells],
        )

    def __iter__(self) -> Iterator[Batch]:
        batch = Batch()
        for row in range(self._sheet.nrows):
            kinds, values = self._sheet.row_types(row), self._sheet.row_values(row)
            found = list(enumerate(zip(kinds, values, strict=True)))
            batch.add(row + 1, [self._text(row, at, *each) for at, each in found])
            batch.marks.extend(
                (row + 1, at, "big_number")
                for at, (kind, value) in found
                if kind == xlrd.XL_CELL_NUMBER and is_big(value)
            )
            if batch.full:
                yield batch
                batch = Batch()
        yield batch

    def _filled(self, row: int) -> bool:
        return row < self._sheet.nrows and any(
            kind not in _BLANK for kind in self._sheet.row_types(row)
        )

    def _text(self, row: int, at: int, kind: int, value: Any) -> str:
        if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            show = self._shows.get(self._sheet.cell_xf_index(row, at))
            return shown(show, value) if show else text(value)
        if kind == xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(value, "#ERROR")
        return text(bool(value)) if kind == xlrd.XL_CELL_BOOLEAN else str(value)


# ODS, by the standard library. What a cell shows stands beside its value, and tells zeros in front.

_MOST_CELLS = 20_000_000
"""Cells and rows of ODS say how often they repeat: a few bytes may declare billions."""
_ODS_DURATION = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+)(?:[.,](\d+))?S")
_SPACES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_OFFICE, _TABLE, _TEXT, _STYLE = (_SPACES % each for each in ("office", "table", "text", "style"))
_KIND = f"{_OFFICE}value-type"
_KIND_SHOWN = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"


class OdsBook:
    """An OpenDocument spreadsheet; all of its sheets are in memory."""

    def __init__(self, path: str) -> None:
        self._rows: dict[str, OdsRows] = {}
        self.since_1904, self.sheets = False, list[Sheet]()
        hidden, rows = set[str](), OdsRows()
        with zipfile.ZipFile(path) as archive, archive.open("content.xml") as stream:
            for _, element in ET.iterparse(probe.WithoutDocumentType(stream)):  # noqa: S314  in a child with limits
                if element.tag == f"{_TABLE}table-row":
                    rows.add(element)
                    element.clear()
                elif element.tag == f"{_TABLE}table-column":
                    rows.add_column(element)
                elif element.tag == f"{_TABLE}table":
                    name = element.get(f"{_TABLE}name", "")
                    self.sheets.append(
                        Sheet(name, visible=element.get(f"{_TABLE}style-name") not in hidden)
                    )
                    self._rows[name], rows = rows, OdsRows()
                elif element.tag == f"{_TABLE}null-date":
                    self.since_1904 = element.get(f"{_TABLE}date-value", "").startswith("1904")
                elif element.tag == f"{_STYLE}style" and any(
                    each.get(f"{_TABLE}display") == "false" for each in element
                ):
                    hidden.add(element.get(f"{_STYLE}name", ""))

    def has_data(self, sheet: str) -> bool:
        return any(batch.rows for batch in self._rows[sheet])

    def rows(self, sheet: str) -> OdsRows:
        return self._rows[sheet]

    def close(self) -> None:
        """Nothing stays open."""


class OdsRows:
    """The rows of one sheet, as they are added."""

    notes = ()

    def __init__(self) -> None:
        self._batches, self._next, self._columns, self._cells = [Batch()], 1, 0, 0
        self._hidden, self._hidden_columns = 0, list[tuple[int, int]]()
        self._merged = list[tuple[int, int, int, int]]()

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)

    @property
    def layout(self) -> Layout:
        """What is hidden, and what is merged."""
        return Layout(self._hidden, self._hidden_columns, self._merged)

    def add_column(self, element: ET.Element) -> None:
        first = self._columns
        self._columns += _times(element, "columns-repeated")
        if element.get(f"{_TABLE}visibility", "visible") != "visible":
            self._hidden_columns.append((first, self._columns - 1))

    def add(self, element: ET.Element) -> None:
        row, times = self._next, _times(element, "rows-repeated")
        self._next += times
        cells, marks = list[str](), list[tuple[int, str]]()
        at = 0
        for cell in element:
            repeated = _times(cell, "columns-repeated")
            found = _ods_text(cell)
            if found:
                self._count(at + repeated)
                cells += [""] * (at - len(cells)) + [found] * repeated
            if cell.get(_KIND) in _NUMBERS and is_big(_ods_number(cell)):
                marks += [(each, "big_number") for each in range(at, at + repeated)]
            elif not found and cell.get(f"{_TABLE}formula") and _KIND not in cell.attrib:
                marks += [(each, "formula_without_value") for each in range(at, at + repeated)]
            self._merge(row, at, cell)
            at += repeated
        if not cells and not marks:
            return
        if element.get(f"{_TABLE}visibility", "visible") != "visible":
            self._hidden += times
        self._count(len(cells) * times)
        for each in range(row, row + times):
            if self._batches[-1].full:
                self._batches.append(Batch())
            self._batches[-1].add(each, list(cells))
            self._batches[-1].marks.extend((each, place, code) for place, code in marks)

    def _merge(self, row: int, at: int, cell: ET.Element) -> None:
        rows, columns = _times(cell, "rows-spanned"), _times(cell, "columns-spanned")
        if rows > 1 or columns > 1:
            self._merged.append((row, at, row + rows - 1, at + columns - 1))

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > _MOST_CELLS:
            raise zipfile.BadZipFile(f"more than {_MOST_CELLS:,} cells")


_NUMBERS = ("float", "currency", "percentage")


def _times(element: ET.Element, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}") or 1)


def _ods_number(cell: ET.Element) -> float:
    written = cell.get(f"{_OFFICE}value", "")
    return int(written) if written.lstrip("-").isdigit() else float(written)


def _ods_text(cell: ET.Element) -> str:
    """A cell's value. An error is known by LibreOffice's own attribute, and stands in what is shown."""
    kind = cell.get(_KIND, "")
    if cell.get(_KIND_SHOWN) == "error":
        written = _paragraphs(cell)
        return written if written.startswith("#") else "#VALUE!"
    if kind in _NUMBERS:
        value, written = _ods_number(cell), _paragraphs(cell)
        padded = written[:1] == "0" and written.isdigit() and int(written) == value
        return written if padded else text(value)
    if kind == "date":
        return cells.iso(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        return _ods_duration(cell.get(f"{_OFFICE}time-value", ""))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value", "").upper()
    return cell.get(f"{_OFFICE}string-value") or _paragraphs(cell)


def _ods_duration(written: str) -> str:
    found = _ODS_DURATION.fullmatch(written)
    if not found:
        return written
    sign, *clock = found.groups(default="")
    hours, minutes, seconds = map(int, clock[:3])
    passed = ((hours * 60 + minutes) * 60 + seconds) * 1000 + round(float(f"0.{clock[3]}0") * 1000)
    return cells.clock(-passed if sign else passed)


def _paragraphs(cell: ET.Element) -> str:
    return "\n".join(_written(each) for each in cell if each.tag == f"{_TEXT}p")


def _written(element: ET.Element) -> str:
    """All text in it, but for remarks, and for how a word is spoken."""
    parts = [element.text or ""]
    for each in element:
        if each.tag == f"{_TEXT}s":
            parts.append(" " * int(each.get(f"{_TEXT}c") or 1))
        elif each.tag in _BREAKS:
            parts.append(_BREAKS[each.tag])
        elif each.tag not in (f"{_OFFICE}annotation", f"{_TEXT}ruby-text"):
            parts.append(_written(each))
        parts.append(each.tail or "")
    return "".join(parts)


_BREAKS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
