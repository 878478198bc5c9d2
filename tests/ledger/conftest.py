"""The contract of every ledger: each test here is run over each of `backends.BACKENDS`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.backends import BACKENDS, Backend


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """A ledger of each kind, in a folder of its own."""
    return BACKENDS[request.param](tmp_path)


LONG = ("test_whatever_is_run_in_whatever_order", "test_many_rows_of_one_key")
"""Over a server these take their time: they are trials there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for each in items:
        if each.name.startswith(LONG) and "postgres" in each.name:
            each.add_marker(pytest.mark.trial)
