"""Several workers on one job: each row once, one rate, one stop, and the same results as one process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from importer.ledger.postgres.connection import Address, connect
from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended
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


def ended(workers: Sequence[subprocess.Popen[str]]) -> list[Ended]:
    found = []
    for each in workers:
        out, err = each.communicate(timeout=120)
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
        words = (*lay_out(user, sandbox, rows, people), *quick, "--lanes", str(2 * workers))
        several = ended([started(user, *words, "--out", "together") for _ in range(workers)])
        assert max(sandbox.copies().values()) == 1
    told = [each.document["rows"] for each in several if each.document["rows"]]
    assert [each["read"] for each in told] == [rows], [each.err for each in several]
    alone = outcomes(user.folder / "alone")
    for out in ("shared", "together"):
        pairs = zip(alone, outcomes(user.folder / out), strict=True)
        assert [(_brief(one), _brief(two)) for one, two in pairs if one != two] == []


def test_three_workers_make_of_a_file_what_one_process_makes(plain: Here, shared: Here) -> None:
    compared(plain, shared, 150, 120, 3)


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


def test_work_needs_a_shared_ledger_and_a_job_in_lanes(plain: Here, shared: Here) -> None:
    alone = plain("work", "1")
    assert (alone.status, "IMPORTER_LEDGER" in alone.err) == (2, True)
    with background() as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        shared("run", *words, "--rate", "max", "--yes", "--limit", "1")
        refused = shared("work", "1")
        assert (refused.status, "importer resume" in refused.err) == (2, True)


def test_of_those_who_start_at_once_one_posts(shared: Here) -> None:
    """The others are told who does, and end with 75."""
    with background(SandboxSettings(latency=0.3)) as sandbox:
        words = (*lay_out(shared, sandbox, 20, 20)[:-1], "--rate", "max", "--yes")
        racing = [
            subprocess.Popen(
                [PROGRAM, "run", *map(str, words), "--out", f"out{number}"],
                cwd=shared.folder, env=dict(shared.environment),
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            for number in range(4)
        ]  # fmt: skip
        statuses = Counter(each.wait(120) for each in racing)
        assert len(sandbox.posts()) == 20
    assert statuses in (Counter({0: 1, 75: 3}), Counter({0: 2, 75: 2})), (
        "who was late found all done"
    )


def test_in_a_window_no_more_than_the_rate_whoever_comes_and_goes(
    cluster: Cluster, database: str, address: Address
) -> None:
    """Shares are dealt out in whole units, and never sum up to more than the whole."""
    from importer.ledger.postgres.shares import Says, Shares, Told
    from importer.settings import Rate

    heard: dict[str, float] = {}
    with closing(connect(address)) as one:
        one.execute("INSERT INTO rates (job, total) VALUES (1, 10)")
        one.execute(
            "INSERT INTO jobs (name, file, file_sha256, sheet, mapping, mapping_sha256, origin, campaigns,"
            " settings, started_at) VALUES ('a', '', '', '', '', '', '', '', '{}', 0)"
        )

        def member(name: str) -> Shares:
            def hears(told: Told) -> None:
                heard[name] = told.per_second or 0.0

            return Shares(1, name, Rate(10.0), 30.0, Says, hears)

        members = [member(name) for name in "abc"]
        sums = []
        for number in (0, 0, 1, 0, 1, 2, 0, 1, 2, 0, 1, 2):
            members[number].beat(one)
            sums.append(sum(heard.values()))
        assert heard == {"a": 4.0, "b": 3.0, "c": 3.0}
        assert max(sums) == 10
        members[0].leave(one)
        del heard["a"]
        one.execute("UPDATE shares SET expires = now() WHERE holder = 'a'")
        for number in (1, 2, 1, 2):
            members[number].beat(one)
        assert heard == {"b": 5.0, "c": 5.0}
    assert all(later >= 0 for _, later in pairwise(sums))


pytestmark = pytest.mark.filterwarnings("default")
