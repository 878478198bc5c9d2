"""The oracle of the workbook tests: what a sheet's XML says, read whole, slowly and by another way than the
importer's: ElementTree, Decimal, and openpyxl's dates."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree as ET

from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.utils.datetime import from_excel

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_N = {"m": SPACE}
_FIFTEEN = Context(prec=15)

Table = dict[int, list[str]]
"""Cells by row, without blank rows and trailing blank cells."""


def read(path: str | Path, formats: dict[int, str] | None = None) -> Table:
    """The first sheet. `formats` says of styles whether they show a `date` or numbers of so many digits
    (`00000`); all others show numbers as they are."""
    with zipfile.ZipFile(path) as archive:
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        names = archive.namelist()
        listed = (
            archive.read("xl/sharedStrings.xml") if "xl/sharedStrings.xml" in names else b"<x/>"
        )
    texts = [_rich(each) for each in ET.fromstring(listed).findall("m:si", _N)]
    found: dict[int, dict[int, str]] = {}
    row = 0
    for each in sheet.findall("m:sheetData/m:row", _N):
        row, column = int(each.get("r", row + 1)), 0
        for cell in each.findall("m:c", _N):
            column = coordinate_to_tuple(cell.get("r", ""))[1] if "r" in cell.keys() else column + 1  # noqa: SIM118
            shown = (formats or {}).get(int(cell.get("s") or 0), "")
            found.setdefault(row, {})[column] = _text(cell, texts, shown)
    rows = {at: [cells.get(n, "") for n in range(1, max(cells) + 1)] for at, cells in found.items()}
    return {at: cells for at, row in sorted(rows.items()) if (cells := _trimmed(row))}


def _text(cell: ET.Element, texts: list[str], shown: str) -> str:
    inline, value = cell.find("m:is", _N), cell.findtext("m:v", "", _N)
    if inline is not None:
        return _rich(inline)
    if value and cell.get("t", "n") == "n":
        return _number(value, shown)
    by_type: dict[str, Callable[[str], str]] = {
        "s": lambda at: texts[int(at)],
        "b": {"0": "FALSE", "1": "TRUE"}.__getitem__,
        "str": _unescaped,
    }
    return by_type.get(cell.get("t", "n"), str)(value) if value else ""


def _number(value: str, shown: str) -> str:
    try:
        number = Decimal(value.strip())
    except InvalidOperation:
        return value
    if shown == "date" and 0 <= number < 2_958_466:
        return str(from_excel(float(value))).replace(" ", "T").removesuffix("T00:00:00")
    whole = number == number.to_integral_value()
    if whole and shown:
        return f"{int(number):0{len(shown)}}" if number >= 0 else f"{int(number)}"
    if whole and abs(number) < Decimal("1e21"):
        digits = f"{abs(int(number))}"
        zeroed = len(digits) > 16 and not digits[15:].strip("0")
        double = not value.strip().lstrip("+-").isdigit() and abs(float(number)) >= 2**53
        lost = Decimal(repr(float(number))).normalize()
        return f"{lost:E}" if zeroed or double else f"{int(number)}"
    # Excel keeps a double, and shows 15 digits of that: not of the text in the file.
    rounded = _FIFTEEN.create_decimal(Decimal(float(number))).normalize()
    if Decimal("1e-10") <= abs(rounded) < Decimal("1e21"):
        return f"{rounded:f}"
    return f"{rounded:E}".replace("E+0", "E+")


def _rich(item: ET.Element) -> str:
    runs = [item, *item.findall("m:r", _N)]
    return _unescaped("".join(each.findtext("m:t", "", _N) for each in runs))


def _unescaped(text: str) -> str:
    return re.sub("_x(000D|0041|005F)_", lambda found: chr(int(found[1], 16)), text)


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells
