"""A shared ledger under fire: senders and servers that die, sleep and are replaced; and what a row costs.

Each trial compares the ledger with the sandbox, which keeps the truth: no row is stored twice, none that the
ledger calls created is absent, none that is stored is unaccounted for, none is left over.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from importer.engine.lanes import lay_out
from importer.errors import LedgerError
from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import migrated
from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from importer.settings import Endpoint, Rate, Secret, Settings, SharedLedger
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here
from tests.figures import figure
from tests.postgres.cluster import Cluster, made, of_the_session, running
from tests.postgres.conftest import cluster, database, plain, shared
from tests.postgres.test_work import compared

pytestmark = pytest.mark.trial
__all__ = ["cluster", "database", "plain", "shared"]

KEY = "a hash key for the trials"
LOSSY = (FaultShare(Behaviour("close_stored"), 0.02),)


class Scene(NamedTuple):
    """A job that is laid out, its server, and the database that it lies in."""

    folder: Path
    dsn: str
    sandbox: Sandbox
    job: str

    def worker(
        self, ttl: float = 3.0, guard: float = 1.0, zombie: float = 0.0
    ) -> subprocess.Popen[str]:
        words = (self.job, self.sandbox.url, str(ttl), str(guard), str(zombie))
        return subprocess.Popen(
            [sys.executable, "-m", "tests.trials.worker", *words],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "IMPORTER_LEDGER": self.dsn, "SATISMETER_HASH_KEY": KEY},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def truth(self) -> Counter[str]:
        """What the ledger says against what the server holds."""
        stored = Counter(each.user_id for each in self.sandbox.stored())
        with closing(connect(Address.parse(self.dsn))) as one:
            rows = one.execute("SELECT user_id, status FROM rows").fetchall()
        found: Counter[str] = Counter(status for _, status in rows)
        found["twice"] = sum(times > 1 for times in stored.values())
        found["created, absent"] = sum(s == "created" and not stored[who] for who, s in rows)
        found["stored, unaccounted"] = sum(
            bool(stored[who]) and s not in ("created", "unknown") for who, s in rows
        )
        return found


@contextmanager
def scene(
    folder: Path, dsn: str, rows: int, *, rate: str = "max", lanes: int = 4, latency: float = 0.002
) -> Iterator[Scene]:
    """So many rows, each of a person of its own, in lanes; nothing is sent yet."""
    (folder / "mapping.yaml").write_text(MAPPING)
    lines = "".join(f"p{n},{n % 11},because,p{n}@example.com\n" for n in range(rows))
    (folder / "people.csv").write_text("id,score,comment,email\n" + lines)
    faults = SandboxSettings(fail=LOSSY, seed=1, by_row=True, duplicate_window=0, latency=latency)
    with background(faults) as sandbox:
        settings = Settings(
            file=str(folder / "people.csv"), mapping=str(folder / "mapping.yaml"), state=folder,
            shared=SharedLedger(dsn), hash_key=Secret(KEY), show_values=True,
            endpoint=Endpoint.parse(sandbox.url), rate=Rate.parse(rate),
        )  # fmt: skip
        yield Scene(folder, dsn, sandbox, lay_out(settings, lanes).name)


def until_it_ends(one: Scene, workers: list[subprocess.Popen[str]], seconds: float = 120) -> None:
    """Workers that go on until the job has ended; new ones for those that die."""
    until = time.monotonic() + seconds
    while not ended(one):
        assert time.monotonic() < until, one.truth()
        for number, each in enumerate(workers):
            if each.poll() is not None:
                each.communicate()
                workers[number] = one.worker()
        time.sleep(0.3)
    for each in workers:
        with suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGCONT)
        each.communicate(timeout=60)


def ended(one: Scene) -> bool:
    try:
        with closing(connect(Address.parse(one.dsn))) as connection:
            return bool(
                connection.execute("SELECT 1 FROM jobs WHERE ended_at IS NOT NULL").fetchone()
            )
    except (LedgerError, psycopg.Error):
        return False


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A server that may be killed."""
    with running(durable=True) as one:
        migrated(one.dsn())
        yield one


@pytest.mark.parametrize("seed", range(5))
def test_kills_of_senders_and_of_the_server(tmp_path: Path, server: Cluster, seed: int) -> None:
    """kill -9 of workers, pauses past the lease, the server's crash, kill -9 of its postmaster."""
    draw, events = random.Random(seed), Counter[str]()
    with scene(tmp_path, server.dsn(), 4_000, rate="200/s") as one:
        workers = [one.worker(), one.worker()]
        while sum(events.values()) < 22 and not ended(one):
            time.sleep(draw.uniform(0.2, 1.2))
            what = draw.choice(["kill", "kill", "kill", "stop", "crash", "postmaster"])
            events[what] += 1
            victim = draw.randrange(2)
            if what == "kill":
                workers[victim].kill()
                workers[victim].communicate()
                workers[victim] = one.worker()
            elif what == "stop":
                with suppress(ProcessLookupError):
                    os.kill(workers[victim].pid, signal.SIGSTOP)
                    time.sleep(draw.uniform(3.5, 5))
                    os.kill(workers[victim].pid, signal.SIGCONT)
            elif what == "crash":
                server.stop()
                server.start()
            else:
                os.kill(server.postmaster, signal.SIGKILL)
                (server.data / "postmaster.pid").unlink(missing_ok=True)
                server.start()
        until_it_ends(one, workers, 240)
        found = one.truth()
    figure(f"shared ledger, seed {seed}", events=dict(events), rows=dict(found))
    assert found["twice"] == found["created, absent"] == found["stored, unaccounted"] == 0
    assert found["pending"] == found["attempting"] == 0
    assert found["created"] + found["unknown"] == 4_000


@pytest.mark.parametrize("guard", [1.0, 0.0])
def test_a_sleeper_that_wakes_posts_nothing(tmp_path: Path, server: Cluster, guard: float) -> None:
    """Paused exactly between the attempt's commit and its post, until others have taken the lane, settled its
    rows by reading the survey, and posted them again. Without the guard rows are stored twice, or this trial
    proves nothing."""
    with scene(tmp_path, server.dsn(), 1_000, rate="150/s", lanes=6) as one:
        sleepers = [one.worker(2.0, guard, 0.01) for _ in range(4)]
        until = time.monotonic() + 120
        while not all(is_stopped(each.pid) or each.poll() is not None for each in sleepers):
            assert time.monotonic() < until
            time.sleep(0.1)
        asleep = [each for each in sleepers if is_stopped(each.pid)]
        until_it_ends(one, [one.worker(2.0)])
        for each in asleep:
            os.kill(each.pid, signal.SIGCONT)
        for each in sleepers:
            while each.poll() is None:
                if is_stopped(each.pid):
                    os.kill(each.pid, signal.SIGCONT)
                time.sleep(0.1)
            each.communicate()
        found = one.truth()
    figure(f"shared ledger, guard {guard:g}", asleep=len(asleep), rows=dict(found))
    assert len(asleep) > 1
    assert (found["twice"] == 0) if guard else (found["twice"] > 0)


def is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


@contextmanager
def pair(synchronous: bool) -> Iterator[tuple[Cluster, Cluster]]:
    """A primary and its standby."""
    primary = made(durable=True, wal_level="replica", max_wal_senders="4")
    standby = made(durable=True)
    try:
        primary.start()
        for path in sorted(standby.data.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        socket = f"host={primary.folder} port={primary.port} user=tester"
        assert not primary.run(
            "pg_basebackup", "-D", standby.data, "-R", "-d", socket, "-c", "fast"
        )
        with (standby.data / "postgresql.conf").open("a") as conf:
            conf.write(f"port = {standby.port}\nunix_socket_directories = '{standby.folder}'\n")
        standby.start()
        migrated(primary.dsn())
        if synchronous:
            with closing(connect(Address.parse(primary.dsn()))) as one:
                one.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
                one.execute("SELECT pg_reload_conf()")
        time.sleep(1)
        yield primary, standby
    finally:
        for each in (primary, standby):
            each.stop()


@pytest.mark.parametrize("synchronous", [True, False])
def test_a_standby_that_takes_over(tmp_path: Path, synchronous: bool) -> None:
    """A synchronous one lacks nothing; an asynchronous one lacks the last moments, and the run says so."""
    with pair(synchronous) as (primary, standby):
        both = (
            f"postgresql://tester@/postgres?host={primary.folder},{standby.folder}"
            f"&port={primary.port},{standby.port}"
        )
        with scene(tmp_path, primary.dsn(), 3_000, rate="300/s") as one:
            moved = one._replace(dsn=both)
            worker = moved.worker(10.0, 5.0)
            while len(one.sandbox.requests) < 900:
                time.sleep(0.05)
            senders = senders_of(primary)
            if not synchronous:
                for each in senders:
                    os.kill(each, signal.SIGSTOP)
                time.sleep(0.7)
            os.kill(primary.postmaster, signal.SIGKILL)
            for each in senders:
                os.kill(each, signal.SIGKILL)
            assert senders
            standby.run("pg_ctl", "-D", standby.data, "-w", "promote")
            with closing(psycopg.connect(standby.dsn(), autocommit=True)) as direct:
                direct.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
                direct.execute("SELECT pg_reload_conf()")
            said = worker.communicate(timeout=120)[0]
            until_it_ends(moved, [moved.worker(3.0)], 240)
            found = moved.truth()
    figure(f"shared ledger, synchronous {synchronous}", rows=dict(found), said=said.strip()[-600:])
    if synchronous:
        assert found["twice"] == found["attempting"] == found["created, absent"] == 0
    else:
        assert "in doubt now" in said


def senders_of(primary: Cluster) -> list[int]:
    """The processes that send the primary's log to the standby."""
    with closing(connect(Address.parse(primary.dsn()))) as one:
        return [pid for (pid,) in one.execute("SELECT pid FROM pg_stat_replication")]


def test_what_a_row_costs(tmp_path: Path) -> None:
    """In groups of 20: at most 600 B of write-ahead log and 35 µs of the server's CPU a row. What a
    `SELECT 1` takes tells how slow, or busy, the machine is."""
    from tests.postgres.cost import measured

    cost = measured(of_the_session(), rows=20_000, group=20)
    micro = {"cpu": round(cost.cpu * 1e6, 1), "select_1": round(cost.bare * 1e6, 1)}
    figure("shared ledger, a row", wal=round(cost.wal), **micro)
    assert cost.wal <= 600
    assert cost.cpu <= 35e-6


def test_twenty_thousand_rows_come_to_the_same(plain: Here, shared: Here) -> None:
    """Over a file, over PostgreSQL, and by three workers: the same results.csv, but for times and ids. Some
    60,000 requests to a sandbox in this process: three minutes, or six where others want the cores, too."""
    compared(plain, shared, 20_000, 19_000, 3)


def test_four_workers_use_the_rate_and_no_more(tmp_path: Path, server: Cluster) -> None:
    """At most the limit in any second, and nine tenths of it on average."""
    with scene(tmp_path, server.dsn(), 3_000, rate="100/s", lanes=16) as one:
        until_it_ends(one, [one.worker(30.0, 5.0) for _ in range(4)])
        posts = sorted(each.arrived for each in one.sandbox.posts())
    most = max(
        sum(1 for each in posts[at : at + 200] if each < posts[at] + 1) for at in range(len(posts))
    )
    middle = posts[300:2_700]
    mean = (len(middle) - 1) / (middle[-1] - middle[0])
    figure("shared ledger, 4 workers at 100/s", most=most, mean=round(mean))
    assert most <= 101, "as the server sees it"
    assert mean >= 90
