"""The keyed hashes by which the ledger knows rows, people and bodies without holding any of them."""

from __future__ import annotations

import contextlib
import hashlib
import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain, compress, repeat
from operator import itemgetter
from typing import Any, NamedTuple
from unicodedata import is_normalized, normalize

import orjson

from importer.model import Response

_SIZE = 16
"""Bytes of a hash: some 2**64 rows have to come before two are likely to be alike."""
_SHORT = 8
"""Bytes, where those of one campaign are compared among themselves."""
_FORM = b"2"
"""Begins a `shown` hash over texts in their `normal` form; what 0.1 has written begins with nothing."""
LETTERS = 200
"""Of each text, in its normal form, that are in such a hash: services cut texts at 255 letters or more."""
_CAMPAIGNS = 256
"""Beginnings of hashes that are kept: a few for each campaign."""


class Hashes(NamedTuple):
    """What the ledger keeps of a response.

    `idempotency_key`: what makes the row itself across files and runs; `content`: person, answers and date;
    `body`: the whole request; `person`; `traits`; `shown`: person and answers as the read API shows
    them. Each begins with the server and the campaign, so equal rows of two surveys differ.
    """

    idempotency_key: bytes
    content: bytes
    body: bytes
    person: bytes
    traits: bytes
    shown: bytes


class _Begun(NamedTuple):
    """Beginnings of the hashes of one campaign, by what they are of. The fields' names go into the hashes:
    they stay as 0.1 had them, or its ledgers would know no row any more."""

    identity: hashlib.blake2b
    body: hashlib.blake2b
    person: hashlib.blake2b
    traits: hashlib.blake2b
    shown: hashlib.blake2b


class Hasher:
    """Hashes of one server's rows. `secret` is the state folder's key, `origin` the server."""

    def __init__(self, secret: bytes, origin: str) -> None:
        self._start = hashlib.blake2b(origin.encode() + b"\0", key=secret, digest_size=_SIZE)
        self._begun = lru_cache(_CAMPAIGNS)(self._begin)

    def of(self, response: Response) -> Hashes:
        begun = self._begun(response.campaign)
        who = _person(response.user_id, response.anonymous_id)
        content = _digest(begun.identity, settled(response))
        same = response.content is response.idempotency_key
        return Hashes(
            content if same else _digest(begun.identity, response.idempotency_key),
            content,
            _digest(begun.body, response.body),
            _digest(begun.person, "\0".join(who).encode())[:_SHORT],
            _digest(begun.traits, response.traits)[:_SHORT],
            _FORM + _digest(begun.shown, _FORM + _seen(who, _answers(response), _beginning_of)),
        )

    def idempotency_key(self, response: Response) -> bytes:
        """What makes the row itself across files and runs: it is never sent twice."""
        same = response.content is response.idempotency_key
        itself = settled(response) if same else response.idempotency_key
        return _digest(self._begun(response.campaign).identity, itself)

    def idempotency_of(
        self, responses: Sequence[Response], contents: Sequence[bytes]
    ) -> list[bytes]:
        """`idempotency_key` of each; `contents` are theirs, settled."""
        begun = {name: self._begun(name).identity for name in {e.campaign for e in responses}}
        each_itself = zip(responses, themselves(responses, contents), strict=True)
        return [_digest(begun[each.campaign], itself) for each, itself in each_itself]

    def idempotency_keys(self, response: Response) -> set[bytes]:
        """The same, and as 0.1 made it, before texts were `settled`."""
        former = _digest(self._begun(response.campaign).identity, response.idempotency_key)
        return {self.idempotency_key(response), former}

    def short(self, content: bytes) -> bytes:
        """Of anything that is only compared with its like."""
        return _digest(self._start, content)[:_SHORT]

    def content_0_1(self, response: Response) -> bytes:
        """`content` as 0.1 made it."""
        return _digest(self._begun(response.campaign).identity, response.content)

    def person(self, campaign: str, user_id: str, anonymous_id: str) -> bytes:
        """Who gave a response; a userId never meets an equal anonymousId."""
        who = "\0".join(_person(user_id, anonymous_id))
        return _digest(self._begun(campaign).person, who.encode())[:_SHORT]

    def shown(
        self, campaign: str, user_id: str, anonymous_id: str, answers: Iterable[tuple[str, object]]
    ) -> bytes:
        """Person and answers (question ID, value), in any order, as the read API shows a response:
        a rating may come back as text, a question without an answer may be listed, and of a text it is what
        `normal` leaves, as far as `LETTERS`."""
        seen = _seen(_person(user_id, anonymous_id), answers, _beginning_of)
        return _FORM + _digest(self._begun(campaign).shown, _FORM + seen)

    def shown_0_1(
        self, campaign: str, user_id: str, anonymous_id: str, answers: Iterable[tuple[str, object]]
    ) -> bytes:
        """The same as 0.1 made it, by whose rows a response is known by this only: texts count letter by
        letter, but for white space at their ends."""
        seen = _seen(_person(user_id, anonymous_id), answers, str.strip)
        return _digest(self._begun(campaign).shown, seen)

    def looks(
        self, campaign: str, user_id: str, anonymous_id: str, answers: Sequence[tuple[str, object]]
    ) -> tuple[bytes, bytes]:
        """A response in both forms, the newer first."""
        who = (campaign, user_id, anonymous_id)
        return self.shown(*who, answers), self.shown_0_1(*who, answers)

    def looks_of(self, response: Response) -> tuple[bytes, bytes]:
        """The same of a row of ours."""
        who = (response.campaign, response.user_id, response.anonymous_id)
        return self.looks(*who, _answers(response))

    def _begin(self, campaign: str) -> _Begun:
        return _Begun(*(self._beginning(kind, campaign) for kind in _Begun._fields))

    def _beginning(self, kind: str, campaign: str) -> hashlib.blake2b:
        hasher = self._start.copy()
        hasher.update(f"{kind}\0{campaign}\0".encode())
        return hasher


def _digest(begun: hashlib.blake2b, content: bytes) -> bytes:
    hasher = begun.copy()
    hasher.update(content)
    return hasher.digest()


def settled(response: Response) -> bytes:
    """A response's content (JSON, its answers in the third place) as it is told from others: programs that
    only save a file store accents in another way, and change line breaks and blanks. As it is where nothing
    of that is in an answer, so that the hash of most rows is that of 0.1."""
    each: Any
    for each in response.answers:
        if each is not None and not _is_settled(each["value"]):
            break
    else:
        return response.content
    document = orjson.loads(response.content)
    document[2] = [{**each, "value": _settled(each["value"])} for each in document[2]]
    return orjson.dumps(document)


def themselves(responses: Sequence[Response], contents: Sequence[bytes]) -> list[bytes]:
    """By what each is told from the others of its campaign; `contents` are theirs, settled."""
    return [
        content if each.idempotency_key is each.content else each.idempotency_key
        for each, content in zip(responses, contents, strict=True)
    ]


def contents(responses: Sequence[Response]) -> list[bytes]:
    """What each has `settled`. Answers that are given again and again, as most are, are looked at once."""
    given = [each.answers for each in responses]
    answers: list[Any] = [*filter(None, chain.from_iterable(given))]
    values = [*map(itemgetter("value"), answers)]
    try:
        odd = {value for value in set(values) if not _is_settled(value)}
    except TypeError:  # a list of choices
        return [*map(settled, responses)]
    if not odd:
        return [each.content for each in responses]
    known = set(map(id, compress(answers, map(odd.__contains__, values))))
    alike = map(known.isdisjoint, map(map, repeat(id), given))
    pairs = zip(responses, alike, strict=True)
    return [each.content if kept else settled(each) for each, kept in pairs]


def _is_settled(value: object) -> bool:
    """Whether the value is sure to be left as it is: a printable text has no white space but blanks."""
    if not isinstance(value, str):
        return not isinstance(value, list)
    if not value.isprintable() or "  " in value or value[:1] == " " or value[-1:] == " ":
        return False
    return value.isascii() or is_normalized("NFC", value)


def _settled(value: object) -> object:
    if isinstance(value, list):
        return [_settled(each) for each in value]
    return normalize("NFC", " ".join(value.split())) if isinstance(value, str) else value


def normal(text: str) -> str:
    """What is left of a text however a service stores it and gives it back: NFC, without HTML's escapes,
    emoji (and ? for such), invisible marks, and runs of white space."""
    if not _PLAIN.fullmatch(text):
        with contextlib.suppress(ValueError):  # a number of thousands of digits is no letter's
            for _ in range(_ESCAPES):
                text = html.unescape(text)
        text = normalize("NFC", _lost().sub("", text))
    return " ".join(text.split())


_PLAIN = re.compile(r"[ -%'->@-~]*")
_ESCAPES = 3
"""Times that a text may have been escaped on its way through services: `&amp;amp;lt;`."""


@cache
def _lost() -> re.Pattern[str]:
    return re.compile(
        "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f?\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u2600-\u27bf"
        "\u2b00-\u2bff\ud800-\udfff\ufe00-\ufe0f\ufeff\ufffd\U00010000-\U0010ffff]"
    )


def _beginning_of(text: str) -> str:
    return _of_short(text) if len(text) <= _SHORT_TEXT else normal(text)[:LETTERS].rstrip()


_of_short = lru_cache(4_096)(normal)
"""Ratings and choices come again and again."""
_SHORT_TEXT = 40


def in_normal_form(shown: bytes) -> bool:
    """Whether a `shown` hash is over texts in their normal form, and not 0.1's."""
    return len(shown) > _SIZE


def _seen(
    who: tuple[str, str], answers: Iterable[tuple[str, object]], form: Callable[[str], str]
) -> bytes:
    texts = [(question, form(str(value))) for question, value in answers]
    told = sorted([each for each in texts if each[1]])
    return orjson.dumps([*who, told])


def _person(user_id: str, anonymous_id: str) -> tuple[str, str]:
    return ("u", user_id) if user_id else ("a", anonymous_id)


def _answers(response: Response) -> list[tuple[str, object]]:
    given: Iterator[Any] = (each for each in response.answers if each is not None)
    return [(each["id"], each["value"]) for each in given]


# One figure that stands for every body of a job: two jobs that post the same have the same.


class RequestsDigest:
    """SHA-256 over the rows that can be posted, in file order: each one's row number and body.

    The mapping decides it with the file, the hash key, the time zones and the importer's own code, and
    nothing else: neither the ledger nor the rate. A body holds no line break, so that no two lists of
    bodies give the same bytes.
    """

    def __init__(self) -> None:
        self._hasher = hashlib.sha256()

    @staticmethod
    def lines(responses: Sequence[Response]) -> bytes:
        return b"".join([b"%d %b\n" % (each.row, each.body) for each in responses])

    def update(self, lines: bytes) -> None:
        """Take the next rows in: in the file's order, for the digest depends on it."""
        self._hasher.update(lines)

    def hexdigest(self) -> str:
        return self._hasher.hexdigest()
