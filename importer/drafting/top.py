"""The head of a draft, how to read the file, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from importer.drafting.table import Table
from importer.drafting.yaml import comment, flow_list, flow_map, noted, scalar, shown
from importer.inference import Waves
from importer.inference.waves import MARK
from importer.loader import KnownBy
from importer.mapping.source import SkipRule
from importer.masking import plain


def top_lines(table: Table) -> list[str]:
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


def source_lines(table: Table) -> list[str]:
    """Header rows, encoding, rows to skip."""
    lines = [*_header(table), *_given(table)]
    rules = [f"    - {_rule(rule)}" for rule in table.claims.skip_if]
    if rules:
        lines += [
            "  skip_if:                       # rows that hold no whole answer of a person",
            *rules,
        ]
    return ["source:", *lines] if lines else []


def wave_lines(table: Table) -> list[str]:
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


def _header(table: Table) -> Iterator[str]:
    found = table.layout
    if found.header == (1,) and not found.skipped:
        return
    rows = ", ".join(map(str, found.header))
    key = f"header_row: {rows}" if len(found.header) == 1 else f"header_rows: [{rows}]"
    yield from noted(f"  {key}", found.reason, "  ")
    if found.skipped:
        yield f"  skip_rows: [{', '.join(map(str, found.skipped))}]"


def _given(table: Table) -> Iterator[str]:
    facts, wishes = table.facts, table.wishes
    if len(facts.sheets) > 1:
        others = shown([f"the workbook has {', '.join(facts.sheets)}"], plain)
        yield from noted(f"  sheet: {scalar(table.sheet)}", others, "  ")
    if facts.encoding_known_by in {KnownBy.GUESSED, KnownBy.GIVEN}:
        lines = shown(facts.encoding_samples[:1], plain)
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


def left_lines(table: Table) -> list[str]:
    """The columns that nothing uses, by reason."""
    by_reason: dict[str, list[str]] = {}
    for column, reason in table.meaning.left:
        by_reason.setdefault(reason, []).append(_short(column.label) or "(no label)")
    if table.meaning.private and not table.wishes.personal:
        names = [_short(each.label) for each in table.meaning.private]
        by_reason = {"personal; `importer init --personal` takes them in": names, **by_reason}
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
