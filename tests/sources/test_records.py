"""Parquet and SPSS, as pyarrow and pyreadstat write them; and what only looks like one."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet
import pyreadstat
import pytest

from importer.errors import SourceError, UsageError
from importer.mapping.ids import is_overwritten
from importer.sources import columnar, sheets, workbook
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.sources.reading import read, written

PERSON = "ada@example.org"


def day(*parts: int) -> dt.datetime:
    """A moment of no zone, as files have them."""
    return dt.datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


LATE = day(2024, 3, 5, 10, 20, 30, 500_000)


NANO, BERLIN = pyarrow.timestamp("ns"), pyarrow.timestamp("ms", "Europe/Berlin")


def parquet(path: Path, columns: dict[str, Any], **how: Any) -> str:
    pyarrow.parquet.write_table(pyarrow.table(columns), path, **how)
    return str(path)


def column(tmp_path: Path, values: list[Any], kind: Any = None, **how: Any) -> list[str]:
    """The cells of one column, beside one that keeps every row."""
    array = values if kind is None else pyarrow.array(values, kind)
    path = parquet(tmp_path / "a.parquet", {"keep": ["x"] * len(values), "c": array}, **how)
    return [cells[1] for cells in read(path).cells]


@pytest.mark.parametrize(
    ("values", "kind", "shown"),
    [
        (["00121", None, " x "], pyarrow.string(), ["00121", "", " x "]),
        (["00121", None], pyarrow.large_string(), ["00121", ""]),
        (["a", None, "b", "a"], pyarrow.dictionary(pyarrow.int8(), pyarrow.string()), ["a", "", "b", "a"]),
        ([4711, None], pyarrow.int32(), ["4711", ""]),
        ([2**64 - 1], pyarrow.uint64(), ["18446744073709551615"]),
        ([4711.0, 9.5, float("nan"), None], pyarrow.float64(), ["4711", "9.5", "", ""]),
        ([0.1, None], pyarrow.float32(), ["0.1", ""]),
        ([0.5, 7], pyarrow.float16(), ["0.5", "7"]),
        ([Decimal("4711.00"), Decimal("9.50")], pyarrow.decimal128(9, 2), ["4711", "9.5"]),
        ([True, None], pyarrow.bool_(), ["TRUE", ""]),
        ([None, None], pyarrow.null(), ["", ""]),
        ([dt.date(2024, 3, 5)], pyarrow.date32(), ["2024-03-05"]),
        ([LATE, day(2024, 3, 5), None], NANO, ["2024-03-05T10:20:30.500000", "2024-03-05", ""]),
        ([day(2024, 3, 5, 10)], BERLIN, ["2024-03-05T11:00:00+01:00"]),
        ([day(2024, 3, 5, 10)], pyarrow.timestamp("us", "+05:30"), ["2024-03-05T15:30:00+05:30"]),
        ([dt.time(10, 20, 30)], pyarrow.time64("ns"), ["10:20:30"]),
        ([dt.timedelta(hours=30)], pyarrow.duration("ns"), ["30:00:00"]),
        ([["a", "b"], [], None], pyarrow.list_(pyarrow.string()), ['["a", "b"]', "[]", ""]),
        ([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int8()), ['[["k", 1]]']),
        ([uuid.UUID(int=5).bytes], pyarrow.uuid(), ["00000000-0000-0000-0000-000000000005"]),
    ],
)  # fmt: skip
def test_parquet_is_read_as_it_shows(
    tmp_path: Path, values: list[Any], kind: Any, shown: list[str]
) -> None:
    """What the child does, without the second in which it starts."""
    columns = {"c": pyarrow.array(values, kind), "keep": ["x"] * len(values)}
    path = parquet(tmp_path / "a.parquet", columns)
    assert [each[0] for each in told(columnar.parquet(path, "a.parquet"))] == ["c", *shown]


def told(book: sheets.Book) -> list[Sequence[str]]:
    """The header and the rows."""
    return [cells for batch in book.rows("") for cells in batch.cells]


def test_parquet_of_other_tools(tmp_path: Path) -> None:
    """Spark's nanoseconds of 96 bits, a frame's index, fields in fields, whatever codec and page."""
    far = [day(9999, 12, 31), day(1600, 1, 1)]
    kind = pyarrow.timestamp("us")
    int96 = column(tmp_path, [LATE], kind, use_deprecated_int96_timestamps=True)
    assert int96 == ["2024-03-05T10:20:30.500000"]
    assert column(tmp_path, far, kind) == ["9999-12-31", "1600-01-01"]
    frame = pandas.DataFrame({"id": ["a", "b"], "score": [9, 8]}).set_index("id")
    frame.to_parquet(tmp_path / "f.parquet")
    assert read(tmp_path / "f.parquet").header == ("score", "id")
    user = {"user": [{"id": "7", "plan": {"name": "Pro"}}, None], "score": [9, 10]}
    for codec in ("snappy", "gzip", "zstd", "lz4", "brotli", "none"):
        path = parquet(tmp_path / f"{codec}.parquet", user, compression=codec, version="1.0")
        found = read(path)
        assert found.header == ("user.id", "user.plan.name", "score")
        assert found.rows == [(1, ["7", "Pro", "9"]), (2, ["", "", "10"])]
        assert (found.facts.format, found.facts.header_rows, found.sheet) == ("parquet", (0,), "")


def test_many_row_groups_keep_their_order_and_places(tmp_path: Path) -> None:
    ids = [f"{n:06}" if n % 100 else None for n in range(25_000)]
    path = parquet(tmp_path / "a.parquet", {"id": ids}, row_group_size=1_700)
    with open_source(path) as source:
        for _ in range(2):  # a second reading starts another child
            found = [
                pair
                for chunk in source.chunks()
                for pair in zip(chunk.rows, chunk.columns[0], strict=True)
            ]
            assert found == [(n, text) for n, text in enumerate(ids, 1) if text]
        assert source.blank_rows == 250


@pytest.mark.parametrize(
    ("values", "kind", "what"),
    [
        ([None, PERSON.encode()], pyarrow.binary(), "row 2, column 'c': a value of type bytes"),
        ([253_402_300_800_000_000 * 10], pyarrow.timestamp("us"), "a date that no calendar has"),
    ],
)
def test_what_is_no_cell_of_parquet_is_told(
    tmp_path: Path, values: list[Any], kind: Any, what: str
) -> None:
    with pytest.raises(SourceError) as told:
        column(tmp_path, values, kind)
    assert what in told.value.message
    assert PERSON not in told.value.message + told.value.hint


def test_numbers_of_parquet_that_may_be_several_are_no_ids(tmp_path: Path) -> None:
    for kind, value in ((pyarrow.float64(), 2.0**53), (pyarrow.float32(), 2.0**24)):
        (text,) = column(tmp_path, [value], kind)
        assert is_overwritten(text)


def sav(path: Path, **how: Any) -> str:
    frame = pandas.DataFrame(
        {
            "id": ["00121", "Jürgen", "00123"],
            "nps": [9.0, 99.0, None],
            "sex": [1.0, 2.0, None],
            "ends": [1.0, 3.0, 5.0],
            "day": [dt.date(2024, 3, 5), None, dt.date(2024, 3, 6)],
            "at": [LATE.replace(microsecond=0), None, day(1950, 1, 1)],
            "month": [dt.date(2024, 3, 1), None, dt.date(2024, 4, 1)],
            "took": [dt.time(10, 20), None, dt.time(1)],
            "padded": [42.0, None, 123_456.0],
        }
    )
    pyreadstat.write_sav(
        frame,
        path,
        variable_value_labels={
            "sex": {1: "female", 2: "männlich"},
            "nps": {98: "don't know", 99: "refused"},
            "ends": {1: "bad", 5: "good"},
        },
        missing_ranges={"nps": [{"lo": 98, "hi": 99}]},
        variable_format={"month": "MOYR8", "padded": "N6"},
        **how,
    )
    return str(path)


@pytest.mark.parametrize("compress", [False, True])
def test_spss_shows_codes_and_what_they_mean(tmp_path: Path, compress: bool) -> None:
    found = read(sav(tmp_path / "a.sav", compress=compress))
    names = ("id", "nps", "sex", "ends", "day", "at", "month", "took", "padded")
    assert found.header == (*names, "sex (label)")
    assert found.rows == [
        (1, ["00121", "9", "1", "1", "2024-03-05", "2024-03-05T10:20:30", "2024-03-01", "10:20:00",
             "000042", "female"]),
        (2, ["Jürgen", "", "2", "3", "", "", "", "", "", "männlich"]),
        (3, ["00123", "", "", "5", "2024-03-06", "1950-01-01", "2024-04-01", "01:00:00", "123456", ""]),
    ]  # fmt: skip
    assert (found.facts.format, found.facts.encoding) == ("sav", "")
    assert "'sex (label)'" in found.facts.notes[0]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("TIME8", ["30:00:00", "00:00:01.500"]),
        ("DTIME20", ["30:00:00", "00:00:01.500"]),
        ("DATETIME20", ["1582-10-15T06:00:00", "1582-10-14T00:00:01.500000"]),
        ("YMDHMS20", ["1582-10-15T06:00:00", "1582-10-14T00:00:01.500000"]),
        ("SDATE10", ["1582-10-15", "1582-10-14"]),
        ("QYR8", ["1582-10-15", "1582-10-14"]),
        ("F8.2", ["108000", "1.5"]),
        ("DOLLAR8", ["108000", "1.5"]),
    ],
)
def test_times_of_spss_keep_all_their_hours(tmp_path: Path, kind: str, shown: list[str]) -> None:
    frame = pandas.DataFrame({"t": [108_000.0, 1.5], "far": [1e15, 1.0]})
    formats = {"t": kind, "far": "DATETIME20"}
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_format=formats)
    header, *cells = told(columnar.spss(str(tmp_path / "a.sav"), "a.sav", ""))
    assert [each[0] for each in cells] == shown
    assert (header[1], cells[0][1]) == ("far", "1000000000000000")


def test_spss_in_several_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_CELLS", 0)
    for number in (sheets.TOGETHER * 2, sheets.TOGETHER * 2 + 1, 0):
        path = tmp_path / f"{number}.sav"
        frame = pandas.DataFrame({"id": [f"{n:05}" for n in range(number)], "n": [1.0] * number})
        pyreadstat.write_sav(frame, path)
        book = columnar.spss(str(path), "a.sav", "")
        found = [pair for batch in book for pair in zip(batch.rows, batch.cells, strict=True)]
        assert found == [(0, ["id", "n"]), *((n + 1, [f"{n:05}", "1"]) for n in range(number))]


def test_an_encoding_that_is_named_is_taken(tmp_path: Path) -> None:
    path = Path(sav(tmp_path / "a.sav"))
    data = path.read_bytes().replace("Jürgen".encode(), b"J\xfcrgen ")
    old = written(tmp_path / "b.sav", data)
    with pytest.raises(SourceError, match="can't be read as an SPSS file") as told:
        read(old)
    assert "encoding" in told.value.hint
    assert read(old, SourceOptions(encoding="windows-1252")).cells[1][0].startswith("Jür")


def _parquet(path: Path) -> str:
    return parquet(path / "a.parquet", {"id": ["1", "2"], "score": [9, 10]})


def _sav(path: Path) -> str:
    return sav(path / "a.sav")


MAKES = pytest.mark.parametrize("make", [_parquet, _sav])


@MAKES
def test_packed_and_misnamed_like_any_other(tmp_path: Path, make: Any) -> None:
    path = Path(make(tmp_path))
    packed = written(tmp_path / "a.csv", gzip.compress(path.read_bytes()))
    assert read(packed).rows == read(path).rows
    assert read(packed).facts.compression == "gzip"


@MAKES
def test_what_is_damaged_is_told(tmp_path: Path, make: Any) -> None:
    data = Path(make(tmp_path)).read_bytes()
    for number, broken in enumerate((data[: len(data) // 2], data[:8], data[:8] + bytes(200))):
        with pytest.raises(SourceError) as told:
            read(written(tmp_path / f"{number}.x", broken))
        assert "can't be read as" in told.value.message
        assert told.value.hint


@MAKES
def test_a_file_that_changes_meanwhile_is_told(tmp_path: Path, make: Any) -> None:
    path = Path(make(tmp_path))
    with open_source(str(path)) as source:
        os.utime(path, ns=(1, 1))
        with pytest.raises(SourceError, match="changed while it was read"):
            list(source.chunks())


@MAKES
def test_without_the_library_the_command_that_brings_it_is_told(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path)
    monkeypatch.setattr(workbook, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="isn't installed") as told:
        open_source(path)
    extra = "parquet" if "parquet" in path else "spss"
    assert told.value.hint == f"Install it: pip install 'satismeter-importer[{extra}]'"


def test_a_page_that_unpacks_to_more_than_memory_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some kilobytes that hold an eighth of a gigabyte of text, for a child that has a third of its memory:
    it ends, and says so."""
    monkeypatch.setattr(workbook, "_MEMORY", workbook._MEMORY // 3)
    text = pyarrow.array(["x" * (1 << 27)], pyarrow.large_string())
    path = parquet(tmp_path / "a.parquet", {"id": text}, compression="zstd", use_dictionary=False)
    assert Path(path).stat().st_size < 1 << 20
    with pytest.raises(SourceError, match="can't be read as a Parquet file"):
        read(path)


def test_rows_without_end_are_cut_off_by_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of records in a few kilobytes of runs."""
    path = parquet(
        tmp_path / "a.parquet", {"id": pyarrow.repeat("x", 3_000_000)}, row_group_size=3_000_000
    )
    assert Path(path).stat().st_size < 1 << 16
    monkeypatch.setattr(workbook, "_SECONDS", 1)
    with pytest.raises(SourceError, match="it took too much time"):
        read(path)


def test_nothing_of_them_is_imported_here(tmp_path: Path) -> None:
    """The libraries work in the child alone, and pandas nowhere."""
    script = (
        "import sys\nfrom importer.sources import open_source\n"
        "for path in sys.argv[1:]:\n    with open_source(path) as source: list(source.chunks())\n"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'pyreadstat'} & set(sys.modules)))"
    )
    lines = written(tmp_path / "a.jsonl", '{"id": 1}')
    command = [sys.executable, "-c", script, _parquet(tmp_path), _sav(tmp_path), lines]
    found = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert found.stdout.strip() == "[]"
