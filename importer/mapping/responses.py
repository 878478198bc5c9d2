"""Rows that can be sent, put together from what was read of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import is_, itemgetter
from typing import Any, TypeVar

import orjson

from importer.mapping.extract import Results
from importer.model import Response

T = TypeVar("T")
_KEPT = b"%b"
"""Copies what orjson wrote: it hands out a kilobyte cut to size, and a chunk's worth of those costs ten times
the copies in memory that goes back and forth to the system."""
Piece = bytes | Sequence[bytes]
"""A part of a JSON text: the same in each row, or row by row."""


def _written(results: Results) -> Sequence[bytes]:
    """Each result as JSON, by one call for them all: it is cut at its line breaks, of which a text of JSON
    holds none, unless a result takes several lines."""
    if results and all(map(is_, results, repeat(results[0]))):
        return [_KEPT % orjson.dumps(results[0])] * len(results)
    lines = orjson.dumps([*results], option=orjson.OPT_INDENT_2)
    if lines.count(b"\n") == len(results) + 1:
        return lines[4:-2].split(b",\n  ")
    return [_KEPT % orjson.dumps(each) for each in results]


@dataclass(frozen=True, slots=True)
class _Member:
    """What a column adds to objects or lists of JSON: each result that isn't blank, between two texts."""

    before: bytes
    results: Results
    behind: bytes = b""

    def pieces(self, comma: bytes = b"") -> Iterator[Piece]:
        """Row by row, behind the comma."""
        before, behind = comma + self.before, self.behind
        if None not in self.results:
            yield from (before, _written(self.results), behind)
        elif given := [each for each in self.results if each is not None]:
            written = iter(_written(given))
            yield [
                b"" if each is None else before + next(written) + behind for each in self.results
            ]


def _inner(members: Sequence[_Member], count: int) -> list[bytes]:
    """What stands in an object or a list with these members, row by row."""
    begun = bool(members) and None not in members[0].results
    commas = chain([b"" if begun else b","], repeat(b","))
    lines = _texts([piece for each in members for piece in each.pieces(next(commas))], count)
    return lines if begun else [each[1:] for each in lines]


def _texts(pieces: Iterable[Piece], count: int) -> list[bytes]:
    """The pieces as one text, row by row."""
    columns = [repeat(each, count) if isinstance(each, bytes) else each for each in pieces if each]
    return [*map(b"".join, across(columns, count))]


class Responder:
    """Puts rows together that are known to be fine; column by column: with a dict and four calls of orjson
    for each row a plan took 5 % more instructions."""

    __slots__ = ("_end", "_ids", "_mark", "_names", "_order", "_wave", "_waves")

    def __init__(
        self, traits: Iterable[str], ids: Sequence[str], wave: str, *, force: bool
    ) -> None:
        self._names = [orjson.dumps(name) + b":" for name in traits]
        self._ids = [b'{"id":%b,"value":' % orjson.dumps(id_) for id_ in ids]
        self._order = sorted(range(len(ids)), key=ids.__getitem__)
        self._wave = wave
        self._waves = b",%b]" % orjson.dumps(wave) if wave else b"]"
        self._mark = b'],"wave":%b}' % orjson.dumps(wave) if wave else b"]}"
        self._end = b',"forceSurvey":true}' if force else b"}"

    def responses(  # noqa: PLR0913, PLR0917  one argument per part of the body, called once a chunk
        self,
        rows: Sequence[int],
        users: Sequence[str],
        nameless: Sequence[str],
        campaign: Results,
        method: Results,
        answers: Sequence[Results],
        rating: Results,
        traits: Sequence[Results],
        order: Results,
        key: Sequence[Results],
    ) -> list[Response]:
        """The responses of some rows."""
        count = len(rows)
        asked = [
            _Member(before, _values(each), b"}")
            for before, each in zip(self._ids, answers, strict=True)
        ]
        given = _inner(asked, count)
        named = zip(self._names, traits, strict=True)
        known = [b"{%b}" % each for each in _inner([_Member(*each) for each in named], count)]
        user, anonymous = _written(users), _written(nameless)
        start = (b'{"campaign":', _written(campaign), *_Member(b',"method":', method).pieces())
        who = (*_person(users, user, anonymous), *_traits(known))
        end = (b',"answers":[', given, b"]", *_Member(b',"rating":', rating).pieces(), self._end)
        body = _texts((*start, *who, *end), count)
        dates = ["" if each is None else str(each) for each in order]
        response = (user, b",", anonymous, b",[", self._sorted(asked, given), b"],")
        date = (_written(rating), b",", _written(dates), self._waves)
        content = _texts((b"[", *response, *date), count)
        itself = self._keys(key, count) if key else content
        fields = (rows, users, nameless, campaign, body, itself, content, known)
        shown = (_shown(key, count), dates, across(answers, count), repeat(self._wave, count))
        # As `Response._make` does, without a call of our own for each.
        return [*map(tuple.__new__, repeat(Response), zip(*fields, *shown, strict=True))]

    def _sorted(self, asked: Sequence[_Member], given: list[bytes]) -> list[bytes]:
        """The given answers by their questions' IDs: mappings may list the questions differently, and
        one that asks for more is no other response where the rest is blank."""
        if self._order == [*range(len(asked))]:
            return given
        return _inner([asked[place] for place in self._order], len(given))

    def _keys(self, key: Sequence[Results], count: int) -> list[bytes]:
        columns = [piece for each in key for piece in (b",", _written(each))]
        return _texts((b'{"key":[', *columns[1:], self._mark), count)


def _values(answers: Sequence[Any]) -> Results:
    if None in answers:
        return [None if each is None else each["value"] for each in answers]
    return [*map(itemgetter("value"), answers)]


def _person(
    users: Sequence[str], user: Sequence[bytes], anonymous: Sequence[bytes]
) -> Iterator[Piece]:
    if all(users):
        yield from (b',"userId":', user)
        return
    yield [
        b',"userId":' + one if each else b',"anonymousId":' + other
        for each, one, other in zip(users, user, anonymous, strict=True)
    ]


def _traits(known: Sequence[bytes]) -> Iterator[Piece]:
    if b"{}" not in known:
        yield from (b',"traits":', known)
        return
    yield [b"" if each == b"{}" else b',"traits":' + each for each in known]


def _shown(key: Sequence[Results], count: int) -> Sequence[str]:
    """The key as people read it."""
    if len(key) == 1 and set(map(type, key[0])) == {str}:
        return key[0]  # type: ignore[return-value]  # all are text
    parts = across(key, count)
    return [" / ".join([str(each) for each in row if each is not None]) for row in parts]


def across(columns: Sequence[Iterable[T]], count: int) -> Iterable[tuple[T, ...]]:
    """The columns row by row, also where there are none."""
    return zip(*columns, strict=True) if columns else repeat((), count)
