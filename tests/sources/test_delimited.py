"""CSV and its relatives: delimiters, quotes, line ends, ragged and blank rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from importer.errors import SourceError
from importer.sources.csv import find_delimiter, plain
from importer.sources.source import open_source
from importer.sources.table import KnownBy, SourceOptions
from tests.sources.reading import read, written

ROWS = [["id", "score", "comment"], ["001", "9", "Fine, thanks; really"], ["002", "NA", 'a "b"\nc']]


def table(delimiter: str, end: str = "\r\n", rows: list[list[str]] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows or ROWS)
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", ":"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path: Path, delimiter: str, end: str) -> None:
    found = read(written(tmp_path / "a.csv", table(delimiter, end)))
    assert found.header == tuple(ROWS[0])
    assert found.rows == [(2, ROWS[1]), (3, ROWS[2])]
    assert found.facts.delimiter == delimiter


def test_text_stays_as_it_stands(tmp_path: Path) -> None:
    cells = ["00123", "NA", "N/A", "1e5", "6666761644", "  x ", "None", "TRUE", "'+1", "1.10"]
    content = table(",", rows=[[f"c{at}" for at in range(len(cells))], cells])
    assert read(written(tmp_path / "a.csv", content)).cells == [cells]


@pytest.mark.parametrize(
    ("sample", "delimiter"),
    [
        ("id;amount\n1;2,5\n2;3,5\n3;4,25\n", ";"),
        ("one column\n12:30:45\n12:30:46\n", ","),
        ("comment\nyes, fine\nno\nwell, well\n", ","),
        ("a\tb\n1,2,3\t4\n1,2\t5\n", "\t"),
        ('"a;b","c"\n"1;2","3"\n', ","),
        ("", ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_evenly(sample: str, delimiter: str) -> None:
    assert find_delimiter(sample) == delimiter


@pytest.mark.parametrize("line", ["sep=|\n", "sep=|\r", "SEP=|\r\n", '"sep=|"\n', "\ufeffsep=|\n"])
def test_sep_line_is_an_instruction_without_a_row_number(tmp_path: Path, line: str) -> None:
    found = read(written(tmp_path / "a.csv", line + "a|b\n1,2|3\n"))
    assert (found.header, found.rows) == (("a", "b"), [(2, ["1,2", "3"])])
    assert found.facts.header_rows == (1,)
    assert "sep=" in found.facts.notes[0]


def test_given_delimiter_rules(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\tc\n1,2\t3\n")
    assert read(path, SourceOptions(delimiter="tab")).header == ("a,b", "c")
    with pytest.raises(SourceError, match="can't be a delimiter"):
        read(path, SourceOptions(delimiter="||"))


def test_rows_are_numbered_as_excel_shows_them(tmp_path: Path) -> None:
    content = 'a,b\n\n"1\n1",2\n , \n3,4\n\n'
    found = read(written(tmp_path / "a.csv", content))
    assert found.rows == [(3, ["1\n1", "2"]), (5, ["3", "4"])]
    assert found.blank_rows == 3
    assert found.facts.first_data_row == 3


def test_ragged_rows(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "a,b\n1,2,3\n4\n5,6,, \n7,8\n"))
    assert found.cells == [["1", "2"], ["4", ""], ["5", "6"], ["7", "8"]]
    assert [(row, each.code) for row, each in found.problems.items()] == [(2, "ragged_row")]
    assert found.problems[2].fix


def test_a_quote_that_is_never_closed_names_its_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n"1\n1",2\n3,"x\n4,5\n6,7\n')
    with pytest.raises(SourceError, match=r"a\.csv, row 3: .* never closed .*line 4 of the text"):
        open_source(path)


@pytest.mark.parametrize("end", ['5,"z\n', '5,"', '"'])
def test_a_quote_that_opens_in_the_last_line(tmp_path: Path, end: str) -> None:
    with pytest.raises(SourceError, match=r"row 3: .*line 3 of"):
        open_source(written(tmp_path / "a.csv", "a,b\n1,2\n" + end))


def test_an_open_quote_before_it_is_the_one_to_mend(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n1,"x\n2,3\n4,"y"\n5,"z\n')
    with pytest.raises(SourceError, match=r"row 2: .*line 2 of"):
        open_source(path)


def test_a_stray_pair_of_quotes_is_a_problem_of_its_row(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", 'a,b\n1,2\n3,"x\n4,5\n6,"y"\n7,8\n'))
    assert {row: each.code for row, each in found.problems.items()} == dict.fromkeys(
        (3, 5), "stray_quote"
    )
    assert found.rows[2:] == [(4, ["4", "5"]), (5, ["6", "y"]), (6, ["7", "8"])]


STRAY = [
    '"He said "great" to me"',
    '"bad"x',
    '""quoted""',
    '"die 27" Monitore"',
    '"l\'écran 15" est cassé"',
    '"„zu teuer" sagte er"',
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("cell", STRAY)
def test_a_stray_quote_on_one_line(tmp_path: Path, cell: str, delimiter: str) -> None:
    lines = [
        ["id", "n", "text"],
        ["a", "1", "fine"],
        ["b", "2", cell],
        ["c", "3", "ok"],
        ["d", "4", "so"],
    ]
    content = "".join(delimiter.join(line) + "\n" for line in lines)
    found = read(written(tmp_path / "a.csv", content))
    assert {row: each.code for row, each in found.problems.items()} == {3: "stray_quote"}
    assert [row for row, _ in found.rows] == [2, 3, 4, 5]
    assert "line 3 of the text" in found.problems[3].fix


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('a 15" screen', 'a 15" screen'),
        ('the ""best"" one', 'the ""best"" one'),
        ('"the ""best"" one"', 'the "best" one'),
        (" begins with a blank", " begins with a blank"),
        (' "great" she said', ' "great" she said'),
        ('"{""a"": [1, 2], ""b"": ""c""}"', '{"a": [1, 2], "b": "c"}'),
        ("C:\\new\\table", "C:\\new\\table"),
        ('"C:\\dir\\"', "C:\\dir\\"),
        ('"\\\\server\\share"', "\\\\server\\share"),
        ('"He said, ""no"", twice"', 'He said, "no", twice'),
        ('"two\nlines, ""quoted"""', 'two\nlines, "quoted"'),
        ('""', ""),
        ('"say \\"', "say \\"),
    ],
)
@pytest.mark.parametrize("last", [True, False])
def test_quotes_that_only_look_stray(tmp_path: Path, cell: str, text: str, last: bool) -> None:
    lines = [f"a,1,{cell}" if last else f"{cell},1,a" for _ in range(4)]
    found = read(written(tmp_path / "a.csv", "\n".join(["x,n,y", *lines, ""])))
    assert [cells[2 if last else 0] for cells in found.cells] == [text] * 4
    assert not found.problems


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (
            ['"She said \\"wow\\" to me"', '"15\\" monitor, broken; really"'],
            ['She said "wow" to me', '15" monitor, broken; really'],
        ),
        (
            ['"\\"Super\\" sagt er"', '"gut"', '"C:\\\\temp"'],
            ['"Super" sagt er', "gut", "C:\\temp"],
        ),
        (['"un \\"bon\\" prix"', '"C:\\temp"'], ['un "bon" prix', "C:\\temp"]),
        (['"ends in \\"one\\""', '"and a \\\\"'], ['ends in "one"', "and a \\"]),
    ],
)
def test_quotes_behind_a_backslash(
    tmp_path: Path, cells: list[str], texts: list[str], delimiter: str
) -> None:
    lines = [f"u{at}{delimiter}{at}{delimiter}{cell}" for at, cell in enumerate(cells)]
    found = read(written(tmp_path / "a.csv", "\n".join([delimiter.join("abc"), *lines, ""])))
    assert [cells[2] for cells in found.cells] == texts
    assert not found.problems
    assert any("backslash" in note or '\\"' in note for note in found.facts.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("blanks", [" ", "  "])
def test_blanks_before_quotes(tmp_path: Path, delimiter: str, blanks: str) -> None:
    between = delimiter + blanks
    lines = [
        ["id", "n", '"text"'],
        ["1", '"9"', f'"fine{delimiter} really"'],
        ["2", '"8"', '"a ""b"""'],
    ]
    found = read(written(tmp_path / "a.csv", "".join(between.join(line) + "\n" for line in lines)))
    assert found.cells == [["1", "9", f"fine{delimiter} really"], ["2", "8", 'a "b"']]
    assert (found.header, found.problems) == (("id", "n", "text"), {})


def test_blanks_behind_quotes(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", 'a,b,c\n"x" , "y" ,"z" \n"1", "2" , "3"\n'))
    assert found.cells == [["x", "y", "z"], ["1", "2", "3"]]
    assert not found.problems


def test_a_blank_before_a_quote_far_below(tmp_path: Path) -> None:
    rows = [f"{number},9,fine enough" for number in range(20_000)]
    content = "\n".join(["a,b,c", *rows, 'u7, 9, "ok"', 'u8,9, "ok" she said', ""])
    found = read(written(tmp_path / "a.csv", content))
    assert {row: each.code for row, each in found.problems.items()} == {20_002: "stray_quote"}


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a\x1a\x1a", "\x1a\n", "\r\n\x1a"])
def test_the_end_of_a_file_of_dos_is_no_row(tmp_path: Path, end: str) -> None:
    found = read(written(tmp_path / "a.csv", "a,b\n1,2\n3,4\n" + end))
    assert (found.cells, found.damage) == ([["1", "2"], ["3", "4"]], [])


def test_the_end_of_a_file_of_dos_is_no_text(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "a,b\n1,x\x1a\n3,4\x1a"))
    assert found.cells == [["1", "x\x1a"], ["3", "4"]]
    assert found.damaged() == [("control_character", 2, "b")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_skipped_row_swallows_no_other(tmp_path: Path, delimiter: str) -> None:
    lines = [
        ["id", "n", "text"],
        ['"What is', "How", "Why"],
        ["a", "9", '"good"'],
        ["b", "3", '"slow"'],
        ["c", "7", "ok"],
    ]
    path = written(tmp_path / "a.csv", "".join(delimiter.join(line) + "\n" for line in lines))
    found = read(path, SourceOptions(skip_rows=(2,)))
    assert [row for row, _ in found.rows] == [3, 4, 5]
    assert set(found.problems) <= {3}


@pytest.mark.parametrize(
    "options", [SourceOptions(skip_rows=(2,)), SourceOptions(header_rows=(2,))]
)
def test_a_row_above_the_data_that_may_have_swallowed_others(
    tmp_path: Path, options: SourceOptions
) -> None:
    path = written(
        tmp_path / "a.csv", 'id,n,text\n"What is,How,Why\nand so on\na,9,"good"\nb,3,x\n'
    )
    with pytest.raises(SourceError, match=r"row 2: .*swallowed") as caught:
        read(path, options)
    assert "line 2 of the text" in caught.value.hint


def test_a_cell_beyond_all_bounds(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'a,b\n1,"' + "x" * (17 << 20))
    with pytest.raises(SourceError, match="16 MiB opens in this row"):
        open_source(path)


def test_a_line_beyond_all_bounds(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n" + "x" * (65 << 20))
    with pytest.raises(SourceError, match="64 MiB"):
        open_source(path)


def test_nul_is_damage_not_an_end(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.csv", "a,b\n1,x\0y\n2,z\n"))
    assert found.cells == [["1", "x\0y"], ["2", "z"]]
    assert found.damaged() == [("control_character", 2, "b")]


def test_small_chunks_give_the_same_rows_and_can_be_read_again(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a\n" + "".join(f"{n}\n" for n in range(25)))
    assert read(path, size=4).rows == read(path).rows == [(n + 2, [str(n)]) for n in range(25)]
    with open_source(path) as source:
        first = [list(chunk.rows) for chunk in source.chunks(10)]
        assert first == [list(chunk.rows) for chunk in source.chunks(10)]


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t\"',;|"), max_size=12
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(TEXT, min_size=width, max_size=width), min_size=1, max_size=8
        )
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\r\n", "\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_round_trip(
    tmp_path: Path, body: list[list[str]], delimiter: str, quoting: int, end: str, encoding: str
) -> None:
    """Whatever csv.writer wrote comes back as it was, blank rows aside."""
    header = [f"column {at}" for at in range(len(body[0]))]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]  # the stubs want a Literal
    writer.writerows([header, *body])
    path = tmp_path / "a.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    assume("\r" not in "".join(map("".join, body)) or quoting == csv.QUOTE_ALL or end == "\r\n")
    found = read(path)
    assert found.header == tuple(header)
    assert found.rows == [
        (row, cells) for row, cells in enumerate(body, start=2) if "".join(cells).strip()
    ]
    assert found.facts.delimiter == delimiter
    known = KnownBy.UTF_8 if encoding == "utf-8" else KnownBy.BOM
    assert found.facts.encoding_known_by == known


def test_cells_written_as_formulas_are_their_text(tmp_path: Path) -> None:
    """`="007"` is how some tools keep Excel from making a number of an id."""
    lines = ['="id","=""score""",note', '="007",="9","say ""="" here"', '"=""1,5""",="","=1+1"']
    found = read(written(tmp_path / "a.csv", "\n".join(lines)))
    assert found.header == ("id", "score", "note")
    assert [cells for _, cells in found.rows] == [["007", "9", 'say "=" here'], ["1,5", "", "=1+1"]]
    assert any("Excel leaves them alone" in note for note in found.facts.notes)


@given(st.text(alphabet='ab="\n,', max_size=8))
def test_only_a_whole_formula_of_text_is_taken_for_its_text(text: str) -> None:
    wrapped = '="' + text.replace('"', '""') + '"'
    assert plain(wrapped) == text
    assert plain(text) == text or text.startswith('="')
    assert plain(f"={text}1") == f"={text}1"


def test_a_quote_behind_a_comma_inside_of_a_cell_says_nothing_of_blanks(tmp_path: Path) -> None:
    text = 'ID,Comment,Plan\nu1,"Slow, ""modern"" or not", gold\nu2,fine, silver\n'
    found = read(written(tmp_path / "a.csv", text))
    assert found.cells == [["u1", 'Slow, "modern" or not', " gold"], ["u2", "fine", " silver"]]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["u3,1", "u3", 'u3,"a\nb"', "u3,1,fine"])
def test_a_last_row_that_may_be_cut(tmp_path: Path, last: str, end: str) -> None:
    """A 10 that was cut is a 1. A whole row without a line break is as programs write it."""
    path = written(tmp_path / "a.csv", f"who,score,note\nu1,9,good\nu2,7,so\n{last}{end}")
    told = {row: each.code for row, each in read(path).problems.items()}
    assert told == ({} if end or last.endswith("fine") else {4: "cut_row"})


def test_what_it_was_besides_goes_first(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "who,score,note\nu1,9,good\nu2,7,so\nAverage,8")
    assert [each.code for each in read(path).problems.values()] == ["totals_row"]
