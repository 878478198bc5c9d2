"""A PostgreSQL of the tests' own: a cluster in a temporary folder, gone when they end."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TypedDict

import pytest

from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import migrated

PASSWORD = "tests-only"
ROLE = "tester"

_QUICK = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "1GB"}
"""A power cut ends the tests anyway. Where durability itself is measured, `durable=True`."""


def binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return Path(found).resolve().parent if found else debian[0].parent if debian else None


@dataclass(frozen=True)
class Cluster:
    """A running server. `folder` holds its `data` and its socket; it listens on the loopback, too."""

    bin: Path
    folder: Path
    port: int

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def dsn(self, database: str = "postgres", role: str = ROLE) -> str:
        """By the socket, where nobody is asked for a password."""
        return f"postgresql://{role}@/{database}?host={self.folder}&port={self.port}"

    def tcp(self, database: str) -> str:
        """By the loopback, where a password is asked for."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server; after a kill its orphans may hold the shared memory for a moment."""
        for _ in range(50):
            log = self.folder / "server.log"
            if not self.run("pg_ctl", "-D", self.data, "-l", log, "-w", "-t", "20", "start"):
                return
            time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: `immediate` is a crash of all of its processes."""
        self.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    @property
    def postmaster(self) -> int:
        """The server's process."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def run(self, program: str, *words: object) -> int:
        """One of PostgreSQL's programs, as the server's user; its exit status."""
        return subprocess.run(
            [self.bin / program, *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            check=False,
            **as_nobody(),
        ).returncode


class _User(TypedDict, total=False):
    user: str
    group: str


def as_nobody() -> _User:
    """PostgreSQL refuses to run as root."""
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def made(*, durable: bool = False, **settings: str) -> Cluster:
    """A cluster that is yet to be started. `settings` go into its postgresql.conf."""
    found = binaries()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="importer-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    cluster = Cluster(found, folder, free_port())
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    auth = ("--auth-local=trust", "--auth-host=scram-sha-256", "-U", ROLE, f"--pwfile={secret}")
    assert not cluster.run("initdb", "-N", "-E", "UTF8", "--locale=C", *auth, "-D", cluster.data)
    lines = {
        "listen_addresses": "127.0.0.1",
        "port": str(cluster.port),
        "unix_socket_directories": str(folder),
        "shared_buffers": "32MB",
        "max_connections": "60",
        "lc_messages": "C",
        **({} if durable else _QUICK),
        **settings,
    }
    with (cluster.data / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in lines.items())
    return cluster


@contextmanager
def running(*, durable: bool = False, **settings: str) -> Iterator[Cluster]:
    """A cluster that runs until the block ends."""
    cluster = made(durable=durable, **settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


_NUMBERS = count(1)


@cache
def of_the_session() -> Cluster:
    """The server of this process' tests. They are skipped where there is no PostgreSQL, and fail where
    POSTGRES_TESTS says that there has to be one."""
    if binaries() is None:
        if os.environ.get("POSTGRES_TESTS") == "required":
            pytest.fail("There is no PostgreSQL here, and POSTGRES_TESTS=required.")
        pytest.skip("There is no PostgreSQL here (Debian: apt-get install postgresql).")
    stack = ExitStack()
    atexit.register(stack.close)
    one = stack.enter_context(running())
    with connect(Address.parse(one.dsn())) as connection:
        connection.execute("CREATE DATABASE empty_ledger")
    migrated(one.dsn("empty_ledger"))
    return one


def fresh(cluster: Cluster) -> str:
    """A fresh ledger in the session's server; its name."""
    name = f"ledger_{next(_NUMBERS)}"
    with connect(Address.parse(cluster.dsn())) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE empty_ledger")
    return name
