"""The keyed hashes by which the ledger knows rows, people and bodies without holding any of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import orjson

from importer.model import Response

_SIZE = 16
_SHORT = 8
_CAMPAIGNS = 256
"""Beginnings of hashes that are kept: a few for each campaign."""


class Hashes(NamedTuple):
    """What the ledger keeps of a response.

    `identity`: what makes the row itself across files and runs; `content`: person, answers and date;
    `body`: the whole request; `person`; `traits`; `shown`: person and answers as the read API shows
    them. Each begins with the server and the campaign, so equal rows of two surveys differ.
    """

    identity: bytes
    content: bytes
    body: bytes
    person: bytes
    traits: bytes
    shown: bytes


class Hasher:
    """Hashes of one server's rows. `secret` is the state folder's key, `origin` the server."""

    def __init__(self, secret: bytes, origin: str) -> None:
        self._start = hashlib.blake2b(origin.encode() + b"\0", key=secret, digest_size=_SIZE)
        self._begun = lru_cache(_CAMPAIGNS)(self._begin)

    def of(self, response: Response) -> Hashes:
        """All hashes of one response."""
        campaign = response.campaign
        return Hashes(
            identity=self.identity(response),
            content=self._hash("identity", campaign, response.content),
            body=self._hash("body", campaign, response.body),
            person=self.person(campaign, response.user_id, response.anonymous_id),
            traits=self._hash("traits", campaign, response.traits)[:_SHORT],
            shown=self.shown(
                campaign, response.user_id, response.anonymous_id, _answers(response.body)
            ),
        )

    def identity(self, response: Response) -> bytes:
        """What makes the row itself."""
        return self._hash("identity", response.campaign, response.identity)

    def person(self, campaign: str, user_id: str, anonymous_id: str) -> bytes:
        """Who gave a response; a userId never meets an equal anonymousId."""
        kind, person = _person(user_id, anonymous_id)
        return self._hash("person", campaign, f"{kind}\0{person}".encode())[:_SHORT]

    def shown(
        self, campaign: str, user_id: str, anonymous_id: str, answers: Iterable[tuple[str, object]]
    ) -> bytes:
        """Person and answers (question ID, value), in any order, as the read API shows a response:
        a rating may come back as text, white space may be lost at the ends, and a question without an
        answer may be listed."""
        texts = ((question, str(value).strip()) for question, value in answers)
        told = sorted(each for each in texts if each[1])
        person = _person(user_id, anonymous_id)
        return self._hash("shown", campaign, orjson.dumps([*person, told]))

    def _hash(self, kind: str, campaign: str, content: bytes) -> bytes:
        hasher = self._begun(kind, campaign).copy()
        hasher.update(content)
        return hasher.digest()

    def _begin(self, kind: str, campaign: str) -> hashlib.blake2b:
        hasher = self._start.copy()
        hasher.update(f"{kind}\0{campaign}\0".encode())
        return hasher


def _person(user_id: str, anonymous_id: str) -> tuple[str, str]:
    return ("u", user_id) if user_id else ("a", anonymous_id)


def _answers(body: bytes) -> list[tuple[str, object]]:
    document: Mapping[str, object] = orjson.loads(body)
    answers = document.get("answers")
    listed = answers if isinstance(answers, list) else []
    return [(str(each.get("id")), each.get("value")) for each in listed]
