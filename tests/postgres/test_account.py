"""Over a shared ledger the account is looked at, kept and put back as it is over a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.sandbox import SandboxSettings, background
from tests.e2e.commands import shell
from tests.e2e.here import Here
from tests.e2e.test_restore import MAPPING, READS, after, made, now_in, same, total
from tests.postgres.cluster import Cluster

KEY = "a hash key for these tests"


@pytest.mark.parametrize("policy", ["keep", "overwrite"])
def test_looked_at_kept_and_put_back(
    tmp_path: Path, cluster: Cluster, database: str, policy: str
) -> None:
    one = shell(tmp_path)
    ledger = {"IMPORTER_LEDGER": cluster.dsn(database), "SATISMETER_HASH_KEY": KEY}
    user = Here(one.folder, {**one.environment, **READS, **ledger})
    text, today = made(60, 5)
    user.write("answers.csv", text)
    user.write("mapping.yaml", MAPPING.replace("POLICY", policy))
    with background(SandboxSettings(duplicate_window=0)) as sandbox:
        sandbox.put_users(today.items())
        words = ["run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json"]
        for limit in (["--limit", 20], []):
            ended = user(*words, "--yes", "--rate", "max", *limit)
            assert ended.status == 0, ended.err
        assert same(now_in(sandbox), after(text, today, keep=policy == "keep"))
        back = user("restore", "--yes", "--rate", "max", "--json")
        assert back.status == 0, back.err
        assert (total(back, "restored") > 0) is (policy == "overwrite")
        for person, had in today.items():
            for name, value in had.items():
                if value is not None:
                    assert same(now_in(sandbox)[person][name], value)
        assert total(user("restore", "--yes", "--json", "--dry-run"), "to_restore") == 0
        assert user("purge", "--job", "1", "--yes").status == 0
        assert user("restore", "--yes", "--json").status == 2


def test_workers_send_no_more_than_one_process(
    tmp_path: Path, cluster: Cluster, database: str
) -> None:
    """Whoever lays a file out looks at the account first; what he leaves out nobody sends."""
    one = shell(tmp_path)
    ledger = {"IMPORTER_LEDGER": cluster.dsn(database), "SATISMETER_HASH_KEY": KEY}
    user = Here(one.folder, {**one.environment, **READS, **ledger})
    text, today = made(40, 6)
    user.write("answers.csv", text)
    user.write("mapping.yaml", MAPPING.replace("POLICY", "keep"))
    with background(SandboxSettings(duplicate_window=0)) as sandbox:
        sandbox.put_users(today.items())
        ended = user(
            *("work", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json"),
            *("--rate", "max", "--settle", "0.2", "--lanes", "3"),
        )
        assert ended.status == 0, ended.err
        assert same(now_in(sandbox), after(text, today, keep=True))
        told = ended.document["account"]
        assert told["looked"]
        assert 0 < told["known"] <= min(len(today), told["persons"])
        assert all(each["examples"] == [] for each in told["traits"]), "no value lies in the ledger"
        text, today = made(50, 6)
        user.write("answers.csv", text)
        ended = user(
            *("work", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url),
            *("--rate", "max", "--settle", "0.2"),
        )
        assert "known to the account" in ended.out
