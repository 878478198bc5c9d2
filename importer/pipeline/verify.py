"""Verifying: the survey is read back and laid beside what the ledger says was sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

from importer import ledger as books
from importer.errors import ExitStatus, ImporterError, UsageError
from importer.ledger import Ledger
from importer.ledger.expected import Expected, expected, others
from importer.ledger.hashes import Hasher
from importer.masking import masked_id
from importer.model import Job
from importer.pipeline.comparison import Comparison, Seen, compare
from importer.pipeline.readback import reader
from importer.pipeline.reread import Reread, reread
from importer.pipeline.secret import secret_of
from importer.readback import Found, Reader
from importer.results.scores import Scores
from importer.settings import Settings

SLACK = 3600.0
"""Seconds that the server's clock may differ from ours."""
NAMED = 200
"""How many differences of each kind the page names."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What came out. `since` and `until` are Unix seconds. `altered` names, by `seq`, the
    questions that differ; both it and `scores` (file, survey) need the file: `unread` says why it
    could not be read again, "" where it was. `users` names, by `seq` and masked, those of the first
    rows that are not there."""

    job: Job
    since: float
    until: float
    found: int
    expected: int
    comparison: Comparison
    allow_extra: bool
    altered: Mapping[int, Sequence[str]]
    scores: Sequence[tuple[Scores, Scores]]
    unread: str = ""
    users: Mapping[int, str] = field(default_factory=dict)

    @property
    def exit_status(self) -> ExitStatus:
        """SOME_REFUSED where something differs, SOME_UNKNOWN where something can't be known."""
        extra = self.comparison.extra and not self.allow_extra
        if self.comparison.differs or extra:
            return ExitStatus.SOME_REFUSED
        if self.comparison.unsettled or self.comparison.uncompared:
            return ExitStatus.SOME_UNKNOWN
        return ExitStatus.DONE


def verify(settings: Settings, *, allow_extra: bool = False) -> Verification:
    """Compare `settings.job` (the newest where it is "") with its survey, read with `settings.api_key`
    and `.project`. `settings.file` says where the job's file lies now; "" is where it was. Changes
    nothing. Raises ImporterError."""
    secret = secret_of(settings)
    with closing(Ledger.open(books.ledger_path(settings.state), secret)) as ledger:
        job = ledger.job(settings.job)
        sent = expected(ledger, job)
        if not sent:
            raise UsageError(f"Job {job.name} has posted no row, so there is nothing to compare.")
        since, until = _window(sent)
        there = asyncio.run(_read(settings, job, secret, since, until))
        comparison = compare(sent, there, lambda shown: others(ledger, job, shown, since, until))
        users = _users(ledger, job, comparison)
    again, unread = _reread(job, secret, comparison, settings.file)
    return Verification(
        job=job,
        since=since,
        until=until,
        found=len(there),
        expected=len(sent),
        comparison=comparison,
        allow_extra=allow_extra,
        altered={row.seq: _differ(again, row, seen) for row, seen in comparison.altered},
        scores=_scores(again, sent, comparison) if again else (),
        unread=unread,
        users=users,
    )


def _users(ledger: Ledger, job: Job, comparison: Comparison) -> dict[int, str]:
    absent = (*comparison.missing[:NAMED], *comparison.unsettled[:NAMED])
    if not absent:
        return {}
    seqs = {each.seq for each in absent}
    return {
        line.seq: masked_id(line.user_id or line.anonymous_id)
        for line in ledger.lines(job)
        if line.seq in seqs
    }


def _window(sent: Sequence[Expected]) -> tuple[float, float]:
    """From the first post to the last, and as much more as clocks may differ."""
    times = [each.at for each in sent]
    return min(times) - SLACK, max(times) + SLACK


async def _read(
    settings: Settings, job: Job, secret: bytes, since: float, until: float
) -> list[Seen]:
    hasher = Hasher(secret, job.origin)
    start, end = (datetime.fromtimestamp(each, UTC) for each in (since, until))
    seen: list[Seen] = []
    async with reader(settings, job.origin) as reading:
        for campaign in await _campaigns(job, reading):
            found = reading.responses(campaign, start, end)
            seen += [_seen(hasher, campaign, each) async for each in found]
    return seen


async def _campaigns(job: Job, reading: Reader) -> list[str]:
    """The job's surveys; every one of the project where the rows named theirs."""
    named = job.campaigns.split(",")
    return [each.id for each in await reading.surveys()] if "*" in named else named


def _seen(hasher: Hasher, campaign: str, found: Found) -> Seen:
    who = (campaign, found.user_id, found.anonymous_id)
    return Seen(
        id=found.id,
        created=found.created,
        person=hasher.person(*who),
        shown=hasher.shown(*who, found.answers),
        answers=found.answers,
        nameless=not (found.user_id or found.anonymous_id),
        user=masked_id(found.user_id or found.anonymous_id),
    )


def _reread(
    job: Job, secret: bytes, comparison: Comparison, file: str
) -> tuple[Reread | None, str]:
    """The file once more; or why not. That is no failure: people and answers were compared by their
    hashes."""
    try:
        return reread(job, secret, {row.seq for row, _ in comparison.altered}, file), ""
    except ImporterError as error:
        return None, f"{error.message} {error.hint}".strip()


def _differ(again: Reread | None, row: Expected, seen: Seen) -> tuple[str, ...]:
    """The questions to which the two give different answers; none where the file wasn't read."""
    if again is None or row.seq not in again.answers:
        return ()
    sent = {question: str(value).strip() for question, value in again.answers[row.seq].items()}
    there = {question: str(value).strip() for question, value in seen.answers}
    return tuple(each for each in {**sent, **there} if sent.get(each, "") != there.get(each, ""))


def _scores(
    again: Reread, sent: Sequence[Expected], comparison: Comparison
) -> list[tuple[Scores, Scores]]:
    """Each rating question as the file has it and as the survey has it, over the same rows; wave by wave."""
    unsettled = {each.seq for each in comparison.unsettled}
    rows = [each.seq for each in sent if each.seq not in unsettled]
    pairs = (*comparison.same, *comparison.altered, *comparison.doubled)
    there = _counts(pairs)
    return [
        (
            file,
            Scores(
                file.question, dict(sorted(there[file.question.wave, file.question.id].items()))
            ),
        )
        for file in again.tally.scores(rows)
    ]


class _Counts(dict[tuple[str, str], "Counter[int]"]):
    """How often each score was given, by wave and question."""

    def __missing__(self, question: tuple[str, str]) -> Counter[int]:
        return self.setdefault(question, Counter())


def _counts(there: Iterable[tuple[Expected, Seen]]) -> _Counts:
    counts = _Counts()
    for row, seen in there:
        for question, value in seen.answers:
            if isinstance(value, int) or value.lstrip("-").isdigit():
                counts[row.wave, question][int(value)] += 1
    return counts
