"""What a careful person would want to know before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer import ledger as books
from importer.ledger import Ledger
from importer.loader import Facts, KnownBy, Source
from importer.mapping import Compiled, Document
from importer.masking import Show, odd_character
from importer.model import Cause, Job, counted


def warnings(
    document: Document,
    source: Source,
    compiled: Compiled,
    ledger: Ledger,
    job: Job,
    damage: Sequence[Cause],
    show: Show,
) -> tuple[str, ...]:
    """Each in one sentence or two; `damage` is what the file had lost already, `show` says how a line
    of the file may be shown."""
    return (
        *guesses(source.facts, show),
        _dates(compiled),
        *_people(ledger, job, document.repeats.send),
        *_force(document),
        *(f"{_where(each)}: {each.message} {each.fix}".strip() for each in damage),
        *source.facts.notes,
        *compiled.notes,
        *compiled.taken_for_utc,
    )


def guesses(facts: Facts, show: Show = odd_character) -> Iterator[str]:
    """What was taken for granted about the file without being sure: its encoding. `show` says how a
    line of it may be shown."""
    if facts.encoding_known_by != KnownBy.GUESSED:
        return
    found = zip(facts.encoding_lines, facts.encoding_samples, strict=True)
    lines = ", ".join(f"line {number:,} `{show(sample)}`" for number, sample in found)
    yield (
        f"The text's encoding is a guess, {facts.encoding}: it reads {lines}. If a character is wrong "
        "there, write the right `encoding:` under `source:` in the mapping; `importer inspect FILE` shows "
        "the lines, with --encoding as another reading has them."
    )


def _dates(compiled: Compiled) -> str:
    lost = "The API has no field for the original date: each response will be dated by its arrival."
    traits = (name for program in compiled.programs for name, _ in program.traits)
    if "respondedAt" in traits:
        return f"{lost} The original date goes along as the trait respondedAt."
    return f"{lost} Map it as a trait (respondedAt) to keep it."


def _people(ledger: Ledger, job: Job, send: str) -> Iterator[str]:
    several, disagree = books.people(ledger, job)
    if several and send == "all":
        yield (
            f"{counted(several, 'person has', 'persons have')} more than one row to send: the API may "
            "refuse the later ones as duplicates. `repeats: {send: latest}` sends one row each."
        )
    if disagree:
        yield (
            f"The rows of {counted(disagree, 'person')} carry different traits. Traits belong to the "
            "person: what is sent last stays."
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
