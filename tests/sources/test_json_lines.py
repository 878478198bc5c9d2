"""JSON lines: every digit, every key, and a line that is none counted."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zipfile
from pathlib import Path

import orjson
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import SourceError
from importer.sources.json_lines import LONGEST_LINE, UNREAD, is_whole, written
from importer.sources.source import open_source
from importer.sources.table import MOST_COLUMNS, SourceOptions
from tests.sources.reading import read
from tests.sources.reading import written as file

PLAIN = b'{"id": "00121", "score": 9}\n{"id": "00122", "score": 10}\n'


def one(tmp_path: Path, *lines: str) -> tuple[tuple[str, ...], list[list[str]]]:
    found = read(file(tmp_path / "a.jsonl", "\n".join(lines) + "\n"))
    assert found.problems == {}
    return found.header, found.cells


def test_values_stand_as_they_are_written(tmp_path: Path) -> None:
    big = "123456789012345678901234567890"
    line = (
        f'{{"id": "00121", "big": {big}, "float": 9.0, "long": 0.1000000000000000055511151231257827,'
        ' "no": null, "yes": true, "nan": NaN, "inf": -Infinity, "text": "a\\nb \\u00fc \\ud83d\\ude00"}'
    )
    header, cells = one(tmp_path, line)
    assert header == ("id", "big", "float", "long", "no", "yes", "nan", "inf", "text")
    assert cells == [
        ["00121", big, "9.0", "0.1000000000000000055511151231257827", "", "TRUE", "", "#NUM!", "a\nb ü 😀"]
    ]  # fmt: skip


def test_columns_are_the_keys_of_all_lines_as_they_first_appear(tmp_path: Path) -> None:
    header, cells = one(
        tmp_path, '{"b": 1, "a": 2}', '{"a": 3}', '{"c": 4, "a": 5, "b": 6}', "{}", '{"c": 7}'
    )
    assert header == ("b", "a", "c")
    assert cells == [["1", "2", ""], ["", "3", ""], ["6", "5", "4"], ["", "", "7"]]


def test_a_key_that_comes_late_is_a_column_all_the_same(tmp_path: Path) -> None:
    lines = [f'{{"id": {n}}}' for n in range(3_000)] + ['{"id": 1, "late": "x"}']
    with open_source(file(tmp_path / "a.jsonl", "\n".join(lines))) as source:
        assert source.header == ("id", "late")
        assert [cell for chunk in source.chunks() for cell in chunk.columns[1] if cell] == ["x"]


def test_objects_are_columns_with_a_dot_and_lists_their_text(tmp_path: Path) -> None:
    header, cells = one(
        tmp_path,
        '{"user": {"id": "7", "plan": {"name": "Pro"}}, "tags": ["a", 1.50, {"x": null}], "empty": {}}',
    )
    assert header == ("user.id", "user.plan.name", "tags")
    assert cells == [["7", "Pro", '["a", 1.50, {"x": null}]']]


BAD = [
    ("not json", "bad_line"),
    ('{"id": "00122"', "bad_line"),
    ('{"id": "00122"} {"id": "00123"}', "bad_line"),
    ('["00122"]', "bad_line"),
    ("7", "bad_line"),
    ('{"id": "\x01"}', "bad_line"),
    ("[" * 100_000, "bad_line"),
    ('{"id":' + '{"a":' * 50_000, "bad_line"),
    ('{"id": "00122", "id": "00123"}', "repeated_key"),
    ('{"a": {"b": 1, "b": 2}}', "repeated_key"),
    ('{"a.b": 1, "a": {"b": 2}}', "repeated_key"),
]


@pytest.mark.parametrize(("line", "code"), BAD)
def test_a_line_that_is_no_record_is_counted_with_its_number(
    tmp_path: Path, line: str, code: str
) -> None:
    found = read(file(tmp_path / "a.jsonl", f'{{"id": "1"}}\n\n{line}\n{{"id": "4"}}\n'))
    (problem,) = found.problems.values()
    assert (problem.code, problem.row, problem.value) == (code, 3, "")
    assert [row for row, _ in found.rows] == [1, 3, 4]
    assert found.header == ("id", UNREAD)
    assert found.cells == [["1", ""], ["", line], ["4", ""]]  # nowhere else: an id may stand there
    assert found.blank_rows == 1


def test_bytes_that_are_no_utf_8_are_a_bad_line(tmp_path: Path) -> None:
    found = read(file(tmp_path / "a.jsonl", PLAIN + '{"id": "Jürgen"}\n'.encode("cp1252")))
    assert [(each.code, each.row) for each in found.problems.values()] == [("bad_line", 3)]
    assert read(file(tmp_path / "b.jsonl", b"\xef\xbb\xbf" + PLAIN)).header == ("id", "score")


def test_packed_like_any_other(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.ndjson", PLAIN)
    for path in (file(tmp_path / "a.gz", gzip.compress(PLAIN)), str(tmp_path / "a.zip")):
        found = read(path)
        assert found.rows == [(1, ["00121", "9"]), (2, ["00122", "10"])]
        assert (found.facts.format, found.facts.header_rows) == ("jsonl", (0,))


def test_what_pandas_and_orjson_write(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"id": ["00121", "ü"], "score": [9, None], "when": ["2024-03-05", ""]})
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    found = read(tmp_path / "a.jsonl")
    assert found.cells == [["00121", "9.0", "2024-03-05"], ["ü", "", ""]]
    lines = [orjson.dumps(each) for each in frame.astype(object).to_dict("records")]
    assert read(file(tmp_path / "b.jsonl", b"\r\n".join(lines))).cells == found.cells


@pytest.mark.parametrize(
    "text",
    [
        '[{"id": 1}]',
        '{\n  "id": 1\n}',
        '{"id": 1,\n"score": 2}\n',
        '{"results": [\n{"id": 1}]}',
    ],
)
def test_a_single_document_is_told_from_lines(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError, match="is JSON, not a table") as told:
        open_source(file(tmp_path / "a.json", text))
    assert "jq -c" in told.value.hint


def test_text_that_begins_with_a_brace_is_text(tmp_path: Path) -> None:
    found = read(file(tmp_path / "a.csv", "{id},score\n1,9\n"))
    assert (found.facts.format, found.header) == ("csv", ("{id}", "score"))


def test_what_is_too_much_is_refused(tmp_path: Path) -> None:
    many = "\n".join(f'{{"k{n}": 1}}' for n in range(MOST_COLUMNS + 1))
    with pytest.raises(SourceError, match="more than 5,000 keys"):
        open_source(file(tmp_path / "a.jsonl", many))
    long = '{"id": "' + "x" * LONGEST_LINE + '"}\n'
    with pytest.raises(SourceError, match="line 2: it has more than 4 MiB"):
        open_source(file(tmp_path / "b.jsonl", '{"id": "1"}\n' + long))
    with pytest.raises(SourceError, match="no object in it has a key"):
        open_source(file(tmp_path / "c.jsonl", "{}\n{}\n"))
    fits = '{"id": "' + "x" * (LONGEST_LINE - 20) + '"}\n'
    assert len(read(file(tmp_path / "d.jsonl", fits)).cells) == 1


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    line = b'{"id": "%07d", "score": 9, "comment": "' + b"x" * 900 + b'"}\n'
    path = file(tmp_path / "a.jsonl", b"".join(line % n for n in range(18_000)))
    tracemalloc.start()
    with open_source(path) as source:
        assert sum(len(chunk.rows) for chunk in source.chunks()) == 18_000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 15_000_000 < Path(path).stat().st_size


def test_what_was_asked_of_a_text_file_says_nothing(tmp_path: Path) -> None:
    path = file(tmp_path / "a.jsonl", PLAIN)
    assert "UTF-8" in read(path, SourceOptions(sheet="x")).facts.notes[0]
    assert read(path).facts.notes == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=5))
def test_a_list_is_read_back_as_it_was(value: list[object]) -> None:
    assert json.loads(written(value)) == value
    assert is_whole(json.dumps({"a": value}).encode())
