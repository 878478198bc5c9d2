"""What 0.1 wrote down as sent, in doubt or refused is still so: nothing that was sent is posted again.

The state folders, files and the server are in tests/fixtures_0_1, whose README says what is in them. `run`
and `resume` are asked about each job: who is posted, and what becomes of every row.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.old_ledgers.old import (
    ENDPOINT,
    FOLDER,
    JOBS,
    MADE,
    READING,
    Old,
    Server,
    copied,
    counted,
    number,
    outcomes,
)

BEFORE = {
    "plain": {
        "read": 384, "created": 64, "duplicate": 64, "rejected": 64, "invalid": 64,
        "skipped": 64, "unknown": 64,
    },
    "grown": {
        "read": 394, "created": 10, "duplicate": 32, "rejected": 64, "invalid": 64,
        "skipped": 64, "already_sent": 96, "unknown": 64,
    },
    "keyed": {"read": 192, "created": 64, "unknown": 64, "pending": 64},
    "keyed_changed": {"read": 64, "already_sent": 64},
    "absent": {"read": 132, "created": 68, "failed": 64},
    "waves": {"read": 256, "created": 179, "invalid": 10, "unknown": 51, "pending": 16},
    "workbook": {"read": 64, "created": 64},
    "pilot": {"read": 74, "created": 10, "pending": 64},
    "killed": {"read": 528, "created": 300, "unknown": 100, "pending": 128},
}  # fmt: skip
"""Where each job stood."""

POSTED = {
    "absent": {"absent": 64},
    "waves": {"wave": 8, "wavelost": 8},
    "pilot": {"pilot": 64},
    "killed": {"hung": 14, "hungstored": 14, "after": 100},
}
"""Whose rows were left to post, for those jobs that had any: failed or pending, and nobody in doubt before
them. (Of `hung` and `hungstored`, 100 were under way.)"""

LEFT = ("pending", "failed")


def test_the_fixtures_are_what_0_1_has_written() -> None:
    """Never made anew: not by a later importer, nor by a hand."""
    kept = {
        f"./{path.relative_to(FOLDER).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    lines = (MADE / "SHA256SUMS").read_text().splitlines()
    assert kept == {name: digest for digest, name in (line.split() for line in lines)}


def test_jobs_and_status_tell_what_they_told(old: Old) -> None:
    listed = {each["number"]: each for each in old("jobs", "--json").document["jobs"]}
    assert list(listed) == list(range(len(JOBS), 0, -1)), "newest first"
    for job, before in BEFORE.items():
        ended = old("status", number(job), "--json")
        assert ended.document["job"].endswith(f"-{job}")
        assert counted(ended) == before
        assert ended.document["rows"] == listed[number(job)]["rows"]
        assert ended.document["campaign"] == "5d2f6c1e9b0a4c0017a3e1b2"
        assert ended.document["endpoint"] == f"{ENDPOINT}/api/responses"


def test_results_are_written_anew_byte_for_byte(old: Old) -> None:
    for job in JOBS:
        ended = old("results", number(job), "--out", f"anew/{job}", "--json")
        assert ended.status == 0, ended.err
        written = _tables(old.user.folder / "anew" / job)
        kept = _tables(FOLDER / f"{job}-import") if job != "killed" else written
        assert written == kept
        assert "results.csv" in written


def _tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


def test_rows_that_were_under_way_are_in_doubt(old: Old) -> None:
    """As nobody knows whether the server has them."""
    rows = list(old.outcomes("killed").values())
    assert rows.count(("created", "")) == 300
    assert rows.count(("unknown", "cut_off")) == 100
    assert rows.count(("pending", "not_reached")) == 128


AGAIN = [
    *(pytest.param("killed", job, "run", id=f"run {job}") for job in JOBS),
    *(pytest.param("state", job, "resume", id=f"resume {job}") for job in JOBS),
    pytest.param("killed", "killed", "resume", id="resume killed at once"),
]


@pytest.mark.parametrize(("state", "job", "again"), AGAIN)
def test_only_what_was_left_is_posted(
    tmp_path: Path, twin: Old, server: Server, state: str, job: str, again: str
) -> None:
    """The command is the first that sees the old state. A row whose fate was known keeps it, by the job's own
    word, or, where the job had ended and the file begins another, by that one's."""
    old = copied(tmp_path, state)
    ended = old.run(job) if again == "run" else old.go_on("resume", job)

    assert server.posted() == POSTED.get(job, {}), ended.err
    assert ended.document["requests"] == sum(POSTED.get(job, {}).values())
    assert server.stored_twice() == 0
    before = twin.outcomes(job)
    after = outcomes(old.user.folder / ended.document["results"])
    assert set(after) == set(before)
    same = ended.document["job"] == old("status", number(job), "--json").document["job"]
    for row, (status, code) in before.items():
        if status in LEFT and job in POSTED:
            assert after[row] == ("created", ""), row
        elif same:
            assert after[row] == (status, code), row
        else:
            assert after[row][0] == ("already_sent" if status == "created" else status), row


def test_a_plan_sees_it_too_and_changes_nothing(old: Old) -> None:
    for job in ("plain", "grown", "keyed_changed", "workbook"):
        assert old.plan(job).document["rows"]["ready"] == 0, job
    for job, before in BEFORE.items():
        assert counted(old("status", number(job), "--json")) == before


def test_rows_and_columns_in_another_order_in_a_file_of_another_name(
    settled: Old, server: Server
) -> None:
    with (settled.user.folder / "grown.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    with (settled.user.folder / "other.csv").open("w", encoding="utf-8", newline="") as file:
        turned = [list(reversed(row)) for row in reversed(rows)]
        csv.writer(file, delimiter=";").writerows([list(reversed(header)), *turned])

    ended = settled.run("plain", file="other.csv")

    assert server.posted() == {}
    assert counted(ended) == {
        "read": 394, "already_sent": 106, "duplicate": 32, "rejected": 64,
        "invalid": 64, "skipped": 64, "unknown": 64,
    }  # fmt: skip


def test_one_row_more_is_one_post(settled: Old, server: Server) -> None:
    with (settled.user.folder / "plain.csv").open("a", encoding="utf-8") as file:
        file.write("fresh1,9,new,fresh1@example.com\n")
    settled.run("plain")
    assert server.posted() == {"fresh": 1}


@pytest.mark.parametrize("change", ["key: comment", "repeats: {order_by: score}"])
def test_by_another_key_or_date_what_was_sent_is_held(
    settled: Old, server: Server, change: str
) -> None:
    """0.1 wrote down no rule by which it told rows apart."""
    mapping = settled.user.folder / "mappings" / "plain.yaml"
    mapping.write_text(mapping.read_text() + change + "\n")
    ended = settled.run("pilot")
    assert server.posted() == {"pilot": 64}
    assert counted(ended) == {"read": 74, "created": 64, "already_sent": 10}
    assert "10 rows may have been sent before" in " ".join(ended.document["warnings"])


def test_retry_posts_the_refused_and_nobody_else(settled: Old, server: Server) -> None:
    ended = settled.go_on("retry", "plain", "--status", "rejected")
    assert server.posted() == {"rejected": 64}
    assert counted(ended) == {
        "read": 384, "created": 128, "duplicate": 64, "invalid": 64, "skipped": 64,
        "unknown": 64,
    }  # fmt: skip


def test_retry_posts_the_failed(settled: Old, server: Server) -> None:
    ended = settled.go_on("retry", "absent")
    assert server.posted() == {"absent": 64}
    assert counted(ended) == {"read": 132, "created": 132}


@pytest.mark.parametrize("job", ["plain", "keyed", "waves", "killed"])
def test_retry_posts_nobody_who_is_in_doubt(old: Old, server: Server, job: str) -> None:
    """They were posted more than a day ago, or may be stored twice."""
    ended = old.go_on("retry", job, "--status", "unknown")
    assert server.posted() == {}
    assert ended.document["rows"]["unknown"] == BEFORE[job]["unknown"]


@pytest.mark.parametrize(
    ("job", "created", "absent", "then"),
    [
        ("plain", 64, 0, {}),
        ("keyed", 64, 0, {"lostreply": 64}),
        ("waves", 51, 0, {"wave": 8, "wavelost": 8}),
        ("killed", 50, 50, {"hung": 64, "hungstored": 14, "after": 100}),
    ],
)
def test_what_is_in_doubt_is_settled_by_reading_the_survey(
    old: Old, server: Server, job: str, created: int, absent: int, then: dict[str, int]
) -> None:
    """`resolve` posts nothing; a resume then posts what is surely not stored, and who waited."""
    ended = old("resolve", number(job), "--json", **READING)
    found = ended.document
    assert (found["created"], found["absent"], found["left"]) == (created, absent, 0)
    assert server.posted() == {}
    codes = [code for _, code in old.outcomes(job).values()]
    assert (codes.count("read_back"), codes.count("not_stored")) == (created, absent)

    old.go_on("resume", job)
    assert server.posted() == then
    assert server.stored_twice() == 0


def test_a_run_with_an_api_key_settles_by_itself(old: Old, server: Server) -> None:
    ended = old.run("killed", **READING)
    assert counted(ended) == {"read": 528, "created": 528}
    assert server.posted() == {"hung": 64, "hungstored": 14, "after": 100}
    assert server.stored_twice() == 0


def test_within_a_day_the_api_is_asked_about_rows_in_doubt(
    old: Old, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour after the kill, without an API key: each is posted once more, and the API's duplicate check
    decides. What it calls a duplicate stays in doubt."""
    real, began = time.time, time.time()
    monkeypatch.setattr(time, "time", lambda: HOUR_LATER + real() - began)
    ended = old.run("killed")
    assert server.posted() == {"hung": 64, "hungstored": 64, "after": 100}
    assert server.stored_twice() == 0
    assert counted(ended) == {"read": 528, "created": 478, "unknown": 50}
    again = old.run("killed")
    assert (again.document["requests"], again.document["rows"]["unknown"]) == (0, 50)


HOUR_LATER = 1772445600.0 + 60
"""2 March 2026, 10:01 UTC, in Unix seconds."""


def test_a_persons_word_settles_a_row(old: Old, server: Server) -> None:
    """Rows 3 and 5 of `keyed` are in doubt, and others wait for them."""
    stored = old("mark", number("keyed"), "--row", 3, "--created")
    absent = old("mark", number("keyed"), "--row", 5, "--not-created")
    assert (stored.status, absent.status) == (0, 0)
    old.go_on("resume", "keyed")
    assert server.posted() == {"lostreply": 3}


@pytest.mark.parametrize("job", JOBS)
def test_verify_finds_what_was_sent(settled: Old, server: Server, job: str) -> None:
    """And nothing missing, altered, doubled or extra."""
    ended = settled("verify", number(job), "--json", **READING)
    found = ended.document
    assert not any(found[name] for name in ("missing", "altered", "doubled", "extra")), ended.out
    assert found["unread"] is None
    assert found["same"] == found["expected"] - len(found["unsettled"])
    assert len(found["unsettled"]) == (50 if job == "killed" else 0)
    assert found["scores"], "the job's file and mapping are read as they were"
    assert all(each["file"] == each["survey"] for each in found["scores"])


@pytest.mark.parametrize(("job", "posted"), [("plain", {}), ("pilot", {"pilot": 64})])
def test_a_saved_plan_is_still_good(
    settled: Old, server: Server, job: str, posted: dict[str, int]
) -> None:
    """The requests that it stands for are those that are made today."""
    ended = settled.run(job, "--plan", f"plans/{job}.json")
    assert server.posted() == posted, ended.err
    assert counted(ended)["read"] == BEFORE[job]["read"]


def test_a_saved_plan_refuses_another_file(settled: Old, server: Server) -> None:
    with (settled.user.folder / "pilot.csv").open("a", encoding="utf-8") as file:
        file.write("fresh1,9,new,fresh1@example.com\n")
    ended = settled.run("pilot", "--plan", "plans/pilot.json")
    assert (ended.status, server.posted()) == (2, {})
    assert "the file is another" in ended.err


def test_a_watched_folder_posts_nothing_that_was_sent(old: Old, server: Server) -> None:
    """A file that was imported to its end is known by its bytes; the others are gone through."""
    inbox = old.user.folder / "in"
    inbox.mkdir()
    for job in ("plain", "grown", "pilot"):
        shutil.copy(old.user.folder / f"{job}.csv", inbox / f"named anew {job}.csv")
    words = ("-m", "mappings/plain.yaml", "--endpoint", ENDPOINT, "--rate", "max")
    ended = old("watch", "in", *words, "--once", "--settle", "0.2", "--settled", "0s", "--json")
    assert server.posted() == {"pilot": 64}, ended.err
    assert server.stored_twice() == 0


def test_a_purged_job_is_still_known_as_sent(settled: Old, server: Server) -> None:
    assert settled("purge", "--job", number("workbook"), "--yes").status == 0
    ended = settled.run("workbook")
    assert (counted(ended), server.posted()) == ({"read": 64, "already_sent": 64}, {})


def test_without_its_hash_key_the_ledger_is_refused(old: Old, server: Server) -> None:
    """A new key would know nobody."""
    (old.user.folder / old.state / "hash.key").write_bytes(bytes(32))
    ended = old.run("workbook")
    assert (ended.status, server.posted()) == (5, {})
    assert "another hash key" in ended.err


def test_the_killed_state_has_a_journal_that_nobody_carried_over() -> None:
    """Otherwise the two states would be one."""
    assert (FOLDER / "killed" / "ledger.sqlite3-wal").stat().st_size > 100_000


@pytest.mark.parametrize(("state", "entries"), [("state", 0), ("killed", 700)])
def test_the_copy_keeps_the_journal(tmp_path: Path, state: str, entries: int) -> None:
    """The tests' own helper moves a ledger's paths without folding it."""
    old = copied(tmp_path, state)
    with closing(sqlite3.connect(old.user.folder / state / "ledger.sqlite3")) as connection:
        lines = connection.execute("SELECT entries FROM journal").fetchall()
        [(place,)] = connection.execute("SELECT file FROM jobs WHERE id = 9").fetchall()
    assert sum(len(json.loads(line)) for (line,) in lines) == entries
    assert place == str(tmp_path / "killed.csv")
