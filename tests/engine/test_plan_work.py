"""What a plan does for each row, counted in calls: seconds say nothing on a machine that others use."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

import importer
from benchmarks import data
from importer import Settings, plan
from importer.settings import Secret

HOME = str(Path(importer.__file__).parent)
FEW, MANY = 1_000, 3_000


def calls(folder: Path, rows: int, mapping: str = data.MAPPING, **options: object) -> Counter[str]:
    """How often a plan of so many rows calls each of our functions, and each of others' written in C."""
    folder.mkdir(exist_ok=True)
    table, document = folder / "answers.csv", folder / "mapping.yaml"
    document.write_text(mapping)
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((data.HEADER, *data.rows(rows)))
    settings = Settings(str(table), str(document), folder / "state", out=folder / "out", **options)  # type: ignore[arg-type]
    found: Counter[str] = Counter()

    def seen(frame: FrameType, event: str, called: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(HOME):
            found[frame.f_code.co_qualname] += 1
        elif event == "c_call" and frame.f_code.co_filename.startswith(HOME):
            found[getattr(called, "__qualname__", "")] += 1

    sys.setprofile(seen)
    try:
        made, _ = plan(settings)
    finally:
        sys.setprofile(None)
    assert made.ready == rows
    return found


def test_bodies_that_nobody_comes_back_to_are_neither_kept_nor_read(tmp_path: Path) -> None:
    found = calls(tmp_path, FEW)

    assert found["Spool.body"] == found["Spool.keep_bodies"] == 0


def test_bodies_are_read_where_a_trait_is_not_sent_blindly(tmp_path: Path) -> None:
    found = calls(tmp_path, FEW, data.MAPPING + "existing_traits: keep\n")

    assert found["Spool.body"] >= FEW


def test_bodies_are_kept_for_whoever_wants_to_read_them(tmp_path: Path) -> None:
    found = calls(tmp_path, FEW, payloads=tmp_path / "payloads.jsonl")

    assert found["Spool.body"] == FEW
    assert len((tmp_path / "payloads.jsonl").read_text().splitlines()) == FEW


def test_a_key_without_a_project_looks_at_nobody(tmp_path: Path) -> None:
    assert calls(tmp_path, FEW, api_key=Secret("k" * 20))["Spool.keep_bodies"] == 0


def test_ids_keys_and_addresses_that_stay_as_they_are_take_one_search_a_column(
    tmp_path: Path,
) -> None:
    few, many = calls(tmp_path / "few", FEW), calls(tmp_path / "many", MANY)

    texts = many["Memo.__missing__"] - few["Memo.__missing__"]
    assert texts <= 1.1 * (MANY - FEW)  # of the dates, no two of which are alike
    assert many["First._first"] == 0


def test_rows_in_a_row_are_told_from_totals_and_headers_by_their_first_cell(tmp_path: Path) -> None:
    few, many = calls(tmp_path / "few", FEW), calls(tmp_path / "many", MANY)

    found = many - few
    assert found["_word_of"] == found["_key"] == found["ForeignRows._is_apart"] == 0
    assert found["ForeignRows._numbers_of"] == 0  # no more than may be summed up are held
