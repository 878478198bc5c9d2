"""Named queries: the ledger's SQL lies in `.sql` files, each statement with a name and a sentence.

    -- name: newest_job
    -- The newest job that has one of these names.
    SELECT {job} FROM jobs WHERE name IN :names AND origin = :origin

`sql/` holds what all databases understand, a folder beside it what one of them says in its own way: a name
that stands in both is taken from there. `-- fragment: job` names a piece that others take in as `{job}`.
Parameters are `:name`; after `IN` or `NOT IN` one is a list. Each database makes of both what its
driver takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ROOM = Path(__file__).parent
SHARED = "sql"

_HEAD = re.compile(r"^-- (name|fragment): (\w+)\n((?:--.*\n)+)", re.MULTILINE)
_INSERTED = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "[^"]*" | --[^\n]* | ::      # a colon in these names no parameter
    | (?: \b(?P<operator>NOT\s+IN|IN)\s+ )? :(?P<name>[a-z_]\w*)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Where a value goes. `operator`, `IN` or `NOT IN`, stands before a list, and is no part of the text
    around it: a database may have another (`= ANY`)."""

    name: str
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement, cut at its parameters: one piece more than there are parameters. `about` is its
    sentence."""

    name: str
    about: str
    pieces: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    def text(self, marks: Sequence[str]) -> str:
        """The statement with these in place of its parameters."""
        first, *others = self.pieces
        return first + "".join(f"{mark}{piece}" for mark, piece in zip(marks, others, strict=True))

    def plain(self, mark: str) -> str:
        """The statement with one mark (`?`, `%s`) for every parameter: for one without lists, whose values
        come in the order of its parameters."""
        return self.text([mark] * len(self.parameters))


class Queries(Mapping[str, Query]):
    """Every statement of one database, by name; cut up when it is first asked for."""

    def __init__(self, folders: Sequence[Path], given: Mapping[str, str]) -> None:
        self._texts: dict[str, tuple[str, str]] = {}
        self._pieces = dict(given)
        self._cut: dict[str, Query] = {}
        for folder in folders:
            for path in sorted(folder.glob("*.sql")):
                self._read(path)

    def __getitem__(self, name: str) -> Query:
        if name not in self._cut:
            about, text = self._texts[name]
            self._cut[name] = Query(name, about, *_cut(self._whole(text)))
        return self._cut[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def _read(self, path: Path) -> None:
        _, *parts = _HEAD.split(path.read_text(encoding="utf-8"))
        for kind, name, comment, text in zip(*(parts[n::4] for n in range(4)), strict=True):
            about = " ".join(line.removeprefix("--").strip() for line in comment.splitlines())
            if kind == "fragment":
                self._pieces[name] = text.strip()
            else:
                self._texts[name] = (about, text.strip().removesuffix(";"))

    def _whole(self, text: str) -> str:
        found = _INSERTED.sub(lambda piece: self._pieces[piece[1]], text)
        return found if found == text else self._whole(found)


def _cut(text: str) -> tuple[tuple[str, ...], tuple[Parameter, ...]]:
    pieces, parameters, end = [], [], 0
    for token in _TOKEN.finditer(text):
        if not token["name"]:
            continue
        operator = " ".join((token["operator"] or "").split())
        pieces.append(text[end : token.start()])
        parameters.append(Parameter(token["name"], operator))
        end = token.end()
    return (*pieces, text[end:]), tuple(parameters)


@cache
def queries(database: str, past: str = "") -> Queries:
    """The statements of a database: the shared ones, and its own from the folder of that name. `past` stands
    before the tables in which other jobs are looked for (`history.`), where those are others."""
    return Queries((_ROOM / SHARED, _ROOM / database), {"past": past})
