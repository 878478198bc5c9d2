"""The work on Dask under fire: workers and scheduler that are killed, and the same command given again; and
large files, which come to what one process makes of them.

The sandbox keeps the truth: no row is stored twice, none that the ledger calls created is absent, none that
is stored is unaccounted for, none is left over.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from importer.ledger.postgres.connection import Address, connect
from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from tests.e2e.here import Here
from tests.figures import figure
from tests.postgres.cluster import free_port
from tests.postgres.conftest import cluster, database, plain, shared
from tests.postgres.test_commands import outcomes
from tests.postgres.test_work import _brief, lay_out

pytestmark = pytest.mark.trial
__all__ = ["cluster", "database", "plain", "shared"]

FAULTS = (
    FaultShare(Behaviour("close_stored"), 0.02),
    FaultShare(Behaviour("status", 503), 0.02),
    FaultShare(Behaviour("status", 429, headers={"Retry-After": "0"}), 0.02),
)
ROOT = Path(__file__).parents[2]
IN_PARTS = """\
from importer.cli import main
from importer.engine import parts
from importer.sources import Source
parts.ROWS = {0}
Source.parts.__defaults__ = (min({0}, *Source.parts.__defaults__),)
main()
"""
FAULTY = (
    FaultShare(Behaviour("status", 429, headers={"Retry-After": "0"}), 0.05),
    FaultShare(Behaviour("status", 500), 0.05),
    FaultShare(Behaviour("reset_read"), 0.03),
    FaultShare(Behaviour("reset_stored"), 0.03),
    FaultShare(Behaviour("status", 422), 0.02),
)


@dataclass
class Hosts:
    """A scheduler and two workers, each a process that may be killed; they are started again by `mend`."""

    user: Here
    port: int = field(default_factory=free_port)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def _started(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.user.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *words],
                cwd=self.user.folder, stdout=log, stderr=log,
                env={**self.user.environment, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    def alive(self, one: subprocess.Popen[bytes] | None) -> bool:
        return one is not None and one.poll() is None

    def mend(self) -> None:
        if not self.alive(self.scheduler):
            here = ("--host", "127.0.0.1", "--port", str(self.port))
            self.scheduler = self._started("scheduler", *here)
        alive = list(filter(self.alive, self.workers))
        more = ("--nthreads", "1", "--no-nanny", "--preload", "tests.trials.dask_worker")
        while len(alive) < 2:
            alive.append(self._started("worker", self.address, *more))
        self.workers = alive

    def kill(self, what: str, draw: random.Random, command: subprocess.Popen[str]) -> None:
        named = {"scheduler": self.scheduler, "command": command}
        one = named[what] if what in named else draw.choice(self.workers)
        assert one
        one.kill()
        one.wait()

    def close(self) -> None:
        for each in (*self.workers, self.scheduler):
            if each:
                each.kill()
                each.wait()


@pytest.fixture
def hosts(shared: Here) -> Iterator[Hosts]:
    one = Hosts(shared)
    yield one
    one.close()


def truth(user: Here, sandbox: Sandbox) -> Counter[str]:
    """What the ledger says against what the server holds."""
    stored = Counter(each.user_id for each in sandbox.stored())
    with closing(connect(Address.parse(user.environment["IMPORTER_LEDGER"]))) as one:
        rows = one.execute('SELECT job, "row", status FROM rows').fetchall()
    last = max((job for job, *_ in rows), default=0)
    told = [(f"p{row - 2}", status) for job, row, status in rows if job == last]
    found = Counter(status for _, status in told)
    found["twice"] = sum(times > 1 for times in stored.values())
    found["created, absent"] = sum(s == "created" and not stored[who] for who, s in told)
    found["stored, unaccounted"] = sum(
        bool(stored[who]) and s not in ("created", "unknown") for who, s in told
    )
    return found


@pytest.mark.parametrize("seed", range(5))
def test_kills_while_staging_and_while_sending(hosts: Hosts, shared: Here, seed: int) -> None:
    """kill -9 of workers, of the scheduler and of who gave the command; and that again, until it is done."""
    draw, rows = random.Random(seed), 1_500
    lines = "".join(f"p{n},{n % 11},because,p{n}@example.com\n" for n in range(rows))
    shared.write("people.csv", "id,score,comment,email\n" + lines)
    faults = SandboxSettings(fail=FAULTS, seed=1, by_row=True, duplicate_window=0, latency=0.01)
    with background(faults) as sandbox:
        words = (
            "work", "people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json",
            "--rate", "60/s", "--lanes", "6", "--settle", "1", "--timeout", "2",
            "--outage", "60", "--dask", hosts.address,
        )  # fmt: skip

        def staged() -> int:
            return len(list(shared.folder.glob("begun/*")))

        def posted() -> int:
            return len(sandbox.posts())

        events: list[tuple[str, Callable[[], int], int]] = [
            ("worker", staged, draw.randrange(2, 8)),
            ("scheduler", staged, draw.randrange(8, 14)),
            ("worker", staged, draw.randrange(16, 24)),
            *(("worker", posted, draw.randrange(1, 500)) for _ in range(2)),
            ("scheduler", posted, draw.randrange(500, 800)),
            *(("worker", posted, draw.randrange(900, 1_200)) for _ in range(2)),
            ("command", posted, draw.randrange(1_200, 1_350)),
        ]
        ends, said = list[int](), list[tuple[int, str, str]]()
        while not ends or ends[-1] not in (0, 3, 4):
            assert len(ends) < 12, said
            hosts.mend()
            one = subprocess.Popen(
                [sys.executable, "-c", IN_PARTS.format(100), *words],
                cwd=shared.folder, env=dict(shared.environment), text=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            until = time.monotonic() + 180
            while one.poll() is None:
                assert time.monotonic() < until, (events, truth(shared, sandbox))
                if events and events[0][1]() >= events[0][2]:
                    hosts.kill(events.pop(0)[0], draw, one)
                elif hosts.alive(hosts.scheduler):
                    hosts.mend()
                time.sleep(0.05)
            out, err = one.communicate()
            assert "Traceback" not in err, sys.stdout.write(err)
            ends.append(one.returncode)
            said.append((one.returncode, out[-500:], err[-1500:]))
        found = truth(shared, sandbox)
    figure(f"dask, seed {seed}", ends=ends, rows=dict(found), left=len(events))
    sys.stdout.write("".join(f"{each}\n" for each in said))
    assert events == []
    assert found["twice"] == found["created, absent"] == found["stored, unaccounted"] == 0
    assert found["pending"] == found["attempting"] == 0
    assert found["created"] + found["unknown"] == rows


def ran(user: Here, *words: object, rows: int = 4_000) -> None:
    """A command, in parts of so many rows, that does its work."""
    done = subprocess.run(
        [sys.executable, "-c", IN_PARTS.format(rows), *map(str, words)],
        cwd=user.folder, env={**user.environment, "SATISMETER_API_KEY": ""}, check=False,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stderr


def test_twenty_thousand_rows_come_to_the_same(plain: Here, shared: Here) -> None:
    """Sent by one process over a file, and by two workers over PostgreSQL, through faults: the same
    results.csv, but for times and ids; one digest of the requests; and the same responses stored."""
    quick = ("--settle", "0.5", "--rate", "max", "--timeout", "5")
    stored, took = [], []
    for user, out, helped, command in (
        (plain, "alone", (), ("run", "--yes")),
        (shared, "together", ("--workers", "2"), ("work", "--lanes", "6")),
    ):
        with background(SandboxSettings(fail=FAULTY, seed=7, by_row=True)) as sandbox:
            file = lay_out(user, sandbox, 20_000, 19_000)
            ran(user, "plan", *file, *helped, "--save", f"{out}.json", "--out", f"{out}-plan")
            begun = time.monotonic()
            ran(user, *command, *file, *helped, *quick, "--out", out)
            took.append(round(time.monotonic() - begun))
            assert max(sandbox.copies().values()) == 1
            stored.append(
                {(each.user_id, each.answers, str(each.traits)) for each in sandbox.stored()}
            )
    one, two = (
        json.loads((plain.folder / f"{each}.json").read_text()) for each in ("alone", "together")
    )
    alone, together = (outcomes(plain.folder / each) for each in ("alone", "together"))
    found = Counter(each["status"] for each in alone)
    digest = one["requests_sha256"]
    figure("dask, 20,000 rows", seconds=took, digest=digest[:16], rows=dict(found))
    assert (two["requests_sha256"], two["rows"], two["to_post"]) == (
        digest,
        one["rows"],
        one["to_post"],
    )
    pairs = zip(alone, together, strict=True)
    assert [(_brief(left), _brief(right)) for left, right in pairs if left != right] == []
    assert stored[0] == stored[1]


def test_the_plan_of_a_million_rows_is_that_of_one_process(plain: Here) -> None:
    """Quoted line breaks, a stray quote now and then: the same digest, counts, rows to post and problems."""
    draw = random.Random(3)
    said = ("fine", '"two\nlines"', '"a ""word""\r\nand, more"', "", '"\n\n"', "ünï")
    with (plain.folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("id,score,comment,email\n")
        for n in range(1_000_000):
            score = "eleven" if n % 5_000 == 7 else n % 11
            file.write(f"p{n % 990_000},{score},{draw.choice(said)},p{n}@example.com\n")
            if n % 90_000 == 45_000:
                file.write(f'q{n},7,a "stray" quote,q{n}@example.com\n')
    took = []
    for out, helped in (("alone", ()), ("together", ("--workers", "2"))):
        begun = time.monotonic()
        words = (
            "people.csv",
            "-m",
            "mapping.yaml",
            "--json",
            "--save",
            f"{out}.json",
            "--out",
            out,
        )
        ran(plain, "plan", *words, *helped, rows=50_000)
        took.append(round(time.monotonic() - begun))
    one, two = (
        json.loads((plain.folder / f"{each}.json").read_text()) for each in ("alone", "together")
    )
    figure("dask, a plan of 1,000,000 rows", seconds=took, rows=one["rows"])
    assert one.pop("made")
    assert two.pop("made")
    assert one == two
    for name in ("plan-problems.csv",):
        assert (plain.folder / "alone" / name).read_bytes() == (
            plain.folder / "together" / name
        ).read_bytes()
