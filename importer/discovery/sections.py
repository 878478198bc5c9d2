"""The sections of a draft: how to read the file, who answered, their traits, what makes a row itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from importer.discovery.column import Column, Confidence
from importer.discovery.dates import DateReading, zone_of_label
from importer.discovery.roles import Property, property_of
from importer.discovery.table import DraftTable
from importer.discovery.understand import Dated, FoundColumn
from importer.discovery.waves import MARK, Waves
from importer.discovery.yaml_text import OPEN, comment, flow_list, flow_map, noted, scalar, shown
from importer.mapping.blocks import SkipRule
from importer.mapping.ids import is_damaged, is_dummy
from importer.mapping.transforms.dates import names_zone
from importer.privacy import masked, odd_character, plain
from importer.sources.table import KnownBy, letter

# The head of a draft, how to read the file, and what is left out.


def top_lines(table: DraftTable) -> list[str]:
    """What this mapping is, and by what the tool was known."""
    where = f"{table.name}, sheet {table.sheet}" if table.sheet else table.name
    said = (
        f"It is an export of {table.tool.preset.about.tool}: {table.tool.reason}."
        if table.tool
        else "No survey tool is known by its header; the columns are told by their names and values."
    )
    part = "" if table.whole else f" The first {table.rows:,} rows were looked at."
    name = table.tool.preset.about.tool if table.tool else table.name.rsplit(".", 1)[0]
    return [
        *comment(f"Written by `importer init` for {where}. {said}{part}"),
        *comment(
            'Fill in each "?", look at what is guessed, and delete what should not be sent. Then: '
            "importer check, importer plan."
        ),
        "version: 1",
        f"name: {scalar(name)}",
    ]


def source_lines(table: DraftTable) -> list[str]:
    """Header rows, encoding, rows to skip."""
    lines = [*_header(table), *_given(table)]
    rules = [f"    - {_rule(rule)}" for rule in table.claims.skip_if]
    if rules:
        lines += [
            "  skip_if:                       # rows that hold no whole answer of a person",
            *rules,
        ]
    return ["source:", *lines] if lines else []


def wave_lines(table: DraftTable) -> list[str]:
    """The waves, where each row holds several responses."""
    if table.maybe and not table.waves:
        return _maybe(table.maybe)
    found = table.waves
    if found is None:
        return []
    names = flow_list(found.names)
    if found.names != found.marks:
        pairs = zip(found.names, found.marks, strict=True)
        names = flow_map({scalar(name): scalar(mark) for name, mark in pairs})
    said = (
        f"guessed: each row holds {len(found.names)} responses side by side; {found.why}. Each becomes a "
        "response of its own, with {wave} as its mark. If they are different questions: delete this line, "
        "and put one column's name where {wave} stands."
    )
    return [*comment(said), f"waves: {names}"]


def _maybe(found: Waves) -> list[str]:
    names = shown(
        dict.fromkeys(each.replace(MARK, found.marks[-1]) for each in found.labels.values()), plain
    )
    said = (
        f"Columns come again: {names}; {found.why}. If each row holds {len(found.names)} responses side by "
        "side, write the mapping anew with --waves; here, what comes again is a question of its own."
    )
    return comment(said)


def _header(table: DraftTable) -> Iterator[str]:
    found = table.layout
    if found.header == (1,) and not found.skipped:
        return
    rows = ", ".join(map(str, found.header))
    key = f"header_row: {rows}" if len(found.header) == 1 else f"header_rows: [{rows}]"
    yield from noted(f"  {key}", found.reason, "  ")
    if found.skipped:
        yield f"  skip_rows: [{', '.join(map(str, found.skipped))}]"


def _given(table: DraftTable) -> Iterator[str]:
    facts, wishes = table.facts, table.wishes
    if len(facts.sheets) > 1:
        others = shown([f"the workbook has {', '.join(facts.sheets)}"], plain)
        yield from noted(f"  sheet: {scalar(table.sheet)}", others, "  ")
    if facts.encoding_known_by in {KnownBy.GUESSED, KnownBy.GIVEN}:
        show = plain if wishes.show_values else odd_character
        lines = shown(facts.encoding_samples[:1], show)
        guess = f"guessed; is this text right? {lines}" if lines and not wishes.encoding else ""
        yield from noted(f"  encoding: {facts.encoding}", guess, "  ")
    if wishes.delimiter:
        yield f"  delimiter: {scalar(wishes.delimiter)}"


def _rule(rule: SkipRule) -> str:
    pairs = {"column": scalar(rule.column)} if rule.column else {"letter": rule.letter}
    if rule.any:
        pairs = {"any": flow_list(rule.any)}
    if rule.among:
        return flow_map({**pairs, "in": flow_list(rule.among)})
    if rule.not_in:
        return flow_map({**pairs, "not_in": flow_list(rule.not_in)})
    if rule.matches:
        return flow_map({**pairs, "matches": scalar(rule.matches)})
    return flow_map({**pairs, "blank": "true" if rule.blank else "false"})


def left_lines(table: DraftTable) -> list[str]:
    """The columns that nothing uses, by reason."""
    by_reason: dict[str, list[str]] = {}
    for column, reason in table.meaning.left:
        by_reason.setdefault(reason, []).append(_short(column.label) or "(no label)")
    if table.meaning.private and not table.wishes.personal:
        names = [_short(each.label) for each in table.meaning.private]
        by_reason = {"personal; `importer init --personal` takes them in": names, **by_reason}
    unseen = [_short(each.column.label) for each in table.meaning.traits if _unseen(table, each)]
    if unseen:
        by_reason["hidden in the sheet; write it under `traits` to send it"] = unseen
    if not by_reason:
        return []
    lines = [_indented(f"{reason}: {_listed(names)}") for reason, names in by_reason.items()]
    return ["# Left out:", *(line for each in lines for line in each)]


def _indented(text: str) -> list[str]:
    return ["#  " + line.removeprefix("#") for line in comment(text)]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


def _short(label: str) -> str:
    return shown([label], plain)


# Who answered: `userId` and `anonymousId`.


def person_lines(table: DraftTable) -> list[str]:
    """The person's id, the first that a row has; and what stands in for one."""
    people = in_order(table)
    lines = ["userId:                          # the first that a row has"] if people else []
    for each in people:
        note = f"{each.sure}: {each.why}; {table.samples(each.column)}"
        lines += noted(f"  - {_named(table, each)}", note, "  ")
    complete = any(each.column.profile.filled == table.rows for each in people)
    stand_in = [] if complete else _anonymous(table)
    if lines or stand_in:
        return [*lines, *stand_in]
    if table.wishes.anonymous:
        return _each_row(table)
    return [f"userId: {OPEN}   # not known: which column says who answered?"]


def _of_all_waves(table: DraftTable, positions: Sequence[int]) -> list[str]:
    """The columns by letter, those of later waves too: a person is the same in each wave."""
    later = table.waves.later if table.waves else frozenset()
    return [flow_map({"letter": letter(each)}) for each in (*positions, *sorted(later))]


_APART = 0.8
_APART_TIMED = 0.5
"""Of moments that Excel has cut to the minute: the answers beside them tell the rest apart."""
_TIME = re.compile(r"\d[:.]\d\d")
_TELLING = 12
"""Columns that tell rows apart well enough, if anything does."""


def _each_row(table: DraftTable) -> list[str]:
    """A hash of the columns whose values differ most: rows that are the same there count as one person."""
    named = ", ".join(_of_all_waves(table, _telling(table)))
    note = "as you said, the answers are anonymous; rows that are the same in these columns are one person"
    pairs = flow_map({"hash": f"[{named}]", "prefix": scalar(_prefix(table))})
    return noted(f"anonymousId: {pairs}", note)


def _telling(table: DraftTable) -> list[int]:
    """The places of the columns whose values differ most."""
    said = {each.index: each for question in table.meaning.questions for each in question.columns}
    said |= {each.column.index: each.column for each in table.meaning.traits}
    most = sorted(said.values(), key=lambda each: -each.profile.distinct)[:_TELLING]
    return sorted(each.index for each in most)


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


def _named(table: DraftTable, each: FoundColumn) -> str:
    """The column as an id reads it; addresses in small letters, dressed-up numbers bare."""
    pairs = table.selector(each.column)
    pairs |= {"parse": parse} if (parse := _undressing(each.column)) else {}
    pairs |= {"lower": "true"} if each is table.meaning.email else {}
    return table.ref(each.column) if pairs == table.selector(each.column) else flow_map(pairs)


def _undressing(column: Column) -> str:
    """The transform that gives ids back that are all written as `4711.0`, or as `'00120`; "" for others."""
    counts = column.profile.counts
    return next((name for name, dress in _DRESSES if all(map(dress.fullmatch, counts))), "")


_DRESSES = (("leading_int", re.compile(r"\d+\.0")), ("unguard", re.compile(r"'\d+")))


def _identifies(column: Column) -> bool:
    """Whether any of its values is more than a stand-in for an id."""
    return any(not is_dummy(text) for text in column.profile.counts)


def _anonymous(table: DraftTable) -> list[str]:
    """The tool's id of the response; else a hash of what tells the rows apart."""
    found = table.meaning.response
    if (
        found
        and table.plain_name(found.column)
        and not table.is_waved(found.column)
        and not set("{}") & set(table.labels[found.column.index])
    ):
        prefix = _prefix(table)
        label = table.labels[found.column.index]
        template = scalar(f"{prefix}{{{label}}}")
        why = "the response's own id, where there is no person's"
        note = f"{found.sure}: {why}; {table.samples(found.column)}"
        return noted(f"anonymousId: {{template: {template}}}", note)
    column = moment_of(table)
    if column is None:
        return []
    note = "guessed: there is no id, so the moment of the answer tells people apart"
    named = table.ref(column)
    if column.profile.repeats:
        named = ", ".join(_of_all_waves(table, sorted({column.index, *_telling(table)})))
        note = "guessed: there is no id, and moments are shared; rows that are the same here are one person"
    pairs = flow_map({"hash": f"[{named}]", "prefix": scalar(_prefix(table))})
    return noted(f"anonymousId: {pairs}", note)


def moment_of(table: DraftTable) -> Column | None:
    """The column of the moment of the answer, where moments tell people apart: a day alone would make one
    person of all its answers."""
    answered = table.meaning.answered
    if answered is None:
        return None
    profile = answered.column.profile
    timed = all(map(_TIME.search, profile.samples(_TELLING)))
    apart = _APART_TIMED if timed else _APART
    return answered.column if profile.distinct >= apart * profile.filled else None


def _prefix(table: DraftTable) -> str:
    if table.claims.anonymous and table.claims.anonymous[1]:
        return table.claims.anonymous[1]
    return f"{table.tool.name}:" if table.tool else "import:"


# What is stored about the person, the date, and what makes a row itself.


def trait_lines(table: DraftTable) -> list[str]:
    """E-mail, date, properties; personal columns only where they were asked for."""
    meaning = table.meaning
    lines: list[str] = []
    if meaning.email:
        lines += _email(table, meaning.email.column)
    if meaning.answered:
        lines += _date(table, "respondedAt", meaning.answered, "the date of the answer: ")
    if meaning.signed_up:
        lines += _date(table, "createdAt", meaning.signed_up, "since when the person is known: ")
    for each in meaning.traits:
        lines += [] if _unseen(table, each) else _property(table, each)
    if table.wishes.personal:
        taken = {each.name for each in meaning.traits}
        for column in meaning.private:
            lines += _trait(table, column, taken)
    return (
        ["traits:                          # what is stored about the person", *lines]
        if lines
        else []
    )


def _unseen(table: DraftTable, found: Property) -> bool:
    """A hidden column is hardly meant to leave the house, and whoever looks at the sheet misses it."""
    return found.column.index in table.facts.hidden


def _email(table: DraftTable, column: Column) -> list[str]:
    """The address, without stand-ins for one (`anonymous`); none where the column holds nothing else."""
    counts = column.profile.counts
    dummies = [text for text in counts if is_dummy(text)]
    if len(dummies) == len(counts):
        return []
    pairs = {**table.selector(column), "type": "email", "lower": "true"}
    pairs |= {"na": flow_list(dummies)} if dummies else {}
    return [f"  email: {flow_map(pairs)}"]


def _trait(table: DraftTable, column: Column, taken: set[str]) -> list[str]:
    """A personal column as a trait of its own name; numbered where that is taken."""
    wanted = property_of(column).name
    name = wanted if wanted not in taken else f"{wanted}{column.index + 1}"
    taken.add(name)
    return noted(
        f"  {scalar(name)}: {table.ref(column)}", f"personal; {table.samples(column)}", "  "
    )


def _property(table: DraftTable, found: Property) -> list[str]:
    if found.dates:
        dated = Dated(found.column, found.dates, found.sure, "its values are dates")
        return _date(table, found.name, dated, "")
    note = f"{found.sure}: {table.samples(found.column)}"
    if found.type == "text" and table.plain_name(found.column):
        return noted(f"  {scalar(found.name)}: {table.ref(found.column)}", note, "  ")
    pairs = {**table.selector(found.column)}
    pairs |= {"type": found.type} if found.type != "text" else {}
    pairs |= {"decimal": '","'} if found.decimal == "," else {}
    pairs |= {"thousands": scalar(found.thousands)} if found.thousands else {}
    pairs |= {"na": flow_list(found.na)} if found.na else {}
    return noted(f"  {scalar(found.name)}: {flow_map(pairs)}", note, "  ")


def _date(table: DraftTable, name: str, dated: Dated, what: str) -> list[str]:
    reading = dated.readings[0]
    pairs = {**table.selector(dated.column), "type": "date"}
    unsure = len(dated.readings) > 1
    pairs["format"] = OPEN if unsure else _formats(reading)
    zone, known = _zone(table, dated.column, reading)
    pairs |= {"timezone": zone} if zone else {}
    pairs |= {"na": flow_list(reading.na)} if reading.na else {}
    note = f"{what}{_sureness(dated)}; {known}; {table.samples(dated.column, 2, masked)}"
    return noted(f"  {name}: {flow_map(pairs)}", note, "  ")


def _sureness(dated: Dated) -> str:
    if len(dated.readings) > 1:
        ways = " or ".join(f"{each.order} {_formats(each)}" for each in dated.readings)
        example = shown([dated.readings[0].example], plain)
        return f"not known: {ways}? {example} fits both"
    unread = dated.readings[0].unread
    more = f"; {unread} values don't fit" if unread else ""
    return f"{dated.sure}, {dated.why}{more}"


def _formats(reading: DateReading) -> str:
    if reading.formats == ("iso",):
        return "iso"
    quoted = [f'"{each}"' if "%" in each else each for each in reading.formats]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _zone(table: DraftTable, column: Column, reading: DateReading) -> tuple[str, str]:
    """The time zone and how it is known; "" where the values name their own."""
    said = _zone_said(column, reading)
    if said:
        return said
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
        return OPEN, f"not known: which time zone is {named[0]}? A name such as Europe/Prague"
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


def key_lines(table: DraftTable) -> list[str]:
    """The response's id, where it tells every row apart."""
    return list(_key(table))


def _key(table: DraftTable) -> Iterator[str]:
    response = table.meaning.response
    if response is None:
        return
    profile, ref = response.column.profile, table.ref(response.column)
    damaged = any(map(is_damaged, profile.counts))
    if response.sure is Confidence.UNKNOWN:
        yield from comment(
            f"not known: is {ref} {response.why}. If the response's: `key: {ref}`; if the person's, put it "
            "first under userId"
        )
    elif profile.filled == table.rows and not profile.repeats and not damaged:
        note = f"{response.sure}: different in every row; a key is never sent twice"
        yield from noted(f"key: {ref}", note)
