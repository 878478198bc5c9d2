"""XLSX and XLSM: by python-calamine, or by openpyxl where calamine would lose something."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from importer.loader import number_formats, probe
from importer.loader.sheets import Rows
from importer.loader.xlsx_package import Package


class XlsxBook:
    """A workbook. `careful`: read it by openpyxl, whatever the probe says."""

    def __init__(self, path: str, *, careful: bool = False) -> None:
        self._path, self._careful = path, careful
        self._package = Package(path)
        self.sheets = self._package.sheets

    def has_data(self, sheet: str) -> bool:
        return probe.has_data(self._package.open(self._package.sheet(sheet)))

    def rows(self, sheet: str) -> Rows:
        """The sheet's rows. It is passed over once to its end before its first row is given."""
        found = self._look(sheet)
        notes = list(_notes(found.hidden))
        why = found.why or self._why_texts
        rows = None if self._careful or why else self._by_calamine(sheet, notes)
        return rows or self._by_openpyxl(sheet, notes)

    def close(self) -> None:
        """Close the file."""
        self._package.close()

    def _look(self, sheet: str) -> probe.Found:
        part, codes = self._package.sheet(sheet), list(enumerate(self._codes))
        return probe.look(
            self._package.open(part),
            self._package.size(part),
            [at for at, code in codes if number_formats.is_padded(code)],
            [at for at, code in codes if number_formats.is_moment(code)],
        )

    def _by_calamine(self, sheet: str, notes: list[str]) -> Rows | None:
        """None where calamine can't read it. (Where it dies of it, the parent asks openpyxl.)"""
        from importer.loader.calamine_book import CalamineRows, opened

        try:
            return CalamineRows(opened(self._path).get_sheet_by_name(sheet), notes)
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            return None

    def _by_openpyxl(self, sheet: str, notes: list[str]) -> Rows:
        from importer.loader.openpyxl_rows import OpenpyxlRows, shared_texts

        part = self._package.part("sharedStrings")
        texts = shared_texts(self._package.open(part)) if part else {}
        shows = number_formats.shows(self._codes, since_1904=self._package.since_1904)
        return OpenpyxlRows(self._package.open(self._package.sheet(sheet)), texts, shows, notes)

    @cached_property
    def _codes(self) -> list[str]:
        part = self._package.part("styles")
        return number_formats.codes(self._package.tree(part) if part else None)

    @cached_property
    def _why_texts(self) -> str:
        part = self._package.part("sharedStrings")
        return probe.look_at_texts(self._package.open(part)) if part else ""


def _notes(hidden: int) -> Iterator[str]:
    if hidden == 1:
        yield "1 row is hidden or filtered away; it is read too."
    elif hidden:
        yield f"{hidden:,} rows are hidden or filtered away; they are read too."
