"""Fixtures that all rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cases() -> Path:
    """A folder of real exports, named by IMPORTER_CASES; the test is skipped where there is none."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "cases"
    folder = Path(os.environ.get("IMPORTER_CASES", beside))
    if not folder.is_dir():
        pytest.skip(f"no real exports in {folder}")
    return folder
