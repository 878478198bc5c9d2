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
    """A shell in an empty folder that holds `mapping.yaml`. Where a module says `WITHIN_THIS_PROCESS = True`,
    its commands start within the test's own."""
    one = shell(tmp_path)
    one.write("mapping.yaml", MAPPING)
    within = getattr(request.module, "WITHIN_THIS_PROCESS", False)
    return Here(one.folder, one.environment) if within else one


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
