"""Workbooks of every format, read through the child process."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from importer.errors import SourceError
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.sources import workbooks
from tests.sources.reading import read

DATA = Path(__file__).parent / "data"

KINDS = {
    "id": "6666761644",
    "fraction": "0.3",
    "small": "0.00001",
    "huge": "1.5E+30",
    "true": "TRUE",
    "false": "FALSE",
    "date": "2024-03-05",
    "moment": "2024-03-05T10:20:30",
    "fraction of a second": "2024-03-05T10:20:30.123",
    "time": "10:20:30",
    "duration": "30:15:00",
    "leading zeros": "00123",
    "apostrophe": "'+12",
    "line break": "a\nb",
    "spaces": "  x ",
    "NA": "NA",
    "1e5": "1e5",
    "accents": "žluťoučký 日本 🙂",
    "percent": "0.85",
    "blank": "",
    "formula": "2",
    "error": "#DIV/0!",
    "missing": "#N/A",
    "last": "end",
}
DIFFERENT = {"ods": {"true": "1", "false": "0", "fraction of a second": "2024-03-05T10:20:30.120"}}


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_every_format_gives_the_same_text(kind: str) -> None:
    found = read(DATA / f"kinds.{kind}")
    assert dict(found.cells) == KINDS | DIFFERENT.get(kind, {})
    assert [row for row, _ in found.rows] == list(range(2, 26))
    assert (found.sheet, found.facts.format) == ("Kinds", kind)
    assert found.facts.sheets == ("Kinds", "Empty", "Notes")
    assert "Other sheets with data: Notes (hidden)." in found.facts.notes


def test_xlsb(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Kind", "Value"],
        ["id", 6666761644],
        ["yes", True],
        ["zeros", "00123"],
        [None, "é"],
    ]
    found = read(workbooks.xlsb(tmp_path / "a.xlsb", rows))
    assert found.header == ("Kind", "Value")
    assert found.cells == [["id", "6666761644"], ["yes", "TRUE"], ["zeros", "00123"], ["", "é"]]
    assert found.facts.format == "xlsb"


def test_rows_and_letters_are_those_of_excel(tmp_path: Path) -> None:
    rows = workbooks.row(7, ("C", "id"), ("D", "score")) + workbooks.row(9, ("C", "1"), ("D", "9"))
    found = read(workbooks.by_hand(tmp_path / "a.xlsx", rows))
    assert found.header == ("", "", "id", "score")
    assert found.rows == [(9, ["", "", "1", "9"])]
    assert (found.facts.header_rows, found.blank_rows) == ((7,), 1)


def test_small_chunks_and_second_reading(tmp_path: Path) -> None:
    path = workbooks.saved(tmp_path / "a.xlsx", [["n"], *[[n] for n in range(5_000)]])
    expected = [(n + 2, [str(n)]) for n in range(5_000)]
    assert read(path).rows == expected
    with open_source(path) as source:
        for _ in range(2):
            rows = [row for chunk in source.chunks(700) for row in chunk.rows]
            assert rows == [row for row, _ in expected]
        next(source.chunks(10))
        assert sum(len(chunk.rows) for chunk in source.chunks()) == 5_000


def test_damage_only_a_workbook_has(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["id", "score"],
        [12345678901234567890, "=1+1"],
        [1234567890123456, 9],
        [5, "#REF!"],
    ]
    found = read(workbooks.saved(tmp_path / "a.xlsx", rows))
    assert found.cells[0] == ["1.234567890123457E+19", ""]
    assert sorted(found.damaged()) == [
        ("big_number", 2, "id"),
        ("big_number", 3, "id"),
        ("excel_error", 4, "score"),
        ("formula_without_value", 2, "score"),
        ("scientific_id", 2, "id"),
    ]


def test_a_formula_that_gives_an_empty_text_has_a_value(tmp_path: Path) -> None:
    cells = '<c r="A2" t="str"><f>""</f><v></v></c><c r="B2"><f>1+1</f><v>2</v></c>'
    rows = workbooks.row(1, ("A", "a"), ("B", "b")) + f'<row r="2">{cells}</row>'
    found = read(workbooks.by_hand(tmp_path / "a.xlsx", rows))
    assert (found.cells, found.damage) == ([["", "2"]], [])


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    hidden = workbooks.row(2, ("A", "x")).replace("<row", '<row hidden="1"')
    rows = workbooks.row(1, ("A", "a")) + hidden + workbooks.row(3, ("A", "y"))
    found = read(workbooks.by_hand(tmp_path / "a.xlsx", rows))
    assert len(found.rows) == 2
    assert found.facts.notes == ("1 row is hidden or filtered away; it is read too.",)


def test_a_column_without_a_label_is_a_column_but_a_far_cell_is_ragged(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2, 3]]
    rows += [[1, 2] for _ in range(300)]
    rows += [[1, 2, None, None, "far"]]
    found = read(workbooks.saved(tmp_path / "a.xlsx", rows))
    assert found.header == ("a", "b", "")
    assert found.cells[0] == ["1", "2", "3"]
    assert [(row, each.code) for row, each in found.problems.items()] == [(303, "ragged_row")]


def several(path: Path) -> str:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Empty"
    for name, state in [("Secret", "hidden"), ("Answers", "visible"), ("Raw Data", "visible")]:
        sheet = book.create_sheet(name)
        sheet.sheet_state = state
        sheet.append([name])
        sheet.append([1])
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.save(path)
    return str(path)


def test_the_first_visible_sheet_with_data(tmp_path: Path) -> None:
    found = read(several(tmp_path / "a.xlsx"))
    assert (found.sheet, found.header) == ("Answers", ("Answers",))
    assert found.facts.notes == ("Other sheets with data: Secret (hidden), Raw Data.",)


def test_a_sheet_asked_for_leaves_others_unread_and_tells(tmp_path: Path) -> None:
    path = several(tmp_path / "a.xlsx")
    found = read(path, SourceOptions(sheet="Answers"))
    assert found.facts.notes == ("Other sheets with data: Raw Data.",)
    hidden = read(path, SourceOptions(sheet="Secret"))
    assert hidden.facts.notes == ("Other sheets with data: Answers, Raw Data.",)


@pytest.mark.parametrize(
    ("wanted", "sheet"),
    [("Raw Data", "Raw Data"), (" raw data", "Raw Data"), (2, "Secret"), ("3", "Answers")],
)
def test_a_sheet_by_name_or_number(tmp_path: Path, wanted: str | int, sheet: str) -> None:
    assert read(several(tmp_path / "a.xlsx"), SourceOptions(sheet=wanted)).sheet == sheet


@pytest.mark.parametrize(
    ("wanted", "message", "hint"),
    [
        ("Answer", "no sheet Answer", "Did you mean Answers?"),
        (9, "no sheet 9", "Empty, Secret (hidden), Answers, Raw Data, Chart"),
        ("Chart", "is a chart", "Answers"),
        ("Empty", "Empty is empty", "Answers"),
    ],
)
def test_a_wrong_sheet(tmp_path: Path, wanted: str | int, message: str, hint: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        open_source(several(tmp_path / "a.xlsx"), SourceOptions(sheet=wanted))
    assert hint in caught.value.hint


def test_a_workbook_is_known_by_its_bytes_not_by_its_name(tmp_path: Path) -> None:
    for kind in ("xlsx", "xls", "ods"):
        expected = read(DATA / f"kinds.{kind}").cells
        for name in ("a.xls", "a.ods", "answers.csv"):
            path = shutil.copy(DATA / f"kinds.{kind}", tmp_path / name)
            found = read(path)
            assert (found.facts.format, found.cells) == (kind, expected), name


def test_an_xls_with_a_zip_inside_is_an_xls(tmp_path: Path) -> None:
    """Excel since 2007 saves the theme so; zipfile finds it in a small one."""
    theme = io.BytesIO()
    with zipfile.ZipFile(theme, "w") as archive:
        archive.writestr("theme/theme/theme1.xml", "<theme/>")
    path = tmp_path / "a.xls"
    path.write_bytes((DATA / "kinds.xls").read_bytes() + theme.getvalue())
    assert zipfile.is_zipfile(path)
    found = read(path)
    assert (found.facts.format, found.cells) == ("xls", read(DATA / "kinds.xls").cells)


def test_an_encrypted_xls(tmp_path: Path) -> None:
    """The record after the stream's first says so (MS-XLS 2.4.117, FilePass)."""
    data = bytearray((DATA / "kinds.xls").read_bytes())
    first = data.find(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    data[first + 20 : first + 22] = b"\x2f\x00"
    (tmp_path / "a.xls").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.xls is encrypted") as caught:
        open_source(str(tmp_path / "a.xls"))
    assert "password" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!-- exported -->\n<html><table><tr><td>1</td></tr></table>", "a web page"),
        (b"\xef\xbb\xbf<table><tr><td>1</td></tr></table>", "a web page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "a web archive"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "an XML spreadsheet"),
        (b"\x09\x04\x06\x00\x00\x04\x10\x00" + bytes(50), "a sheet of Excel 4 or older"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS"),
        (b"From: <Saved by Windows>\r\nSubject: x\r\n y\r\nMIME-Version: 1.0\r\n", "a web archive"),
        ("<html><table><tr><td>1</td></tr></table>".encode("utf-16"), "a web page"),
        (b"<!-- a --><!-- b -->\n<style>x</style><table><tr><td>1</td>", "a web page"),
        (b'<?xml version="1.0"?>\n<!-- x --><!DOCTYPE html>\n<html>', "a web page"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\n", "a SYLK file"),
        (b"ID;PCALCOOO32\nB;Y3;X2\nC;Y1;X1;K1\n", "a SYLK file"),
        (b"\r\n%PDF-1.7\n", "a PDF"),
        (b"/annex/objects/SHA256E-s1--ab.csv\n", "git-annex"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQ\n", "is encrypted"),
        (b"\x85\x02\x0c\x03" + bytes(50), "is encrypted"),
        (b"age-encryption.org/v1\n-> X25519 a\n", "is encrypted"),
        (b"PK\x05\x06" + bytes(18), "an empty archive"),
        (
            b"\xd0\xcf\x11\xe0" + bytes(600) + "WordDocument".encode("utf-16-le"),
            "holds no workbook",
        ),
        (b"\xef\xbb\xbf", "it holds no text"),
    ],
)
def test_what_is_called_xls_and_is_none(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.xls").write_bytes(content)
    with pytest.raises(SourceError, match=what):
        open_source(str(tmp_path / "a.xls"))


@pytest.mark.parametrize(
    "content",
    [
        "id\tMIME-Version\tversion\n1\t2\t3\n",
        "ID;Plan;NPS\nP;Pro;9\n",
        "ID;PLZ;N;E\nC;Yes;1;2\n",
        "From: x,Table: y,z\n1,2,3\n",
        "<5,5-10,>10\n1,2,3\n",
        "encrypted,PK,x\n1,2,3\n",
    ],
)
def test_text_called_xls_is_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.xls").write_text(content)
    found = read(tmp_path / "a.xls")
    assert (found.facts.format, len(found.rows)) == ("csv", 1)


def test_no_text_at_all(tmp_path: Path) -> None:
    for content, told in (("\n", "the first row is blank"), ("\n \n", "first 2 rows are blank")):
        (tmp_path / "a.csv").write_text(content)
        with pytest.raises(SourceError, match=told):
            open_source(str(tmp_path / "a.csv"))


@pytest.mark.parametrize("part", ["content.xml", "encrypted-package"])
def test_an_encrypted_ods(tmp_path: Path, part: str) -> None:
    """LibreOffice encrypts each part, since 24.2 all of them together."""
    path = workbooks.ods(tmp_path / "a.ods", "")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("META-INF/manifest.xml", "<file-entry><encryption-data/></file-entry>")
        if part != "content.xml":
            archive.writestr(part, b"\x93\x11")
    with pytest.raises(SourceError, match=r"a\.ods is encrypted") as caught:
        open_source(path)
    assert "password" in caught.value.hint


def test_a_damaged_ods(tmp_path: Path) -> None:
    """Its list says a wrong place of its first part."""
    path = Path(workbooks.ods(tmp_path / "a.ods", ""))
    for wrong in (b"\x05\0\0\0", b"\xff\xff\xff\x7f"):
        data = bytearray(path.read_bytes())
        place = data.find(b"PK\x01\x02") + 42
        data[place : place + 4] = wrong
        path.write_bytes(data)
        with pytest.raises(SourceError, match="damaged"):
            open_source(str(path))


def test_a_zip_with_a_password(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "id,score\n1,9\n")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(SourceError, match=r"a\.csv is encrypted") as caught:
        open_source(str(tmp_path / "a.zip"))
    assert "password" in caught.value.hint


def test_a_text_document_is_no_spreadsheet(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<document/>")
    with pytest.raises(SourceError, match="no spreadsheet"):
        open_source(str(tmp_path / "a.odt"))


def test_more_columns_than_can_be_read(tmp_path: Path) -> None:
    labels = [f"c{at}" for at in range(6_000)]
    (tmp_path / "a.csv").write_text(",".join(labels) + "\n")
    with pytest.raises(SourceError, match="reaches column HVT") as caught:
        open_source(str(tmp_path / "a.csv"))
    assert caught.value.hint == "Delete the columns that aren't imported."


def test_a_document_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    with pytest.raises(SourceError, match="it holds no workbook"):
        open_source(str(tmp_path / "a.xlsx"))


def test_text_has_no_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    assert read(path, SourceOptions(sheet="Answers")).sheet == ""


@pytest.mark.parametrize(
    ("shown_as", "text"),
    [
        ('"K-"00000', "K-00042"),
        ("00000\\-00", "00000-42"),
        ("0000-0000", "0000-0042"),
        ("[Red]00000", "00042"),
        ("[$-407]000 00_)", "000 42"),
        ("00000;-00000", "00042"),
        ('"K-"0', "42"),
        ('0" / 10"', "42"),
        ("#,##0", "42"),
        ("00.00", "42"),
        ("[<=99]00000;0", "42"),
        ("00%", "42"),
    ],
)
def test_a_number_in_a_format_of_zeros(tmp_path: Path, shown_as: str, text: str) -> None:
    """What Excel shows is the id that people know; other formats say nothing of the number."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    values: tuple[str | float, ...] = ("id", 42, 1234567, 1.5, -3)
    for row, value in enumerate(values, 1):
        sheet.cell(row, 1, value).number_format = shown_as
    book.save(tmp_path / "a.xlsx")
    (first, *others) = [cells[0] for cells in read(str(tmp_path / "a.xlsx")).cells]
    assert first == text
    assert "".join(filter(str.isdigit, others[0])).lstrip("0") == "1234567"
    assert others[1:] == ["1.5", "-3"]
