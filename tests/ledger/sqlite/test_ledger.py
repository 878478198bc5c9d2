"""The file: private, checked at opening, brought up to date, refused where it can't be trusted."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import LedgerError
from importer.ledger import existing, look_into, state
from importer.ledger.database import Query
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import SQL, VERSIONS
from tests.ledger.making import SECRET, response, staged
from tests.ledger.sqlite.making import ledger_in

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


def test_who_only_looks_does_not_read_the_file_through(tmp_path: Path) -> None:
    """Whoever changes it does. A look costs the same however large it is."""
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", [response(row) for row in range(2, 2_000)], chunk=2_000)
    with (tmp_path / "ledger.sqlite3").open("r+b") as file:
        file.seek(-8 * 4096, os.SEEK_END)
        file.write(os.urandom(4096))
    with look_into(tmp_path) as ledger:
        assert [each.name for each in ledger.jobs()] == [job.name]
    with pytest.raises(LedgerError, match="damaged"), existing(tmp_path):
        pass


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
