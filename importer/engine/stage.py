"""Staging: every row read, mapped, checked and written into a ledger. Plans and runs share it."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

from importer import codes
from importer.engine.findings import Findings, LeftOut, PartResult
from importer.engine.observer import Observer, Staged
from importer.errors import LedgerError, UsageError
from importer.ledger import REKEYED, SENDABLE, Ledger, Spool, Standing, prepare, secret
from importer.mapping import Campaign, Compiled, Document, Recodings, check
from importer.mapping import compile as compile_mapping
from importer.model import GONE, Cause, Job, Status, counted, slug, utf8
from importer.privacy import Show, odd_character, plain
from importer.results import Tally
from importer.results.summary import AccountEffect
from importer.settings import Rate, Settings
from importer.sources import Facts, KnownBy, Source, SourceOptions

# What a careful person would want to know before anything is sent.


def warnings(
    document: Document,
    source: Source,
    compiled: Compiled,
    ledger: Ledger,
    job: Job,
    of_rows: Iterable[str],
    damage: Sequence[Cause],
    show: Show,
) -> tuple[str, ...]:
    """Each in one sentence or two; `of_rows` are those of how the rows stand, `damage` is what the file had
    lost already, `show` says how a line of the file may be shown."""
    return (
        *guesses(source.facts, show),
        _dates(compiled),
        *filter(None, [ledger.unknown_survey(job)]),
        *of_rows,
        *_force(document),
        *(f"{_where(each)}: {each.message} {each.fix}".strip() for each in damage),
        *source.facts.notes,
        *compiled.notes,
        *compiled.taken_for_utc,
    )


def _scoreless(tally: Tally, sent: Iterable[range], number: int) -> Iterator[str]:
    """How many of the rows to send (by `seq`) have no answer to the NPS question, else the first rating."""
    found = tally.scores(sent) if tally.questions else ()
    nps = [each for each in found if each.question.type == "nps"]
    for first in (nps or found)[:1]:
        waves = [each for each in found if each.question.place == first.question.place]
        missing = number - sum(each.answers for each in waves)
        if missing > 0:
            rows = f"{missing:,} of {counted(number, 'ready row')}"
            yield (
                f"{rows} {'has' if missing == 1 else 'have'} no score in {first.question.column!r}, only "
                f"other answers. {codes.advice('no_score')}"
            )


def _sheetless(settings: Settings, source: Source) -> tuple[str, ...]:
    if settings.sheet is None or source.facts.sheets:
        return ()
    return (
        f"The sheet {settings.sheet!r} that was asked for has no meaning: {source.name} is text.",
    )


def guesses(facts: Facts, show: Show = odd_character) -> Iterator[str]:
    """What was taken for granted about the file without being sure: its encoding. `show` says how a
    line of it may be shown."""
    if facts.encoding_known_by != KnownBy.GUESSED:
        return
    found = zip(facts.encoding_lines, facts.encoding_samples, strict=True)
    lines = ", ".join(f"line {number:,} `{show(sample)}`" for number, sample in found)
    reads = f": it reads {lines}" if lines else ""
    yield (
        f"The text's encoding is a guess, {facts.encoding}{reads}. "
        f"{codes.advice('guessed_encoding')}"
    )


def _dates(compiled: Compiled) -> str:
    lost = "The API has no field for the original date: each response will be dated by its arrival."
    traits = (name for program in compiled.programs for name, _ in program.traits)
    if "respondedAt" in traits:
        return f"{lost} The original date goes along as the trait respondedAt."
    return f"{lost} {codes.advice('no_date')}"


def _people(several: int, disagree: int, send: str) -> Iterator[str]:
    if several and send == "all":
        yield (
            f"{counted(several, 'person has', 'persons have')} more than one row to send: the API may "
            f"refuse the later ones as duplicates. {codes.advice('several_rows')}"
        )
    if disagree:
        yield (
            f"The rows of {counted(disagree, 'person')} carry different traits. Traits belong to the "
            "person: what is sent last stays."
        )


def _by_other_rule(ledger: Ledger, job: Job, number: int) -> Iterator[str]:
    if number:
        first = next(ledger.lines(job, code=REKEYED, limit=1))
        yield (
            f"{counted(number, 'row')} may have been sent before: the mapping's key, date or answers have "
            f"changed since. Row {first.row}: {first.message}. {codes.advice('another_key')}"
        )


def _force(document: Document) -> Iterator[str]:
    if document.forceSurvey:
        yield (
            "forceSurvey is on: the API checks neither targeting nor duplicates, and a row of "
            "unknown fate is never posted again by itself."
        )


def _where(cause: Cause) -> str:
    rows = ", ".join(str(row) for row in cause.rows)
    more = " …" if cause.count > len(cause.rows) else ""
    cells = counted(cause.count, "damaged cell")
    return f"{cells} in column {cause.column!r} (row {rows}{more})"


# Staging: every row read, mapped, checked and written into a ledger. Plans and runs share it.


@dataclass(frozen=True, slots=True)
class Plan:
    """A file, staged: what a run would do. `samples` are whole requests, their key masked; `sealed`
    is a SHA-256 (hex) over the bodies of all rows that can be posted, `to_post` the Excel rows that are
    to be, as ranges (`2-40 42`; with waves, those of each by its name), where an approval needs them."""

    job: Job
    source: Source
    document: Document
    compiled: Compiled
    rows: Mapping[str, int]
    causes: tuple[Cause, ...]
    skips: Mapping[str, int]
    duplicates: Mapping[str, int]
    warnings: tuple[str, ...]
    samples: tuple[bytes, ...]
    rate: Rate
    tally: Tally
    recodings: Recodings
    sealed: str
    people: Mapping[int, int]
    """How many persons have one row to send, how many two, and so on."""
    to_post: str | Mapping[str, str] = ""
    account: AccountEffect | None = None
    """What it does to the account; None where nothing of persons is sent."""
    left_out: LeftOut | None = None

    @property
    def ready(self) -> int:
        """Rows that a run would post."""
        return self.rows.get("ready", 0)

    @property
    def seconds(self) -> float | None:
        """How long the posting takes at least; None where only the server sets the pace."""
        return None if self.rate.per_second is None else self.ready / self.rate.per_second


class Helpers(Protocol):
    """Other processes that read, map and check parts of the file."""

    def stage(
        self, settings: Settings, job: Job, source: Source, *, brief: bool
    ) -> Iterator[PartResult]:
        """What the parts came to, in their order; see `parts.stage_part`."""


def stage(  # noqa: PLR0913  the parts of a job, each its own thing
    settings: Settings,
    document: Document,
    source: Source,
    compiled: Compiled,
    ledger: Ledger,
    spool: Spool,
    observer: Observer,
    *,
    bodies: bool = True,
    helpers: Helpers | None = None,
) -> Plan:
    """Read, map and check every row, write it into the ledger, and hand what was read to `spool`, of the
    bodies only those that are wanted (`bodies`). With `helpers` that do it part by part the plan is the
    same."""
    wanted = _job(settings, document, source, compiled, ledger)
    job = ledger.reopen(settings.job, wanted) if settings.job else ledger.start_job(wanted)
    sending = (*settings.statuses, *SENDABLE)
    show_values, again = settings.show_values, settings.again
    staging = ledger.stage(job, show_values=show_values, sending=sending, again=again)
    found = Findings(document, compiled, source.header)
    with ledger.staging(job):
        if helpers and staging.takes_parts:
            spool.read_again(source.chunks)
            brief = ledger.brief
            for part in helpers.stage(settings, wanted, source, brief=brief):
                first = staging.add_part(part.lines)
                found.join(part.findings, first)
                if bodies:
                    spool.keep_bodies(part.bodies(first))
                observer.event(Staged(staging.read))
        else:
            for chunk in source.chunks():
                mapped = check(compiled.run(chunk))
                found.add(mapped, chunk)
                rows = staging.add(mapped)
                spool.keep_cells(chunk)
                if bodies:
                    spool.keep(rows)
                found.sample(rows)
                observer.event(Staged(staging.read))
        staging.finish(document.repeats.send)
    show = plain if show_values else odd_character
    standing, (several, disagree, people) = ledger.standing(job), ledger.people(job, READY)
    counts = planned_rows(standing, staging.read, settings.statuses)
    clashes, samples, duplicates = tuple[Cause, ...](), found.samples, standing.duplicates
    of_rows = chain(
        _people(several, disagree, document.repeats.send),
        _by_other_rule(ledger, job, duplicates.get(REKEYED, 0)),
    )
    if "key_clash" in standing.by(1):
        clashes = ledger.clashes(job, _key_columns(compiled))
        sent = list(ledger.seqs(job, settings.statuses, own=True))
        samples = {by: one for by, one in samples.items() if any(one[0] in some for some in sent)}
    return Plan(
        *(job, source, document, compiled, counts),
        causes=found.causes.listed() + clashes,
        skips=ledger.by_message(job, [Status.SKIPPED]) if Status.SKIPPED in standing.by(0) else {},
        duplicates=duplicates,
        warnings=_sheetless(settings, source)
        + found.persons.told
        + found.spellings.told
        + tuple(
            _scoreless(found.tally, ledger.seqs(job, settings.statuses, own=True), counts["ready"])
        )
        + warnings(document, source, compiled, ledger, job, of_rows, found.damage.listed(), show),
        samples=tuple(body for _, body in samples.values()),
        rate=settings.rate or Rate.parse(document.sending.rate),
        tally=found.tally,
        recodings=found.recodings,
        sealed=found.seal.hexdigest(),
        people=people,
    )


READY = (Status.PENDING, Status.FAILED)
"""The rows that a plan's scores and persons are of: those that a run would post."""


def _key_columns(compiled: Compiled) -> str:
    return ", ".join(each.column for each in compiled.programs[0].key)


def _job(
    settings: Settings, document: Document, source: Source, compiled: Compiled, ledger: Ledger
) -> Job:
    rule = {"rule": document.rule, "columns": compiled.answer_columns}
    now = time.time()
    stem = slug(Path(settings.name).name.split(".")[0])
    return Job(
        id=0,
        name=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{stem}",
        file=utf8(_place(settings.file)),
        file_sha256=source.facts.sha256,
        sheet=source.sheet,
        mapping=utf8(settings.mapping),
        mapping_sha256=document.digest,
        origin=ledger.spelled(settings.endpoint.origin),
        campaigns=",".join(campaigns_of(document)),
        settings=settings.kept | _waves(document) | rule,
        started_at=now,
    )


def _waves(document: Document) -> dict[str, object]:
    """The waves' names, where there are any: a row's place among the job's tells its wave."""
    names = [each.wave for each in document.by_wave if each.wave]
    return {"waves": names} if names else {}


def _place(file: str) -> str:
    """The whole path, so that a later command finds it from anywhere; an address as it is."""
    return file if file in GONE or "://" in file else str(Path(file).resolve())


def campaigns_of(document: Document) -> tuple[str, ...]:
    """Every survey that the mapping can send to, in any wave; ("*",) where a column names them freely."""
    named = dict.fromkeys(each for wave in document.by_wave for each in _campaigns(wave.campaign))
    return ("*",) if "*" in named else tuple(named)


def _campaigns(campaign: Campaign) -> list[str]:
    if campaign.value:
        return [campaign.value.text]
    values = campaign.values or {}
    named = sorted({to.text for text, to in values.items() if text != "*"})
    return named if named and "*" not in values else ["*"]


def planned_rows(standing: Standing, read: int, statuses: Sequence[str]) -> dict[str, int]:
    """Rows read, and where they stand before anything is sent."""
    counts, own = standing.counts, standing.by(0, own=True)
    for status in statuses:
        counts[status] = counts.get(status, 0) - own.get(status, 0)
    already = counts.pop(Status.ALREADY_SENT, 0) + counts.pop(Status.CREATED, 0)
    rows = {
        "read": read,
        "ready": sum(own.get(status, 0) for status in statuses),
        "invalid": counts.pop(Status.INVALID, 0),
        "skipped": counts.pop(Status.SKIPPED, 0),
        "already_sent": already,
        **{status: number for status, number in sorted(counts.items()) if number},
    }
    assert_sum(rows)
    return rows


def assert_sum(rows: Mapping[str, int]) -> None:
    """The promise: rows read = sum of the outcomes. Checked at every end, not only in tests."""
    if rows["read"] != sum(rows.values()) - rows["read"]:
        raise LedgerError(f"The rows don't add up: {dict(rows)}.", hint="Please report this.")


def source_options(document: Document, sheet: str | int | None = None) -> SourceOptions:
    """The mapping's `source:` block in the loader's terms; `sheet` overrules it."""
    block = document.source
    rows = block.header_rows or ((block.header_row,) if block.header_row else None)
    return SourceOptions(
        sheet=sheet if sheet is not None else block.sheet,
        header_rows=rows,
        header_join=block.header_join,
        skip_rows=block.skip_rows,
        encoding=block.encoding or None,
        delimiter=block.delimiter or None,
    )


def fitted(document: Document, source: Source, secret: bytes) -> Compiled:
    """The mapping compiled against the file's header. `secret` keys the hashes in it. Raises MappingError."""
    return compile_mapping(
        document,
        source.header,
        secret=secret,
        file=source.place,
        since_1904=source.facts.since_1904,
    )


# The key of a job's hashes.


def secret_of(settings: Settings) -> bytes:
    """From the hash key that machines share, where there is one; else the state folder's own, made at
    first use. Raises LedgerError where the folder can't be written."""
    if settings.shared and settings.hash_key is None:
        raise UsageError(
            "A shared ledger needs a hash key that all hosts know.",
            hint="Put it into SATISMETER_HASH_KEY: 16 characters or more, the same everywhere, and kept: "
            "without it the ledger can't tell what was sent. `openssl rand -hex 32` makes one.",
        )
    if settings.hash_key is not None:
        if settings.shared is None:
            prepare(settings.state)
        if digits := _KEY.fullmatch(settings.hash_key.reveal()):
            return bytes.fromhex(digits[1])
        return hashlib.sha256(settings.hash_key.reveal().encode()).digest()
    return secret(settings.state)


_KEY = re.compile(r"hex:([0-9a-f]{64})")
"""A state folder's own key, which was made of chance, as hosts that share its ledger write it."""
