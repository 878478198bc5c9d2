"""The kinds of values that the keys of a mapping take, and how it names columns."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from importer.mapping.text import compile_pattern
from importer.mapping.yaml import Core, Path, Plain, is_nothing, kind, resolve

# The kinds of values that the keys of a mapping take, each with the words for what it isn't.


class Block(BaseModel):
    """A map of the mapping: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=False)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Each key with the text below it. (`use_attribute_docstrings` would read the sources at every start,
        an eighth of what the room's import takes.)"""
        schema = handler(core)
        keys = handler.resolve_ref_schema(schema).get("properties", {})
        for each in reversed(cls.__mro__):
            for name, text in texts_below(each).items() if issubclass(each, Block) else ():
                if key := keys.get(cls.model_fields[name].alias or name):
                    key["description"] = text
        return schema


@cache
def texts_below(cls: type) -> Mapping[str, str]:
    """The text that stands below each field of a class, by the field's name: only the source has it."""
    texts = {}
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    for field, below in pairwise(ast.iter_child_nodes(found)):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(
                value=ast.Constant(value=str(text))
            ):
                texts[name] = inspect.cleandoc(text)
    return texts


@dataclass(frozen=True, slots=True)
class Issue:
    """Something wrong under a block: where (below the block), what, and what to write instead.
    `key` where the key at that path is wrong in itself, not its value."""

    path: Path
    message: str
    hint: str = ""
    key: bool = False


def refuse(oddities: Iterable[Issue]) -> None:
    """Raise for what was found, all at once; nothing where nothing was."""
    found = tuple(oddities)
    if found:
        raise PydanticCustomError("oddities", "oddities", {"found": found})


def unexpected(wanted: str, found: object, hint: str = "") -> PydanticCustomError:
    """`expected a whole number, found text`."""
    return PydanticCustomError(
        "unexpected", "unexpected", {"wanted": wanted, "found": kind(found), "hint": hint}
    )


def is_scalar(data: object) -> bool:
    """Whether it is text, a number, true or false, and not nothing."""
    return isinstance(data, str) and not is_nothing(data)


def text(data: object) -> object:
    """Text that isn't blank, as written."""
    if not is_scalar(data):
        raise unexpected("text", data)
    if not str(data).strip():
        raise unexpected("text", Plain(""), "The text is blank.")
    return str(data)


def _cell(data: object) -> object:
    if not isinstance(data, str) or (isinstance(data, Plain) and not data):
        raise unexpected("text", data)
    return str(data)


def whole(data: object) -> object:
    """A whole number."""
    value = resolve(data) if isinstance(data, str) else data
    if isinstance(value, bool) or not isinstance(value, int):
        raise unexpected("a whole number", data)
    return value


def _number(data: object) -> object:
    value = resolve(data) if isinstance(data, str) else data
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124
        raise unexpected("a number", data)
    if abs(value) > 1e15:
        raise unexpected("a number of at most 15 digits", data)
    return value


def _flag(data: object) -> object:
    value = resolve(data) if isinstance(data, str) else data
    if not isinstance(value, bool):
        hint = "Yes, No, on and off are text in YAML 1.2." if kind(data) == "text" else ""
        raise unexpected("true or false", data, hint)
    return value


_SCALAR = {"type": ["string", "number", "boolean"]}

Text = Annotated[str, BeforeValidator(text), WithJsonSchema({**_SCALAR, "pattern": r"\S"})]
"""Text that isn't blank; numbers and true/false are taken as they are written."""
CellText = Annotated[
    str, BeforeValidator(_cell), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
"""Text as it stands in a cell: `NA`, `null` and `1.50` are just that."""
Whole = Annotated[int, BeforeValidator(whole)]
Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]
"""A whole number from 1."""
Number = Annotated[int | float, BeforeValidator(_number)]
Flag = Annotated[bool, BeforeValidator(_flag)]


@dataclass(frozen=True, slots=True)
class Constant:
    """A scalar of the document: its text, and what YAML takes it for."""

    text: str
    value: Core

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(_SCALAR)

    @classmethod
    def read(cls, data: object) -> Constant:
        """From a scalar of the tree; nothing, lists and maps are refused."""
        if not isinstance(data, str) or is_nothing(data):
            raise unexpected("text, a number, true or false", data)
        return cls(str(data), resolve(data))


class Takes:
    """What an editor is told that a key takes, where that isn't what it holds. (`json_schema_input_type`
    would make a type of it at every start; here only a schema does.)"""

    def __init__(self, of: Callable[[], Any]) -> None:
        self._of = of

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(TypeAdapter(self._of()).core_schema)


def one_or_more(data: object) -> object:
    """A scalar or map stands for a list of one; the list isn't empty."""
    if isinstance(data, list | tuple):
        if not data:
            raise unexpected("at least one", data)
        return data
    return [data]


Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(one_or_more),
    Takes(lambda: Text | Annotated[list[Text], Field(min_length=1)]),
]
"""A text, or a list of them."""
CellTexts = Annotated[
    tuple[CellText, ...],
    BeforeValidator(one_or_more),
    Takes(lambda: CellText | Annotated[list[CellText], Field(min_length=1)]),
]
"""A cell's text, or a list of them."""


def mapped_by(shorthand: Callable[[str], dict[str, object]]) -> Callable[[object], object]:
    """A validator that lets a bare text stand for the map that `shorthand` makes of it."""

    def expand(data: object) -> object:
        if is_scalar(data):
            return shorthand(data)  # type: ignore[arg-type]  # `is_scalar` says that it is text
        if isinstance(data, dict | BaseModel):
            return data
        raise unexpected("text or a map", data)

    return expand


# How a mapping names columns.


def _pattern(text: str) -> str:
    try:
        compile_pattern(text)
    except ValueError as error:
        refuse([Issue((), str(error))])
    return text


def _letter(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{1,3}", text):
        refuse([Issue((), "a column's letter is A to XFD")])
    return text.upper()


PatternText = Annotated[Text, AfterValidator(_pattern)]
Letter = Annotated[Text, AfterValidator(_letter)]
Names = Annotated[tuple[Text, ...], Field(min_length=2)]
Nth = Annotated[
    Count, WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "{wave}"}]})
]
"""`"{wave}"` is a number by the time that it is read (see `waves`)."""


def one_way(block: Block, ways: Sequence[str]) -> Iterator[Issue]:
    """What is wrong unless exactly one of the keys is given, and `nth` with `column` only."""
    given = [way for way in ways if way in block.model_fields_set]
    if not given:
        shown = ", ".join(f"`{way}`" for way in ways)
        yield Issue((), "it doesn't say where the value comes from", f"Give one of {shown}.")
    for way in given[1:]:
        yield Issue(
            (way,), f"`{given[0]}` and `{way}` exclude each other", "Delete one of them.", key=True
        )
    if "nth" in block.model_fields_set and "column" not in given:
        yield Issue(("nth",), "`nth` goes with `column`", key=True)


class Selector(Block):
    """One column: by its name in the header, its letter, or the first of several names that the file has."""

    column: Text = ""
    """The column's name. Exactly, else without regard to case and surrounding space."""
    nth: Nth = 1
    """Which of the columns that share the name: 1 is the first."""
    letter: Letter = ""
    """The column's letter as Excel shows it: `E`."""
    any: Names = ()
    """Names of one column in different exports: the one that the header has is taken."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        refuse(one_way(self, ("column", "letter", "any")))
        return self

    @property
    def numbered(self) -> bool:
        """Whether the mapping says which of several columns with one name is meant."""
        return "nth" in self.model_fields_set


ColumnRef = Annotated[
    Selector,
    BeforeValidator(mapped_by(lambda name: {"column": name})),
    Takes(lambda: Text | Selector),
]
"""A column's name, or a map that selects one."""
Columns = Annotated[
    tuple[ColumnRef, ...],
    BeforeValidator(one_or_more),
    Takes(lambda: Text | Selector | Annotated[list[Text | Selector], Field(min_length=1)]),
]
"""A column, or a list of them."""
