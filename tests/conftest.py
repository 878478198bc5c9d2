"""Fixtures that all rooms share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cases() -> Path:
    """A folder of real exports, named by REAL_EXPORTS; the test is skipped where there is none."""
    folder = os.environ.get("REAL_EXPORTS")
    if not folder:
        pytest.skip("REAL_EXPORTS names no folder of real exports")
    return Path(folder)
