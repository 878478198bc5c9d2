"""Rows, jobs and ledgers to test with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import orjson

from importer.ledger.sqlite import SqliteLedger
from importer.model import Job, Mapped, Response, Status

SECRET = b"s" * 32
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"
ORIGIN = "https://app.satismeter.com"


def response(
    row: int, user: str = "", *, score: int = 9, key: str = "", order: str = ""
) -> Response:
    """A response; its own user by default. Its identity is its key, else user and score."""
    user = user or f"u{row}"
    answers = ({"id": "q", "value": score},)
    body = {"campaign": CAMPAIGN, "userId": user, "answers": answers}
    content = orjson.dumps([user, score])
    return Response(
        row=row,
        user_id=user,
        anonymous_id="",
        campaign=CAMPAIGN,
        body=orjson.dumps(body),
        idempotency_key=key.encode() or content,
        content=content,
        key=key,
        order=order,
        answers=answers,
    )


def job_of(name: str, sha: str = "") -> Job:
    """A job that is yet to be started."""
    return Job(
        id=0,
        name=name,
        file=f"/data/{name}.csv",
        file_sha256=sha or name,
        sheet="",
        mapping="mapping.yaml",
        mapping_sha256="m",
        origin=ORIGIN,
        campaigns=CAMPAIGN,
        settings={},
        started_at=time.time(),
    )


@contextmanager
def ledger_in(folder: Path) -> Iterator[SqliteLedger]:
    """The ledger of a folder."""
    with closing(SqliteLedger.open(folder / "ledger.sqlite3", SECRET, "process")) as ledger:
        yield ledger


def staged(
    ledger: SqliteLedger, name: str, rows: Sequence[Mapped], *, repeats: str = "all", chunk: int = 3
) -> tuple[Job, list[int]]:
    """Stage a file of this content; returns the job and the Excel rows that are to be sent."""
    sha = str(hash(repr(rows)))
    job = ledger.start_job(job_of(name, sha))
    staging = ledger.stage(job)
    for start in range(0, len(rows), chunk):
        staging.add(rows[start : start + chunk])
    staging.finish(repeats)
    job = ledger.job(str(job.id))
    return job, to_send(ledger, job)


def to_send(ledger: SqliteLedger, job: Job) -> list[int]:
    """The Excel rows that a run would post, in its order."""
    rows = {line.seq: line.row for line in ledger.lines(job)}
    return [rows[seq] for seq in ledger.sending_order(job, (Status.PENDING, Status.FAILED))]


def end(
    ledger: SqliteLedger, job: Job, row: int, status: str, code: str = "", at: float = 0.0
) -> None:
    """Give a row an outcome, as an attempt would."""
    with ledger._db.transaction():
        ledger.connection.execute(
            "UPDATE rows SET status = ?, code = ?, attempts = 1, sent_at = ?, doubt = ?"
            " WHERE job = ? AND row = ?",
            (status, code, at or time.time(), status == Status.UNKNOWN, job.id, row),
        )


def end_all(ledger: SqliteLedger, job: Job, status: str = Status.CREATED) -> None:
    """Give every row that is to be sent this outcome."""
    for row in to_send(ledger, job):
        end(ledger, job, row, status)


def statuses(ledger: SqliteLedger, job: Job) -> dict[int, tuple[str, str]]:
    """Status and code by Excel row."""
    return {line.row: (line.status, line.code) for line in ledger.lines(job)}


def moved(row: Response, number: int) -> Response:
    """The same response in another row."""
    return row._replace(row=number)
