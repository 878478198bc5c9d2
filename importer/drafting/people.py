"""Who answered: `userId` and `anonymousId`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.drafting.table import Table
from importer.drafting.yaml import OPEN, flow_map, noted, scalar
from importer.inference import Column, Found
from importer.loader.header import letter
from importer.mapping.ids import is_dummy


def person_lines(table: Table) -> list[str]:
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


def _of_all_waves(table: Table, positions: Sequence[int]) -> list[str]:
    """The columns by letter, those of later waves too: a person is the same in each wave."""
    later = table.waves.later if table.waves else frozenset()
    return [flow_map({"letter": letter(each)}) for each in (*positions, *sorted(later))]


_APART = 0.8
_TELLING = 12
"""Columns that tell rows apart well enough, if anything does."""


def _each_row(table: Table) -> list[str]:
    """A hash of the columns whose values differ most: rows that are the same there count as one person."""
    said = {each.index: each for question in table.meaning.questions for each in question.columns}
    said |= {each.column.index: each.column for each in table.meaning.traits}
    most = sorted(said.values(), key=lambda each: -each.profile.distinct)[:_TELLING]
    named = ", ".join(_of_all_waves(table, sorted(each.index for each in most)))
    note = "as you said, the answers are anonymous; rows that are the same in these columns are one person"
    pairs = flow_map({"hash": f"[{named}]", "prefix": scalar(_prefix(table))})
    return noted(f"anonymousId: {pairs}", note)


def in_order(table: Table) -> list[Found]:
    """The columns that say who answered: the one asked for, then as the preset has them, then ids of
    one's own before addresses."""
    email = table.meaning.email
    found = [*table.meaning.users, *([email] if email else [])]
    people = [each for each in found if _identifies(each.column)]
    ranks = {index: rank for rank, index in enumerate(table.claims.people)}

    def rank(each: Found) -> tuple[bool, int]:
        asked_for = bool(table.wishes.person) and each.column.label == table.wishes.person
        return not asked_for, ranks.get(each.column.index, len(ranks))

    return sorted(people, key=rank)


def _named(table: Table, each: Found) -> str:
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


def _anonymous(table: Table) -> list[str]:
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
    pairs = flow_map({"hash": f"[{table.ref(column)}]", "prefix": scalar(_prefix(table))})
    return noted(f"anonymousId: {pairs}", note)


def moment_of(table: Table) -> Column | None:
    """The column of the moment of the answer, where moments tell people apart: a day alone would make one
    person of all its answers."""
    answered = table.meaning.answered
    if answered is None:
        return None
    profile = answered.column.profile
    return answered.column if profile.distinct >= _APART * profile.filled else None


def _prefix(table: Table) -> str:
    if table.claims.anonymous and table.claims.anonymous[1]:
        return table.claims.anonymous[1]
    return f"{table.tool.name}:" if table.tool else "import:"
