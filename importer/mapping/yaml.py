"""YAML text -> a tree of plain data that remembers where each piece stands (YAML 1.2, bounded)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from importer.errors import MappingError, Mistake

# Scalars as YAML 1.2's core schema reads them, but for leading zeros: `0123` stays text.

_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FRACTION = r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?(0|[1-9][0-9]{0,999})"), int),
    (re.compile(r"0o[0-7]{1,999}|0x[0-9a-fA-F]{1,999}"), lambda text: int(text, 0)),
    (re.compile(_FRACTION), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)

Core = None | bool | int | float | str


class Plain(str):
    """A scalar written without quotes. It is its text; `resolve` says what else it may be read as."""

    __slots__ = ()


def resolve(scalar: str) -> Core:
    """What a scalar is: a plain one by its shape, a quoted one always text.

    Source: YAML 1.2.2, section 10.3.2 (core schema). `Yes`, `no`, `on`, `12:30`, `2024-01-01` and
    `1_000` are text there; `0123` is text here too, since it is an id far more often than a number.
    """
    if not isinstance(scalar, Plain):
        return scalar
    text = str(scalar)
    if text in _WORDS:
        return _WORDS[text]
    return next((read(text) for shape, read in _NUMBERS if shape.fullmatch(text)), text)


def is_nothing(scalar: str) -> bool:
    """Whether nothing was written, or `null`."""
    return isinstance(scalar, Plain) and resolve(scalar) is None


def kind(data: object) -> str:
    """What a piece of a document is, in words: "text", "a whole number", "a list" ..."""
    if isinstance(data, dict):
        return "a map"
    if isinstance(data, list):
        return "a list"
    value = resolve(data) if isinstance(data, str) else data
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    return "nothing" if value is None else "text"


# YAML text -> a tree of plain data that remembers where each piece stands.
#
# The tree is built from the parser's events, one by one, without recursion and without PyYAML's composer or
# constructors: a document that is too deep, too big or refers to itself is refused where it begins to be.

MAX_BYTES = 500_000
MAX_LINES = 20_000
MAX_NODES = 5_000
MAX_DEPTH = 50

Data = dict[str, "Data"] | list["Data"] | str
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlText:
    """One YAML document as written: its name for people, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1."""

    sheet: YamlText
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's data (maps, lists, and scalars as text), with the place of each value (`places`) and of
    each key of a map (`keys`, by the path of its value)."""

    data: Data
    places: Mapping[Path, Place]
    keys: Mapping[Path, Place]


def read_yaml(sheet: YamlText) -> Tree:
    """Parse one document.

    Raises:
        MappingError: It isn't YAML, or uses what a mapping has no use for (tags, anchors, aliases, merge
            keys, several documents), says a key twice, or is too big or too deep.
    """
    if len(sheet.text) > MAX_BYTES:
        raise _refusal(sheet, None, f"the file is over {MAX_BYTES // 1_000} kB", _NOT_A_MAPPING)
    if sheet.text.count("\n") + sheet.text.count("\r") > MAX_LINES:
        raise _refusal(sheet, None, f"the file is over {MAX_LINES:,} lines", _NOT_A_MAPPING)
    builder = _Builder(sheet)
    for event in _events(sheet):
        builder.take(event)
    return builder.tree()


_NOT_A_MAPPING = "A mapping is a page or two; is this the right file?"


def _events(sheet: YamlText) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(sheet.text, Loader=_Reader)
    except yaml.MarkedYAMLError as error:
        raise _refusal(sheet, _mark(error), *_in_words(error, sheet)) from None
    except yaml.reader.ReaderError as error:
        line = sheet.text.count("\n", 0, error.position) + 1
        column = error.position - sheet.text.rfind("\n", 0, error.position)
        mistake = Mistake(
            line, column, "a control character, which YAML doesn't allow", "Delete it."
        )
        raise MappingError(sheet.name, sheet.text, [mistake]) from None


def _mark(error: yaml.MarkedYAMLError) -> object:
    """Where to look: where something was opened that is never closed, else where the reader stopped."""
    opened = any(each in (error.problem or "") for each in _OPENED)
    return error.context_mark if opened and error.context_mark else error.problem_mark


_OPENED = ("end of stream", "expected ',' or", "could not find expected ':'")


def _in_words(error: yaml.MarkedYAMLError, sheet: YamlText) -> tuple[str, str]:
    problem = error.problem or ""
    mark = error.problem_mark
    lines = sheet.text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or "'\\t'" in problem:
        return "a tab; YAML is indented with spaces", "Replace each tab by two spaces."
    if "mapping values are not allowed" in problem:
        return (
            "a second colon on this line, or a line that is indented too far",
            'Put a text that holds ": " in quotes, and line up keys that belong together.',
        )
    for found, said in _SAID.items():
        if found in problem:
            return said
    return f"this isn't YAML: {problem or error.context}", _LOOK_ABOVE


_TOO_DEEP = f"more than {MAX_DEPTH} levels deep"
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")
_LOOK_ABOVE = "Look at this line and the one above: indentation, quotes, brackets, colons."
_SAID = {
    _TOO_DEEP: (_TOO_DEEP, _NOT_A_MAPPING),
    "could not find expected ':'": ("a key without a colon", "Write `key: value`."),
    "expected <block end>": (
        "this line's indentation fits nothing above it",
        "Keys that belong together begin in the same column.",
    ),
    "found unexpected end of stream": ("a quotation mark that is never closed", _LOOK_ABOVE),
    "expected ',' or '}'": ("a `{` that is never closed, or a missing comma", _LOOK_ABOVE),
    "expected ',' or ']'": ("a `[` that is never closed, or a missing comma", _LOOK_ABOVE),
    "cannot start any token": ("a text can't begin with this character", "Put the text in quotes."),
    "found unknown escape character": (
        'a backslash means something between " quotation marks',
        "Put a text that holds backslashes between single quotes: '\\.com$'.",
    ),
}


_COMMENT = re.compile(r"#[^\n\r]*")


def comments(text: str) -> Iterator[str]:
    """The comments of a text that `read_yaml` takes, in their order: whatever begins with a `#` between two
    tokens, which the parser passes over."""
    last = 0
    for token in yaml.scan(text, Loader=_Reader):
        yield from _COMMENT.findall(text[last : token.start_mark.index])
        last = max(last, token.end_mark.index)
    yield from _COMMENT.findall(text[last:])


class _Reader(yaml.SafeLoader):
    """PyYAML ends a plain text within brackets at a question mark, as YAML 1.1 had it; in 1.2 `[Why?, How?]`
    is a list of two (section 7.3.3). It looks for the end of a key over a thousand brackets before it tells
    of the first one: what is too deep is refused where it is read."""

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=self.get_mark())
        super().fetch_flow_collection_start(token)

    def scan_plain(self) -> yaml.ScalarToken:
        # Without brackets a question mark is text to PyYAML, too, and this costs a call for each character.
        if self.flow_level:
            vars(self)["peek"] = self._peek_in_text
        try:
            return super().scan_plain()
        finally:
            vars(self).pop("peek", None)

    def _peek_in_text(self, index: int = 0) -> str:
        found: str = super().peek(index)
        return "x" if found == "?" else found


class _Builder:
    """Takes events one at a time and keeps the open maps and lists on a stack."""

    def __init__(self, sheet: YamlText) -> None:
        self._sheet = sheet
        self._places: dict[Path, Place] = {}
        self._keys: dict[Path, Place] = {}
        self._open: list[_Open] = []
        self._root: Data | None = None
        self._documents = 0
        self._repeated: list[Mistake] = []

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refuse(event, "a second document (---)", "One file holds one mapping.")
        elif isinstance(event, yaml.AliasEvent):
            raise self._refuse(event, f"an alias (*{event.anchor})", _WRITE_OUT)
        elif isinstance(event, yaml.NodeEvent):
            self._check(event)
            self._node(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()

    def tree(self) -> Tree:
        if self._root is None:
            raise _refusal(self._sheet, None, "the file is empty", _START)
        if self._repeated:
            raise MappingError(self._sheet.name, self._sheet.text, self._repeated)
        return Tree(self._root, self._places, self._keys)

    def _check(self, event: yaml.NodeEvent) -> None:
        if event.anchor:
            raise self._refuse(event, f"an anchor (&{event.anchor})", _WRITE_OUT)
        if getattr(event, "tag", None):
            raise self._refuse(event, "a tag (!)", "Write the value plainly; text goes in quotes.")
        if isinstance(event, yaml.ScalarEvent) and _UNSENDABLE.search(event.value):
            raise self._refuse(event, "a text with a NUL or half a character", "Delete it.")
        if len(self._open) >= MAX_DEPTH:
            raise self._refuse(event, _TOO_DEEP, _NOT_A_MAPPING)
        if len(self._places) >= MAX_NODES:
            raise self._refuse(event, f"more than {MAX_NODES:,} entries", _NOT_A_MAPPING)

    def _node(self, event: yaml.NodeEvent) -> None:
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.data, dict) and parent.key is None:
            self._key(event, parent, parent.data)
            return
        data: Data
        if isinstance(event, yaml.ScalarEvent):
            data = Plain(event.value) if event.implicit[0] else event.value
        else:
            data = {} if isinstance(event, yaml.MappingStartEvent) else []
        path = self._place(data, parent)
        self._places[path] = self._at(event)
        if not isinstance(data, str):
            self._open.append(_Open(data, path))

    def _place(self, data: Data, parent: _Open | None) -> Path:
        if parent is None:
            self._root = data
            return ()
        if isinstance(parent.data, list):
            parent.data.append(data)
            return (*parent.path, len(parent.data) - 1)
        assert isinstance(parent.key, str)  # noqa: S101  `_node` has read the key before its value
        key, parent.key = parent.key, None
        parent.data[key] = data
        return (*parent.path, key)

    def _key(self, event: yaml.NodeEvent, parent: _Open, map_: dict[str, Data]) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(event, "a key that isn't text", _LOOK_ABOVE)
        if event.value == "<<" and event.implicit[0]:
            raise self._refuse(event, "a merge key (<<)", _WRITE_OUT)
        path = (*parent.path, event.value)
        parent.key = event.value
        if event.value in map_:
            self._repeated.append(self._repeat(event, path))
        else:
            self._keys[path] = self._at(event)

    def _repeat(self, event: yaml.ScalarEvent, path: Path) -> Mistake:
        place = self._at(event)
        hint = f"It stands in line {self._keys[path].line} already."
        return Mistake(place.line, place.column, f'the key "{event.value}" is given twice', hint)

    def _at(self, event: yaml.Event) -> Place:
        line, column = _position(event.start_mark)
        return Place(self._sheet, line, column)

    def _refuse(self, event: yaml.Event, message: str, hint: str) -> MappingError:
        return _refusal(self._sheet, event.start_mark, message, hint)


_WRITE_OUT = "A mapping has no use for it: write the value out where it is needed."
_START = "Start from a preset: `importer presets` lists them."


class _Open:
    """A map or list that is being filled; `key` waits for its value."""

    __slots__ = ("data", "key", "path")

    def __init__(self, data: dict[str, Data] | list[Data], path: Path) -> None:
        self.data = data
        self.path = path
        self.key: str | None = None


def _position(mark: object) -> tuple[int, int]:
    """Line and column from 1; 0 and 0 where there is no mark."""
    line, column = getattr(mark, "line", -1), getattr(mark, "column", -1)
    return line + 1, column + 1


def _refusal(sheet: YamlText, mark: object, message: str, hint: str) -> MappingError:
    line, column = _position(mark)
    return MappingError(sheet.name, sheet.text, [Mistake(line, column, message, hint)])
