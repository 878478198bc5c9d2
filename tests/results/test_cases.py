"""The report of an export, against a count of its own."""

import csv
import json
from pathlib import Path

import pytest

from importer import engine
from importer.settings import Settings
from tests.cases.expected import both, place
from tests.cases.made import SHOP, SHOP_BOOK

MAPPINGS = Path(__file__).parents[1] / "cases" / "mappings"
REAL = ("nps/botanic_semicolon_cp1252_decimal_comma.csv", "nps/botanic_numbers_13954.xlsx")


@pytest.mark.parametrize(
    ("text", "file", "mapping"),
    both(
        [(SHOP, SHOP, "shop_csv"), (SHOP, SHOP_BOOK, "shop_xlsx")],
        [(REAL[0], REAL[0], "botanic_csv"), (REAL[0], REAL[1], "botanic_xlsx")],
    ),
)
def test_the_nps_is_that_of_the_file(tmp_path: Path, text: str, file: str, mapping: str) -> None:
    with place(text).open(encoding="cp1252", newline="") as opened:
        given = [row["nps"] for row in csv.DictReader(opened, delimiter=";")]
    scores = [int(each) for each in given if each.isdigit()]
    promoters, detractors = sum(each >= 9 for each in scores), sum(each <= 6 for each in scores)

    planned, summary = engine.plan(
        Settings(
            file=str(place(file)),
            mapping=str(MAPPINGS / f"{mapping}.yaml"),
            state=tmp_path / "state",
            out=tmp_path / "out",
        )
    )
    (nps,) = summary.scores
    page = summary.report.read_text(encoding="utf-8")

    assert planned.rows["read"] == len(given) >= 2_000
    assert nps.answers == len(scores) > 1_500
    assert nps.nps == 100 * (promoters - detractors) / len(scores)
    assert json.loads((tmp_path / "out" / "plan-summary.json").read_bytes())["scores"][0][
        "nps"
    ] == round(nps.nps, 2)
    assert f">{nps.nps:+.0f} <" in page.replace("−", "-")
    assert summary.report.stat().st_size < 200_000
