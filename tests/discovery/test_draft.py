"""A draft is a mapping: sound, complete but for what it asks, and careful with what is personal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from importer.discovery import Wishes
from importer.errors import MappingError, UsageError
from importer.mapping import parse
from importer.resources import SAMPLES
from tests.discovery.drafts import drafted, drafted_rows, filled_in, written
from tests.mapping_out import Out, mapping_out

SAMPLE_FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix in {".csv", ".xlsx"})
TO_FILL_IN = "this is yet to be filled in"


def mistakes(text: str) -> list[tuple[int, str]]:
    """The lines and messages of what is wrong with a mapping."""
    try:
        parse(text)
    except MappingError as error:
        return [(each.line, each.message) for each in error.mistakes]
    return []


def out_of(file: Path, text: str, folder: Path) -> Out:
    """What a drafted mapping makes of its file, once it is filled in."""
    mapping = folder / "mapping.yaml"
    mapping.write_text(filled_in(text), encoding="utf-8")
    return mapping_out(file, mapping)


@pytest.mark.parametrize("file", SAMPLE_FILES, ids=lambda path: path.name)
def test_each_sample_is_refused_at_each_open_line_and_for_nothing_else(file: Path) -> None:
    draft = drafted(str(file))
    assert mistakes(draft.text) == [(line, TO_FILL_IN) for line in draft.open]
    assert draft.open


@pytest.mark.parametrize(
    "file", [path for path in SAMPLE_FILES if path.stem != "excel_cp1252"], ids=str
)
def test_each_sample_plans_once_it_is_filled_in(file: Path, tmp_path: Path) -> None:
    out = out_of(file, drafted(str(file)).text, tmp_path)
    assert out.responses
    assert len(out.mapped) == len(out.responses) + len(out.invalid) + sum(out.skipped.values())


def test_a_date_of_two_readings_is_the_one_thing_that_isnt_filled_in(tmp_path: Path) -> None:
    text = drafted(str(SAMPLES / "excel_cp1252.csv")).text
    [(line, message)] = mistakes(filled_in(text))
    assert message == TO_FILL_IN
    assert "respondedAt" in text.splitlines()[line - 1]
    assert 'day first "%d/%m/%Y" or month first "%m/%d/%Y"' in " ".join(
        each.strip(" #") for each in text.splitlines()
    )


label = st.text(max_size=12) | st.sampled_from(
    [
        "id",
        "email",
        "nps",
        "Comment",
        "date",
        "Timestamp",
        "a: b",
        "# no",
        "'",
        '"',
        "{x}",
        "Q [a]",
        "?",
        "- x",
        "yes",
        "1",
    ]
)
cell = st.text(max_size=8) | st.sampled_from(
    [
        "9",
        "10",
        "0",
        "N/A",
        "a@example.com",
        "2026-01-05",
        "05/06/2026",
        "yes",
        "1,5",
        "Strongly agree",
        "x; y",
        "?",
    ]
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    row = st.lists(cell, min_size=width, max_size=width)
    head = draw(st.lists(label, min_size=width, max_size=width))
    return [
        ["first", *head],
        *(["x", *each] for each in draw(st.lists(row, min_size=1, max_size=6))),
    ]


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(tables())
def test_whatever_the_file_holds_the_draft_is_sound(rows: list[list[str]]) -> None:
    """No mistake but the open lines, and the columns that it names are there."""
    rows = [[_clean(each) for each in row] for row in rows]
    with TemporaryDirectory() as folder:
        draft = drafted_rows(Path(folder), rows)
        assert sorted({line for line, said in mistakes(draft.text)}) == list(draft.open)
        assert all(said == TO_FILL_IN for _, said in mistakes(draft.text))
        text = filled_in(draft.text)
        if not mistakes(text):
            out = out_of(Path(folder) / "answers.csv", text, Path(folder))
            assert out.mapped


def _clean(text: str) -> str:
    """Text that a CSV file in UTF-8 can hold."""
    return re.sub("[\ud800-\udfff\x00-\x1f\x7f-\x9f]", "", text)


PERSONAL: Sequence[Sequence[str]] = [
    ["user_id", "email", "First name", "IP", "nps", "comment"],
    *(
        [
            f"K{i}",
            f"jane.doe{i}@example.com",
            "Jane",
            f"192.0.2.{i}",
            str(i),
            f"My number is 555 010{i}, call me",
        ]
        for i in range(9)
    ),
]


def test_personal_values_stand_in_no_comment(tmp_path: Path) -> None:
    text = drafted_rows(tmp_path, PERSONAL).text
    assert "jane.doe" not in text
    assert "192.0.2" not in text
    assert "555" not in text
    assert "@example.com" not in text


def test_personal_columns_come_in_only_where_asked_for(tmp_path: Path) -> None:
    without = drafted_rows(tmp_path, PERSONAL).text
    assert "#   personal; `importer init --personal` takes them in: First name, IP" in without
    assert not re.search(r"^  \w+: .*First name", without, re.MULTILINE)
    within = drafted_rows(tmp_path, PERSONAL, Wishes(personal=True)).text
    assert re.search(r"^  firstName: First name", within, re.MULTILINE)


def test_a_repeated_or_missing_name_is_selected_by_its_place(tmp_path: Path) -> None:
    rows = [
        ["nps", "Why?", "Why?", ""],
        *[["9", "one text, rather long", "another text here", "x"]] * 3,
    ]
    text = drafted_rows(tmp_path, rows).text
    assert 'column: "Why?"\n    nth: 1' in text
    assert 'column: "Why?"\n    nth: 2' in text
    assert "letter: D" in text


def test_an_unknown_person_is_a_question(tmp_path: Path) -> None:
    draft = drafted_rows(tmp_path, [["nps", "plan"], ["9", "a"], ["3", "b"]])
    assert 'userId: "?"' in draft.text


def test_options_that_were_given_go_into_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_bytes("id;nps;why\n1;9;é\n2;8;ß\n".encode("cp1252"))
    text = drafted(str(path), Wishes(encoding="cp1252", delimiter=";")).text
    assert "encoding: cp1252" in text
    assert 'delimiter: ";"' in text


def test_the_header_row_that_somebody_named_goes_into_the_mapping(tmp_path: Path) -> None:
    rows = [["Survey 2026", "", ""], ["Id", "NPS", "Why"], ["User", "Score", "Reason"]]
    rows += [[f"u{n}", str(n % 11), f"because of {n}"] for n in range(20)]
    named = drafted_rows(tmp_path, rows, Wishes(header=(3,)))
    assert "header_row: 3   # as you said" in named.text
    assert named.layout.header == (3,)
    assert "column: Score" in named.text
    nameless = drafted_rows(tmp_path, rows[3:], Wishes(header=()))
    assert "header_rows: []" in nameless.text
    assert "column: B" in nameless.text or "letter: B" in nameless.text


def test_a_tool_that_the_file_isnt_of_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, PERSONAL)
    with pytest.raises(UsageError, match="isn't an export of Typeform"):
        drafted(str(path), Wishes(preset="typeform"))


def test_a_zone_by_letters_that_several_zones_share_is_a_question(tmp_path: Path) -> None:
    rows = [["nps", "Answered"], *([str(n), f"2026/03/0{n} 10:00:00 AM AST"] for n in range(1, 9))]
    text = drafted_rows(tmp_path, rows).text
    assert 'timezone: "?"' in text
    assert "which time zone is AST?" in " ".join(line.strip(" #") for line in text.splitlines())


def test_how_many_is_no_rating(tmp_path: Path) -> None:
    rows = [["How many children do you have?", "On a scale of 1 to 5, how good is it?"]]
    rows += [[str(n % 9 + 1), str(n % 5 + 1)] for n in range(20)]
    score = drafted_rows(tmp_path, rows).meaning.score
    assert score
    assert score.columns[0].label == rows[0][1]


def test_people_stand_in_the_presets_order() -> None:
    """Delighted's `person` is an id of Delighted's own: the address comes first."""
    found = drafted(str(SAMPLES / "delighted.csv"))

    assert [each.column.label for each in found.people] == ["email", "person"]
    assert found.text.index("column: email") < found.text.index("- person")
    assert "as you said" not in found.text


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["4711.0", "4712.0", "99.0"], "{column: customer_id, parse: leading_int}"),
        (["'00120", "'00121", "'00122"], "{column: customer_id, parse: unguard}"),
        (["1.0", "1.10", "2.0"], "- customer_id"),
        (["'s-1", "'s-2", "'s-3"], "- customer_id"),
    ],
)
def test_ids_that_a_program_has_dressed_up(tmp_path: Path, ids: list[str], said: str) -> None:
    rows = [
        ["customer_id", "NPS"],
        *([id_, str(score)] for id_, score in zip(ids, (9, 3, 10), strict=True)),
    ]
    assert said in drafted_rows(tmp_path, rows).text


SUMMER, WINTER = "2025-07-{:02} 10:20:00", "2025-01-{:02} 10:20:00"


@pytest.mark.parametrize(
    ("label", "stamp", "said"),
    [
        ("Submitted at (GMT+2)", SUMMER, "UTC+02:00"),
        ("Submitted at [UTC-05:00]", SUMMER, "UTC-05:00"),
        ("Answered at, UTC+5:30", SUMMER, "UTC+05:30"),
        ("Submitted (America/New_York)", SUMMER, "America/New_York"),
        ("Submitted at (EST)", WINTER, "UTC-05:00"),
        ("Submitted at (EST)", SUMMER, '"?"'),
        ("Submitted at (CET)", WINTER, "UTC+01:00"),
        ("Submitted at (JST)", SUMMER, "UTC+09:00"),
        ("Submitted at (PT)", SUMMER, "America/Los_Angeles"),
        ("Submitted at (CST)", WINTER, '"?"'),
        ("Submitted at IST", WINTER, '"?"'),
        ("submitted_at_utc", SUMMER, "UTC"),
        ("Submitted at (UTC)", SUMMER, "UTC"),
        ("Submitted at (local)", SUMMER, "UTC"),
        ("Date of the CAT survey", SUMMER, "UTC"),
    ],
)
def test_a_zone_that_the_columns_name_says(
    tmp_path: Path, label: str, stamp: str, said: str
) -> None:
    rows = [["user_id", "NPS", label], *([f"u{n}", str(n), stamp.format(n)] for n in range(1, 9))]
    found = re.search(r"timezone: ([^\s},]+)", drafted_rows(tmp_path, rows).text)
    assert found
    assert found[1] == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [("Europe\\/Prague", "Europe/Prague"), ("Z", "UTC"), ("Mars/Olympus", "UTC")],
)
def test_qualtrics_names_the_zone_beside_the_import_id(
    tmp_path: Path, zone: str, said: str
) -> None:
    names = [
        "StartDate",
        "EndDate",
        "Status",
        "Progress",
        "Finished",
        "RecordedDate",
        "ResponseId",
        "Q1",
    ]
    ids = [f'{{"ImportId":"{name}","timeZone":"{zone}"}}' for name in names]
    rows = [names, [f"{name} in words" for name in names], ids]
    at = "2025-07-01 10:20:00"
    rows += [
        [at, at, "IP Address", "100", "True", at, f"R_{n}abcdefg", str(n)] for n in range(1, 9)
    ]
    assert f"timezone: {said}" in drafted_rows(tmp_path, rows).text


def test_a_hidden_column_says_nothing_about_the_person(tmp_path: Path) -> None:
    """What the sheet doesn't show is left out and told; an answer that is hidden is still asked about."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Customer ID", "NPS", "Plan", "Revenue", "Seats"])
    for n in range(30):
        sheet.append([f"c{n}", n % 11, ["pro", "free"][n % 2], 100 * n, n % 4 + 1])
    for column in ("B", "D"):
        sheet.column_dimensions[column].hidden = True
    file = tmp_path / "answers.xlsx"
    book.save(file)
    text = drafted(str(file)).text
    traits = text.partition("\ntraits:")[2].partition("\n\n")[0]
    assert "Plan" in traits
    assert "Seats" in text
    assert "Revenue" not in traits
    assert re.search(r"(?s)# Left out:.*hidden in the sheet.*Revenue", text)
    assert "column: NPS" in text
