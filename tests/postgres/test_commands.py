"""Every command over a shared ledger says and does what it does over a file."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import VERSIONS
from importer.sandbox import Behaviour, FaultShare, SandboxSettings, background
from tests.e2e.commands import Ended
from tests.e2e.here import Here
from tests.old_ledgers.old import JOBS, copied, counted
from tests.postgres.cluster import PASSWORD, Cluster
from tests.postgres.conftest import KEY

QUICK = ("--rate", "max", "--yes", "--settle", "0.2", "--json")
FAULTS = (
    FaultShare(Behaviour("close_stored"), 0.08),
    FaultShare(Behaviour("status", 503), 0.08),
    FaultShare(Behaviour("status", 429, headers={"Retry-After": "0"}), 0.05),
    FaultShare(Behaviour("status", 422), 0.04),
)
PLACES = {"sent_at", "ms", "response_id"}
"""Columns of results.csv that no two runs have in common."""


def outcomes(place: Path) -> list[dict[str, str]]:
    """Each line of a results.csv, without what no two runs have in common."""
    with (place / "results.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return [
        {name: _JOB.sub("", text) for name, text in line.items() if name not in PLACES}
        for line in lines
    ]


_JOB = re.compile(r"\d{8}-\d{6}-")
"""When a job began stands in its name."""


def scene(user: Here, out: str) -> list[Any]:
    """A job's life, command by command: what each of them says."""
    said: list[Any] = []
    with background(SandboxSettings(fail=FAULTS, seed=5, by_row=True)) as sandbox:
        where = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--out", out)

        def note(ended: Ended, *names: str) -> None:
            assert ended.out, ended.err
            found = ended.document
            said.append((ended.status, {name: found[name] for name in names}))

        note(user("plan", *where, "--json"), "rows", "duplicates")
        no_reading = {"SATISMETER_API_KEY": ""}
        note(user("run", *where, *QUICK, "--limit", "20", **no_reading), "rows")
        note(user("run", *where, *QUICK, **no_reading), "rows", "causes", "duplicates")
        said.append(outcomes(user.folder / out))
        note(user("resume", *QUICK[:-1], "--json"), "rows")
        note(user("resolve", "--settle", "0", "--json"), "created", "absent", "left")
        note(user("retry", "--status", "rejected", *QUICK), "rows")
        note(user("run", *where, *QUICK), "rows")
        note(user("plan", *where, "--json"), "rows", "duplicates")
        note(user("status", "--json"), "rows")
        note(user("verify", "--json"), "missing")
        said.append(outcomes(user.folder / out))
        note(user("forget", "--user", "p7", "--yes", "--json"))
        note(user("plan", *where, "--json"), "rows", "duplicates")
        note(user("purge", "--older-than", "0s", "--yes", "--hashes", "--json"))
        said.append(len(user("jobs", "--json").document["jobs"]))
        note(user("plan", *where, "--json"), "rows", "duplicates")
        said.append(sorted(sandbox.copies().values()))
    return said


def test_the_life_of_a_job_is_the_same_over_both(plain: Here, shared: Here) -> None:
    over_a_file, over_postgres = scene(plain, "file"), scene(shared, "shared")
    for one, other in zip(over_a_file, over_postgres, strict=True):
        assert other == one


def test_a_second_folder_is_told_what_the_first_has_sent(shared: Here, tmp_path: Path) -> None:
    """What a container has sent that is gone: 299 rows went twice once."""
    with background() as sandbox:
        for home in ("one", "two"):
            (tmp_path / home).mkdir()
            words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--out", home)
            shared("run", *words, *QUICK, HOME=str(tmp_path / home))
        assert len(sandbox.posts()) == 55
        assert max(sandbox.copies().values()) == 1


def test_who_comes_second_is_told_who_is_first(
    shared: Here, cluster: Cluster, database: str
) -> None:
    with closing(connect(Address.parse(cluster.dsn(database)))) as one, background() as sandbox:
        facts = '{"pid": 7, "host": "other", "file": "a.csv", "since": 0}'
        one.execute(
            "INSERT INTO holds VALUES (%s, '*', 'x', %s, now() + '1 min')", (sandbox.url, facts)
        )
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        ended = shared("run", *words, *QUICK)
        assert ended.status == 75
        assert "process 7 on other, importing a.csv" in ended.err
        assert sandbox.posts() == []


Spoil = Callable[[Cluster, str], dict[str, str]]
"""Spoils a database, and says what the environment is to be."""


def sql(*statements: str) -> Spoil:
    def spoil(cluster: Cluster, database: str) -> dict[str, str]:
        with closing(connect(Address.parse(cluster.dsn(database)))) as one:
            for each in statements:
                one.execute(each.replace("$DB", database))
        return {}

    return spoil


def named(make: Callable[[Cluster, str], str], **more: str) -> Spoil:
    return lambda cluster, database: {"IMPORTER_LEDGER": make(cluster, database), **more}


BAD: dict[str, tuple[Spoil, int, str]] = {
    "no hash key": (lambda *_: {"SATISMETER_HASH_KEY": ""}, 2, "SATISMETER_HASH_KEY: 16"),
    "another hash key": (
        sql("INSERT INTO facts VALUES ('secret', 'other')"), 5, "another hash key"),
    "no DSN": (named(lambda *_: "somewhere"), 2, "postgresql://HOST/DATABASE"),
    "a password in it": (
        named(lambda *_: "postgresql://u:canary-word@127.0.0.1/x"), 2, "PGPASSFILE"),
    "a password among its parameters": (
        named(lambda *_: "postgresql://127.0.0.1/x?password=canary-word"), 2, "PGPASSFILE"),
    "no TLS to another machine": (
        named(lambda *_: "postgresql://db.example.com/x?sslmode=require"), 2, "verify-full"),
    "nobody there": (named(lambda *_: "postgresql://127.0.0.1:1/x"), 5, "can be reached"),
    "a wrong password": (
        named(lambda cluster, name: cluster.tcp(name), PGPASSWORD="canary-word"), 5, "PGPASSFILE"),
    "no such database": (named(lambda cluster, _: cluster.dsn("nowhere")), 5, "createdb"),
    "no tables": (named(lambda cluster, _: cluster.dsn("template1")), 5, "importer ledger migrate"),
    "a newer schema": (
        sql("UPDATE facts SET value = '99' WHERE name = 'version'"), 5, "newer importer"),
    "a role without rights": (
        named(lambda cluster, name: cluster.dsn(name, "nobody_much")), 5, "shared-ledger.md"),
    "a read-only database": (
        sql("ALTER DATABASE $DB SET default_transaction_read_only = on"), 5, "read-only"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gets_a_message_with_the_remedy_before_the_first_post(
    shared: Here, cluster: Cluster, database: str, what: str
) -> None:
    spoil, status, remedy = BAD[what]
    with closing(connect(Address.parse(cluster.dsn()))) as one:
        one.execute("DROP ROLE IF EXISTS nobody_much")
        one.execute("CREATE ROLE nobody_much LOGIN")
    changed = spoil(cluster, database)
    with background() as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        ended = shared("run", *words, *QUICK, **changed)
        assert ended.status == status, ended.err
        assert remedy in " ".join(ended.err.split())
        assert sandbox.posts() == []
    assert "canary" not in ended.err + ended.out


def test_the_right_password_is_taken_from_the_environment(
    shared: Here, cluster: Cluster, database: str
) -> None:
    jobs = shared("jobs", IMPORTER_LEDGER=cluster.tcp(database), PGPASSWORD=PASSWORD)
    assert jobs.status == 0, jobs.err


def test_the_flag_is_typed_again_for_the_next_command(shared: Here) -> None:
    address = shared.environment["IMPORTER_LEDGER"]
    ended = shared("ledger", "check", "--ledger", address, IMPORTER_LEDGER="")
    assert f"importer jobs --ledger '{address}'" in ended.out, ended.err


def test_check_tells_what_a_commit_survives(shared: Here, cluster: Cluster, database: str) -> None:
    found = {each["name"]: each for each in shared("ledger", "check", "--json").document["checks"]}
    assert "disk" in found["commits"]["found"], "the tests' server doesn't wait for it"
    assert found["standby"]["found"] == "none"
    assert "may delete" in found["rights"]["found"]
    assert "commits" in shared("doctor", "--json", SATISMETER_API_KEY="").out


def test_migrate_makes_the_tables_once(shared: Here, cluster: Cluster, database: str) -> None:
    with closing(connect(Address.parse(cluster.dsn()))) as one:
        one.execute(f"CREATE DATABASE bare_{database} TEMPLATE template0")
    bare = {"IMPORTER_LEDGER": cluster.dsn(f"bare_{database}")}
    said = [shared("ledger", "migrate", "--json", **bare).document["before"] for _ in range(2)]
    assert said == [0, len(VERSIONS)]
    assert shared("jobs", **bare).status == 0


@pytest.mark.parametrize("state", ["state", "killed"])
def test_what_0_1_has_sent_stays_sent_in_a_shared_ledger(
    tmp_path: Path, cluster: Cluster, database: str, state: str
) -> None:
    """Each file is planned over the old ledger, and over the shared one that it has moved into."""
    old = copied(tmp_path, state)
    key = {"SATISMETER_HASH_KEY": "hex:" + (tmp_path / state / "hash.key").read_bytes().hex()}
    there = {**key, "IMPORTER_LEDGER": cluster.dsn(database)}
    wrong = old("ledger", "copy", **{**there, "SATISMETER_HASH_KEY": KEY})
    assert wrong.status == 2
    assert "export SATISMETER_HASH_KEY=hex:$(od" in wrong.err
    for expected in ({"jobs": 9, "before": 0}, {"jobs": 0, "before": 9}):
        moved = old("ledger", "copy", "--json", **there)
        assert moved.status == 0, moved.err
        assert {name: moved.document[name] for name in expected} == expected, moved.err
    for job in JOBS:
        before = old.plan(job)
        with_shared = old.user(
            "plan", old.file(job), "-m", f"mappings/{JOBS[job]}.yaml",
            "--endpoint", "http://127.0.0.1:27391", "--json", "--out", "plan-import", **there,
        )  # fmt: skip
        assert counted(with_shared) == counted(before), job
        assert with_shared.document["duplicates"] == before.document["duplicates"]


def test_a_ledger_that_was_copied_posts_nothing_more(plain: Here, shared: Here) -> None:
    """Neither of the two would know what the other has sent since: not a run of the file, nor one that goes
    on, and the shared one sends what was left. Looking into the old one goes on."""
    with background(SandboxSettings(duplicate_window=0)) as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--json")
        state = ("--state", "state")
        piloted = plain("run", *words, "--rate", "max", "--limit", "20", *state)
        assert piloted.document["rows"]["created"] == 20
        for _ in range(2):
            assert shared("ledger", "copy", *state).status == 0
            again = plain("run", *words, *state)
            on = plain("resume", "--yes", "--json", *state)
            for refused in (again, on):
                assert refused.status == 5
                assert "was copied into another one" in refused.document["error"]
                assert "IMPORTER_LEDGER" in refused.document["hint"]
        assert len(sandbox.posts()) == 20
        assert plain("jobs", *state).status == 0
        rest = shared("run", *words, "--rate", "max")
        assert rest.document["rows"]["pending"] == 0
        assert max(sandbox.copies().values()) == 1


def test_a_run_over_a_file_imports_none_of_it(tmp_path: Path) -> None:
    code = (
        "import sys, importer.engine, importer.engine.send, importer.ledger;"
        "found = [m for m in sys.modules if m.startswith(('psycopg', 'importer.ledger.postgres'))];"
        "print(found); sys.exit(bool(found))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_missing_extra_is_named(shared: Here, tmp_path: Path) -> None:
    """`psycopg` that can't be imported."""
    broken = tmp_path / "broken" / "psycopg"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('no libpq')")
    environment = {**shared.environment, "PYTHONPATH": str(broken.parent)}
    program = [str(Path(sys.executable).with_name("importer")), "jobs"]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "satismeter-importer[postgres]" in done.stderr) == (2, True)


def test_a_role_that_may_not_delete_what_was_sent_can_send(
    shared: Here, cluster: Cluster, database: str
) -> None:
    """The rights of docs/shared-ledger.md, as they stand there."""
    page = (Path(__file__).parents[2] / "docs" / "shared-ledger.md").read_text(encoding="utf-8")
    rights = page.partition("```sql\n")[2].partition("```")[0].split(";")
    with closing(connect(Address.parse(cluster.dsn(database)))) as one:
        if not one.execute("SELECT 1 FROM pg_roles WHERE rolname = 'importer_sends'").fetchone():
            one.execute(rights[0])
        for each in rights[1:-1]:
            one.execute(each)
    sends = {"IMPORTER_LEDGER": cluster.dsn(database, "importer_sends")}
    with background() as sandbox:
        words = ("people.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)
        ended = shared("run", *words, *QUICK, **sends)
        assert (ended.status, len(sandbox.posts())) == (3, 55), ended.err
        together = ("work", *words, "--json", "--rate", "max", "--lanes", "2")
        again = shared(*together, "--out", "again", **sends)
        assert (again.status, len(sandbox.posts())) == (3, 55), again.err
    found = {
        each["name"]: each
        for each in shared("ledger", "check", "--json", **sends).document["checks"]
    }
    assert found["rights"]["state"] == "ok"


def test_the_pages_keep_to_a_folder(shared: Here) -> None:
    ended = shared("web", "--no-open")
    assert (ended.status, "importer run" in ended.err) == (2, True)
