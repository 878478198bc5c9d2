"""The pages of the made-up export, made once."""

from pathlib import Path

import pytest

from tests.results import jobs


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The page of the plan, and that of the run."""
    return jobs.both(tmp_path_factory.mktemp("pages"), "max")
