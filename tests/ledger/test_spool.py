"""What a job has read, until it is posted and told of: nothing is lost, nothing left behind."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import LedgerError
from importer.ledger import Spool
from importer.model import Chunk
from tests.ledger.making import response


def test_a_full_disk_is_told_before_the_first_post(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever waits in a buffer is written before anything is sent."""
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Path("/dev/full").open("w+b"))  # noqa: SIM115  closed by the spool
    with closing(Spool()) as spool:
        spool.keep([(0, response(2))])
        spool.keep_cells(Chunk((("a",),), (2,)))
        with pytest.raises(LedgerError, match="can't be written: No space left") as caught:
            spool.flush()
    assert "Free some disk space" in caught.value.hint


def test_cells_come_back_as_they_were(tmp_path: Path) -> None:
    odd = ("", "\ud800", "=1+1", "a\r\nb", "\0", "é" * 70_000)
    with closing(Spool(tmp_path)) as spool:
        for first in (2, 100):
            spool.keep_cells(Chunk((odd, odd[::-1]), range(first, first + len(odd))))
        for _ in range(2):
            found = [(tuple(each.columns), list(each.rows)) for each in spool.chunks()]
            assert found == [
                ((odd, odd[::-1]), list(range(first, first + 6))) for first in (2, 100)
            ]
    assert list(tmp_path.iterdir()) == []
