"""What the report says of a job: gathered from the plan and the ledger, and masked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from importer import __version__
from importer.engine.stage import READY, Plan
from importer.ledger import Ledger, Post
from importer.mapping import DATE, SKIP, Document, Lineage, lineage
from importer.mapping.blocks import Trait
from importer.model import Cause, Status, letter
from importer.privacy import Show, masked, masked_id, plain
from importer.results import Summary
from importer.results.report.facts import (
    Account,
    Column,
    Example,
    Kind,
    Origin,
    Posting,
    Report,
    Slot,
    hidden,
    initial,
    shown,
)
from importer.settings import Settings

if TYPE_CHECKING:
    from importer.engine.send import DeliveryResult


# A run's throughput and latency over time.

_MOST = 60
_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400)


def slots(posts: Iterable[Post], first: float, last: float) -> Iterator[Slot]:
    """The run cut into slots of equal length, 60 at most, empty ones too; the last one is up to half
    longer or shorter. `posts` are in order, the first and the last of them made then; a row that was tried
    again counts with its last attempt. One slot's posts at a time are in memory."""
    span = last - first
    length = next((each for each in _LENGTHS if span / each < _MOST), span / _MOST)
    end = max(1, round(span / length)) - 1
    shared = groupby(posts, lambda post: min(int((post.at - first) // length), end))
    place, some = next(shared, (None, ()))
    for number in range(end + 1):
        here: list[int | None] = []
        if number == place:
            here = [post.ms for post in some]
            place, some = next(shared, (None, ()))
        seconds = length if number < end else max(span - length * end, 1.0)
        times = sorted(ms for ms in here if ms is not None)
        yield Slot(number * length, len(here) / seconds, _at(times, 0.5), _at(times, 0.95))


def _at(times: Sequence[int], share: float) -> float | None:
    """The time below which this share of the replies came; nearest rank."""
    return float(times[min(int(share * len(times)), len(times) - 1)]) if times else None


# What the page for people says of a job: gathered from the plan and the ledger, and masked.

ACCEPTED = (Status.CREATED,)
"""The rows that a run's scores are of."""
_OPEN = ("number", "boolean", "date")


def reported(
    settings: Settings, planned: Plan, ledger: Ledger, summary: Summary, sent: DeliveryResult | None
) -> Report:
    """Everything on the page; `summary` is that of the plan, or of the run over it."""
    statuses = ACCEPTED if sent else READY
    people = ledger.people(planned.job, ACCEPTED)[2] if sent else planned.people
    # By wave and target: an answer's name in the mapping, with its type, in place of the
    # question's ID. What is the same in all waves ("") is so in the first.
    named = {
        (wave, f"answers: {each.question(e.id)}"): f"answers: {e.id}, {e.type}"
        for each in reversed(planned.document.by_wave)
        for e in each.answers
        for wave in {"", each.wave}
    }
    used = tuple(
        replace(use, target=named.get((use.wave, use.target), use.target))
        for use in lineage(planned.compiled)
    )
    show = plain if settings.show_values else masked
    found: dict[str, Counter[str]] = {}
    for each in planned.recodings.unmapped():
        found.setdefault(each.column, Counter())[show(each.text)] += each.count  # may look the same
    return Report(
        summary=summary,
        made_at=time.time(),
        origin=_origin(settings, planned),
        account=_account(settings, planned, used, sum(people.values())),
        causes=tuple(_causes(settings, summary)),
        skips=planned.skips,
        months=planned.tally.months(ledger.seqs(planned.job, statuses)),
        people=people,
        columns=tuple(_columns(planned, used)),
        constants={_told(use): use.value for use in used if not use.positions},
        examples=_examples(settings, planned, used),
        unmapped_values={column: dict(values.most_common()) for column, values in found.items()},
        requests=tuple(sample_requests(planned, show_values=settings.show_values)),
        masked=not settings.show_values,
        posting=_posting(planned, ledger, sent) if sent else None,
    )


def _told(use: Lineage) -> str:
    return f"{use.target} (wave {use.wave})" if use.wave else use.target


def _origin(settings: Settings, planned: Plan) -> Origin:
    facts, document = planned.source.facts, planned.document
    return Origin(
        file=settings.name,
        sheet=planned.source.sheet,
        format=facts.format,
        size=facts.size,
        sha256=facts.sha256,
        encoding=facts.encoding,
        encoding_known_by=str(facts.encoding_known_by or ""),
        delimiter=facts.delimiter,
        header_rows=facts.header_rows,
        samples=facts.encoding_samples if settings.show_values else (),
        mapping=Path(settings.mapping).name,
        mapping_name=document.name,
        mapping_sha256=document.digest,
        requests_sha256=planned.sealed,
        version=__version__,
    )


def _account(settings: Settings, planned: Plan, used: Sequence[Lineage], persons: int) -> Account:
    methods = {_method(each) for each in planned.document.by_wave}
    traits = (use.target.split(".", 1)[1] for use in used if use.target.startswith("traits."))
    return Account(
        endpoint=settings.endpoint.url,
        campaigns=planned.job.campaigns,
        method=methods.pop() if len(methods) == 1 else "as each row says",
        persons=persons,
        traits=tuple(dict.fromkeys(traits)),
        rate=str(planned.rate),
        seconds=planned.seconds,
    )


def _method(document: Document) -> str:
    if document.method is None:
        return "In-App"
    return document.method.value.text if document.method.value else "as each row says"


def _columns(planned: Plan, used: Sequence[Lineage]) -> Iterator[Column]:
    targets: dict[int, list[str]] = {}
    for use in used:
        for position in use.positions:
            targets.setdefault(position, []).append(_told(use))
    named = zip(planned.source.header, planned.tally.filled, strict=True)
    for position, (name, filled) in enumerate(named):
        yield Column(letter(position), name, filled, tuple(targets.get(position, ())))


def _examples(
    settings: Settings, planned: Plan, used: Sequence[Lineage]
) -> Mapping[Kind, tuple[Example, ...]]:
    """The cells that made rows invalid; masked as far as their columns may name somebody."""
    shows = {} if settings.show_values else _shows(planned, used)
    other = plain if settings.show_values else initial
    return {
        (code, column): tuple(
            Example(each.row, shows.get(column, other)(each.value)) for each in problems
        )
        for (code, column), problems in planned.tally.examples.items()
    }


def _shows(planned: Plan, used: Sequence[Lineage]) -> Mapping[str, Show]:
    """Columns of nothing but ratings, choices, `values:`, numbers and dates are shown as in results.csv,
    and so are those of ids; of others (texts, names) `requests.initial` leaves the first letter."""
    waves = planned.document.by_wave
    telling = {"campaign", "method", "rating", DATE, SKIP}
    telling |= {f"answers: {e.id}, {e.type}" for w in waves for e in w.answers if e.type != "text"}
    telling |= {f"traits.{name}" for w in waves for name in w.traits}
    telling -= {f"traits.{name}" for w in waves for name, e in w.traits.items() if not _is_open(e)}
    every: dict[int, set[str]] = {}
    for use in used:
        for position in use.positions:
            every.setdefault(position, set()).add(use.target)
    shows: dict[str, Show] = {}
    for position, targets in every.items():
        label = planned.source.label(position)
        if targets <= telling:
            shows[label] = masked
        elif targets <= {"userId", "key", SKIP}:
            shows[label] = masked_id
    return shows


def _is_open(trait: Trait) -> bool:
    return bool(trait.values) or trait.type in _OPEN


def sample_requests(planned: Plan, *, show_values: bool) -> Iterator[str]:
    """The plan's samples as indented JSON, without personal values unless `show_values`."""
    # The texts to send that stand in the mapping itself, which are nobody's.
    blocks = [e for w in planned.document.by_wave for e in (*w.answers, *w.traits.values())]
    constants = [each.value for each in blocks if each.value is not None]
    constants += [to for each in blocks for to in (each.values or {}).values()]
    known = frozenset(each.text for each in constants)
    for body in planned.samples:
        yield shown(body) if show_values else hidden(body, known)


def _causes(settings: Settings, summary: Summary) -> Iterator[Cause]:
    """What a server says may name somebody."""
    show = plain if settings.show_values else masked_id
    for cause in summary.causes:
        yield replace(cause, message=show(cause.message))


def _posting(planned: Plan, ledger: Ledger, sent: DeliveryResult) -> Posting:
    tries = ledger.tries(planned.job, sent.began)
    if not tries:
        return Posting((), {})
    first, last = min(each.first for each in tries), max(each.last for each in tries)
    found = slots(ledger.posts(planned.job, sent.began), first, last)
    return Posting(tuple(found), {each.attempts: each.rows for each in tries})
