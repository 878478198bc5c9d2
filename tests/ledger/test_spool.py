"""What a job has read, until it is posted and told of: nothing is lost, nothing left behind."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import LedgerError
from importer.ledger import Spool
from importer.ledger.state import Numbers
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


def test_bodies_come_back_whatever_was_kept_between(tmp_path: Path) -> None:
    """Rows without a body leave gaps; a body that was read may still be replaced, and others may follow."""
    with closing(Spool(tmp_path)) as spool:
        spool.keep_bodies([(0, b"zero"), (3, b"three")])
        assert [spool.body(seq) for seq in (3, 0, 1)] == [b"three", b"zero", b""]
        spool.replace(0, b"another zero")
        spool.keep_bodies([(5, b"five")])
        assert [spool.body(seq) for seq in (5, 0, 3, 4)] == [
            *(b"five", b"another zero", b"three", b"")
        ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("many", [0, 1, 9_999, 10_000, 10_001, 25_000])
def test_numbers_come_back_in_their_order_as_often_as_one_likes(many: int) -> None:
    given = [7 * n % 25_013 for n in range(many)]
    numbers = Numbers(iter(given))
    assert len(numbers) == many
    for _ in range(2):
        assert list(numbers) == given


def test_an_order_that_the_disk_has_no_room_for_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Path("/dev/full").open("w+b"))  # noqa: SIM115  closed by its owner
    with pytest.raises(LedgerError, match="can't be written: No space left"):
        Numbers(range(25_000))


def test_an_order_that_has_no_place_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(LedgerError, match="No space left"):
        Numbers(range(3))
    assert capfd.readouterr().err == ""
