"""Fixtures that all rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cases() -> Path:
    """A folder of real exports, named by IMPORTER_CASES; the test is skipped where there is none."""
    folder = os.environ.get("IMPORTER_CASES")
    if not folder:
        pytest.skip("IMPORTER_CASES names no folder of real exports")
    return Path(folder)
