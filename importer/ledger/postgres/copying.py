"""A ledger in a file moves into PostgreSQL: its jobs, its rows, and what was sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from importer.errors import LedgerError, UsageError
from importer.ledger.database import Database, check_secret
from importer.ledger.jobs import CUT_OFF
from importer.ledger.postgres.ledger import PostgresLedger
from importer.ledger.sqlite import SqliteLedger
from importer.ledger.sqlite.database import ledger_path
from importer.privacy import shell_word
from importer.settings import server_of

_JOB = (
    *("name", "file", "file_sha256", "sheet", "mapping", "mapping_sha256", "origin", "campaigns"),
    *("settings", "started_at", "staged_at", "ended_at", "exit_status"),
)


@dataclass(frozen=True, slots=True)
class Copied:
    """How many jobs and rows have moved in; `before`: jobs that had moved in before."""

    jobs: int
    rows: int
    before: int


def copy_ledger(folder: Path, shared: PostgresLedger, secret: bytes) -> Copied:
    """Put all of a state folder's ledger into a shared one; again, it does what is left. From then on the
    file posts nothing: neither would know what the other has sent. Call it while no run holds either. Raises
    UsageError where there is no ledger, or where its hashes have another key than `secret`."""
    path = ledger_path(folder)
    if not path.exists():
        raise UsageError(
            f"There is no ledger in {folder}.", hint="Name its folder with --state DIR."
        )
    with closing(SqliteLedger.open(path, b"")) as file:
        try:
            check_secret(file._db, secret, keep=False)  # noqa: SLF001  a part of the same room
        except LedgerError as error:
            raise UsageError(
                f"The hashes of {path} have another key than this one.", hint=_key(folder)
            ) from error
        with ExitStack() as stack:
            for origin in {server_of(job.origin) for job in file.jobs()}:
                stack.enter_context(file.lock(origin, ("*",), "importer ledger copy"))
            check_secret(shared.database, secret)
            with shared.database.transaction():
                copied = _copied(file._db, shared)  # noqa: SLF001  as above
            file.retire(shared.where)
            return copied


def _key(folder: Path) -> str:
    """How a folder's own key becomes one that hosts share."""
    key = folder / "hash.key"
    if not key.exists():
        return "Set SATISMETER_HASH_KEY as it was when the ledger was written."
    digits = f"$(od -An -v -tx1 {shell_word(str(key))} | tr -d ' \\n')"
    return f"Everywhere that shares the ledger: export SATISMETER_HASH_KEY=hex:{digits}"


def _copied(file: Database, shared: PostgresLedger) -> Copied:
    database, moved, rows, before = shared.database, [], 0, 0
    for number, *values in file.each("whole_jobs"):
        named = dict(zip(_JOB, values, strict=True))
        found = database.first("copy_job", **named)
        if found is None:
            (started,) = database.one("copy_job_named", name=named["name"])
            if started != named["started_at"]:
                raise UsageError(
                    f"The shared ledger has another job {named['name']}.",
                    hint="Only one of the two can be told from others by this name: it stays where it is.",
                )
            before += 1
            continue
        moved.append(int(found[0]))
        every = file.each("whole_rows", job=number)
        rows += _put(shared, every, moved[-1])
    if moved:
        database.run("copy_cut_off", jobs=moved, told=CUT_OFF)
        database.run("copy_sent", jobs=moved)
    return Copied(len(moved), rows, before)


def _put(shared: PostgresLedger, rows: Iterator[Sequence[object]], job: int) -> int:
    count = 0

    def counted() -> Iterator[Sequence[object]]:
        nonlocal count
        for row in rows:
            count += 1
            yield (*row, job)

    shared.database.many("copy_rows", counted())
    return count
