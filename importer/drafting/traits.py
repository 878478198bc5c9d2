"""What is stored about the person, the date, and what makes a row itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from importer.drafting.table import Table
from importer.drafting.yaml import OPEN, flow_list, flow_map, noted, scalar, shown
from importer.drafting.zones import zone_of_label
from importer.inference import Column, Dated, Property
from importer.inference.dates import Reading
from importer.inference.properties import property_of
from importer.mapping.ids import is_dummy
from importer.mapping.transforms.dates import names_zone
from importer.masking import plain


def trait_lines(table: Table) -> list[str]:
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
        lines += _property(table, each)
    if table.wishes.personal:
        taken = {each.name for each in meaning.traits}
        for column in meaning.private:
            lines += _trait(table, column, taken)
    return (
        ["traits:                          # what is stored about the person", *lines]
        if lines
        else []
    )


def _email(table: Table, column: Column) -> list[str]:
    """The address, without stand-ins for one (`anonymous`); none where the column holds nothing else."""
    counts = column.profile.counts
    dummies = [text for text in counts if is_dummy(text)]
    if len(dummies) == len(counts):
        return []
    pairs = {**table.selector(column), "type": "email", "lower": "true"}
    pairs |= {"na": flow_list(dummies)} if dummies else {}
    return [f"  email: {flow_map(pairs)}"]


def _trait(table: Table, column: Column, taken: set[str]) -> list[str]:
    """A personal column as a trait of its own name; numbered where that is taken."""
    wanted = property_of(column).name
    name = wanted if wanted not in taken else f"{wanted}{column.index + 1}"
    taken.add(name)
    return noted(
        f"  {scalar(name)}: {table.ref(column)}", f"personal; {table.samples(column)}", "  "
    )


def _property(table: Table, found: Property) -> list[str]:
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


def _date(table: Table, name: str, dated: Dated, what: str) -> list[str]:
    reading = dated.readings[0]
    pairs = {**table.selector(dated.column), "type": "date"}
    unsure = len(dated.readings) > 1
    pairs["format"] = OPEN if unsure else _formats(reading)
    zone, known = _zone(table, dated.column, reading)
    pairs |= {"timezone": zone} if zone else {}
    pairs |= {"na": flow_list(reading.na)} if reading.na else {}
    note = f"{what}{_sureness(dated)}; {known}; {table.samples(dated.column, 2)}"
    return noted(f"  {name}: {flow_map(pairs)}", note, "  ")


def _sureness(dated: Dated) -> str:
    if len(dated.readings) > 1:
        ways = " or ".join(f"{each.order} {_formats(each)}" for each in dated.readings)
        example = shown([dated.readings[0].example], plain)
        return f"not known: {ways}? {example} fits both"
    unread = dated.readings[0].unread
    more = f"; {unread} values don't fit" if unread else ""
    return f"{dated.sure}, {dated.why}{more}"


def _formats(reading: Reading) -> str:
    if reading.formats == ("iso",):
        return "iso"
    quoted = [f'"{each}"' if "%" in each else each for each in reading.formats]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _zone(table: Table, column: Column, reading: Reading) -> tuple[str, str]:
    """The time zone and how it is known; "" where the values name their own."""
    said = _zone_said(column, reading)
    if said:
        return said
    preset = table.claims.date
    if preset and preset.timezone:
        return preset.timezone, "the tool writes this time zone unless the account says otherwise"
    return "UTC", "no time zone in the file: UTC is a guess"


def _zone_said(column: Column, reading: Reading) -> tuple[str, str] | None:
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


def key_lines(table: Table) -> list[str]:
    """The response's id, where it tells every row apart."""
    return list(_key(table))


def _key(table: Table) -> Iterator[str]:
    response = table.meaning.response
    if response and response.column.profile.filled == table.rows:
        counts = response.column.profile.counts
        if all(count == 1 for count in counts.values()):
            note = "sure: different in every row; a key is never sent twice"
            yield from noted(f"key: {table.ref(response.column)}", note)
