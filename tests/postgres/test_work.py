"""Several workers on one job: each row once, one rate, one stop, and the same results as one process."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from importer.delivery import RateLimiter
from importer.engine import lanes
from importer.engine.record import exit_status
from importer.errors import ExitStatus
from importer.ledger.postgres.connection import Address, Connection, connect
from importer.ledger.postgres.lanes import Keeper, Says, Shares, units_of
from importer.model import Job
from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from importer.settings import Rate
from tests.delivery.clock import Clock
from tests.delivery.test_rate_limit import most_in
from tests.e2e.commands import Ended
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here
from tests.postgres.cluster import Cluster
from tests.postgres.test_commands import FAULTS, outcomes

PROGRAM = str(Path(sys.executable).with_name("importer"))


def lay_out(user: Here, sandbox: Sandbox, rows: int = 60, people: int = 55) -> tuple[str, ...]:
    """A file, and the words that work on it."""
    lines = [f"p{n % people},{n % 11},because,p{n % people}@example.com" for n in range(rows)]
    user.write("people.csv", "id,score,comment,email\n" + "\n".join(lines) + "\n")
    return ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json")


def started(user: Here, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROGRAM, "work", *map(str, words)],
        cwd=user.folder,
        env=dict(user.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(workers: Sequence[subprocess.Popen[str]], seconds: float = 120) -> list[Ended]:
    found = []
    for each in workers:
        out, err = each.communicate(timeout=seconds)
        assert "Traceback" not in err, err
        found.append(Ended(each.returncode, out, err))
    return found


def _brief(line: dict[str, str]) -> str:
    return " ".join(
        line[name] for name in ("row", "userId", "status", "code", "attempts", "message")
    )


def compared(plain: Here, shared: Here, rows: int, people: int, workers: int) -> None:
    """The same file by one process over a file, by one over PostgreSQL, and by several workers."""
    quick, reading = ("--settle", "0.5", "--rate", "max"), {"SATISMETER_API_KEY": ""}
    faults = SandboxSettings(fail=FAULTS, seed=7, by_row=True)
    for user, out in ((plain, "alone"), (shared, "shared")):
        with background(faults) as sandbox:
            words = lay_out(user, sandbox, rows, people)
            program = [PROGRAM, "run", *map(str, words), *quick, "--yes", "--out", out]
            done = subprocess.run(
                program, cwd=user.folder, env={**user.environment, **reading}, check=False,
                capture_output=True, text=True,
            )  # fmt: skip
            assert done.returncode in (0, 3, 4), done.stderr
    user = Here(shared.folder, {**shared.environment, **reading})
    other = user.environment["IMPORTER_LEDGER"].replace("/ledger_", "/other_")
    with connect(Address.parse(user.environment["IMPORTER_LEDGER"])) as one:
        name = other.partition("/other_")[2].partition("?")[0]
        one.execute(f"CREATE DATABASE other_{name} TEMPLATE empty_ledger")
    user = Here(user.folder, {**user.environment, "IMPORTER_LEDGER": other})
    with background(faults) as sandbox:
        # So slow that all have begun before it ends: who comes later asks about rows in doubt once more.
        pace = ("--rate", "30/s" if rows < 1_000 else "max")
        words = (*lay_out(user, sandbox, rows, people), *quick, *pace, "--lanes", str(2 * workers))
        begun = [started(user, *words, "--out", "together") for _ in range(workers)]
        several = ended(begun, 120 + rows / 40)  # of 20,000 rows a busy machine makes minutes
        assert max(sandbox.copies().values()) == 1
    assert all("rows" in each.document for each in several), [each.err for each in several]
    told = [each.document["rows"] for each in several if each.document["rows"]]
    # Who is so late that the job has ended goes over it once more, and says the same of it.
    assert {each["read"] for each in told} == {rows}, [each.err for each in several]
    alone = outcomes(user.folder / "alone")
    for out in ("shared", "together"):
        pairs = zip(alone, outcomes(user.folder / out), strict=True)
        assert [(_brief(one), _brief(two)) for one, two in pairs if one != two] == []


def test_three_workers_make_of_a_file_what_one_process_makes(plain: Here, shared: Here) -> None:
    compared(plain, shared, 150, 120, 3)


def test_who_looks_whether_it_is_laid_out_turns_no_worker_away(
    shared: Here, address: Address
) -> None:
    """One that came to lay the file out, too, has the survey to itself until it has seen the job."""
    with background() as sandbox:
        words = lay_out(shared, sandbox)
        first = shared("work", *words, "--rate", "max")
        with Keeper(address, "another") as other:
            other.hold(sandbox.url, ["*"], {"pid": 7, "host": "h", "file": "a.csv", "since": 0})
            threading.Timer(0.5, other.released).start()
            again = shared("work", *words, "--rate", "max")
    assert again.status == 0, again.err
    assert again.document["job"] == first.document["job"]


def test_a_job_that_is_laid_out_meanwhile_is_found(
    shared: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for one and the lock another process may have laid the file out."""
    real, looks = lanes._same, list[object]()

    def late(*args: Any) -> Job | None:
        looks.append(args)
        return None if len(looks) == 1 else real(*args)

    with background() as sandbox:
        words = lay_out(shared, sandbox)
        first = shared("work", *words, "--rate", "max")
        monkeypatch.setattr(lanes, "_same", late)
        again = shared("work", *words, "--rate", "max")
        assert (again.status, again.document["requests"], len(looks)) == (0, 0, 2), again.err
        assert again.document["job"] == first.document["job"]


def test_who_ends_the_job_holds_its_lanes_until_it_is_ended(
    shared: Here, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes between the last row and the job's end would find every lane done, and end it once more."""
    held: list[object] = []

    def looking(*args: Any) -> ExitStatus:
        with closing(connect(Address.parse(cluster.dsn(database)))) as one:
            held.extend(one.execute("SELECT NOT done AND expires > now() FROM lanes").fetchall())
        return exit_status(*args)

    monkeypatch.setattr("importer.engine.lanes.exit_status", looking)
    with background() as sandbox:
        words = lay_out(shared, sandbox, 60, 60)
        done = shared("work", *words, "--lanes", "3", "--rate", "max")
        assert (done.status, done.document["rows"]["created"]) == (0, 60), done.err
        assert held == [(True,)] * 3
        again = shared("work", *words, "--lanes", "3", "--rate", "max")
        assert (again.status, again.document["requests"]) == (0, 0)
        assert again.document["rows"] == done.document["rows"]


def test_workers_keep_to_one_rate_together(shared: Here) -> None:
    with background() as sandbox:
        words = lay_out(shared, sandbox, 80, 80)
        more = ("--rate", "20/s", "--lanes", "6")
        done = ended([started(shared, *words, *more) for _ in range(2)])
        assert {each.status for each in done} == {0}, [each.err for each in done]
        posts = sorted(each.arrived for each in sandbox.posts())
    assert len(posts) == 80
    most = max(sum(1 for each in posts if at <= each < at + 1) for at in posts)
    assert most <= 21, "a request may take a millisecond longer than another"
    assert all(each.document["requests"] > 5 for each in done), "both have taken part"


def test_a_reason_to_stop_holds_for_all(shared: Here) -> None:
    refusing = SandboxSettings(fail=(FaultShare(Behaviour("status", 401)),))
    with background(refusing) as sandbox:
        words = lay_out(shared, sandbox, 400, 400)
        done = ended([started(shared, *words, "--rate", "20/s") for _ in range(2)])
        assert {each.status for each in done} == {5}
        assert len(sandbox.posts()) < 40
    reasons = {each.document["stopped"].partition(":")[0] for each in done}
    assert reasons <= {"key_refused", "stopped_elsewhere"}


@pytest.mark.trial
def test_a_worker_that_is_killed_costs_nothing_but_doubt(
    shared: Here,
    cluster: Cluster,
    database: str,
) -> None:
    with background(SandboxSettings(latency=0.05)) as sandbox:
        words = lay_out(shared, sandbox, 160, 160)
        more = ("--rate", "60/s", "--lanes", "4", "--settle", "0.2")
        first = started(shared, *words, *more)
        until = time.monotonic() + 30
        while len(sandbox.posts()) < 20:
            assert time.monotonic() < until
            time.sleep(0.05)
        first.kill()
        first.communicate()
        with closing(connect(Address.parse(cluster.dsn(database)))) as one:
            one.execute("UPDATE lanes SET expires = now() WHERE NOT done")
            one.execute("UPDATE shares SET expires = now()")
        [second] = ended([started(shared, *words, *more)])
        assert max(sandbox.copies().values()) == 1
        rows = Counter(second.document["rows"])
        assert len(sandbox.copies()) in range(
            rows["created"], rows["created"] + rows["unknown"] + 1
        )
    assert rows["created"] + rows["unknown"] == 160
    assert rows["unknown"] <= 8


def test_requests_lie_sealed_until_the_job_ends(
    shared: Here,
    cluster: Cluster,
    database: str,
) -> None:
    def blobs() -> bytes:
        with closing(connect(Address.parse(cluster.dsn(database)))) as one:
            return b"".join(bytes(blob) for (blob,) in one.execute("SELECT blob FROM bodies"))

    failing = SandboxSettings(fail=(FaultShare(Behaviour("status", 401)),))
    with background(failing) as sandbox:
        words = lay_out(shared, sandbox)
        shared("work", *words, "--rate", "max")
        assert blobs()
        assert b"example.com" not in blobs()
        url = sandbox.url
    [job] = shared("jobs", "--json").document["jobs"]
    Path(shared.folder / "people.csv").unlink()
    with background(SandboxSettings(port=int(url.rpartition(":")[2]))) as sandbox:
        other = shared("work", job["job"], "--json", SATISMETER_HASH_KEY="another key of letters")
        assert other.status == 5
        done = shared("work", job["job"], "--json")
        assert done.status == 0, done.err
        assert len(sandbox.posts()) == 55, "five rows stand twice"
    assert blobs() == b""


def let_go(cluster: Cluster, database: str) -> None:
    """Half a minute is over."""
    with closing(connect(Address.parse(cluster.dsn(database)))) as one:
        one.execute("UPDATE holds SET expires = now()")


def test_a_job_that_one_process_went_on_with_is_worked_on_again(
    shared: Here, cluster: Cluster, database: str
) -> None:
    """What its workers need to know of it stays, the rate above all; and its requests, until the end."""
    refusing = SandboxSettings(fail=(FaultShare(Behaviour("status", 401)),))
    with background(refusing) as sandbox:
        words = lay_out(shared, sandbox)
        assert shared("work", *words, "--rate", "25/s", "--lanes", "3").status == 5
        [job] = shared("jobs", "--json").document["jobs"]
        let_go(cluster, database)
        assert shared("resume", job["job"], "--yes", "--json", "--rate", "50/s").status == 5
        url = sandbox.url
    with background(SandboxSettings(port=int(url.rpartition(":")[2]))) as sandbox:
        done = shared("work", job["job"], "--json")
        assert (done.status, done.document["lanes"]) == (0, 3), done.err
        posts = sorted(each.arrived for each in sandbox.posts())
    assert len(posts) == 55
    assert most_in(posts, 1.0) <= 25
    with closing(connect(Address.parse(cluster.dsn(database)))) as one:
        assert one.execute("SELECT count(*) FROM bodies").fetchone() == (0,)


def test_the_requests_go_with_whoever_posts_the_last_row(
    shared: Here, cluster: Cluster, database: str
) -> None:
    refusing = SandboxSettings(fail=(FaultShare(Behaviour("status", 401)),))
    with background(refusing) as sandbox:
        shared("work", *lay_out(shared, sandbox), "--rate", "max")
        [job] = shared("jobs", "--json").document["jobs"]
        url = sandbox.url
    let_go(cluster, database)
    with background(SandboxSettings(port=int(url.rpartition(":")[2]))):
        assert shared("resume", job["job"], "--yes", "--json").status == 0
    with closing(connect(Address.parse(cluster.dsn(database)))) as one:
        assert one.execute("SELECT count(*) FROM bodies").fetchone() == (0,)


@pytest.mark.parametrize(("words", "most"), [((), 3), (("--concurrency", "2"), 2)])
def test_as_many_in_flight_as_the_mapping_says(
    shared: Here, words: tuple[str, ...], most: int
) -> None:
    """Unless the command does: of each worker."""
    shared.write("mapping.yaml", f"{MAPPING}sending: {{concurrency: 3}}\n")
    with background(SandboxSettings(latency=0.1)) as sandbox:
        done = shared("work", *lay_out(shared, sandbox, 30, 30), "--rate", "max", *words)
        assert done.status == 0, done.err
        spans = [(each.arrived, each.answered) for each in sandbox.posts()]
    together = max(sum(a <= at < b for a, b in spans) for at, _ in spans)
    assert together == most


def test_work_needs_a_shared_ledger_and_a_job_in_lanes(plain: Here, shared: Here) -> None:
    alone = plain("work", "1")
    assert (alone.status, "IMPORTER_LEDGER" in alone.err) == (2, True)
    with background() as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        shared("run", *words, "--rate", "max", "--yes", "--limit", "1")
        refused = shared("work", "1")
        assert (refused.status, "importer resume" in refused.err) == (2, True)


@pytest.mark.parametrize(
    ("number", "rate"), [(3, "max"), pytest.param(20, "0.5/s", marks=pytest.mark.trial)]
)
def test_of_those_who_start_at_once_one_posts(shared: Here, number: int, rate: str) -> None:
    """The others are told who does, and end with 75."""
    with background(SandboxSettings(latency=0.3)) as sandbox:
        words = (*lay_out(shared, sandbox, 20, 20)[:-1], "--rate", rate, "--yes")
        racing = [
            subprocess.Popen(
                [PROGRAM, "run", *map(str, words), "--out", f"out{one}"],
                cwd=shared.folder, env=dict(shared.environment),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for one in range(number)
        ]  # fmt: skip
        statuses = Counter(each.wait(120) for each in racing)
        assert len(sandbox.posts()) == 20
    assert statuses.keys() == {0, 75}
    assert statuses[0] <= 2, "who was late found all done"


@dataclass
class Member:
    """A worker on scripted time: its posts, as its host sees them and as the server does."""

    rate_limiter: RateLimiter
    shares: Shares
    says: Says
    there: bool = True
    deaf: bool = False
    posted: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)


class Members:
    """Workers of one job, whose database has the same scripted clock."""

    def __init__(self, connection: Connection, rate: float, ttl: float = 6.0) -> None:
        self.clock = Clock()
        self._connection = connection
        self._rate, self._ttl = Rate(rate), ttl
        self.members: list[Member] = []
        connection.execute("INSERT INTO rates (job, total) VALUES (1, %s)", [units_of(self._rate)])
        connection.execute(
            "INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns,"
            " settings, started_at) VALUES ('a', '', '', '', '', '', '', '', '{}', 0)"
        )
        connection.execute("CREATE TABLE scripted (at float8)")
        connection.execute("INSERT INTO scripted VALUES (0)")
        connection.execute(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS"
            " 'SELECT to_timestamp(at) FROM public.scripted'"
        )
        connection.execute("SET search_path = public, pg_catalog")

    async def member(self, at: float, until: float, way: Callable[[], float]) -> None:
        """One that comes and goes at these moments; each of its requests takes `way()` s to arrive."""
        await self.clock.sleep(at)
        rate_limiter, says = (
            RateLimiter(self._rate.per_second, self.clock, self.clock.sleep),
            Says(),
        )
        rate_limiter.share(0)
        shares = Shares(
            *(1, f"{len(self.members):03} member", self._rate, self._ttl),
            *(lambda: says, rate_limiter.share, lambda _: None),
        )
        one = Member(rate_limiter, shares, says)
        self.members.append(one)
        workers = [asyncio.create_task(self._post(one, way)) for _ in range(6)]
        while self.clock() < 1_000 + until:
            if not one.deaf:
                self._at_the_database(shares.beat)
            await self.clock.sleep(1.0)
        one.there = False
        rate_limiter.share(rate_limiter.rate or 1.0)
        await asyncio.gather(*workers)
        self._at_the_database(shares.leave)

    def _at_the_database(self, work: Callable[[Connection], None]) -> None:
        self._connection.execute("UPDATE scripted SET at = %s", [self.clock()])
        work(self._connection)

    async def _post(self, one: Member, way: Callable[[], float]) -> None:
        while True:
            slot = await one.rate_limiter.acquire()
            if not one.there:
                return
            post = await one.rate_limiter.wait_until(slot)
            if not one.there or not one.says.working:
                continue
            one.posted.append(self.clock())
            await self.clock.sleep(way())
            one.arrived.append(self.clock())
            await self.clock.sleep(0.02)
            one.rate_limiter.answered(post)

    def most(self, *, arrived: bool = True) -> int:
        """The most posts in any second."""
        every = (each.arrived if arrived else each.posted for each in self.members)
        return most_in(sorted(at for each in every for at in each), 1.0)


@pytest.mark.parametrize("seed", range(4))
async def test_no_second_sees_more_than_the_rate_whoever_comes_and_goes(
    address: Address, seed: int
) -> None:
    """Workers come, go, wait and come again, and the way to the server takes now 5 ms, now 90."""
    draw = random.Random(seed)

    def way() -> float:
        return 0.005 if draw.random() < 0.8 else draw.uniform(0.005, 0.09)

    with closing(connect(address)) as one:
        scene = Members(one, 40.0)
        ways = [(draw.uniform(0, 8), draw.uniform(9, 25)) for _ in range(4)]

        async def waiting() -> None:
            await scene.clock.sleep(12.0)
            scene.members[1].says.working = False
            await scene.clock.sleep(4.0)
            scene.members[1].says.working = True

        members = (scene.member(at, until, way) for at, until in ways)
        await scene.clock.run(waiting(), *members)
    assert sum(len(each.posted) for each in scene.members) > 300
    assert scene.most() <= 40


async def test_the_rate_is_used_by_whoever_is_there(address: Address) -> None:
    """Four share it, three of them go: what is lost are moments."""
    with closing(connect(address)) as one:
        scene = Members(one, 40.0)
        ends = (30.0, 10.0, 20.0, 20.0)
        members = (scene.member(0.01 * n, end, lambda: 0.005) for n, end in enumerate(ends))
        await scene.clock.run(*members)
    posted = sorted(at - 1_000 for each in scene.members for at in each.posted)
    assert scene.most() <= 40
    assert sum(4 <= at < 30 for at in posted) >= 0.9 * 40 * 26
    shares = [each.shares for each in scene.members]
    assert len({each.units for each in shares}) == 1


async def test_of_a_rate_that_is_no_whole_number_nobody_makes_more(address: Address) -> None:
    with closing(connect(address)) as one:
        scene = Members(one, 2.5)
        members = (scene.member(0.01 * n, 30.0, lambda: 0.005) for n in range(3))
        await scene.clock.run(*members)
    assert scene.most() <= 3
    assert sum(len(each.posted) for each in scene.members) > 50


async def test_who_dies_is_taken_from_once_its_lease_is_over(address: Address) -> None:
    """Its share is in use for as long as its lanes' lease permits posts, and nobody else's meanwhile."""
    with closing(connect(address)) as one:
        scene = Members(one, 10.0)

        async def dying() -> None:
            await scene.clock.sleep(5.2)
            scene.members[0].deaf = True

        await scene.clock.run(
            dying(),
            *(scene.member(0.01 * n, end, lambda: 0.005) for n, end in enumerate((11.0, 30.0))),
        )
    assert scene.most() <= 10
    late = [at for at in scene.members[1].posted if at > 1_014]
    assert len(late) / 16 > 9


pytestmark = pytest.mark.filterwarnings("default")
