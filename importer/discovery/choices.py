"""What a mapping decides, as one value: drafted from a file, changed by a person, written as YAML, read back.

`Choices` is what the pages and `importer init` change; `write` makes the text of it, `choices_of` reads it
back. What has no field of its own (a template, `rating`, `repeats`) stands under `beyond`: it is shown, and
written again as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from importer.discovery.yaml_text import KEPT, WRITTEN
from importer.mapping import Document
from importer.mapping.document import is_false
from importer.mapping.errors import OPEN
from importer.mapping.yaml import Data, Plain, Tree, comments, is_nothing, resolve

Map = Mapping[str, Data]


@dataclass(frozen=True, slots=True)
class Ref:
    """One column as a mapping names it: its name (`nth` of those that share it), its letter, or the one of
    several names (`any`) that the file has."""

    column: str = ""
    nth: str = ""
    letter: str = ""
    any: tuple[str, ...] = ()

    @property
    def data(self) -> Data:
        """As it is written where a column may stand."""
        if self == Ref(self.column):
            return self.column
        pairs: dict[str, Data] = {"column": self.column, "letter": self.letter}
        pairs["nth"] = Plain(self.nth) if self.nth.isdigit() else self.nth
        pairs["any"] = list(self.any)
        return {key: value for key, value in pairs.items() if value}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a row and how it is read: the keys of an answer, a trait or an id, under their names in the
    mapping. `columns` are its columns, of which the first that is filled counts; `pattern` finds all that
    are joined. `rescale` is () or four numbers: the ends of the file's scale and what they become; `("?",)`
    where nobody knows which end is the best. `format` is `("?",)` where the order of day and month isn't
    known."""

    columns: tuple[Ref, ...] = ()
    pattern: str = ""
    type: str = ""
    join: str = ""
    min: str = ""
    max: str = ""
    required: bool = False
    optional: bool = False
    lower: bool = False
    na: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    parse: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    timezone: str = ""
    decimal: str = ""
    thousands: str = ""
    rescale: tuple[str, ...] = ()
    beyond: Map = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the question's ID (None: it is left out; `"?"`: nobody has said it), and the name that the
    mapping has for it under `questions`; "" where the ID stands in the answer itself."""

    name: str
    question: str | None
    cell: Cell


@dataclass(frozen=True, slots=True)
class Reads:
    """How the file is read. `header` None: as it is found; () is none. `skip_if` are rules as written."""

    sheet: str = ""
    header: tuple[int, ...] | None = None
    skip_rows: tuple[int, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    skip_if: tuple[Map, ...] = ()
    beyond: Map = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Choices:
    """A whole mapping. `campaign` is the survey's ID, or `"?"`; `people` the columns of `userId`, the one
    that counts most first; `anonymous` what stands in for a person, as written. `names` are IDs of questions
    that no answer here has. `existing`: what becomes of traits that a person has already (`keep`,
    `overwrite`). `comments`: those of a mapping that a person has written."""

    name: str = ""
    reads: Reads = Reads()
    waves: Data | None = None
    campaign: str = OPEN
    method: str = ""
    names: Map = field(default_factory=dict)
    people: tuple[Cell, ...] = ()
    anonymous: Data | None = None
    answers: tuple[Answer, ...] = ()
    traits: Mapping[str, Cell] = field(default_factory=dict)
    existing: str = ""
    key: tuple[Ref, ...] = ()
    beyond: Map = field(default_factory=dict)
    comments: tuple[str, ...] = ()

    def answered(self, at: int, answer: Answer | None) -> Choices:
        """With another answer in the place of one; without it where there is none."""
        before, after = self.answers[:at], self.answers[at + 1 :]
        return replace(self, answers=(*before, *([answer] if answer else ()), *after))

    @property
    def kept(self) -> Iterator[str]:
        """The keys that have no field here, by their paths: they are written as they were."""
        yield from self.beyond
        yield from (f"source.{key}" for key in self.reads.beyond)
        cells = [(f"answers.{each.name or each.question}", each.cell) for each in self.answers]
        cells += [(f"traits.{name}", each) for name, each in self.traits.items()]
        cells += [("userId", each) for each in self.people]
        yield from (f"{path}.{key}" for path, each in cells for key in each.beyond)


# Read back from a mapping.


def choices_of(mapping: Document | Tree) -> Choices:
    """What a mapping decides; what it extends is written out. A tree may have open places (`"?"`), and be
    wrong as well: what isn't understood is kept as it stands."""
    tree = mapping.whole if isinstance(mapping, Document) else mapping
    left = dict(_map(tree.data))
    for key in ("version", "extends", "preset"):
        left.pop(key, None)
    names = dict(_map(left.pop("questions", {})))
    found = _taken(left, _TOP)
    answers = tuple(_named(each, names) for each in found.pop("answers", ()))
    used = {each.name for each in answers}
    found = {_FIELDS.get(key, key): value for key, value in found.items()}
    rest = {name: _frozen(each) for name, each in names.items() if name not in used}
    sheet = mapping.written if isinstance(mapping, Document) else _sheet(tree)
    return Choices(
        **found,
        answers=answers,
        names=rest,
        beyond={key: _frozen(each) for key, each in left.items()},
        comments=comments_of(sheet.text) if sheet else (),
    )


def _sheet(tree: Tree) -> Any:
    place = tree.places.get(())
    return place.sheet if place else None


def _taken(left: dict[str, Data], readers: Mapping[str, Callable[[Data], Any]]) -> dict[str, Any]:
    """What is understood of these keys, which are taken away."""
    found = {
        key: read
        for key, reader in readers.items()
        if key in left and (read := reader(left[key])) is not None
    }
    for key in found:
        del left[key]
    return found


def _map(data: Data) -> Mapping[str, Data]:
    return data if isinstance(data, dict) else {}


def _frozen(data: Data) -> Data:
    """The same without two ways to write nothing."""
    if isinstance(data, dict):
        return {key: _frozen(each) for key, each in data.items()}
    if isinstance(data, list):
        return [_frozen(each) for each in data]
    return Plain("null") if is_nothing(data) else data


def _text(data: Data) -> str | None:
    """A text that isn't blank, as written; None for anything else."""
    return data if isinstance(data, str) and data.strip() and not is_nothing(data) else None


def _cell_text(data: Data) -> str | None:
    return data if isinstance(data, str) and data and not is_nothing(data) else None


def _texts(data: Data) -> tuple[str, ...] | None:
    every = data if isinstance(data, list) else [data]
    known = all(
        isinstance(each, str) and not (isinstance(each, Plain) and not each) for each in every
    )
    return tuple(map(str, every)) if known and every else None


def _flag(data: Data) -> bool | None:
    """True; `false` is kept as it stands, since it may overrule what is the default."""
    return True if isinstance(data, Plain) and resolve(data) is True else None


def _numbers(data: Data) -> tuple[int, ...] | None:
    every = data if isinstance(data, list) else [data]
    whole = [resolve(each) for each in every if isinstance(each, str)]
    known = len(whole) == len(every) and all(type(each) is int for each in whole)
    return tuple(each for each in whole if isinstance(each, int)) if known else None


def _values(data: Data) -> Mapping[str, str] | None:
    pairs = {key: each for key, each in _map(data).items() if isinstance(each, str)}
    known = pairs and len(pairs) == len(_map(data)) and not any(map(is_nothing, pairs.values()))
    return pairs if known else None


def _rescale(data: Data) -> tuple[str, ...] | None:
    if data == OPEN:
        return (OPEN,)
    ends = _map(data)
    if list(ends) != ["from", "to"]:
        return None
    four = [each for ends_ in ends.values() for each in (ends_ if isinstance(ends_, list) else ())]
    texts = tuple(str(each) for each in four if isinstance(each, Plain))
    return texts if len(texts) == len(four) == 4 else None


def _ref(data: Data) -> Ref | None:
    if isinstance(data, str):
        return Ref(str(data)) if _text(data) else None
    any_ = _map(data).get("any")
    rest = {key: each for key, each in _map(data).items() if key != "any"}
    texts = {key: str(each) for key, each in rest.items() if isinstance(each, str) and _text(each)}
    if texts.keys() - {"column", "nth", "letter"} or len(texts) < len(rest):
        return None
    several = (_texts(any_) or ()) if isinstance(any_, list) else ()
    if any_ is not None and not several:
        return None
    return Ref(**texts, any=several) if texts or several else None


def _refs(data: Data) -> tuple[Ref, ...] | None:
    every = data if isinstance(data, list) else [data]
    found = [_ref(each) for each in every]
    return tuple(each for each in found if each) if found and all(found) else None


_CELL: Mapping[str, Callable[[Data], Any]] = {
    "type": _text,
    "join": _cell_text,
    "min": _text,
    "max": _text,
    "required": _flag,
    "optional": _flag,
    "lower": _flag,
    "na": _texts,
    "values": _values,
    "parse": _texts,
    "format": _texts,
    "timezone": _text,
    "decimal": _text,
    "thousands": _cell_text,
    "rescale": _rescale,
    "columns": _text,
}


def _cell(data: Data) -> Cell | None:
    if isinstance(data, str):
        return Cell((Ref(str(data)),)) if _text(data) else None
    if not isinstance(data, dict):
        return None
    left = dict(data)
    found = _taken(left, _CELL)
    if pattern := found.pop("columns", ""):
        found["pattern"] = pattern
    named: dict[str, Data] = {
        key: left[key] for key in ("column", "nth", "letter", "any") if key in left
    }
    where: Data = named["column"] if named.keys() == {"column"} else dict(named)
    if named and (refs := _refs(where)):
        found["columns"] = refs
        left = {key: each for key, each in left.items() if key not in named}
    return Cell(**found, beyond={key: _frozen(each) for key, each in left.items()})


def _people(data: Data) -> tuple[Cell, ...] | None:
    every = data if isinstance(data, list) else [data]
    found = [_cell(each) for each in every if each != OPEN]
    return tuple(each for each in found if each) if all(found) else None


def _answers(data: Data) -> tuple[tuple[str, Cell], ...] | None:
    """The answers by their `id`; none of one that is still to be said as a whole."""
    if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
        return None
    found = [(_map(each).get("id"), _cell({**_map(each)})) for each in data]
    if any(not isinstance(id_, str) or cell is None for id_, cell in found):
        return None
    return tuple(
        (str(id_), replace(cell, beyond={k: v for k, v in cell.beyond.items() if k != "id"}))
        for id_, cell in found
        if cell and id_ != OPEN
    )


def _named(answer: tuple[str, Cell], names: Mapping[str, Data]) -> Answer:
    id_, cell = answer
    said = names.get(id_)
    if id_ not in names or not isinstance(said, str):
        return Answer("", id_, cell)
    return Answer(id_, None if is_false(said) else str(said), cell)


def _traits(data: Data) -> Mapping[str, Cell] | None:
    """The traits; those that are `false` are none, since nothing is extended any more."""
    sent = {name: _cell(each) for name, each in _map(data).items() if not is_false(each)}
    known = {name: each for name, each in sent.items() if each}
    return known if isinstance(data, dict) and len(known) == len(sent) else None


def _reads(data: Data) -> Reads | None:
    if not isinstance(data, dict):
        return None
    left = dict(data)
    readers: Mapping[str, Callable[[Data], Any]] = {
        "sheet": _text,
        "header_row": _numbers,
        "header_rows": _numbers,
        "skip_rows": _numbers,
        "encoding": _text,
        "delimiter": _cell_text,
        "skip_if": lambda rules: tuple(map(_frozen, rules)) if isinstance(rules, list) else None,
    }
    found = _taken(left, readers)
    for key in ("header_row", "header_rows"):
        if key in found:
            found["header"] = found.pop(key)
    return Reads(**found, beyond={key: _frozen(each) for key, each in left.items()})


_TOP: Mapping[str, Callable[[Data], Any]] = {
    "name": _text,
    "source": _reads,
    "waves": _frozen,
    "campaign": _text,
    "method": _text,
    "userId": _people,
    "anonymousId": _frozen,
    "answers": _answers,
    "traits": _traits,
    "existing_traits": _text,
    "key": _refs,
}
_FIELDS = {
    "existing_traits": "existing",
    "source": "reads",
    "userId": "people",
    "anonymousId": "anonymous",
}


# The comments of a mapping that a person has written.


def comments_of(text: str) -> tuple[str, ...]:
    """The comments of a text, in their order; of one that drafting has written, those that it has kept."""
    found = [each.rstrip() for each in comments(text)]
    if found and found[0].startswith(WRITTEN):
        found = found[found.index(KEPT) + 1 :] if KEPT in found else []
    return tuple(found)
