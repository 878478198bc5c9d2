"""Who answered: `userId` and `anonymousId`."""

from __future__ import annotations

from collections.abc import Iterator

from importer.drafting.table import Table
from importer.drafting.yaml import OPEN, flow_map, noted, scalar
from importer.inference import Column, Found
from importer.mapping.ids import is_dummy


def person_lines(table: Table) -> list[str]:
    """The person's id, the first that a row has; and what stands in for one."""
    users = [each for each in table.meaning.users if _identifies(each.column)]
    email = table.meaning.email
    lines: list[str] = []
    if users or email:
        lines = ["userId:                          # the first that a row has"]
        for each in users:
            note = f"{each.sure}: {each.why}; {table.samples(each.column)}"
            lines += noted(f"  - {table.ref(each.column)}", note, "  ")
        lines += list(_email(table, email)) if email else []
    complete = any(
        each.column.profile.filled == table.rows for each in [*users, *([email] if email else [])]
    )
    stand_in = [] if complete else _anonymous(table)
    if not lines and not stand_in:
        return [f"userId: {OPEN}   # not known: which column says who answered?"]
    return [*lines, *stand_in]


def _email(table: Table, email: Found) -> Iterator[str]:
    pairs = flow_map({**table.selector(email.column), "lower": "true"})
    yield from noted(
        f"  - {pairs}", f"{email.sure}: {email.why}; {table.samples(email.column)}", "  "
    )


def _identifies(column: Column) -> bool:
    """Whether any of its values is more than a stand-in for an id."""
    return any(not is_dummy(text) for text in column.profile.counts)


def _anonymous(table: Table) -> list[str]:
    """The tool's id of the response; else a hash of what tells the rows apart."""
    found = table.meaning.response
    if (
        found
        and table.plain_name(found.column)
        and not set("{}") & set(table.labels[found.column.index])
    ):
        prefix = _prefix(table)
        label = table.labels[found.column.index]
        template = scalar(f"{prefix}{{{label}}}")
        why = "the response's own id, where there is no person's"
        note = f"{found.sure}: {why}; {table.samples(found.column)}"
        return noted(f"anonymousId: {{template: {template}}}", note)
    if table.meaning.answered is None:
        return []
    column = table.meaning.answered.column
    note = "guessed: there is no id, so the moment of the answer tells people apart"
    pairs = flow_map({"hash": f"[{table.ref(column)}]", "prefix": scalar(_prefix(table))})
    return noted(f"anonymousId: {pairs}", note)


def _prefix(table: Table) -> str:
    if table.claims.anonymous and table.claims.anonymous[1]:
        return table.claims.anonymous[1]
    return f"{table.tool.name}:" if table.tool else "import:"
