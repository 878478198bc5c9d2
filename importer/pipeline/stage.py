"""Staging: every row read, mapped, checked and written into a ledger. Plans and runs share it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer import ledger as books
from importer.causes import Causes
from importer.checks import check
from importer.errors import LedgerError
from importer.ledger import SENDABLE, Ledger, Rows, Staging
from importer.loader import Source, SourceOptions
from importer.mapping import Compiled, Document
from importer.mapping.document import Campaign
from importer.mapping.recoding import Recodings
from importer.masking import odd_character, plain
from importer.model import Cause, Chunk, Invalid, Job, Mapped, Status, slug
from importer.pipeline.rating import questions
from importer.pipeline.seal import Seal
from importer.pipeline.warnings import warnings
from importer.pipeline.watch import Watch
from importer.results.tally import Tally
from importer.sender.body import with_key
from importer.settings import Rate, Settings

MASKED_KEY = "***"
_SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """A file, staged: what a run would do. `samples` are whole requests, their key masked; `sealed`
    is a SHA-256 (hex) over the bodies of all rows that can be posted."""

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

    @property
    def ready(self) -> int:
        """Rows that a run would post."""
        return self.rows.get("ready", 0)

    @property
    def seconds(self) -> float | None:
        """How long the posting takes at least; None where only the server sets the pace."""
        return None if self.rate.per_second is None else self.ready / self.rate.per_second


Keep = Callable[[Rows], None]


def let_go(_: Rows) -> None:
    """A plan has no use for the bodies once they are shown."""


def stage(
    settings: Settings,
    document: Document,
    source: Source,
    compiled: Compiled,
    ledger: Ledger,
    keep: Keep,
    watch: Watch,
) -> Plan:
    """Read, map and check every row, write it into the ledger, and hand the bodies to `keep`."""
    wanted = _job(settings, document, source)
    job = ledger.reopen(settings.job, wanted) if settings.job else ledger.start_job(wanted)
    staging = Staging(
        ledger,
        job,
        show_values=settings.show_values,
        sending=(*settings.statuses, *SENDABLE),
    )
    causes, damage = Causes(), Causes()
    tally, seal = Tally(tuple(questions(document, compiled)), len(source.header)), Seal()
    recodings = Recodings(document, source.header)
    samples: dict[bytes, tuple[int, bytes]] = {}
    with ledger.staging(job):
        for chunk in source.chunks():
            mapped = check(compiled.run(chunk))
            _count(mapped, chunk, causes, damage)
            tally.add(mapped, chunk)
            recodings.add(mapped, chunk)
            seal.add(mapped)
            rows = staging.add(mapped)
            keep(rows)
            _sample(rows, samples)
            watch.staged(staging.read)
        staging.finish(document.repeats.send)
    show = plain if settings.show_values else odd_character
    counts = _planned(ledger, job, staging.read, settings.statuses)
    clashes = books.clashes(ledger, job, _key_columns(compiled))
    if clashes:
        sent = set(books.sending_order(ledger, job, settings.statuses))
        samples = {by: sample for by, sample in samples.items() if sample[0] in sent}
    return Plan(
        job=job,
        source=source,
        document=document,
        compiled=compiled,
        rows=counts,
        causes=causes.listed() + clashes,
        skips=ledger.counted(job, "message", (Status.SKIPPED,)),
        duplicates=books.duplicates(ledger, job),
        warnings=warnings(document, source, compiled, ledger, job, damage.listed(), show),
        samples=tuple(body for _, body in samples.values()),
        rate=settings.rate or Rate.parse(document.sending.rate),
        tally=tally,
        recodings=recodings,
        sealed=seal.hexdigest(),
    )


def _key_columns(compiled: Compiled) -> str:
    return ", ".join(each.column for each in compiled.programs[0].key)


def _job(settings: Settings, document: Document, source: Source) -> Job:
    now = time.time()
    stem = slug(Path(settings.name).name.split(".")[0])
    return Job(
        id=0,
        name=f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{stem}",
        file=_place(settings.file),
        file_sha256=source.facts.sha256,
        sheet=source.sheet,
        mapping=settings.mapping,
        mapping_sha256=document.digest,
        origin=settings.endpoint.origin,
        campaigns=",".join(campaigns_of(document)),
        settings=_kept(settings) | _waves(document),
        started_at=now,
    )


def _kept(settings: Settings) -> dict[str, object]:
    """What a later command needs to go on with the job; never a key."""
    path = Path(settings.mapping)
    return {
        "out": str(settings.folder.resolve()),
        "endpoint": settings.endpoint.url,
        "mapping": str(path.resolve()) if path.is_file() else settings.mapping,
        "sheet": settings.sheet,
        "rate": None if settings.rate is None else str(settings.rate),
        "concurrency": settings.concurrency,
        "accept_empty": settings.accept_empty,
        "show_values": settings.show_values,
        "project": settings.project,
    }


def _waves(document: Document) -> dict[str, object]:
    """The waves' names, where there are any: a row's place among the job's tells its wave."""
    names = [each.wave for each in document.by_wave if each.wave]
    return {"waves": names} if names else {}


def _place(file: str) -> str:
    """The whole path, so that a later command finds it from anywhere; an address as it is."""
    return file if file == "-" or "://" in file else str(Path(file).resolve())


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


def _sample(rows: Rows, samples: dict[bytes, tuple[int, bytes]]) -> None:
    """The first bodies, none of them twice, by what makes their rows themselves."""
    for seq, response in rows if len(samples) < _SAMPLES else ():
        if len(samples) < _SAMPLES:
            samples.setdefault(response.identity, (seq, with_key(response.body, MASKED_KEY)))


def _count(mapped: Sequence[Mapped], chunk: Chunk, causes: Causes, damage: Causes) -> None:
    for each in mapped:
        if isinstance(each, Invalid):
            causes.add(each.problems)
    damage.add(chunk.damage)


def _planned(ledger: Ledger, job: Job, read: int, statuses: Sequence[str]) -> dict[str, int]:
    """Rows read, and where they stand before anything is sent."""
    counts, own = ledger.counts(job), ledger.own(job)
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
