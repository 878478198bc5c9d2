"""What must hold between the parts of a document. Looks at the tree, so that it finds what it can in one
whose parts are wrong themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from importer.mapping.fields import Oddity
from importer.mapping.guesses import did_you_mean
from importer.mapping.mistakes import OPEN
from importer.mapping.scalars import Plain, resolve
from importer.mapping.tree import Data, Sheet, Tree

if TYPE_CHECKING:
    from importer.mapping.document import Document

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


def crosscheck(tree: Tree, sheet: Sheet) -> Iterator[Oddity]:
    """Everything that doesn't go together. `sheet` is the mapping itself, without what it extends."""
    top = _map(tree.data)
    if "userId" not in top and "anonymousId" not in top:
        hint = "Name a column in `userId`, or give `anonymousId: {hash: [...]}`."
        yield Oddity((), "no row would say who answered", hint)
    if _map(top.get("rating")).get("type") in {"choice", "text"}:
        yield Oddity(("rating", "type"), "`rating` is a number")
    yield from _questions(tree, sheet, _map(top.get("questions")))


def _questions(tree: Tree, sheet: Sheet, questions: dict[str, Data]) -> Iterator[Oddity]:
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
            yield Oddity(path, f'the ID of the question "{name}" is missing', hint)
        elif id_ in seen and not is_false(id_) and id_ != OPEN:
            yield Oddity(path, "a second answer to one question", "Delete one of the two.")
        seen.append(id_)
    if seen and all(map(is_false, seen)):
        yield Oddity(("questions",), "all answers are left out")


_WHERE = (
    "Write `questions: {{{0}: ID}}`; SatisMeter's read API lists the IDs in the survey's statistics. "
    "`{0}: false` leaves the answer out."
)


def is_false(data: object) -> bool:
    """Whether it is `false`, not in quotes."""
    return isinstance(data, Plain) and resolve(data) is False


def _map(data: Data | None) -> dict[str, Data]:
    return data if isinstance(data, dict) else {}
