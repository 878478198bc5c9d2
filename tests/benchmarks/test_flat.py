"""What a row costs doesn't grow with the file. Counted in SQLite's own steps, never in seconds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from importer.ledger import Staging
from importer.ledger.sqlite import SqliteLedger
from importer.model import Response
from tests.ledger.making import job_of

_CHUNK = 500
_EVERY = 100
"""SQLite tells of its steps a hundred at a time."""


def test_the_last_chunk_of_a_file_costs_the_ledger_no_more_than_an_early_one(
    tmp_path: Path,
) -> None:
    ticks: list[int] = []
    with closing(SqliteLedger.throwaway(tmp_path / "ledger.sqlite3", b"k" * 32)) as ledger:
        staging = ledger.stage(ledger.start_job(job_of("flat")))
        ledger.connection.set_progress_handler(lambda: ticks.append(1), _EVERY)
        costs = [_cost(staging, ticks, chunk * _CHUNK) for chunk in range(20)]
    assert costs[2] > 0
    assert costs[-1] < 1.5 * costs[2]


def _cost(staging: Staging, ticks: list[int], first: int) -> int:
    """The steps that staging one more chunk takes."""
    ticks.clear()
    staging.add([_response(first + n) for n in range(_CHUNK)])
    return len(ticks)


def _response(row: int) -> Response:
    own = f'{{"key":"{row}"}}'.encode()
    return Response(row, f"user-{row}", "", "c", b'{"answers":[]}', own, own)
