"""A workbook's own ways reach the bodies and the plan: its epoch, its zeros, its merged cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
import xlwt
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.e2e.commands import Shell

ROWS: list[tuple[Any, ...]] = [
    ("id", "score", "comment", "when"),
    (42, 9, "gut", 43895.25),
    (43, None, "geht so", 43896),
]
MAPPING = """
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}
traits:
  respondedAt: {column: when, type: date, format: excel_serial}
repeats: {order_by: {column: when, type: date, format: excel_serial}, send: latest}
"""


def xlsx(folder: Path) -> str:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    for at in (2, 3):
        sheet[f"A{at}"].number_format = "00000"
    sheet.merge_cells("B2:B3")
    book.save(folder / "book.xlsx")
    return "book.xlsx"


def xls(folder: Path) -> str:
    book = xlwt.Workbook()
    book.dates_1904 = True
    sheet = book.add_sheet("A")
    for at, row in enumerate(ROWS):
        for column, cell in enumerate(row):
            if column != 1 or not at:
                sheet.write(
                    at, column, cell, xlwt.easyxf(num_format_str="General" if column else "00000")
                )
    sheet.write_merge(1, 2, 1, 1, 9)
    book.save(str(folder / "book.xls"))
    return "book.xls"


@pytest.mark.parametrize("make", [xlsx, xls])
def test_epoch_zeros_and_merged_cells(user: Shell, make: Callable[[Path], str]) -> None:
    file = make(user.folder)
    (user.folder / "m.yaml").write_text(MAPPING)
    planned = user("plan", file, "-m", "m.yaml", "--payloads", "p.jsonl", "--json")
    assert planned.document["rows"]["ready"] == 2
    bodies = [orjson.loads(line) for line in (user.folder / "p.jsonl").read_bytes().splitlines()]
    assert [(each["userId"], each["traits"]["respondedAt"][:16]) for each in bodies] == [
        ("00042", "2024-03-06T06:00"),
        ("00043", "2024-03-07T00:00"),
    ]
    assert any(
        "'score' (row 3)" in each and "(B2:B3)" in each for each in planned.document["warnings"]
    )
    traced = user("preview", file, "-m", "m.yaml", "--json").out
    assert "2024-03-06T06:00:00.000Z" in traced
    assert "2020-" not in traced
