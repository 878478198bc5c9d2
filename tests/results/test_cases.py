"""The report of a real export, against a count of its own."""

import csv
import json
from pathlib import Path

import pytest

from importer import engine
from importer.settings import Settings

FILES = ("botanic_semicolon_cp1252_decimal_comma.csv", "botanic_numbers_13954.xlsx")
MAPPINGS = Path(__file__).parents[1] / "cases" / "mappings"


@pytest.mark.parametrize(
    ("file", "mapping"),
    [(FILES[0], "botanic_csv"), (FILES[1], "botanic_xlsx")],
    ids=["csv", "xlsx"],
)
def test_the_nps_is_that_of_the_file(cases: Path, tmp_path: Path, file: str, mapping: str) -> None:
    with (cases / "nps" / FILES[0]).open(encoding="cp1252", newline="") as text:
        scores = [
            int(row["nps"]) for row in csv.DictReader(text, delimiter=";") if row["nps"].isdigit()
        ]
    promoters, detractors = sum(each >= 9 for each in scores), sum(each <= 6 for each in scores)

    planned, summary = engine.plan(
        Settings(
            file=str(cases / "nps" / file),
            mapping=str(MAPPINGS / f"{mapping}.yaml"),
            state=tmp_path / "state",
            out=tmp_path / "out",
        )
    )
    (nps,) = summary.scores
    page = summary.report.read_text(encoding="utf-8")

    assert planned.rows["read"] == 13_954
    assert nps.answers == len(scores) == 13_612
    assert nps.nps == 100 * (promoters - detractors) / len(scores)
    assert json.loads((tmp_path / "out" / "plan-summary.json").read_bytes())["scores"][0][
        "nps"
    ] == round(nps.nps, 2)
    assert f">{nps.nps:+.0f} <" in page.replace("−", "-")
    assert summary.report.stat().st_size < 200_000
