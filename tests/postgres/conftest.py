"""One PostgreSQL for the session's tests, a database for each of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from importer.ledger.postgres.connection import Address
from importer.sandbox import API_KEY, PROJECT
from tests.e2e.commands import shell
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here
from tests.postgres.cluster import Cluster, fresh, of_the_session

KEY = "a hash key for these tests"


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """A server of this process' own."""
    return of_the_session()


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The name of a fresh ledger."""
    return fresh(cluster)


@pytest.fixture
def address(cluster: Cluster, database: str) -> Address:
    """How a fresh ledger is connected to."""
    return Address.parse(cluster.dsn(database))


@pytest.fixture
def plain(tmp_path: Path) -> Here:
    """A shell in a folder with a file of 60 rows and its mapping; its ledger is a file."""
    one = shell(tmp_path)
    one.write("mapping.yaml", MAPPING)
    scores = (11 if n == 3 else "skip" if n == 4 else n % 11 for n in range(60))
    lines = [f"p{n % 55},{score},because,p{n % 55}@example.com" for n, score in enumerate(scores)]
    one.write("people.csv", "id,score,comment,email\n" + "\n".join(lines) + "\n")
    environment = {**one.environment, "SATISMETER_HASH_KEY": KEY, "SATISMETER_API_KEY": API_KEY}
    return Here(one.folder, {**environment, "SATISMETER_PROJECT": PROJECT})


@pytest.fixture
def shared(plain: Here, cluster: Cluster, database: str) -> Here:
    """The same over PostgreSQL."""
    return replace(
        plain, environment={**plain.environment, "IMPORTER_LEDGER": cluster.dsn(database)}
    )
