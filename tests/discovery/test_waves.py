"""Several responses of one row: the header shows them, or it doesn't."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from importer.discovery import Waves, columns, waves

SCORES = ["9", "10", "3", "7", "0", "8"]
TEXTS = [f"because of the {what}" for what in ("price", "help", "speed", "look", "app", "team")]
DATES = [f"2025-03-{n + 13}" for n in range(6)]
OTHER = [f"K{n}" for n in range(6)]


def found(header: Sequence[str], *, loops: bool = False) -> Waves | None:
    """Of a table whose columns hold what their names say."""
    kinds = {"nps": SCORES, "score": SCORES, "rating": SCORES, "q": SCORES}
    kinds |= {"comment": TEXTS, "why": TEXTS, "date": DATES}

    def values(label: str) -> list[str]:
        low = label.casefold()
        return next((cells for word, cells in kinds.items() if word in low), OTHER)

    rows = list(zip(*map(values, header), strict=True))
    return waves(columns(header, rows), loops=loops)


@pytest.mark.parametrize(
    ("header", "names", "labels"),
    [
        (["id", "NPS 2022", "NPS 2023"], ("2022", "2023"), ["NPS {wave}"]),
        (
            ["id", "NPS Q1 2024", "Why Q1 2024", "NPS Q2 2024", "Why Q2 2024"],
            ("Q1 2024", "Q2 2024"),
            ["NPS {wave}", "Why {wave}"],
        ),
        (
            ["2023-01 score", "2023-01 date", "2023-02 score", "2023-02 date", "id"],
            ("2023-01", "2023-02"),
            ["{wave} score", "{wave} date"],
        ),
        (
            ["nps_w1", "comment_w1", "nps_w2", "comment_w2"],
            ("w1", "w2"),
            ["nps_{wave}", "comment_{wave}"],
        ),
        (
            ["NPS (March)", "Why (March)", "NPS (June)", "Why (June)"],
            ("March", "June"),
            ["NPS ({wave})", "Why ({wave})"],
        ),
        (
            ["Wave 1: NPS", "Wave 1: Why", "Wave 2: NPS", "Wave 2: Why"],
            ("Wave 1", "Wave 2"),
            ["{wave}: NPS", "{wave}: Why"],
        ),
        (["NPS", "Comment", "NPS.1", "Comment.1"], ("1", "2"), ["NPS{wave}", "Comment{wave}"]),
        (["NPS", "Comment", "NPS", "Comment"], ("1", "2"), ["NPS", "Comment"]),
    ],
)
def test_waves_by_their_marks(header: list[str], names: tuple[str, ...], labels: list[str]) -> None:
    said = found(header)
    assert said
    assert (said.names, list(said.labels.values())) == (names, labels)
    assert len(said.later) == len(labels)


def test_years_and_dates_of_their_own_are_sure_and_the_rest_is_not() -> None:
    years, dated = found(["NPS 2022", "NPS 2023"]), found(["NPS", "Date", "NPS", "Date"])
    bare = found(["NPS", "Why", "NPS", "Why"])
    assert years
    assert dated
    assert bare
    assert (years.sure, dated.sure, bare.sure) == (True, True, False)


def test_loops_count_where_the_tool_writes_them() -> None:
    header = ["1_Q4 rating", "1_Q5 why", "2_Q4 rating", "2_Q5 why"]
    assert found(header) is None
    said = found(header, loops=True)
    assert said
    assert (said.names, list(said.labels.values())) == (
        ("1", "2"),
        ["{wave}_Q4 rating", "{wave}_Q5 why"],
    )


@pytest.mark.parametrize(
    "header",
    [
        ["id", "NPS", "Comment"],
        ["Q3_1", "Q3_2", "Q3_3"],
        ["Q1", "Q2", "Q3"],
        ["id", "Rating first", "Rating second"],
        ["id", "NPS", "Orders 2022", "Orders 2023"],
        ["Rating [2022]", "Rating [2023]"],
        ["NPS", "NPS", "Comment"],
        ["NPS", "Why 2022", "Why 2023"],
    ],
)
def test_what_is_no_wave(header: list[str]) -> None:
    assert found(header) is None


def in_two_rows(upper: Sequence[str], lower: Sequence[str]) -> Waves | None:
    """Of a table whose header has two rows, as SurveyMonkey writes it."""
    kinds = {"response": SCORES, "antwort": SCORES, "why?": TEXTS, "warum?": TEXTS, "date": DATES}
    kinds |= {"price": SCORES, "help": SCORES}
    rows = list(zip(*(kinds.get(cell.lower(), OTHER) for cell in lower), strict=True))
    filled: list[str] = []
    for cell in upper:
        filled.append(cell or filled[-1])
    labels = [f"{up} / {low}" if low else up for up, low in zip(filled, lower, strict=True)]
    return waves(columns(labels, rows, upper=upper, lower=lower))


@pytest.mark.parametrize(
    ("upper", "lower", "labels"),
    [
        ("id|NPS||NPS|", "|Response|Why?|Response|Why?", ["NPS / Response", "NPS / Why?"]),
        ("Nr|Bewertung||Bewertung|", "|Antwort|Warum?|Antwort|Warum?", ["Bewertung / Antwort"]),
        ("id|NPS 2022||NPS 2023|", "|Response|Why?|Response|Why?", ["NPS {wave} / Response"]),
        ("id|Q1 NPS||Q2 NPS|", "|Response|Date|Response|Date", ["{wave} NPS / Response"]),
    ],
)
def test_waves_under_two_header_rows(upper: str, lower: str, labels: list[str]) -> None:
    said = in_two_rows(upper.split("|"), lower.split("|"))
    assert said is not None
    assert len(said.names) == 2
    assert list(said.labels.values())[: len(labels)] == labels


def test_the_rows_of_a_grid_are_no_waves_in_two_header_rows_either() -> None:
    upper = ["id", "Rate us in 2022", "", "Comment"]
    assert in_two_rows(upper, ["", "Price", "Help", "Why?"]) is None
