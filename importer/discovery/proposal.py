"""What is drafted of a file by itself: the `Choices` that recognition comes to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from importer.discovery import lexicon, yaml_text
from importer.discovery.choices import Answer, Cell, Choices, Reads, Ref
from importer.discovery.column import Column, Confidence
from importer.discovery.dates import DateReading, zone_of_label
from importer.discovery.questions import Question, ends_of
from importer.discovery.roles import Property, property_of
from importer.discovery.scales import Best, Scale
from importer.discovery.score import Matched, match_questions
from importer.discovery.table import DraftTable
from importer.discovery.understand import Apart, Dated, FoundColumn
from importer.mapping.blocks import DATED_BY, OF_RESPONSE, SkipRule
from importer.mapping.errors import OPEN
from importer.mapping.ids import is_damaged, is_dummy
from importer.mapping.text import compile_pattern
from importer.mapping.transforms.dates import names_zone
from importer.mapping.yaml import Data, Plain
from importer.model import letter
from importer.sources import KnownBy

LEFT_OUT = "false"
"""What a person says instead of a question's ID to leave its answer out."""


def propose(table: DraftTable) -> Choices:
    """The choices that a file suggests; what only a person can know is `"?"`."""
    meaning = table.meaning
    matched = matches(table)
    found, facts = table.layout, table.facts
    first = found.header in {(0,), (1,)} and not found.skipped
    known = facts.encoding_known_by in {KnownBy.GUESSED, KnownBy.GIVEN}
    return Choices(
        name=table.tool.preset.about.tool if table.tool else table.name.rsplit(".", 1)[0],
        reads=Reads(
            sheet=table.sheet if len(facts.sheets) > 1 else "",
            header=None if first else found.header,
            skip_rows=() if first else found.skipped,
            encoding=facts.encoding if known else "",
            delimiter=table.wishes.delimiter,
            skip_if=(
                *map(_rule, table.claims.skip_if),
                *(apart_rule(table, each) for each in table.apart),
            ),
        ),
        waves=_waves(table),
        campaign=table.wishes.campaign or OPEN,
        method="Email",
        people=tuple(person_cell(table, each.column) for each in in_order(table)),
        anonymous=_stand_in(table),
        answers=tuple(
            answer_of(table, each, _id_of(table, each, matched)) for each in meaning.questions
        ),
        traits=(traits := dict(_traits(table))),
        existing="" if set(traits) <= set(OF_RESPONSE) else "keep",
        key=_key(table),
    )


# How the file is read, and what is left out.


def _rule(rule: SkipRule) -> Mapping[str, Data]:
    named: dict[str, Data] = {"column": rule.column} if rule.column else {"letter": rule.letter}
    if rule.any:
        named = {"any": list(rule.any)}
    if rule.among:
        return {**named, "in": list(rule.among)}
    if rule.not_in:
        return {**named, "not_in": list(rule.not_in)}
    if rule.matches:
        return {**named, "matches": rule.matches}
    return {**named, "blank": Plain("true" if rule.blank else "false")}


def apart_rule(table: DraftTable, apart: Apart) -> Mapping[str, Data]:
    """The rule that leaves the rows out."""
    name = table.selector(apart.column).data
    named = name if isinstance(name, dict) else {"column": name}
    return {**named, apart.condition: [*apart.texts]}


def _waves(table: DraftTable) -> Data | None:
    found = table.waves
    if found is None:
        return None
    if found.names == found.marks:
        return list(found.names)
    return dict(zip(found.names, found.marks, strict=True))


# Who answered: `userId` and `anonymousId`.


def in_order(table: DraftTable) -> list[FoundColumn]:
    """The columns that say who answered: the one asked for, then as the preset has them, what is sure before
    what is guessed, ids of one's own before addresses."""
    email = table.meaning.email
    found = [*table.meaning.users, *([email] if email else [])]
    people = [each for each in found if _identifies(each.column)]
    ranks = {index: rank for rank, index in enumerate(table.claims.people)}

    def rank(each: FoundColumn) -> tuple[bool, int, bool]:
        asked_for = bool(table.wishes.person) and each.column.label == table.wishes.person
        by_preset = ranks.get(each.column.index, len(ranks))
        return not asked_for, by_preset, each.sure is not Confidence.SURE

    return sorted(people, key=rank)


def person_cell(table: DraftTable, column: Column) -> Cell:
    """The column as an id reads it; addresses in small letters, dressed-up numbers bare."""
    email = table.meaning.email
    # What gives ids back: all written as `4711.0`, as `'00120`, or addresses with a name beside; else "".
    counts = column.profile.counts
    named = "address" if any(map(_NAMED.match, counts)) else ""
    undress = next((name for name, dress in _DRESSES if all(map(dress.fullmatch, counts))), named)
    return Cell(
        (table.selector(column),),
        parse=(undress,) if undress else (),
        lower=email is not None and email.column.index == column.index,
    )


_NAMED = re.compile(r"mailto:|[^@]*<[^@<>]+@")
_DRESSES = (("leading_int", re.compile(r"\d+\.0")), ("unguard", re.compile(r"'\d+")))


def _identifies(column: Column) -> bool:
    """Whether any of its values is more than a stand-in for an id."""
    return any(not is_dummy(text) for text in column.profile.counts)


def _stand_in(table: DraftTable) -> Data | None:
    """What tells people apart where no column that is filled in every row says who they are."""
    people = in_order(table)
    complete = any(each.column.profile.filled == table.rows for each in people)
    found = None if complete else anonymous(table)
    return each_row(table) if not people and found is None and table.wishes.anonymous else found


def anonymous(table: DraftTable) -> Data | None:
    """The tool's id of the response; else a hash of what tells the rows apart; None where nothing does."""
    found = table.meaning.response
    if (
        found
        and table.plain_name(found.column)
        and not table.is_waved(found.column)
        and not set("{}") & set(table.labels[found.column.index])
    ):
        return {"template": f"{_prefix(table)}{{{table.labels[found.column.index]}}}"}
    column = moment_of(table)
    if column is None:
        return None
    named: list[Data] = [table.selector(column).data]
    if column.profile.repeats:
        named = _of_all_waves(table, sorted({column.index, *_telling(table)}))
    return {"hash": named, "prefix": _prefix(table)}


def each_row(table: DraftTable) -> Data:
    """A hash of the columns whose values differ most: rows that are the same there count as one person."""
    return {"hash": _of_all_waves(table, _telling(table)), "prefix": _prefix(table)}


def _of_all_waves(table: DraftTable, positions: Sequence[int]) -> list[Data]:
    """The columns by letter, those of later waves too: a person is the same in each wave."""
    later = table.waves.later if table.waves else frozenset()
    return [{"letter": letter(each)} for each in (*positions, *sorted(later))]


_APART = 0.8
_APART_TIMED = 0.5
"""Of moments that Excel has cut to the minute: the answers beside them tell the rest apart."""
_TIME = re.compile(r"\d[:.]\d\d")
_MOST_TELLING = 12
"""Columns that tell rows apart well enough, if anything does."""


def _telling(table: DraftTable) -> list[int]:
    """The places of the columns whose values differ most."""
    said = {each.index: each for question in table.meaning.questions for each in question.columns}
    said |= {each.column.index: each.column for each in table.meaning.traits}
    most = sorted(said.values(), key=lambda each: -each.profile.distinct)[:_MOST_TELLING]
    return sorted(each.index for each in most)


def moment_of(table: DraftTable) -> Column | None:
    """The column of the moment of the answer, where moments tell people apart: a day alone would make one
    person of all its answers."""
    answered = table.meaning.answered
    if answered is None:
        return None
    profile = answered.column.profile
    timed = all(map(_TIME.search, profile.samples(_MOST_TELLING)))
    apart = _APART_TIMED if timed else _APART
    return answered.column if profile.distinct >= apart * profile.filled else None


def _prefix(table: DraftTable) -> str:
    if table.claims.anonymous and table.claims.anonymous[1]:
        return table.claims.anonymous[1]
    return f"{table.tool.name}:" if table.tool else "import:"


# The answers: which question each goes to, and how its values are read.


def matches(table: DraftTable) -> Mapping[int, Matched]:
    """The survey's question for each of the file's, by the position of that one."""
    meaning = table.meaning
    return match_questions(meaning.questions, table.wishes.asked, meaning.score, meaning.comment)


def _id_of(table: DraftTable, question: Question, matched: Mapping[int, Matched]) -> str | None:
    told = table.wishes.ids.get(table.meaning.names[question.index])
    if told:
        return None if told.lower() == LEFT_OUT else told
    if question.index in matched:
        return matched[question.index].asked.id
    return OPEN if wanted(table, question) else None


def wanted(table: DraftTable, question: Question) -> bool:
    """The score and its comment; every question where there is no score."""
    main = (table.meaning.score, table.meaning.comment)
    return question in main or (table.meaning.score is None and not question.ticked)


def answer_of(table: DraftTable, question: Question, id_: str | None) -> Answer:
    """A question of the file as an answer to a question of the survey (None: left out)."""
    together = question.together
    pattern = _pattern(table, question) if together else ""
    cell = Cell(
        () if pattern else tuple(map(table.selector, question.columns)),
        pattern=pattern,
        type=question.kind,
        join="; " if together and question.kind == "text" else "",
    )
    if question.kind in {"text", "choice"}:
        # Texts that recur, or stand in a score, and are no answer.
        profile, rated = question.columns[-1].profile, question.columns[-1].label
        often = max(2, 0.01 * profile.filled) * (not lexicon.is_called("score", rated))
        _, known = profile.without(lexicon.texts("no_answer"))
        cell = replace(cell, na=tuple(text for text in known if profile.counts[text] >= often))
    if question.scale:
        cell = _scaled(cell, question.scale)
        cell = replace(cell, rescale=_turned(table, question, question.scale, id_))
    return Answer(table.meaning.names[question.index], id_, cell)


_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")


def _pattern(table: DraftTable, question: Question) -> str:
    """A pattern that finds just these columns; "" where there is no simple one."""
    columns = [each.index for each in question.columns]
    labels = [table.labels[i] for i in columns]
    for start, end in ((_common(labels), ""), ("", _common([each[::-1] for each in labels])[::-1])):
        if len(start + end) < 3:
            continue
        pattern = f"^{_escaped(start)}" if start else f"{_escaped(end)}$"
        if len(pattern) <= 500 and _finds(pattern, table, columns):
            return pattern
    return ""


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _finds(pattern: str, table: DraftTable, columns: list[int]) -> bool:
    compiled = compile_pattern(pattern)
    return [i for i, label in enumerate(table.labels) if compiled.found_in(label)] == columns


def _common(texts: list[str]) -> str:
    first, last = min(texts), max(texts)
    unlike = (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b)
    return first[: next(unlike, min(len(first), len(last)))]


def _scaled(cell: Cell, found: Scale) -> Cell:
    low, high = found.ends or (min(found.low, 1), next(n for n in (5, 7, 10) if found.high <= n))
    values = {
        text: Plain(number)
        for text, number in sorted(found.values.items(), key=lambda each: each[1])
    }
    if (values or found.unplaced) and not found.words:
        values["*"] = Plain("keep")
    return replace(
        cell,
        min=str(low) if cell.type == "scale" else "",
        max=str(high) if cell.type == "scale" else "",
        na=tuple(found.na),
        values=values,
        parse=(found.parse,) if found.parse and not found.stray else (),
        decimal="," if found.comma else "",
    )


def best_of(table: DraftTable, name: str, scale: Scale) -> Best:
    """Which end of a scale is the best, as somebody said, or as it seems."""
    return Best(table.wishes.best.get(name, scale.best))


def turned(kind: str, scale: Scale) -> tuple[str, ...]:
    """The scale the other way round: four numbers, as `Cell.rescale` has them."""
    low, high = map(str, ends_of(kind, scale) or (scale.low, scale.high))
    return low, high, high, low


CODED = ("1", "11", "0", "10")
"""Eleven points counted from 1, as a change of scale."""


def _turned(
    table: DraftTable, question: Question, scale: Scale, id_: str | None
) -> tuple[str, ...]:
    """Where the lowest number is the best, it is sent as the highest; where nobody can tell, that is asked,
    but of an answer that is left out."""
    name = table.meaning.names[question.index]
    best = best_of(table, name, scale)
    if best is Best.HIGH:
        return CODED if scale.coded else ()
    if best is Best.LOW and not scale.coded and ends_of(question.kind, scale):
        return turned(question.kind, scale)
    return () if name not in table.wishes.best and id_ is None else (OPEN,)


# What is stored about the person, the date, and what makes a row itself.


def _traits(table: DraftTable) -> Iterator[tuple[str, Cell]]:
    """E-mail, date, properties; personal columns only where they were asked for."""
    meaning = table.meaning
    if meaning.email:
        yield from email_cell(table, meaning.email.column)
    if meaning.answered:
        yield DATED_BY, date_cell(table, meaning.answered)
    if meaning.signed_up:
        yield "createdAt", date_cell(table, meaning.signed_up)
    for each in meaning.traits:
        if not unseen(table, each):
            yield each.name, property_cell(table, each)
    if table.wishes.personal:
        yield from private_cells(table)


def private_cells(table: DraftTable) -> Iterator[tuple[str, Cell]]:
    """Each personal column as a trait of its own name; numbered where that is taken."""
    taken = {each.name for each in table.meaning.traits}
    for column in table.meaning.private:
        name = property_of(column).name
        name = name if name not in taken else f"{name}{column.index + 1}"
        taken.add(name)
        yield name, Cell((table.selector(column),))


def unseen(table: DraftTable, found: Property) -> bool:
    """A hidden column is hardly meant to leave the house, and whoever looks at the sheet misses it."""
    return found.column.index in table.facts.hidden


def email_cell(table: DraftTable, column: Column) -> Iterator[tuple[str, Cell]]:
    """The address, without stand-ins for one (`anonymous`); none where the column holds nothing else."""
    counts = column.profile.counts
    dummies = tuple(text for text in counts if is_dummy(text))
    if len(dummies) < len(counts):
        yield "email", Cell((table.selector(column),), type="email", lower=True, na=dummies)


def property_cell(table: DraftTable, found: Property) -> Cell:
    if found.dates:
        return date_cell(table, Dated(found.column, found.dates, found.sure, ""))
    return Cell(
        (table.selector(found.column),),
        type=found.type if found.type != "text" else "",
        decimal="," if found.decimal == "," else "",
        thousands=found.thousands,
        na=found.na,
    )


def date_cell(table: DraftTable, dated: Dated) -> Cell:
    """A date; its order of day and month is asked where the column doesn't tell."""
    reading = dated.readings[0]
    zone, _ = zone_of(table, dated.column, reading)
    return Cell(
        (table.selector(dated.column),),
        type="date",
        format=(OPEN,) if len(dated.readings) > 1 else reading.formats,
        timezone=zone,
        na=reading.na,
    )


def zone_of(table: DraftTable, column: Column, reading: DateReading) -> tuple[str, str]:
    """The time zone and how it is known; "" where the values name their own."""
    if said := _zone_said(column, reading):
        zone, known = said
        return (OPEN if zone == yaml_text.OPEN else zone), known
    preset = table.claims.date
    if preset and preset.timezone:
        return preset.timezone, "the tool writes this time zone unless the account says otherwise"
    return "UTC", "no time zone in the file: UTC is a guess"


def _zone_said(column: Column, reading: DateReading) -> tuple[str, str] | None:
    """The time zone by the values, the tool's own row of ids, or the column's name; None where none says."""
    named = [name for each in reading.formats for name in _ZONE_NAME.findall(each)]
    if reading.timezone:
        return reading.timezone, "the values name the time zone"
    if named:
        return (
            yaml_text.OPEN,
            f"not known: which time zone is {named[0]}? A name such as Europe/Prague",
        )
    if reading.formats[0].startswith("unix"):
        return "", "Unix time, which is UTC"
    if all(names_zone(reading.formats, text) for text in column.profile.counts):
        return "", "the values name their offset"
    if column.zone:
        return column.zone, "the file names this time zone beside the import id"
    return zone_of_label(
        column.label, list(filter(None, map(reading.moment, column.profile.counts)))
    )


_ZONE_NAME = re.compile(r"(?:[ (\[]|%[SMfp])([A-Z]{2,5})[)\]]?$")
"""What a format ends in where the values name a zone by letters that several zones share."""


def _key(table: DraftTable) -> tuple[Ref, ...]:
    response = table.meaning.response
    if response is None or response.sure is Confidence.UNKNOWN:
        return ()
    profile = response.column.profile
    whole = profile.filled == table.rows and not profile.repeats
    damaged = any(map(is_damaged, profile.counts))
    return (table.selector(response.column),) if whole and not damaged else ()
