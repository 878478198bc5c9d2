"""One PostgreSQL for the session's tests, a database for each of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import PostgresDatabase, migrate
from tests.postgres.cluster import Cluster, binaries, running

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server of this process' own. Skipped where there is no PostgreSQL; a failure where POSTGRES_TESTS
    says that there has to be one."""
    if binaries() is None:
        if os.environ.get("POSTGRES_TESTS") == "required":
            pytest.fail("There is no PostgreSQL here, and POSTGRES_TESTS=required.")
        pytest.skip("There is no PostgreSQL here (Debian: apt-get install postgresql).")
    with running() as one:
        with connect(Address.parse(one.dsn())) as connection:
            connection.execute("CREATE DATABASE empty_ledger")
        empty = PostgresDatabase(Address.parse(one.dsn("empty_ledger")))
        assert migrate(empty) == 0
        empty.close()
        yield one


@pytest.fixture
def database(cluster: Cluster) -> str:
    """The name of a fresh ledger."""
    name = f"ledger_{next(_NUMBERS)}"
    with connect(Address.parse(cluster.dsn())) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE empty_ledger")
    return name


@pytest.fixture
def address(cluster: Cluster, database: str) -> Address:
    """How a fresh ledger is connected to."""
    return Address.parse(cluster.dsn(database))
