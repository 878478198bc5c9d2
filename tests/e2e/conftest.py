"""A user's shell, and a sandbox to send to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.sandbox import Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell, shell
from tests.e2e.here import Here

MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}
traits:
  email: {column: email, type: email}
source:
  skip_if:
    - {column: score, in: [skip]}
"""


@pytest.fixture
def user(tmp_path: Path, request: pytest.FixtureRequest) -> Shell:
    """A shell in an empty folder that holds `mapping.yaml`. Its commands run within the test's own process,
    unless the test or its module is marked `process`: where signals, descriptors, limits, standard
    input or the start itself are what it is about."""
    one = shell(tmp_path)
    one.write("mapping.yaml", MAPPING)
    own = request.node.get_closest_marker("process")
    return one if own else Here(one.folder, one.environment)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh local SatisMeter."""
    with background() as running:
        yield running


@pytest.fixture
def open_server() -> Iterator[Sandbox]:
    """A survey that takes several responses of one person."""
    with background(SandboxSettings(duplicate_window=0)) as running:
        yield running
