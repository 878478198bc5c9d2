"""What a preset says of the columns that this file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importer.inference import Named, Role, named
from importer.mapping import Document, Shipped, parse, preset
from importer.mapping.columns import Selector
from importer.mapping.header import Header
from importer.mapping.loading import Base
from importer.mapping.source import SkipRule
from importer.mapping.templates import Template
from importer.mapping.traits import Hash, Id, Trait
from importer.mapping.tree import Sheet, read

_QUESTION = "00000000-0000-4000-8000-{:012d}"


@dataclass(frozen=True, slots=True)
class Claims:
    """A preset against a header: `roles` of its own columns by position, the rules that apply, the column
    and prefix of the anonymous id, the columns of the key, the trait that reads the date, and the answers
    that it names, by position."""

    roles: Mapping[int, Role]
    lowered: frozenset[int] = frozenset()
    skip_if: tuple[SkipRule, ...] = ()
    anonymous: tuple[int, str] | None = None
    key: tuple[int, ...] = ()
    date: Trait | None = None
    answers: Mapping[int, Named] = field(default_factory=dict)
    people: tuple[int, ...] = ()
    """The columns of `userId`, the one that counts most first."""


NOTHING = Claims({})
"""Where no tool is known."""


def claims(shipped: Shipped, labels: Sequence[str]) -> Claims:
    """What the preset knows of a file with this header; what the file lacks is left out."""
    document = _document(shipped)
    at = _Places(labels)
    roles: dict[int, Role] = {}
    for names in shipped.about.signature:
        roles |= {i: Role.MACHINE for i in at.any(names) if named(labels[i]) is Role.OTHER}
    roles |= dict.fromkeys(at.any(shipped.about.own), Role.MACHINE)
    roles |= dict.fromkeys(
        (i for rule in document.source.skip_if for i in at.all(rule)), Role.MACHINE
    )
    date = document.traits.get("respondedAt")
    dated = [i for each in (date.selectors if date else ()) for i in at.all(each)]
    key = tuple(i for each in document.key for i in at.all(each))
    anonymous = _anonymous(document, at)
    roles |= dict.fromkeys([*key, *([anonymous[0]] if anonymous else [])], Role.RESPONSE)
    roles |= dict.fromkeys(dated[:1], Role.ANSWERED)
    email = document.traits.get("email")
    emails = [i for each in (email.selectors if email else ()) for i in at.all(each)]
    roles |= {i: Role.USER for each in document.userId for i in _ids(each, at)}
    roles |= dict.fromkeys(emails, Role.EMAIL)
    answers: dict[int, Named] = {}
    for each in document.answers if _written(shipped, "answers") else ():
        found = [i for selector in each.selectors for i in at.all(selector)]
        answers |= {i: Named(each.id, each.type) for i in found[:1]}
    return Claims(
        roles={i: role for i, role in roles.items() if i not in answers},
        lowered=frozenset(i for each in document.userId if each.lower for i in _ids(each, at)),
        skip_if=tuple(rule for rule in document.source.skip_if if at.all(rule)),
        anonymous=anonymous,
        key=key,
        date=date,
        answers=answers,
        people=tuple(i for each in document.userId for i in _ids(each, at)),
    )


class _Places:
    """Where columns stand in a header; the quiet side of `mapping.header`."""

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = labels

    def all(self, selector: Selector) -> list[int]:
        found = Header(self._labels, "").find(selector, ())
        return [] if found is None else [found]

    def any(self, names: Sequence[str]) -> list[int]:
        return [i for name in names for i in self.all(Selector(column=name))]


def _ids(block: Id, at: _Places) -> Iterator[int]:
    for selector in block.selectors:
        yield from at.all(selector)


def _anonymous(document: Document, at: _Places) -> tuple[int, str] | None:
    """The column that stands in for a person, and what is put before it."""
    if isinstance(document.anonymousId, Hash):
        parts = [i for each in document.anonymousId.hash for i in at.all(each)]
        return (parts[0], document.anonymousId.prefix) if len(parts) == 1 else None
    for each in document.anonymousId:
        if each.template:
            [name] = Template.parse(each.template).columns
            found, prefix = at.any([name]), each.template.split("{")[0]
        else:
            found, prefix = list(_ids(each, at)), ""
        if found:
            return found[0], prefix
    return None


def _document(shipped: Shipped) -> Document:
    """The preset as a whole mapping: with a survey and questions that stand for any."""
    names = _names(shipped)
    lines = [f"extends: {shipped.name}", f"campaign: {'0' * 24}"]
    if names:
        lines += ["questions:"]
        lines += [f"  {name}: {_QUESTION.format(n)}" for n, name in enumerate(names, 1)]
    else:
        lines += [f"answers: [{{id: {_QUESTION.format(1)}, letter: A, type: text}}]"]
    return parse("\n".join(lines), shipped.name, base=_base)


def _base(name: str) -> tuple[Sheet, Base]:
    return Sheet(name, preset(name).text), _base


def _names(shipped: Shipped) -> list[str]:
    """The questions that the preset names."""
    answers = _written(shipped, "answers")
    return [str(each["id"]) for each in answers] if answers else []


def _written(shipped: Shipped, key: str) -> list[dict[str, str]]:
    """A list of the preset, or of what it extends."""
    data = read(Sheet(shipped.name, shipped.text)).data
    top = data if isinstance(data, dict) else {}
    if key in top or "extends" not in top:
        return top.get(key, [])  # type: ignore[return-value]  # a preset is checked by its tests
    return _written(preset(str(top["extends"])), key)
