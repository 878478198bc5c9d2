"""Rows, jobs and ledgers to test with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain

import orjson

from importer.ledger import Ledger
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


def job_of(name: str, sha: str = "", origin: str = ORIGIN) -> Job:
    """A job that is yet to be started."""
    return Job(
        id=0,
        name=name,
        file=f"/data/{name}.csv",
        file_sha256=sha or name,
        sheet="",
        mapping="mapping.yaml",
        mapping_sha256="m",
        origin=origin,
        campaigns=CAMPAIGN,
        settings={},
        started_at=time.time(),
    )


def staged(
    ledger: Ledger,
    name: str,
    rows: Sequence[Mapped],
    *,
    repeats: str = "all",
    chunk: int = 3,
    origin: str = ORIGIN,
) -> tuple[Job, list[int]]:
    """Stage a file of this content; returns the job and the Excel rows that are to be sent."""
    sha = str(hash(repr(rows)))
    job = ledger.start_job(job_of(name, sha, origin))
    staging = ledger.stage(job)
    for start in range(0, len(rows), chunk):
        staging.add(rows[start : start + chunk])
    staging.finish(repeats)
    job = ledger.job(str(job.id))
    return job, to_send(ledger, job)


def to_send(ledger: Ledger, job: Job) -> list[int]:
    """The Excel rows that a run would post, in its order."""
    rows = {line.seq: line.row for line in ledger.lines(job)}
    order = ledger.sending_order(job, (Status.PENDING, Status.FAILED))
    assert [
        *chain.from_iterable(ledger.seqs(job, (Status.PENDING, Status.FAILED), own=True))
    ] == sorted(order)
    return [rows[seq] for seq in order]


def statuses(ledger: Ledger, job: Job) -> dict[int, tuple[str, str]]:
    """Status and code by Excel row."""
    return {line.row: (line.status, line.code) for line in ledger.lines(job)}


def moved(row: Response, number: int) -> Response:
    """The same response in another row."""
    return row._replace(row=number)
