"""The contract of every ledger: each test here is run over each of `backends.BACKENDS`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger.backends import BACKENDS, Backend


@pytest.fixture(params=sorted(BACKENDS))
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """A ledger of each kind, in a folder of its own."""
    return BACKENDS[request.param](tmp_path)
