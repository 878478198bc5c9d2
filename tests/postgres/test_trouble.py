"""A database that is full, turns read-only, or stands behind a pooler; and what its own pages show."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from importer.errors import LedgerError
from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import migrated
from importer.sandbox import WRITE_KEY, SandboxSettings, background
from tests.e2e.here import Here
from tests.postgres.cluster import ROLE, Cluster, as_nobody, free_port, running

FULL = (
    """CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT count(*) FROM sent) > 12 THEN RAISE 'no space' USING ERRCODE = '53100'; END IF;
        RETURN NEW; END $$;
    CREATE TRIGGER no_space BEFORE INSERT ON sent FOR EACH ROW EXECUTE FUNCTION no_space()""",
    "DROP TRIGGER no_space ON sent",
)
READ_ONLY = (
    "ALTER SYSTEM SET default_transaction_read_only = on",
    "ALTER SYSTEM RESET default_transaction_read_only",
)


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server of the test's own."""
    with running() as one:
        migrated(one.dsn())
        yield one


@pytest.mark.parametrize("command", ["run", "work"])
@pytest.mark.parametrize(
    ("spoil", "told"), [(FULL, "is full"), (READ_ONLY, "is read-only")], ids=["full", "read-only"]
)
def test_what_was_sent_stays_known_and_the_same_command_goes_on(
    plain: Here, server: Cluster, command: str, spoil: tuple[str, str], told: str
) -> None:
    user = replace(plain, environment={**plain.environment, "IMPORTER_LEDGER": server.dsn()})
    yes = ("--yes",) if command == "run" else ()
    with (
        background(SandboxSettings(duplicate_window=0)) as sandbox,
        closing(psycopg.connect(server.dsn(), autocommit=True)) as owner,
    ):
        words = (command, "people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, *yes)
        owner.execute("SET default_transaction_read_only = off")

        def turning() -> None:
            while len(sandbox.posts()) < 10:
                time.sleep(0.02)
            owner.execute(spoil[0])
            owner.execute("SELECT pg_reload_conf()")

        turner = threading.Thread(target=turning)
        turner.start()
        stopped = user(*words, "--rate", "20/s", "--settle", "0.2")
        turner.join()
        assert stopped.status == 5, stopped.err
        assert told in stopped.out + stopped.err
        posted = len(sandbox.posts())
        assert 10 <= posted < 55
        again = user(*words, "--rate", "20/s", "--settle", "0.2")
        assert (again.status, len(sandbox.posts())) == (5, posted), "nothing is posted meanwhile"
        owner.execute(spoil[1])
        owner.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
        owner.execute("UPDATE holds SET expires = now()")
        owner.execute("UPDATE lanes SET expires = now()")
        done = user(*words, "--rate", "max", "--settle", "0.2")
        assert done.status in (0, 3), done.err
        assert max(sandbox.copies().values()) == 1
        assert len(sandbox.copies()) == 55


def test_its_own_pages_show_no_row_and_no_key(
    shared: Here, cluster: Cluster, database: str
) -> None:
    """`pg_stat_activity` is there for everyone who may connect."""
    seen, ended = set[tuple[str, str]](), threading.Event()

    def watching() -> None:
        with closing(connect(Address.parse(cluster.dsn(database)))) as one:
            while not ended.is_set():
                seen.update(
                    one.execute(
                        "SELECT application_name, query FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                        " AND backend_type = 'client backend' AND query <> ''"  # or it begins, nameless
                    ).fetchall()
                )

    watcher = threading.Thread(target=watching)
    watcher.start()
    with background() as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--rate", "40/s")
        assert shared("work", *words, "--settle", "0.2").status in (0, 3)
    ended.set()
    watcher.join()
    assert {name for name, _ in seen} == {"satismeter-importer"}
    queries = " ".join(query for _, query in seen)
    assert "INSERT INTO sent" in queries
    for secret in ("example.com", "because", "p17", WRITE_KEY, "a hash key for these tests"):
        assert secret not in queries


@pytest.fixture(params=["", "ignore_startup_parameters = options"], ids=["as it is", "ignoring"])
def pooled(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a PgBouncer in transaction mode before the server."""
    found = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        pytest.skip("There is no pgbouncer here.")
    port, ini = free_port(), cluster.folder / f"{tmp_path.name}.ini"
    ini.write_text(
        f"[databases]\n* = host={cluster.folder} port={cluster.port} user={ROLE}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\nlogfile = {ini}.log\n{request.param}\n"
    )
    one = subprocess.Popen([found, "-q", str(ini)], stderr=subprocess.DEVNULL, **as_nobody())
    try:
        yield f"postgresql://{ROLE}@127.0.0.1:{port}"
    finally:
        one.terminate()
        one.wait()


def test_a_pooler_is_told_of_before_the_first_post(pooled: str, database: str) -> None:
    """What holds for a session doesn't hold behind it."""
    until = time.monotonic() + 10
    while True:
        with pytest.raises(LedgerError) as refused:
            connect(Address.parse(f"{pooled}/{database}"))
        if "refused" not in refused.value.message or time.monotonic() > until:
            break
    assert "PgBouncer" in refused.value.message
    assert "server itself" in (refused.value.hint or "")
