"""The sections of a draft: how to read the file, who answered, their traits, what makes a row itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from importer.discovery.answers import YOURS, cell_data, columns_data, question_of, rescale_text
from importer.discovery.choices import Cell, Choices
from importer.discovery.column import Confidence
from importer.discovery.dates import DateReading
from importer.discovery.proposal import (
    anonymous,
    apart_rule,
    date_cell,
    email_cell,
    in_order,
    moment_of,
    person_cell,
    private_cells,
    property_cell,
    unseen,
    zone_of,
)
from importer.discovery.table import DraftTable
from importer.discovery.understand import Dated
from importer.discovery.waves import MARK, Waves
from importer.discovery.yaml_text import (
    KEPT,
    OPEN,
    WRITTEN,
    comment,
    flow_list,
    flow_map,
    inline,
    noted,
    scalar,
    shown,
)
from importer.mapping.blocks import DATED_BY
from importer.mapping.yaml import Data
from importer.privacy import masked, odd_character, plain
from importer.sources import KnownBy

# The head of a draft, how to read the file, and what is left out.


def top_lines(table: DraftTable, choices: Choices) -> list[str]:
    """What this mapping is, and by what the tool was known."""
    where = f"{table.name}, sheet {table.sheet}" if table.sheet else table.name
    said = (
        f"It is an export of {table.tool.preset.about.tool}: {table.tool.reason}."
        if table.tool
        else "No survey tool is known by its header; the columns are told by their names and values."
    )
    part = "" if table.whole else f" The first {table.rows:,} rows were looked at."
    return [
        *comment(f"{WRITTEN.removeprefix('# ')} {where}. {said}{part}"),
        *comment(
            'Fill in each "?", look at what is guessed, and delete what should not be sent. Then: '
            "importer check, importer plan."
        ),
        "version: 1",
        *([f"name: {scalar(choices.name)}"] if choices.name else []),
    ]


def source_lines(table: DraftTable, choices: Choices) -> list[str]:
    reads = choices.reads
    lines = [*_header(table, choices), *_given(table, choices)]
    if reads.skip_if:
        lines += ["  skip_if:                       # rows that hold no whole answer of a person"]
        own = [(apart_rule(table, each), each.told()) for each in table.apart]
        for rule in reads.skip_if:
            told = next((said for known, said in own if known == rule), "")
            lines += noted(f"    - {inline(dict(rule))}", told, "    ")
    lines += [f"  {scalar(key)}: {inline(each)}" for key, each in reads.beyond.items()]
    return ["source:", *lines] if lines else []


def wave_lines(table: DraftTable, choices: Choices) -> list[str]:
    if choices.waves is None:
        return _maybe(table.maybe) if table.maybe else []
    found, line = table.waves, f"waves: {inline(choices.waves)}"
    if found is None:
        return [line]
    said = (
        f"guessed: each row holds {len(found.names)} responses side by side; {found.why}. Each becomes a "
        "response of its own, with {wave} as its mark. If they are different questions: delete this line, "
        "and put one column's name where {wave} stands."
    )
    return [*comment(said), line]


def _maybe(found: Waves) -> list[str]:
    names = shown(
        dict.fromkeys(each.replace(MARK, found.marks[-1]) for each in found.labels.values()), plain
    )
    said = (
        f"Columns come again: {names}; {found.why}. If each row holds {len(found.names)} responses side by "
        "side, write the mapping anew with --waves; here, what comes again is a question of its own."
    )
    return comment(said)


def _header(table: DraftTable, choices: Choices) -> Iterator[str]:
    reads, found = choices.reads, table.layout
    if reads.header is not None:
        rows = ", ".join(map(str, reads.header))
        one = len(reads.header) == 1
        line = f"  header_row: {rows}" if one else f"  header_rows: [{rows}]"
        yield from noted(line, found.reason if reads.header == found.header else YOURS, "  ")
    if reads.skip_rows:
        yield f"  skip_rows: [{', '.join(map(str, reads.skip_rows))}]"


def _given(table: DraftTable, choices: Choices) -> Iterator[str]:
    facts, reads = table.facts, choices.reads
    if reads.sheet:
        several = len(facts.sheets) > 1
        others = shown([f"the workbook has {', '.join(facts.sheets)}"], plain) if several else ""
        yield from noted(f"  sheet: {inline(reads.sheet)}", others, "  ")
    if reads.encoding:
        show = plain if table.wishes.show_values else odd_character
        guessed = facts.encoding_known_by in {KnownBy.GUESSED, KnownBy.GIVEN}
        lines = shown(facts.encoding_samples[:1], show) if guessed else ""
        guess = f"guessed; is this text right? {lines}"
        told = lines and not table.wishes.encoding and reads.encoding == facts.encoding
        yield from noted(f"  encoding: {scalar(reads.encoding)}", guess if told else "", "  ")
    if reads.delimiter:
        yield f"  delimiter: {scalar(reads.delimiter)}"


def left_lines(table: DraftTable, choices: Choices) -> list[str]:
    taken, meaning = used(table, choices), table.meaning
    by_reason: dict[str, list[str]] = {}
    for column, reason in meaning.left:
        if column.index not in taken:
            by_reason.setdefault(reason, []).append(_short(column.label) or "(no label)")
    names = [_short(each.label) for each in meaning.private if each.index not in taken]
    if names:
        by_reason = {"personal; `importer init --personal` takes them in": names, **by_reason}
    hidden = [each.column for each in meaning.traits if unseen(table, each)]
    names = [_short(each.label) for each in hidden if each.index not in taken]
    if names:
        by_reason["hidden in the sheet; write it under `traits` to send it"] = names
    if not by_reason:
        return []
    lines = [_indented(f"{reason}: {_listed(names)}") for reason, names in by_reason.items()]
    return ["# Left out:", *(line for each in lines for line in each)]


def used(table: DraftTable, choices: Choices) -> set[int]:
    """The positions of the columns that answers, traits and ids are made of."""
    cells = [each.cell for each in choices.answers] + [*choices.traits.values(), *choices.people]
    found = {table.at(ref) for each in cells for ref in each.columns}
    asked = [question_of(table, each.cell) for each in choices.answers if each.cell.pattern]
    found |= {column.index for each in asked if each for column in each.columns}
    return {each for each in found if each is not None}


def _indented(text: str) -> list[str]:
    return ["#  " + line.removeprefix("#") for line in comment(text)]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


def _short(label: str) -> str:
    return shown([label], plain)


# Who answered: `userId` and `anonymousId`.


def person_lines(table: DraftTable, choices: Choices) -> list[str]:
    """The person's id, the first that a row has; and what stands in for one."""
    found = {person_cell(table, each.column).columns: each for each in in_order(table)}
    lines = (
        ["userId:                          # the first that a row has"] if choices.people else []
    )
    for cell in choices.people:
        known = found.get(cell.columns)
        column = table.column(cell.columns[0]) if cell.columns else None
        told = f"{known.sure}: {known.why}" if known else YOURS
        note = f"{told}; {table.samples(column)}" if column else told
        lines += noted(f"  - {_inline(cell, _OF_IDS)}", note, "  ")
    if choices.anonymous is not None:
        note = _why_anonymous(table, choices.anonymous)
        lines += noted(f"anonymousId: {inline(choices.anonymous)}", note)
    if lines or "userId" in choices.beyond:
        return lines
    return [f"userId: {OPEN}   # not known: which column says who answered?"]


def _why_anonymous(table: DraftTable, stand_in: Data) -> str:
    """What an id of the row is made of, and why."""
    response, moment = table.meaning.response, moment_of(table)
    if stand_in != anonymous(table):
        said = "the answers are anonymous; rows that are the same in these columns are one person"
        return f"{YOURS}, {said}" if table.wishes.anonymous else YOURS
    if isinstance(stand_in, dict) and "template" in stand_in and response:
        why = "the response's own id, where there is no person's"
        return f"{response.sure}: {why}; {table.samples(response.column)}"
    if moment and moment.profile.repeats:
        return "guessed: there is no id, and moments are shared; rows that are the same here are one person"
    return "guessed: there is no id, so the moment of the answer tells people apart"


# What is stored about the person, the date, and what makes a row itself.

_OF_IDS = ("parse", "lower", "na", "values")
_OF_TRAITS = (
    "type",
    "lower",
    "format",
    "timezone",
    "decimal",
    "thousands",
    "na",
    "parse",
    "values",
)


def _inline(cell: Cell, keys: Sequence[str]) -> str:
    """A cell in one line; its column alone where that is all."""
    pairs = {key: inline(each) for key, each in columns_data(cell).items()}
    rest = {key: _said(cell, key) for key in keys if getattr(cell, key)}
    every = (*_OF_TRAITS, "join", "min", "max", "required", "optional", "rescale")
    rest |= {key: _said(cell, key) for key in every if key not in rest and getattr(cell, key)}
    rest |= {scalar(key): inline(each) for key, each in cell.beyond.items()}
    if not rest and pairs.keys() == {"column"} and len(cell.columns) == 1:
        return pairs["column"]
    return flow_map(pairs | rest)


_BARE = re.compile(r"[\w/+:-]+")


def _said(cell: Cell, key: str) -> str:
    """What a cell says under a key, as it stands in one line."""
    if key == "format":
        quoted = [_format(each) for each in cell.format]
        return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"
    if key == "timezone" and _BARE.fullmatch(cell.timezone):
        return cell.timezone
    said: dict[str, str] = {
        **dict.fromkeys(("lower", "required", "optional"), "true"),
        "na": flow_list(cell.na),
        "values": inline(dict(cell.values)),
        "rescale": rescale_text(cell.rescale) if cell.rescale else "",
    }
    return said[key] if key in said else inline(cell_data(cell, key) or "")


def _format(text: str) -> str:
    return OPEN if text == "?" else f'"{text}"' if "%" in text and '"' not in text else scalar(text)


def trait_lines(table: DraftTable, choices: Choices) -> list[str]:
    """What is stored about the person, each with what it is told by."""
    if not choices.traits:
        return []
    notes = dict(_notes(table))
    lines = [
        *_existing(choices),
        "traits:                          # what is stored about the person",
    ]
    for name, cell in choices.traits.items():
        known = notes.get(name)
        column = table.column(cell.columns[0]) if cell.columns else None
        note = f"{YOURS}; {table.samples(column)}" if column else YOURS
        if known:
            note = known[1] if known[0] == cell else note
        lines += noted(f"  {scalar(name)}: {_inline(cell, _OF_TRAITS)}", note, "  ")
    return lines


_KEPT = (
    "What a person has in SatisMeter today stays: the file's value isn't sent then, and is missing from the "
    "response's history, too. `overwrite` sends it. What is there is looked up with an API key; without one, "
    "nothing of it is sent."
)


def _existing(choices: Choices) -> list[str]:
    if not choices.existing:
        return []
    told = comment(_KEPT) if choices.existing == "keep" else []
    return [*told, f"existing_traits: {choices.existing}"]


def _notes(table: DraftTable) -> Iterator[tuple[str, tuple[Cell, str]]]:
    """By a trait's name, how it is proposed, and why."""
    meaning = table.meaning
    if meaning.email:
        yield from ((name, (cell, "")) for name, cell in email_cell(table, meaning.email.column))
    dated = ((DATED_BY, meaning.answered), ("createdAt", meaning.signed_up))
    whats = ("the date of the answer: ", "since when the person is known: ")
    for (name, each), what in zip(dated, whats, strict=True):
        if each:
            yield name, (date_cell(table, each), _date_note(table, each, what))
    for found in meaning.traits:
        if found.dates:
            known = Dated(found.column, found.dates, found.sure, "its values are dates")
            note = _date_note(table, known, "")
        else:
            note = f"{found.sure}: {table.samples(found.column)}"
        yield found.name, (property_cell(table, found), note)
    for name, cell in private_cells(table):
        column = table.column(cell.columns[0])
        yield name, (cell, f"personal; {table.samples(column)}" if column else "personal")


def _date_note(table: DraftTable, dated: Dated, what: str) -> str:
    known = zone_of(table, dated.column, dated.readings[0])[1]
    return f"{what}{_sureness(dated)}; {known}; {table.samples(dated.column, 2, masked)}"


def _sureness(dated: Dated) -> str:
    if len(dated.readings) > 1:
        ways = " or ".join(f"{each.order} {_formats(each)}" for each in dated.readings)
        example = shown([dated.readings[0].example], plain)
        return f"not known: {ways}? {example} fits both"
    unread = dated.readings[0].unread
    more = f"; {unread} values don't fit" if unread else ""
    return f"{dated.sure}, {dated.why}{more}"


def _formats(reading: DateReading) -> str:
    return _said(Cell(format=reading.formats), "format")


def key_lines(table: DraftTable, choices: Choices) -> list[str]:
    response = table.meaning.response
    if choices.key:
        own = response is not None and choices.key == (table.selector(response.column),)
        why = "different in every row; a key is never sent twice"
        note = f"{response.sure}: {why}" if own and response else YOURS
        key = [each.data for each in choices.key]
        return noted(f"key: {inline(key[0] if len(key) == 1 else key)}", note)
    people = {ref for each in choices.people for ref in each.columns}
    if response is None or response.sure is not Confidence.UNKNOWN:
        return []
    if table.selector(response.column) in people:
        return []
    ref = table.ref(response.column)
    return comment(
        f"not known: is {ref} {response.why}. If the response's: `key: {ref}`; if the person's, put it "
        "first under userId"
    )


def kept_lines(choices: Choices) -> list[str]:
    lines = [f"{scalar(key)}: {inline(each)}" for key, each in choices.beyond.items()]
    return [*lines, *([KEPT, *choices.comments] if choices.comments else [])]
