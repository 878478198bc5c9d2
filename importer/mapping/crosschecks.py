"""What must hold between the parts of a document. Looks at the tree, so that it finds what it can in one
whose parts are wrong themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from importer.mapping.fields import Oddity
from importer.mapping.guesses import did_you_mean
from importer.mapping.mistakes import OPEN
from importer.mapping.scalars import Plain, resolve
from importer.mapping.tree import Data, Tree

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24}", re.IGNORECASE)
"""IDs as SatisMeter makes them; anything else in an answer's `id` is a name under `questions`."""


def crosscheck(tree: Tree) -> Iterator[Oddity]:
    """Everything that doesn't go together."""
    top = _map(tree.data)
    if "userId" not in top and "anonymousId" not in top:
        hint = "Name a column in `userId`, or give `anonymousId: {hash: [...]}`."
        yield Oddity((), "no row would say who answered", hint)
    if _map(top.get("rating")).get("type") in {"choice", "text"}:
        yield Oddity(("rating", "type"), "`rating` is a number")
    yield from _questions(top.get("answers"), _map(top.get("questions")))


def _questions(answers: Data | None, questions: dict[str, Data]) -> Iterator[Oddity]:
    """Answers to no question, or to one that has been answered."""
    seen: list[Data] = []
    for number, answer in enumerate(answers if isinstance(answers, list) else ()):
        name = _map(answer).get("id")
        if not isinstance(name, str) or name == OPEN:
            continue
        id_ = questions.get(name, name)
        path = ("answers", number, "id")
        if name not in questions and not _ID.fullmatch(name):
            hint = did_you_mean(name, questions) or _WHERE.format(name)
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
