"""A ledger that is gone, empty, another or an older copy is noticed before anything is sent."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from importer.errors import LedgerError
from importer.ledger import secret
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import connect, ledger_path, migrate, unmark
from tests.ledger.making import job_of


def opened(folder: Path) -> SqliteLedger:
    return SqliteLedger.open(ledger_path(folder), secret(folder))


def begun(folder: Path, name: str) -> None:
    """A run that has come to its first post."""
    with closing(opened(folder)) as ledger:
        ledger.begin_job(ledger.start_job(job_of(name)))


def planned(folder: Path) -> None:
    SqliteLedger.throwaway(ledger_path(folder), secret(folder)).close()


def gone(folder: Path) -> None:
    ledger_path(folder).unlink()


def emptied(folder: Path) -> None:
    ledger_path(folder).write_bytes(b"")


def another(folder: Path) -> None:
    begun(folder.parent / "other", "elsewhere")
    shutil.copy(ledger_path(folder.parent / "other"), ledger_path(folder))
    (folder / "hash.key").write_bytes((folder.parent / "other" / "hash.key").read_bytes())


def made_anew(folder: Path) -> None:
    """By a program that knows nothing of the mark."""
    ledger_path(folder).unlink()
    with closing(connect(ledger_path(folder))) as connection:
        migrate(connection, "")


def older(folder: Path) -> None:
    shutil.copy(folder / "kept", ledger_path(folder))


@pytest.mark.parametrize(
    ("lose", "told"),
    [
        (gone, "is gone"),
        (emptied, "is empty"),
        (another, "is another one"),
        (made_anew, "is another one"),
        (older, r"lacks the last 1 run\(s\)"),
    ],
)
def test_a_lost_ledger_is_refused_by_plan_and_run_until_a_person_says(
    tmp_path: Path, lose: Callable[[Path], None], told: str
) -> None:
    folder = tmp_path / "state"
    begun(folder, "first")
    shutil.copy(ledger_path(folder), folder / "kept")
    begun(folder, "second")

    lose(folder)

    for use in (planned, lambda folder: begun(folder, "third")):
        with pytest.raises(LedgerError, match=told) as caught:
            use(folder)
        assert "nothing was sent" in caught.value.message
        assert "importer new-ledger" in caught.value.hint
    assert unmark(ledger_path(folder))
    planned(folder)
    begun(folder, "third")
    begun(folder, "fourth")


def test_a_ledger_that_comes_back_is_good(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    begun(folder, "first")
    ledger_path(folder).rename(folder / "kept")
    with pytest.raises(LedgerError, match="is gone"):
        opened(folder)
    (folder / "kept").rename(ledger_path(folder))
    begun(folder, "second")


def test_a_plan_leaves_no_mark(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    planned(folder)
    assert {each.name for each in folder.iterdir()} == {"hash.key"}
    begun(folder, "first")
    assert "ledger.mark" in {each.name for each in folder.iterdir()}


def test_a_job_that_posted_nothing_may_go(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    begun(folder, "first")
    with closing(opened(folder)) as ledger, ledger._db.transaction():
        ledger.connection.execute("DELETE FROM jobs")
    begun(folder, "second")


def test_an_older_state_folder_gets_its_mark(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    begun(folder, "first")
    with closing(opened(folder)) as ledger, ledger._db.transaction():
        ledger.connection.execute("DELETE FROM facts WHERE name IN ('ledger', 'begun')")
    (folder / "ledger.mark").unlink()
    planned(folder)
    begun(folder, "second")
    assert (folder / "ledger.mark").exists()


def test_an_empty_ledger_beside_a_hash_key_was_one(tmp_path: Path) -> None:
    """Without a mark, as earlier versions left it: the importer itself never leaves an empty one."""
    secret(tmp_path)
    emptied(tmp_path)
    with pytest.raises(LedgerError, match="is empty"):
        opened(tmp_path)
    assert unmark(ledger_path(tmp_path))
    begun(tmp_path, "first")


def test_the_mark_never_knows_of_more_than_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, the next start goes on."""
    begun(tmp_path, "first")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("importer.ledger.sqlite.ledger.mark", killed)
        with pytest.raises(KeyboardInterrupt):
            begun(tmp_path, "second")
    begun(tmp_path, "third")


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    ledger_path(tmp_path).mkdir()
    with pytest.raises(LedgerError, match="is a folder"):
        opened(tmp_path)


def test_two_first_starts_at_one_moment(tmp_path: Path) -> None:
    """One finds the tables made that it was about to make."""
    path = tmp_path / "a.sqlite3"

    class Late(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE":
                with closing(connect(path)) as first:
                    migrate(first, "")
            return super().execute(sql, *more)

    with closing(sqlite3.connect(path, isolation_level=None, factory=Late)) as second:
        migrate(second, "")
        assert second.execute("SELECT COUNT(*) FROM facts").fetchone() == (0,)


def test_the_start_that_was_first_has_made_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linking = __import__("os").link

    def link(draft: Path, path: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("os.link", linking)
            begun(tmp_path, "first")
        linking(draft, path)

    secret(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("os.link", link)
        second = opened(tmp_path)
    with closing(second):
        assert [each.name for each in second.jobs()] == ["first"]
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_what_a_killed_start_has_left_goes(tmp_path: Path) -> None:
    secret(tmp_path)
    old, new = tmp_path / ".hash-123-0123abcd", tmp_path / ".ledger.sqlite3-124-0123abcd"
    for each in (old, new):
        each.write_bytes(b"x")
    os.utime(old, (1, 1))
    os.utime(tmp_path / "hash.key", (1, 1))
    begun(tmp_path, "first")
    assert (old.exists(), new.exists()) == (False, True)


def test_a_start_that_was_killed_does_not_keep_others_out(tmp_path: Path) -> None:
    """In a container each start has the same number, as threads of one process have."""
    (tmp_path / f".writable-{os.getpid()}").touch()
    first = secret(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: secret(tmp_path), range(100))) == {first}
