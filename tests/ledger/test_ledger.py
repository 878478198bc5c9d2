"""The file: private, checked at opening, brought up to date, refused where it can't be trusted."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import LedgerError, UsageError
from importer.ledger import state
from importer.ledger.named_queries import Query
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import SQL, VERSIONS
from importer.model import Status
from tests.ledger.making import ORIGIN, SECRET, end, job_of, ledger_in, response, staged, statuses

ROWS = [response(row) for row in range(2, 8)]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    secret = state.secret(folder)
    with closing(SqliteLedger.open(folder / "ledger.sqlite3", secret)) as ledger:
        staged(ledger, "a", ROWS)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(files) >= {"ledger.sqlite3", "ledger.sqlite3-wal", "hash.key"}
    assert set(files.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    first = state.secret(tmp_path)
    assert (len(first), state.secret(tmp_path)) == (32, first)
    (tmp_path / "hash.key").write_bytes(b"short")
    with pytest.raises(LedgerError, match="damaged"):
        state.secret(tmp_path)


def test_a_new_file_comes_up_to_date(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        assert ledger.connection.execute("PRAGMA user_version").fetchone() == (len(VERSIONS),)
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with ledger_in(tmp_path) as ledger:
        assert ledger.jobs() == []


def test_a_ledger_of_a_newer_importer_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with ledger_in(tmp_path) as ledger:
        ledger.connection.execute("PRAGMA user_version = 99")
    for opening in (SqliteLedger.open, SqliteLedger.throwaway):
        with pytest.raises(LedgerError, match="99") as caught:
            opening(path, SECRET)
        assert caught.value.hint


def test_a_migration_that_breaks_off_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importer.ledger.sqlite import database

    broken = Query("broken", "", ("CREATE TABLE broken (",), ())
    monkeypatch.setattr(database, "VERSIONS", ("version_1", "broken"))
    monkeypatch.setattr(database, "SQL", {"version_1": SQL["version_1"], "broken": broken})
    with pytest.raises(LedgerError):
        SqliteLedger.open(tmp_path / "ledger.sqlite3", SECRET)
    monkeypatch.undo()
    with ledger_in(tmp_path) as ledger:
        assert ledger.jobs() == []


def damaged(path: Path) -> None:
    """Write over pages in the middle."""
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(4096 * 8))


def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with ledger_in(tmp_path) as ledger:
        staged(ledger, "a", [response(row) for row in range(2, 500)], chunk=500)
    damaged(path)
    with pytest.raises(LedgerError, match="damaged") as caught:
        SqliteLedger.open(path, SECRET)
    assert "backup" in caught.value.hint


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_text("name,score\n" * 999)
    for opening in (SqliteLedger.open, SqliteLedger.throwaway):
        with pytest.raises(LedgerError, match="damaged"):
            opening(path, SECRET)
    assert path.read_text() == "name,score\n" * 999


def test_another_hash_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with ledger_in(tmp_path):
        pass
    for opening in (SqliteLedger.open, SqliteLedger.throwaway):
        with pytest.raises(LedgerError, match="another hash key"):
            opening(path, b"t" * 32)
    with closing(SqliteLedger.open(path, b"")) as ledger:
        assert ledger.jobs() == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="can't be written"):
        state.prepare(tmp_path / "file" / "state")


def test_what_was_cut_off_is_in_doubt(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", ROWS)
        end(ledger, job, 3, "attempting")
        assert ledger.counts(job) == {"pending": 5, "unknown": 1}
        assert ledger.recover(ORIGIN, [job.campaigns]) == 1
        assert statuses(ledger, job)[3] == ("unknown", "cut_off")
        assert ledger.recover(ORIGIN, [job.campaigns]) == 0


def test_rows_of_other_surveys_may_be_under_way(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", ROWS)
        end(ledger, job, 3, "attempting")
        assert ledger.recover(ORIGIN, ["another survey"]) == 0
        assert ledger.recover("https://elsewhere", [job.campaigns]) == 0
        assert ledger.recover(ORIGIN, ["*"]) == 1


def test_jobs_are_found_by_name_and_number(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        with pytest.raises(UsageError, match="no job yet"):
            ledger.job("")
        first, second = ledger.start_job(job_of("a", "1")), ledger.start_job(job_of("a", "2"))
        assert (first.name, second.name) == ("a", "a-2")
        assert ledger.job("a") == ledger.job("1") == first
        assert ledger.job("") == second
        assert ledger.jobs() == [second, first]
        with pytest.raises(UsageError, match="no job 'b'"):
            ledger.job("b")


def test_a_job_belongs_to_its_server_and_sheet(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        one = job_of("a", "1")
        others = (
            replace(one, mapping_sha256="other"),
            replace(one, origin="https://other"),
            replace(one, sheet="other"),
            replace(one, file_sha256="other"),
        )
        ids = {ledger.start_job(each).id for each in (one, *others, one)}
    assert len(ids) == 5


def test_reasons_that_only_the_whole_can_give(tmp_path: Path) -> None:
    people = [response(row, f"p{row % 3}", score=row) for row in range(2, 11)]
    with ledger_in(tmp_path) as ledger:
        earlier, _ = staged(ledger, "earlier", [response(2, "p1", score=0)])
        end(ledger, earlier, 2, Status.CREATED)
        job, _ = staged(ledger, "a", people)
        end(ledger, job, 2, Status.CREATED)
        end(ledger, job, 3, Status.UNKNOWN, "no_reply")
        for row in (4, 5):
            end(ledger, job, row, Status.DUPLICATE, "dup_or_targeting")
        ledger.explain(job)
        assert statuses(ledger, job) == {
            2: ("created", ""),
            3: ("unknown", "no_reply"),
            4: ("duplicate", "dup_earlier_run"),
            5: ("duplicate", "dup_same_file"),
            6: ("pending", "held"),
            7: ("pending", "not_reached"),
            8: ("pending", "not_reached"),
            9: ("pending", "held"),
            10: ("pending", "not_reached"),
        }
        end(ledger, job, 3, Status.CREATED)
        ledger.explain(job)
        assert statuses(ledger, job)[6] == ("pending", "not_reached")


def test_it_holds_no_answer_and_no_address(tmp_path: Path) -> None:
    row = response(2, "canary@example.com", key="canary@example.com")._replace(
        body=b'{"userId":"canary@example.com","answers":[{"id":"q","value":"canary text"}]}',
        traits=b'{"plan":"canary trait"}',
    )
    with ledger_in(tmp_path) as ledger:
        staged(ledger, "a", [row])
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in held
    assert b"c***@example.com" in held


def test_errors_of_sqlite_leave_as_ours(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", ROWS)
        ledger.connection.execute("DROP TABLE rows")
        with pytest.raises(LedgerError, match="no such table") as caught:
            ledger.counts(job)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
