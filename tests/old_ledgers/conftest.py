"""A copy of 0.1's folder for each test, and its server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.old_ledgers.old import Old, Server, copied, serving


@pytest.fixture(params=["state", "killed"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Old:
    """Both states: the one that was carried over after the kill, and the one that the kill left."""
    return copied(tmp_path, request.param)


@pytest.fixture
def settled(tmp_path: Path) -> Old:
    """The state that was carried over, where the other can tell no more."""
    return copied(tmp_path, "state")


@pytest.fixture
def twin(tmp_path: Path) -> Old:
    """Another copy, to ask how it was."""
    place = tmp_path / "twin"
    place.mkdir()
    return copied(place, "state")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """0.1's server, with the store that lies in the test's folder."""
    with serving(tmp_path) as running:
        yield running
