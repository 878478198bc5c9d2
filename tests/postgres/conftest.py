"""One PostgreSQL for the session's tests, a database for each of them."""

from __future__ import annotations

import pytest

from importer.ledger.postgres.connection import Address
from tests.postgres.cluster import Cluster, fresh, of_the_session


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
