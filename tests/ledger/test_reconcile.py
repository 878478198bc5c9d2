"""Rows in doubt, settled by count: never more is claimed than the survey holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.ledger.fingerprint import Hasher, in_normal_form, normal
from importer.ledger.reconcile import CONTROLS, Doubt
from importer.model import Status
from tests.ledger.backends import Backend
from tests.ledger.making import ORIGIN, SECRET, response, staged, statuses


def doubt(own: int, acknowledged: int = 0, others: int = 0) -> Doubt:
    return Doubt(b"p", b"x", tuple(range(own)), acknowledged, others, 0.0, 0.0, by_user=True)


@pytest.mark.parametrize(
    ("own", "acknowledged", "others", "found", "stored"),
    [
        (1, 0, 0, 0, 0),
        (1, 0, 0, 1, 1),
        (1, 0, 0, 5, 1),
        (1, 1, 0, 1, 0),
        (1, 1, 0, 2, 1),
        (1, 1, 0, 0, None),
        (3, 1, 0, 3, 2),
        (1, 0, 1, 0, 0),
        (1, 0, 1, 1, None),
        (1, 0, 1, 2, 1),
    ],
)
def test_how_many_are_stored(
    own: int, acknowledged: int, others: int, found: int, stored: int | None
) -> None:
    assert doubt(own, acknowledged, others).stored(found) == stored


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 20))
def test_never_more_than_is_there(own: int, acknowledged: int, others: int, found: int) -> None:
    stored = doubt(own, acknowledged, others).stored(found)
    if stored is not None:
        assert 0 <= stored <= own
        assert acknowledged + stored <= found


def test_rows_that_look_alike_are_one_doubt(backend: Backend) -> None:
    """Told apart by their keys, the same in the survey; one was accepted, one is another job's."""
    rows = [response(row, "u", key=f"k{row}") for row in range(2, 6)]
    with backend.ledger() as ledger:
        other, _ = staged(ledger, "other", [response(2, "u", key="other")])
        backend.end(ledger, other, 2, Status.UNKNOWN, at=50.0)
        job, _ = staged(ledger, "a", [*rows, response(6, "someone")])
        backend.end(ledger, job, 2, Status.CREATED, at=100.0)
        backend.end(ledger, job, 3, Status.UNKNOWN, at=200.0)
        backend.end(ledger, job, 5, Status.UNKNOWN, at=300.0)
        backend.end(ledger, job, 6, Status.CREATED, at=400.0)
        [found] = ledger.doubts(job)
        assert (found.seqs, found.acknowledged, found.others) == ((1, 3), 1, 1)
        assert (found.first, found.last, found.by_user) == (50.0, 300.0, True)
        assert ledger.doubts(other)[0].others == 2


def test_a_text_is_one_in_all_the_forms_that_services_give_it() -> None:
    assert normal("cafe\u0301 &amp;lt; 5\r\n\U0001f44d ok\u200b ") == "caf\u00e9 < 5 ok"
    assert normal("&amp;") == normal("&") == "&"
    assert normal("&#" + "9" * 5_000) == "&#" + "9" * 5_000
    assert normal("\U0001f44d") == normal("?") == ""


def test_rows_of_0_1_are_known_by_its_own_form(backend: Backend) -> None:
    """What one has sent and the other has in doubt is told apart by time, and counted once."""
    hasher = Hasher(SECRET, ORIGIN)
    row = response(2, "u")
    new, old = hasher.looks_of(row)
    assert (in_normal_form(new), in_normal_form(old)) == (True, False)
    assert hasher.of(row).shown == new
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", [row, response(3, "v")])
        backend.shown(ledger, job, 2, old)
        backend.end(ledger, job, 2, Status.CREATED, at=100.0)
        assert ledger.in_other_form({old}, 50.0) == (1, 0)
        assert ledger.in_other_form({old}, 150.0) == (0, 0)
        backend.end(ledger, job, 2, Status.UNKNOWN, at=100.0)
        assert ledger.in_other_form({old, new}, 50.0) == (0, 1)
        assert ledger.in_other_form(set(), 50.0) == (0, 0)


def test_the_controls_are_the_rows_accepted_nearest_to_it(backend: Backend) -> None:
    rows = [response(row) for row in range(2, 102)]
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", rows, chunk=200)
        for row in range(2, 102):
            backend.end(ledger, job, row, Status.CREATED, at=1_000.0 + row)
        backend.end(ledger, job, 50, Status.UNKNOWN, at=1_050.0)
        [found] = ledger.doubts(job)
        near = ledger.controls(job, found)
        looks = {backend.shown(ledger, job, row): row for row in range(2, 102)}
    assert len(near) == CONTROLS
    assert {abs(looks[shown] - 50) for shown in near} == set(range(1, CONTROLS // 2 + 1))


def test_what_each_row_becomes(backend: Backend) -> None:
    codes = [
        "no_reply",
        "no_reply",
        "stored_or_duplicate",
        "rejected_in_doubt",
        "cut_off",
        "x",
        "x",
    ]
    rows = [response(row) for row in range(2, 9)]
    with backend.ledger() as ledger:
        job, _ = staged(ledger, "a", rows)
        for row, code in enumerate(codes, 2):
            backend.end(ledger, job, row, Status.UNKNOWN, code)
        ledger.call_stored(job, [0], ["5d2"])
        ledger.call_absent(job, [1, 2, 3, 4])
        ledger.call_by_hand(job, [5], created=True)
        ledger.call_by_hand(job, [6], created=False)
        ledger.call_absent(job, [0])
        assert list(statuses(ledger, job).values()) == [
            ("created", "read_back"),
            ("failed", "not_stored"),
            ("duplicate", "dup_or_targeting"),
            ("rejected", "rejected"),
            ("failed", "not_stored"),
            ("created", "marked"),
            ("failed", "marked"),
        ]
        assert not any(backend.doubt(ledger, job, row) for row in range(2, 9))
        assert next(ledger.lines(job)).response_id == "5d2"
