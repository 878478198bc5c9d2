"""DataFrames of pandas: read as they show, or a clear error without anybody's data in it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pandas
import pytest

from importer.errors import SourceError, UsageError
from importer.mapping.ids import is_overwritten
from importer.sources.source import open_source
from importer.sources.table import MOST_COLUMNS, MOST_TEXT, SourceOptions

NA: Any = pandas.NA
PERSON = "ada@example.org"


def cells(values: Any, dtype: Any = None) -> list[str]:
    """The cells of one column, as they are read beside a column that keeps every row."""
    series = pandas.Series(values, dtype=dtype)
    frame = pandas.DataFrame({"keep": ["x"] * len(series), "c": series})
    with open_source(frame) as source:
        return [cell for chunk in source.chunks() for cell in chunk.columns[1]]


class Shade(enum.StrEnum):
    RED = "red"


class Plain(str, enum.Enum):  # noqa: UP042  as old programs have it
    BLUE = "blue"


@pytest.mark.parametrize(
    ("values", "dtype", "shown"),
    [
        (["00121", "", "NA", "nan"], "object", ["00121", "", "NA", "nan"]),
        (["00121", None], "string", ["00121", ""]),
        (["00121", None], "string[pyarrow]", ["00121", ""]),
        ([4711, 12], "int64", ["4711", "12"]),
        ([4711, None, 12], "float64", ["4711", "", "12"]),
        ([4711, None], "Int64", ["4711", ""]),
        ([4711, None], "int64[pyarrow]", ["4711", ""]),
        ([2**64 - 1], "uint64", ["18446744073709551615"]),
        ([9007199254740993], "int64", ["9007199254740993"]),
        ([10**30, -(10**30)], "object", ["1" + "0" * 30, "-1" + "0" * 30]),
        ([0.3, 9.5, -0.0, 1e-12], "float64", ["0.3", "9.5", "0", "1E-12"]),
        ([0.1, 16_777_215, None], "float32", ["0.1", "16777215", ""]),
        ([0.1, 2_047], "float16", ["0.1", "2047"]),
        ([0.1, None], "Float32", ["0.1", ""]),
        ([0.1, None], "float[pyarrow]", ["0.1", ""]),
        ([True, False], "bool", ["TRUE", "FALSE"]),
        ([True, None], "boolean", ["TRUE", ""]),
        ([None, float("nan"), NA, pandas.NaT, 1], "object", ["", "", "", "", "1"]),
        (["a", None, "b"], "category", ["a", "", "b"]),
        ([3, None, 1], "category", ["3", "", "1"]),
        ([7.0, 0.0], pandas.SparseDtype("float64"), ["7", "0"]),
        ([Decimal("10.50"), Decimal("9.0"), Decimal("NaN")], "object", ["10.5", "9", ""]),
        ([Decimal("1E+3"), Decimal("-0.0")], "object", ["1000", "0"]),
        ([dt.date(2024, 3, 5), dt.time(10, 20)], "object", ["2024-03-05", "10:20:00"]),
        ([dt.timedelta(hours=30), None], "timedelta64[ns]", ["30:00:00", ""]),
        ([Shade.RED, Plain.BLUE], "object", ["red", "blue"]),
        ([uuid.UUID(int=5)], "object", ["00000000-0000-0000-0000-000000000005"]),
        ([np.int64(5), np.float32(0.1), np.bool_(True), np.str_("x")], "object", ["5", "0.1", "TRUE", "x"]),
        ([np.datetime64("2024-03-05T10:20:30"), np.datetime64("NaT")], "object", ["2024-03-05T10:20:30", ""]),
        ([pandas.Period("2024-03", "M")], None, ["2024-03"]),
        ([1, "one", 2.5, True, None], "object", ["1", "one", "2.5", "TRUE", ""]),
        (["half \ud800"], "object", ["half \ud800"]),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_shows(values: Any, dtype: Any, shown: list[str]) -> None:
    assert cells(values, dtype) == shown


def test_moments_keep_their_zone() -> None:
    texts: list[Any] = ["2024-03-05 10:20:30.5", None, "2024-03-05"]
    when = pandas.to_datetime(texts, format="ISO8601")
    assert cells(when) == ["2024-03-05T10:20:30.500000", "", "2024-03-05"]
    assert cells(when.tz_localize("Europe/Berlin")) == [
        *("2024-03-05T10:20:30.500000+01:00", "", "2024-03-05T00:00:00+01:00"),
    ]
    mixed = [when[0].tz_localize("UTC"), dt.datetime(2024, 3, 5, 1, tzinfo=dt.UTC)]
    assert cells(mixed, "object") == [
        *("2024-03-05T10:20:30.500000+00:00", "2024-03-05T01:00:00+00:00")
    ]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([2.0**53, 2.0**53 + 2, 1.2e20], "float64"),
        ([16_777_216, 20_000_000], "float32"),
        ([2_048], "float16"),
        ([2.0**53], "Float64"),
        ([float("inf"), float("-inf")], "float64"),
        ([Decimal("Infinity")], "object"),
    ],
)
def test_a_number_that_may_be_several_is_no_id(values: Any, dtype: str) -> None:
    """Two ids that became one float are refused as ids by the same rule as Excel's."""
    for text in cells(values, dtype):
        assert is_overwritten(text), text


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (PERSON.encode(), "bytes"),
        ([PERSON], "list"),
        ({"email": PERSON}, "dict"),
        ((PERSON,), "tuple"),
        ({PERSON}, "set"),
        (np.array([PERSON]), "ndarray"),
        (1j, "complex"),
        (object(), "object"),
        pytest.param(10**5_000, "4,300 digits", id="digits"),
        (np.bytes_(PERSON), "bytes"),
    ],
)
def test_what_is_no_cell_is_told_by_its_place_alone(value: Any, kind: str) -> None:
    frame = pandas.DataFrame({"id": ["a", "b"], "tags": pandas.Series([None, value], dtype=object)})
    with pytest.raises(SourceError) as told:
        open_source(frame)
    what = "number of more than" if "digits" in kind else "value of type"
    assert f"DataFrame, row 2, column 'tags': a {what} {kind} is no cell" in told.value.message
    assert told.value.hint
    assert PERSON not in f"{told.value.message}{told.value.hint}"


def test_labels_repeat_and_stand_in_levels() -> None:
    double = pandas.DataFrame([["a", 9, 8]], columns=["id", "score", "score"])
    with open_source(double) as source:
        assert source.header == ("id", "score", "score")
        assert next(source.chunks()).columns == (("a",), ("9",), ("8",))
    columns = pandas.MultiIndex.from_tuples([("id", ""), ("Q1", "score"), ("Q1", "Q1")])
    levels = pandas.DataFrame([["a", 9, 8]], columns=columns)
    with open_source(levels) as source:
        assert source.header == ("id", "Q1 / score", "Q1")
    with open_source(levels, SourceOptions(header_join=": ")) as source:
        assert source.header == ("id", "Q1: score", "Q1")
    odd: Any = [5, None, pandas.Timestamp("2024-03-05")]
    with open_source(pandas.DataFrame([["a", 9, 8]], columns=odd)) as source:
        assert source.header == ("5", "", "2024-03-05")
    with pytest.raises(SourceError, match="can't be the name of a column"):
        open_source(pandas.DataFrame({b"id": ["a"]}))


def test_an_index_with_a_name_is_columns() -> None:
    frame = pandas.DataFrame({"who": ["a", "b"], "wave": [1, 2], "score": [9, 8]})
    with open_source(frame.set_index(["who", "wave"])) as source, open_source(frame) as flat:
        assert source.header == ("who", "wave", "score")
        assert source.facts.sha256 == flat.facts.sha256
        assert list(next(source.chunks()).rows) == [1, 2]
    with open_source(frame.set_index("who").rename_axis(None)) as source:
        assert source.header == ("wave", "score")
        assert "index of the DataFrame has no name" in source.facts.notes[0]
    with open_source(frame.iloc[1:]) as source:  # numbers that nobody named say nothing
        assert (source.header, source.facts.notes) == (("who", "wave", "score"), ())
        assert list(next(source.chunks()).rows) == [1]
    with pytest.raises(SourceError, match="not every level of its index has a name"):
        open_source(frame.set_index(["who", "wave"]).rename_axis(["who", None]))


def test_empty_frames() -> None:
    with open_source(pandas.DataFrame({"id": [], "score": []})) as source:
        assert source.header == ("id", "score")
        assert list(source.chunks()) == []
        assert source.blank_rows == 0
    with pytest.raises(SourceError, match="has no columns"):
        open_source(pandas.DataFrame())
    with pytest.raises(SourceError, match="none of its columns has a name"):
        open_source(pandas.DataFrame({"": ["a"]}))
    with pytest.raises(SourceError, match="more than 5,000 columns"):
        open_source(pandas.DataFrame([["a"] * (MOST_COLUMNS + 1)]))


def test_blank_rows_are_counted_and_keep_their_place() -> None:
    with open_source(pandas.DataFrame({"id": ["a", None, "c"], "n": [1, None, 3]})) as source:
        (chunk,) = source.chunks()
        assert (list(chunk.rows), source.blank_rows) == ([1, 3], 1)


def test_the_same_frame_is_the_same_and_another_is_not() -> None:
    frame = pandas.DataFrame({"id": ["a", "b"], "score": [9, 10]})

    def sha256(other: pandas.DataFrame) -> str:
        with open_source(other) as source:
            return source.facts.sha256

    one = sha256(frame)
    assert one == sha256(frame.copy())
    assert one == sha256(frame.astype({"score": "float64"}))
    assert one != sha256(frame.iloc[::-1])
    assert one != sha256(frame.rename(columns={"id": "ID"}))
    assert one != sha256(frame.replace({"a": "A"}))
    glued = [
        pandas.DataFrame({"a": [left], "b": [right]}) for left, right in (("1:", ""), ("1", ":"))
    ]
    assert sha256(glued[0]) != sha256(glued[1])
    assert one == "2e6dae73c2d414ee58109171a2d6c7cd6e33969704c589c1c16a8ed35d0fa3f7"


def test_what_becomes_of_a_frame_meanwhile_matters_to_nobody() -> None:
    frame = pandas.DataFrame({"id": ["a", "b"], "score": [9, 10]})
    with open_source(frame) as source:
        frame.loc[0, "id"] = "changed"
        del frame["score"]
        assert next(source.chunks()).columns == (("a", "b"), ("9", "10"))
        source.hold()


def test_a_spreadsheets_rows_say_nothing_of_records() -> None:
    """A mapping that skips rows 2 and 3 of a CSV export would leave out two people's answers."""
    frame = pandas.DataFrame({"id": ["a", "b", "c"]})
    options = SourceOptions(header_rows=(1,), skip_rows=(2, 3))
    with open_source(frame, options) as source:
        assert next(source.chunks()).columns == (("a", "b", "c"),)
        assert "say nothing here" in source.facts.notes[0]
        assert source.preamble == (("id",),) * 3  # which the same mapping reads as it should
        assert source.facts.header_rows == (0,)
        assert source.facts.first_data_row == 1


def test_rows_come_by_their_weight() -> None:
    frame = pandas.DataFrame({"id": range(20), "comment": ["x" * (1 << 20)] * 20})
    with open_source(frame) as source:
        weights = [sum(map(len, chunk.columns[1])) for chunk in source.chunks()]
    assert len(weights) > 2
    assert max(weights) <= MOST_TEXT + (1 << 20)


def test_what_only_looks_like_a_frame_is_told() -> None:
    class DataFrame:
        """Of another library."""

    for other in (DataFrame(), pandas.Series(["a"]), np.array(["a"])):
        wrong: Any = other
        with pytest.raises(UsageError, match="takes text or a path"):
            open_source(wrong)
