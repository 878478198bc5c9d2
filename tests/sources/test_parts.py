"""A file in parts, each read by itself, is the file: chunk by chunk, with every number, problem and error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from importer.errors import SourceError
from importer.model import Chunk
from importer.sources import WHOLE, Part, SourceOptions, open_source
from importer.sources.encoding import line_codec

Shown = tuple[list[tuple[str, ...]], list[int], object, object]


def _shown(chunk: Chunk) -> Shown:
    columns = [tuple(each) for each in chunk.columns]
    return columns, list(chunk.rows), dict(chunk.problems), list(chunk.damage)


_DEFAULTS = SourceOptions()


def _same(path: Path, rows: int, size: int, options: SourceOptions = _DEFAULTS) -> Sequence[Part]:
    """Read the file whole and in parts of so many rows, its blocks having `size`; both must be the same."""
    with open_source(path, options) as source:
        try:
            whole, blank = [_shown(each) for each in source.chunks(size)], source.blank_rows or 0
        except SourceError as error:
            with pytest.raises(SourceError, match=re.escape(error.message)):
                list(source.parts(rows, size))
            return ()
        parts = list(source.parts(rows, size))
        found_rows, found_blank = [], 0
        for part in parts:
            found_rows += [_shown(each) for each in source.chunks(size, part)]
            found_blank += source.blank_rows or 0
        assert found_rows == whole
        assert found_blank == blank
    assert [each.end for each in parts] == [each.start for each in parts[1:]] + [None]
    assert parts[0] == WHOLE if len(parts) == 1 else parts[0].start == 0
    return parts


_CELLS = st.one_of(
    st.text('ab0",;\n\r\\ =\x1a\ufeff\u2028ä€😀', max_size=6),
    st.sampled_from(
        ["", "7", "2026-01-02", "Total", '"a\nb"', '"a""b"', '"open', 'st"ray', ' "x"', '="007"']
    ),
)


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    """Lines of cells that may hold anything, whole rows most often."""
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    rows = draw(st.lists(st.lists(_CELLS, min_size=1, max_size=3), min_size=1, max_size=24))
    sound = [["id", "score", "why"], *(["u1", "9", "well"] for _ in range(draw(st.integers(0, 9))))]
    quoted = draw(st.booleans())
    lines = [*sound, *rows, *draw(st.permutations([*sound[1:], ["", "", ""], ["", "", ""]]))]
    text = end.join(",".join(map(_quoted, row) if quoted else row) for row in lines)
    text += draw(st.sampled_from(["", end, end * 5, "\x1a", f"{end}Total,3,{end}"]))
    codec = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
    return text.encode(codec, "replace")


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_texts(), st.integers(1, 9), st.integers(1, 4))
@example(b'id,a\n1,"x\n2,y"z\n3,w\n4,q\n5,r\n', 1, 1)
@example(b"id,a\n1,x\n2,y\nTotal,3\n\n\n\n\n", 1, 1)
@example(b'\xef\xbb\xbf"sep=;"\r\nid;a\r\n1;"x\r\ny"\r\n2;z\r\n', 1, 1)
@example(b"id,a\r1,x\r2,y\r3,\xe4\r", 1, 1)
def test_parts_put_together_are_the_whole(
    tmp_path: Path, content: bytes, rows: int, size: int
) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(content)
    try:
        with open_source(path):
            pass
    except SourceError:
        return  # no table, cut or whole
    _same(path, rows, size)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "latin-1"])
@pytest.mark.parametrize("rows", [1, 7, 50, 1_000])
def test_cells_of_many_lines_are_never_cut(tmp_path: Path, rows: int, codec: str, end: str) -> None:
    path = tmp_path / "answers.csv"
    lines = [f'u{n},{n % 11},"é {end}{end}""{n}"",{end}u7,3,x{end}"' for n in range(150)]
    path.write_bytes(end.join(["id,score,why", *lines]).encode(codec))

    parts = _same(path, rows, 5, SourceOptions(encoding=codec))

    assert len(parts) == (1 if rows == 1_000 else pytest.approx(150 / max(rows, 5), rel=0.5))


def test_a_broken_row_is_judged_as_in_the_whole(tmp_path: Path) -> None:
    """Where a stray quote stands, the row above tells how wide a row is; that one may lie in another part."""
    path = tmp_path / "answers.csv"
    rows = [f"u{n},{n % 11},fine" for n in range(100)]
    for at in (20, 40, 60):  # the first row of a part, if nothing kept them from being that
        rows[at - 1] = f'u{at},9,"stray" quote\nu{at}b,8,fine'
    path.write_text("id,score,why\n" + "\n".join(rows) + "\n")

    parts = _same(path, 10, 1)

    assert len(parts) > 5


def test_a_header_that_stands_again_is_found_by_whoever_reads_its_part(tmp_path: Path) -> None:
    """And a person who is called as a column is none."""
    path = tmp_path / "answers.csv"
    lines = [f"u{n},{n % 11},fine" for n in range(60)]
    lines[20] = lines[41] = "id,score,why"
    lines[33] = lines[52] = "id,7,why not"
    path.write_text("\n".join(["id,score,why", *lines[:33], "", *lines[33:], ""]))

    assert len(_same(path, 10, 5)) > 4
    with open_source(path) as source:
        found = [each for chunk in source.chunks() for each in chunk.problems.values()]
    assert [each.code for each in found] == ["repeated_header"] * 2


def test_totals_at_the_end_stay_with_what_they_end(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    rows = [f"u{n},{n % 11}" for n in range(40)]
    path.write_text("\n".join(["id,score", *rows, "Total,200", "Average,5", "", ""]))

    for size in range(1, 12):
        _same(path, 1, size)


@pytest.mark.parametrize(
    "codec", ["utf-16", "utf-32", "cp037", "hz", "utf-7", "shift_jis", "no-such"]
)
def test_encodings_whose_lines_cannot_be_found_are_not_cut(codec: str) -> None:
    """Of cp037 the bytes of line breaks are others, `hz` and UTF-7 carry a state from line to line."""
    assert not line_codec(codec)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "ascii", "iso8859-1", "cp1252", "koi8-r"])
def test_encodings_whose_lines_can_be_found_are_cut(codec: str) -> None:
    assert line_codec(codec)


def test_what_is_packed_is_one_part(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "answers.csv.gz"
    path.write_bytes(gzip.compress(b"id,score\n" + b"u,9\n" * 5_000))

    assert _same(path, 10, 10) == [WHOLE]


def test_what_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes(b"id,score\n" + b"u,9\n" * 5_000)
    with open_source(path) as source:
        first, *_ = source.parts(1_000)
        path.write_bytes(b"id,score\n" + b"u,8\n" * 5_000)

        with pytest.raises(SourceError, match="changed while it was read"):
            list(source.chunks(part=first))
