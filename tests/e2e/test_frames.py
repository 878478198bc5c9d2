"""A DataFrame goes the whole way: planned, sent, gone on with, and read back as one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest

from importer import (
    Endpoint,
    Secret,
    Settings,
    init,
    inspect,
    jobs,
    plan,
    results_frame,
    resume,
    run,
    verify,
    write_results,
)
from importer.errors import MappingError, SourceError, UsageError
from importer.model import FRAME
from importer.sandbox import API_KEY, PROJECT, WRITE_KEY, background

SAMPLES = Path(__file__).parents[2] / "sample_data"
MAPPING = str(SAMPLES / "generic_nps.yaml")


def answers() -> pandas.DataFrame:
    """The sample as a program may have it: dates, categories, and scores that gaps made floats of."""
    frame = pandas.read_csv(SAMPLES / "generic_nps.csv", dtype=str, keep_default_na=False)
    return frame.assign(
        nps_score=pandas.to_numeric(frame["nps_score"], errors="coerce"),
        responded_at=pandas.to_datetime(frame["responded_at"]),
        plan=frame["plan"].astype("category"),
    )


def settings(folder: Path, frame: Any, url: str = "http://127.0.0.1:1") -> Settings:
    return Settings(
        file=frame,
        mapping=MAPPING,
        state=folder / "state",
        out=folder / "out",
        endpoint=Endpoint.parse(url),
        write_key=Secret(WRITE_KEY),
        rate="max",  # type: ignore[arg-type]  # text will do
        settle=0.1,
    )


def test_a_frame_says_what_its_file_says(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    frame = answers()
    frame.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    one, _ = plan(settings(tmp_path / "one", frame))
    other, _ = plan(settings(tmp_path / "two", str(path)))
    assert one.rows == other.rows
    assert one.rows["read"] == len(frame)
    assert [sample.replace(b"+00:00", b"Z") for sample in one.samples] == [*other.samples]


def test_the_same_frame_again_posts_nothing_twice(tmp_path: Path) -> None:
    frame = answers()
    with background() as sandbox:
        first = settings(tmp_path, frame, sandbox.url)
        _, pilot = run(replace(first, limit=3))
        assert pilot.rows["created"] == 3
        (job,) = jobs(tmp_path / "state")
        assert job.job.file == FRAME
        with pytest.raises(UsageError, match="came from a DataFrame") as told:
            resume(Settings.of_job(tmp_path / "state", write_key=WRITE_KEY))
        assert "file=frame" in told.value.hint
        with pytest.raises(UsageError, match="has changed since job"):
            resume(Settings.of_job(tmp_path / "state", write_key=WRITE_KEY, file=frame.iloc[1:]))
        _, rest = resume(Settings.of_job(tmp_path / "state", write_key=WRITE_KEY, file=frame))
        _, again = run(settings(tmp_path, answers(), sandbox.url))
        assert set(sandbox.copies().values()) == {1}
        read = replace(first, api_key=Secret(API_KEY), project=PROJECT)
        assert verify(read).exit_status == 0
        assert not verify(replace(read, file="", frame=None)).comparison.missing

    assert (rest.job, again.requests) == (pilot.job, 0)
    assert sum(again.rows.values()) == 2 * again.rows["read"] == 2 * len(frame)


def test_what_is_wrong_with_a_frame_comes_back_with_its_place(tmp_path: Path) -> None:
    frame = answers().set_index("user_id")
    _, summary = plan(settings(tmp_path, frame))
    assert summary.problems is not None
    with summary.problems.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[0] == "user_id"
    cause = next(each for each in summary.causes if each.code == "out_of_range")
    assert frame.index[cause.rows[0] - 1] in [row[0] for row in rows]

    mended = tmp_path / "mended.csv"
    mended.write_bytes(summary.problems.read_bytes())
    again, _ = plan(settings(tmp_path / "again", str(mended)))
    assert again.rows["read"] == len(rows)


def test_results_come_as_a_frame(tmp_path: Path) -> None:
    with background() as sandbox:
        _, summary = run(settings(tmp_path, answers(), sandbox.url))
    found = results_frame(tmp_path / "state")
    assert summary.results is not None
    as_text = pandas.read_csv(summary.results, dtype=str, keep_default_na=False)

    assert list(found.columns) == list(as_text.columns)
    assert len(found) == summary.rows["read"]
    assert dict(found["status"].value_counts()) == {
        **dict.fromkeys(found["status"].cat.categories, 0),
        **{status: number for status, number in summary.rows.items() if status != "read"},
    }
    assert list(found["userId"]) == list(as_text["userId"])
    assert found["userId"].iloc[0].startswith("00")
    assert str(found["sent_at"].dtype) == "datetime64[ms, UTC]"
    sent = found["sent_at"].dt.strftime("%Y-%m-%dT%H:%M:%S").fillna("")
    assert list(sent) == [text[:19] for text in as_text["sent_at"]]
    assert list(found["http_status"].dropna()) == [int(n) for n in as_text["http_status"] if n]
    assert found.equals(results_frame(str(tmp_path / "state"), summary.job))
    _, written, _ = write_results(tmp_path / "state", out=tmp_path / "anew")
    assert written.results.read_bytes() == summary.results.read_bytes()
    assert "can't be read again" in written.unread


def test_results_of_nothing_have_their_columns(tmp_path: Path) -> None:
    with background() as sandbox:
        _, summary = run(settings(tmp_path, answers().iloc[:0], sandbox.url))
    found = results_frame(tmp_path / "state")
    assert (len(found), summary.rows["read"]) == (0, 0)
    assert str(found["sent_at"].dtype) == "datetime64[ms, UTC]"
    assert found["status"].dtype == "category"


def test_a_frame_is_inspected_and_drafted(tmp_path: Path) -> None:
    frame = answers()
    facts, inspection = inspect(frame)
    assert (facts.format, facts.header_rows, inspection.rows) == ("dataframe", (0,), len(frame))
    draft = init(frame)
    assert "header_row" not in draft.text
    assert "user_id" in draft.text
    assert "nps_score" in draft.text


def test_a_frame_that_cannot_be_read_sends_nothing(tmp_path: Path) -> None:
    with background() as sandbox:
        bytes_ = answers().assign(comment=b"Love it")
        with pytest.raises(SourceError, match="column 'comment': a value of type bytes"):
            run(settings(tmp_path, bytes_, sandbox.url))
        with pytest.raises(MappingError) as told:
            run(settings(tmp_path, answers()[["plan"]], sandbox.url))
        assert not sandbox.requests
    assert "Love it" not in str(told.value)


def test_settings_do_not_show_the_rows(tmp_path: Path) -> None:
    one = settings(tmp_path, answers())
    assert "example.com" not in repr(one)
    assert one == replace(one)
    assert (one.file, one.name, one.folder) == (FRAME, "DataFrame", tmp_path / "out")
    assert replace(one, out=None).folder == Path("DataFrame-import")
    assert replace(one, called="july").name == "july"
