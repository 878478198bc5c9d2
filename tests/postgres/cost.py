"""What sending costs the database: bytes of write-ahead log, and CPU of the server, a row."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from importer.ledger.postgres.connection import Address, connect
from importer.ledger.postgres.database import text
from importer.ledger.postgres.journal import PINNED
from importer.ledger.postgres.lanes import Keeper
from tests.postgres.cluster import Cluster, fresh
from tests.postgres.test_sending import staged


@dataclass(frozen=True)
class Cost:
    """A row's: bytes of write-ahead log, seconds of the server's process, seconds in all. `bare`: what the
    server's process needs for a `SELECT 1`, by which the machine can be judged."""

    wal: float
    cpu: float
    wall: float
    bare: float


def measured(cluster: Cluster, rows: int, group: int) -> Cost:
    """Attempts and outcomes of so many rows, a group at a time, as the journal writes them."""
    address = Address.parse(cluster.dsn(fresh(cluster)))
    job = staged(address, "cost", rows)
    with Keeper(address, "cost") as keeper, closing(connect(address, **PINNED)) as one:
        keeper.open(job)
        keeper.take()
        pid, wal, began = one.info.backend_pid, _wal(address), time.monotonic()
        cpu, outcomes = _cpu(pid), None
        for start in range(0, rows, group):
            with one.pipeline() as pipeline:
                if outcomes:
                    one.execute(text("outcome"), outcomes)
                    pipeline.sync()
                cursor = one.execute(
                    text("attempt"),
                    {
                        "job": job, "lanes": 1, "shards": [0], "tokens": [keeper.lanes[0]],
                        "seqs": list(range(start, start + group)), "at": time.time(),
                    },
                )  # fmt: skip
            found = cursor.fetchall()
            assert all(mine for *_, mine in found)
            number = len(found)
            outcomes = {
                "job": job, "identities": [identity for _, identity, *_ in found],
                "tokens": [token for _, _, token, _ in found], "statuses": ["created"] * number,
                "codes": [""] * number, "messages": [""] * number, "https": [201] * number,
                "responses": ["0123456789abcdef01234567"] * number, "mss": [120] * number,
                "doubts": [0] * number,
            }  # fmt: skip
        one.execute(text("outcome"), outcomes)
        spent, took, written = _cpu(pid) - cpu, time.monotonic() - began, _wal(address) - wal
        cpu = _cpu(pid)
        for _ in range(_BARE):
            one.execute("SELECT 1")
        bare = (_cpu(pid) - cpu) / _BARE
        return Cost(written / rows, spent / rows, took / rows, bare)


_BARE = 5_000


def _wal(address: Address) -> float:
    with closing(connect(address)) as one:
        return float(one.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchall()[0][0])


def _cpu(pid: int) -> float:
    """Seconds of a process' CPU, in user and system."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
