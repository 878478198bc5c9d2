"""The whole YAML document, checked: `Document`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, WithJsonSchema

from importer.mapping.blocks import (
    DATED_BY,
    OF_RESPONSE,
    Answer,
    Cell,
    Existing,
    Formats,
    Hash,
    Ids,
    Rating,
    SourceBlock,
    Timezone,
    Trait,
    TraitRef,
    by_column,
)
from importer.mapping.errors import OPEN
from importer.mapping.text import did_you_mean
from importer.mapping.types import (
    Block,
    CellTexts,
    Columns,
    Constant,
    Flag,
    Issue,
    Selector,
    Takes,
    Text,
    mapped_by,
    text,
    unexpected,
    whole,
)
from importer.mapping.yaml import Data, Path, Plain, Tree, YamlText, is_nothing, resolve

# What must hold between the parts of a document. Looks at the tree, so that it finds what it can in one
# whose parts are wrong themselves.

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}", re.IGNORECASE)
"""IDs as SatisMeter makes them. That others look otherwise is said, and never refused."""


def looks_like_id(text: str) -> bool:
    """Whether it has the shape of an ID."""
    return _ID.fullmatch(text) is not None


def shapes(document: Document) -> Iterator[str]:
    """The survey's and the questions' IDs that look otherwise, and a question that is called as the
    survey is, in words."""
    campaign = document.campaign.value.text if document.campaign.value else ""
    asked = dict.fromkeys(document.question(each.id) for each in document.answers)
    for what, id_ in (("campaign", campaign), *(("question", each) for each in asked)):
        if id_ and not looks_like_id(id_):
            yield f'the {what} "{id_}" doesn\'t look like an ID, which is 24 hex digits or a UUID'
    if campaign in asked:
        yield f'the question "{campaign}" is called as the survey is'


def crosscheck(tree: Tree, sheet: YamlText) -> Iterator[Issue]:
    """Everything that doesn't go together. `sheet` is the mapping itself, without what it extends."""
    top = _map(tree.data)
    if "userId" not in top and "anonymousId" not in top:
        hint = "Name a column in `userId`, or give `anonymousId: {hash: [...]}`."
        yield Issue((), "no row would say who answered", hint)
    if _map(top.get("rating")).get("type") in {"choice", "text"}:
        yield Issue(("rating", "type"), "`rating` is a number")
    yield from _questions(tree, sheet, _map(top.get("questions")))


def _questions(tree: Tree, sheet: YamlText, questions: dict[str, Data]) -> Iterator[Issue]:
    """Answers to no question, or to one that has been answered."""
    answers = _map(tree.data).get("answers")
    seen: list[Data] = []
    for number, answer in enumerate(answers if isinstance(answers, list) else ()):
        name = _map(answer).get("id")
        if not isinstance(name, str) or name == OPEN:
            continue
        id_ = questions.get(name, name)
        path = ("answers", number, "id")
        near = did_you_mean(name, questions)
        # What the mapping itself writes is an ID as it stands; what a preset writes is a name.
        own = path in tree.places and tree.places[path].sheet is sheet
        if name not in questions and not looks_like_id(name) and (near or not own):
            hint = near or _WHERE.format(name)
            yield Issue(path, f'the ID of the question "{name}" is missing', hint)
        elif id_ in seen and not is_false(id_) and id_ != OPEN:
            yield Issue(path, "a second answer to one question", "Delete one of the two.")
        seen.append(id_)
    if seen and all(map(is_false, seen)):
        yield Issue(("questions",), "all answers are left out")


_WHERE = (
    "Write `questions: {{{0}: ID}}`; SatisMeter's read API lists the IDs in the survey's statistics. "
    "`{0}: false` leaves the answer out."
)


def is_false(data: object) -> bool:
    """Whether it is `false`, not in quotes."""
    return isinstance(data, Plain) and resolve(data) is False


def _map(data: Data | None) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}


# The whole YAML document, checked: `Document`.

METHODS = ("In-App", "Mobile", "Email")
"""The API's words for how a survey was delivered."""


class Campaign(Cell):
    """The survey that a row belongs to."""


class Method(Cell):
    """How the survey was delivered."""

    def _oddities(self) -> Iterator[Issue]:
        yield from super()._oddities()
        said: list[tuple[Path, Constant]] = [(("value",), self.value)] if self.value else []
        said += [(("values", text), to) for text, to in (self.values or {}).items() if text != "*"]
        for path, constant in said:
            if constant.text not in METHODS:
                hint = did_you_mean(constant.text, METHODS)
                yield Issue(path, "the method is In-App, Mobile or Email", hint)


class OrderBy(Selector):
    """The date of a response."""

    type: Literal["date"] = "date"
    """It is a date."""
    format: Formats = ()
    """As with a date trait."""
    timezone: Timezone = ""
    """As with a date trait."""


class Repeats(Block):
    """What becomes of several rows of one person."""

    send: Literal["all", "latest", "first"] = "all"
    """Which rows to send; oldest first."""
    order_by: (
        Annotated[OrderBy, BeforeValidator(mapped_by(by_column)), Takes(lambda: Text | OrderBy)]
        | None
    ) = None
    """The column of the response's date. A bare name reads dates as the trait of that column does."""


# The vendor documents no limit; public clients of the same API hold themselves to 5 to 10 a second.
_RATE = r"^([0-9]{1,6}(\.[0-9]{1,3})?/(s|min|h)|max)$"


class SendingBlock(Block):
    """How fast to send; the command line overrules it."""

    rate: Annotated[str, Field(pattern=_RATE), BeforeValidator(text)] = "10/s"
    """Requests per time: `10/s`, `600/min`, `max`."""
    concurrency: Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole)] = 8
    """Requests at once."""


class Preset(Block):
    """What a mapping that others extend says about itself."""

    tool: Text
    """The survey tool."""
    description: Text = ""
    """Which export it reads."""
    verified: Flag = False
    """Whether a real export of the tool was seen."""
    evidence: Text = ""
    """What the layout was taken from."""
    signature: tuple[CellTexts, ...] = ()
    """Columns by which an export is known; a list holds the names of one column in different exports."""
    first: CellTexts = ()
    """What the first column is called, where an export is known by that as well."""
    first_values: tuple[Text, ...] = ()
    """Patterns, one of which the values of that first column have to fit."""
    resaved_values: tuple[Text, ...] = ()
    """More patterns of these values, as a spreadsheet rewrites them; only where other names are questions."""
    stamp: Text = ""
    """A pattern of the first column's values by which an export is known, whatever that column is called."""
    marks: CellTexts = ()
    """Texts of the second header row, by which an export is known that has lost the tool's columns."""
    own: CellTexts = ()
    """The tool's own columns beside those that the preset uses: no questions, and not worth keeping."""
    sample: Text = ""
    """A made-up export in that layout."""


def _question(data: object) -> object:
    if is_false(data):
        return ""
    if not isinstance(data, str) or is_nothing(data) or isinstance(resolve(data), bool):
        raise unexpected("a question's ID, or false to leave the answer out", data)
    return str(data)


Question = Annotated[
    str,
    BeforeValidator(_question),
    WithJsonSchema({"anyOf": [{"type": ["string", "number"]}, {"const": False}]}),
]


def _not_empty(data: object) -> object:
    if isinstance(data, list) and not data:
        raise unexpected("at least one answer", data)
    return data


def _without_false(data: object) -> object:
    """The traits but for those that are `false`."""
    if not isinstance(data, dict):
        return data
    return {name: each for name, each in data.items() if not is_false(each)}


def _anonymous(data: Any) -> str:
    return "(hash)" if isinstance(data, dict) and "hash" in data else "(ids)"


Waves = Annotated[tuple[()], WithJsonSchema({})]
"""Only in the schema (see `jsonschema`): what is checked is the document as it is for one wave, without."""

_VERSION = Annotated[
    Literal[1], BeforeValidator(lambda data: resolve(data) if isinstance(data, str) else data)
]


def _constant(text: str) -> dict[str, object]:
    return {"value": text}


class Document(Block):
    """A mapping: how the rows of an export become responses."""

    version: _VERSION = 1
    """The version of this format: 1."""
    name: Text = ""
    """The mapping's name, for people."""
    extends: Text = ""
    """A preset's name, or the path of a mapping, on which this one builds. What stands here wins: maps
    are merged, lists replaced."""
    preset: Preset | None = None
    """For mappings that others extend."""
    source: SourceBlock = SourceBlock()
    """How to read the file, and which rows to leave out."""
    questions: dict[Text, Question] = Field(default_factory=dict)
    """Names for the IDs of questions. `false` leaves the answer out."""
    campaign: Annotated[
        Campaign, BeforeValidator(mapped_by(_constant)), Takes(lambda: Text | Campaign)
    ]
    """The survey's ID (SatisMeter: Settings > Integrations > API keys), or a column with `values`."""
    method: (
        Annotated[
            Method, BeforeValidator(mapped_by(_constant)), Takes(lambda: Literal[METHODS] | Method)
        ]
        | None
    ) = None
    """How the survey was delivered: `In-App` (the API's default), `Mobile` or `Email`; or a column."""
    forceSurvey: Flag = False  # noqa: N815  the API's word
    """Skips the API's targeting and duplicate checks. For development only."""
    userId: Ids = ()  # noqa: N815
    """The person's id in your system: a column, or the first of several that holds one."""
    anonymousId: Annotated[  # noqa: N815
        Annotated[Ids, Tag("(ids)")] | Annotated[Hash, Tag("(hash)")], Discriminator(_anonymous)
    ] = ()
    """Used where `userId` is blank: a column, or `{hash: [columns], prefix: ...}`."""
    answers: Annotated[tuple[Answer, ...], BeforeValidator(_not_empty)]
    """The answers of a response, one per question."""
    rating: (
        Annotated[Rating, BeforeValidator(mapped_by(by_column)), Takes(lambda: Text | Rating)]
        | None
    ) = None
    """The older API's field beside `answers`, where an account needs it."""
    traits: Annotated[
        dict[Text, TraitRef],
        BeforeValidator(_without_false),
        Takes(lambda: dict[Text, Text | Trait | Literal[False]]),
    ] = Field(default_factory=dict)
    """What is stored about the person; `false` leaves out what a preset has. `respondedAt` is taken for
    the response's date."""
    existing_traits: Existing | None = None
    """What becomes of traits that a person has in SatisMeter already: `keep` doesn't send them, `overwrite`
    (the default) does. `respondedAt` and `importedFrom` belong to the response, and are always sent."""
    key: Columns = ()
    """What makes a row itself; a key is never sent twice. Default: person, answers and date."""
    repeats: Repeats = Repeats()
    """Several rows of one person."""
    waves: Waves = ()
    """Several responses in each row: the names of the waves, which `{wave}` stands for; or a map of each
    name to its text, or to what is different in that wave."""
    sending: SendingBlock = SendingBlock()
    """How fast to send."""

    _tree: Tree = PrivateAttr()
    _sheet: YamlText = PrivateAttr()
    _wave: str = PrivateAttr("")
    _whole: Tree = PrivateAttr()
    _others: tuple[Document, ...] = PrivateAttr(())

    #: what doesn't decide the bodies
    _BESIDE: ClassVar = frozenset({"version", "name", "extends", "preset", "sending"})

    @property
    def origin(self) -> str:
        """The file's name, as shown to people."""
        return self._sheet.name

    @property
    def written(self) -> YamlText:
        """The document itself, as written."""
        return self._sheet

    @property
    def tree(self) -> Tree:
        """The document as written, its presets merged in, with the places of everything; as it is for
        this wave."""
        return self._tree

    @property
    def whole(self) -> Tree:
        """The document with all its waves."""
        return self._whole

    @property
    def wave(self) -> str:
        """The name of the wave that this document is of; "" where there are no waves."""
        return self._wave

    @property
    def by_wave(self) -> tuple[Document, ...]:
        """The document wave by wave, in their order: itself, being that of the first wave, and those of the
        others. All agree in what belongs to the file or the job (`name`, how to read the `source`,
        `forceSurvey`, `repeats: send`, `sending`)."""
        return (self, *self._others)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of everything that decides the bodies, presets included; comments and
        layout don't."""
        top = _canonical(self._whole.data, beside=self._BESIDE)
        return hashlib.sha256(orjson.dumps(top)).hexdigest()

    @property
    def rule(self) -> str:
        """SHA-256 (hex) of what makes a row itself: the key's columns; else how it is dated, and which
        questions it answers."""
        asked = sorted({self.question(each.id) for each in self.answers} - {""})
        dated = self.repeats.order_by or self.traits.get(DATED_BY)
        parts = (
            ["key", self.model_dump(mode="json", include={"key"})]
            if self.key
            else [
                asked,
                # Without what 0.1 didn't know: its jobs have this hash in their ledgers.
                None if dated is None else dated.model_dump(mode="json", exclude={"existing"}),
                bool(self.rating),
            ]
        )
        return hashlib.sha256(orjson.dumps([bool(self.wave), *parts])).hexdigest()

    def question(self, id_: str) -> str:
        """The ID behind an answer's `id`; "" where the answer is left out."""
        return self.questions.get(id_, id_)

    def keeps(self, trait: str) -> bool:
        """Whether this trait isn't sent where the person has it already."""
        said = self.traits[trait].existing
        return (
            said == "keep" if said else self.existing_traits == "keep" and not _of_response(trait)
        )

    @property
    def silent_on_existing(self) -> bool:
        """Whether it sends traits of the person, and nowhere says what becomes of those that are there."""
        said = self.existing_traits or any(each.existing for each in self.traits.values())
        return not said and not all(map(_of_response, self.traits))

    @classmethod
    def of(cls, tree: Tree, sheet: YamlText, wave: str = "") -> Document:
        """Check a tree, which is the document as this wave has it.

        Raises:
            pydantic.ValidationError: With everything that is wrong.
        """
        document = cls.model_validate(tree.data)
        document._tree = document._whole = tree  # noqa: SLF001  its own, where no field may be set
        document._sheet = sheet  # noqa: SLF001
        document._wave = wave  # noqa: SLF001
        return document

    @classmethod
    def together(cls, waves: Sequence[Document], whole: Tree) -> Document:
        """The document of the first wave, which knows the others; `whole` is the tree of all."""
        first, *others = waves
        first._whole = whole  # noqa: SLF001  as above
        first._others = tuple(others)  # noqa: SLF001
        return first


def _of_response(trait: str) -> bool:
    return trait in OF_RESPONSE


def _canonical(data: Data, beside: Collection[str] = ()) -> object:
    """The data as JSON that differs where the meaning may: quoted text from numbers, the order of keys."""
    if isinstance(data, dict):
        return [[key, _canonical(each)] for key, each in data.items() if key not in beside]
    if isinstance(data, list):
        return [_canonical(each) for each in data]
    value = resolve(data)
    return value if isinstance(value, str) else {"plain": str(data)}
