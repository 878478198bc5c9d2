"""A Dask cluster of two small workers, for all tests of the folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

collect_ignore_glob: list[str] = []

if find_spec("distributed") is None and os.environ.get("DASK_TESTS") != "required":
    collect_ignore_glob.append("test_*")


def pytest_report_header() -> str:
    """Said where tests are left out."""
    return "tests/workers are skipped: no distributed here" if collect_ignore_glob else ""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """Its workers have the keys of nobody."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs="CRITICAL",
        env={"SATISMETER_HASH_KEY": ""},
    ) as running:
        yield running
