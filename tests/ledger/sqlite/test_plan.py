"""A plan beside the file, and what the file is asked, counted in SQLite's own steps."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from importer.ledger.sqlite import SqliteLedger
from importer.model import Status
from tests.ledger.making import SECRET, response, staged
from tests.ledger.sqlite.making import end, ledger_in

FILE = [response(row) for row in range(2, 9)]


def test_a_plan_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with ledger_in(tmp_path) as ledger:
        job, _ = staged(ledger, "a", FILE)
        end(ledger, job, 2, Status.CREATED)
    before = path.read_bytes()
    with closing(SqliteLedger.throwaway(path, SECRET)) as plan:
        assert staged(plan, "plan", FILE)[1] == [3, 4, 5, 6, 7, 8]
    assert path.read_bytes() == before


def test_a_plan_needs_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite3").touch()
    for name in ("none.sqlite3", "empty.sqlite3"):
        with closing(SqliteLedger.throwaway(tmp_path / name, SECRET)) as plan:
            assert staged(plan, "plan", FILE)[1] == [row.row for row in FILE]
    assert not (tmp_path / "none.sqlite3").exists()


def _steps(folder: Path, rows: int) -> int:
    """Steps of SQLite's machine, in hundreds, that it takes to send the second half of so many rows."""
    folder.mkdir()
    with ledger_in(folder) as ledger:
        job, _ = staged(ledger, "a", [response(n) for n in range(2, 2 + rows)], chunk=rows)
        with ledger._db.transaction():
            ledger.connection.execute(
                "UPDATE rows SET status = 'created', sent_at = 1e9 WHERE seq < ?", (rows // 2,)
            )
        order = list(ledger.sending_order(job, (Status.PENDING,)))
        count = [0]

        def step() -> None:
            count[0] += 1

        ledger.connection.set_progress_handler(step, 100)
        assert len(ledger.outgoing(job, order)) == rows // 2
        return count[0]


def test_sending_asks_the_ledger_no_more_for_each_row_the_more_there_are(tmp_path: Path) -> None:
    few, many = _steps(tmp_path / "few", 500), _steps(tmp_path / "many", 2_000)
    assert many < 6 * few
