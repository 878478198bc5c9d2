"""What a server quotes of a request goes nowhere: neither a key nor a person's texts.

Everything that a server says passes `Redactor` once it has been classified, before the ledger, results,
reports, the terminal or a log have it. Servers quote in many forms, so both sides are compared letter by
letter: escapes undone, in lower case, without accents, white space, marks and tags.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

import orjson

from importer.privacy import masked_id
from importer.satismeter.classify import LARGEST_BODY, Classification
from importer.settings import Secret

_RUN = 8
"""Letters in a row that a server's text and a request have in common, from which on it quotes."""
_RUN_OF_KEY = 6
"""The same of a key: careful servers print its beginning only."""
_RUN_OF_SIGNS = 4
"""The same in scripts whose signs are words or syllables."""
_DISTINCT = 3
"""Different letters of such a run at least."""
_DISTINCT_DIGITS = 5
"""The same of digits alone, but for a key's: `21000000` of a date at nine in the evening is in many an ID."""
_SIGNS = "\u2e80"
"""The first of them: CJK, kana, and whatever comes later."""
_SHORTEST = 4
"""Letters of a text that is masked where it stands as a word; what is shorter tells nothing of anybody, and
would be found in any text."""
_DEEPEST = 3
"""How often a text may be escaped over and over."""

_MASK = "***"
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,200}>")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_WIDE = str.maketrans("＠﹫．", "@@.")
_NO_LETTER = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"[0-9a-fA-F-]{8,40}")
_NO_ASCII_LETTER = bytes(each for each in range(128) if not chr(each).isalnum())
_CAMPAIGN = b'{"campaign":"'
_CUT_EMAIL = re.compile(r"(?<![^\s@])[^\s@]+@[^\s@]*…$")


class Redactor:
    """Masks what a server's text tells of the `secrets`, and of the request that it answers: three asterisks
    for each word that has a part of it; e-mail addresses of others as `j***@example.com`."""

    __slots__ = ("_key_runs", "_keys")

    def __init__(self, *secrets: Secret | None) -> None:
        self._keys = [text for each in secrets if each and (text := each.reveal())]
        forms = {_letters(form) for key in self._keys for form in (key, _unescaped(key))}
        self._key_runs = "\0".join(forms)

    def classification(self, classified: Classification, sent: bytes) -> Classification:
        """The same, without what the server quotes; an ID that quotes anything is none. `sent`: the body
        of the request, without the key."""
        message, response_id = classified.message, classified.response_id
        if not message and not response_id:
            return classified
        if response_id and self._is_fresh(response_id, sent):
            if not message:
                return classified
        elif response_id:
            response_id = response_id if self.over(response_id, sent) == response_id else ""
        return classified._replace(
            message=message and self.over(message, sent), response_id=response_id
        )

    def _is_fresh(self, response_id: str, sent: bytes) -> bool:
        """Whether an ID surely quotes nothing: digits as an ID has, none of which stand in the request or
        spell a word. Each row that is created brings one: 3 microseconds in place of 120."""
        if not _DIGITS.fullmatch(response_id):
            return False
        digits = response_id.replace("-", "").lower()
        spelled = _letters(bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "ignore"))
        signs = "" if spelled.isascii() else spelled
        # A sign or two is in one of 43 IDs, and quotes nobody.
        signed = any(min(each) >= _SIGNS for each in _stretches(signs, _RUN_OF_SIGNS))
        if len(spelled) >= _RUN or signed:
            return False
        if sent.startswith(
            _CAMPAIGN
        ):  # the survey's own ID, which is nobody's text, may look like this one
            sent = sent[len(_CAMPAIGN) :].partition(b'",')[2]
        said = sent.translate(None, _NO_ASCII_LETTER).lower().decode("ascii", "ignore")
        keys = self._key_runs
        return not (
            _shares(digits, _RUN, said)
            or _shares(digits, _RUN_OF_KEY, keys)
            or _shares(spelled, _RUN_OF_KEY, keys)
        )

    def over(self, text: str, sent: bytes = b"{}") -> str:
        """The text as it may be told; where nothing is masked, as it is."""
        texts = list(_texts(orjson.loads(sent)))
        runs = "\0".join(_letters(form) for each in texts for form in {each, _unescaped(each)})
        short = {_letters(each) for each in texts if len(each) >= _SHORTEST} - {""}
        plain = self._without_keys(_unescaped(self._without_keys(text)))
        marks = {place for tag in (False, True) for place in self._quoted(plain, tag, runs, short)}
        marks.update(self._encoded(plain, runs))
        quiet = masked_id(_CUT_EMAIL.sub(_MASK, _masked(plain, marks)))
        return text if quiet == _unescaped(text) else quiet

    def _without_keys(self, text: str) -> str:
        for key in self._keys:
            text = text.replace(key, _MASK)
        return text

    def _quoted(self, plain: str, tags: bool, runs: str, short: set[str]) -> Iterator[int]:
        """The places of letters that are quoted; `tags`: what looks like a tag is no text."""
        left_out = {at for tag in _TAG.finditer(plain) for at in range(*tag.span())} if tags else ()
        places = [
            (at, letter)
            for at, char in enumerate(plain)
            if at not in left_out
            for letter in _letters(char)
        ]
        letters = "".join(letter for _, letter in places)
        for start in range(len(letters)):
            if length := self._run(letters, start, runs):
                yield from range(places[start][0], places[start + length - 1][0] + 1)
        for each in short:
            start = letters.find(each)
            while start >= 0:
                first, last = places[start][0], places[start + len(each) - 1][0]
                if (
                    not plain[max(first - 1, 0) : first].isalnum()
                    and not plain[last + 1 : last + 2].isalnum()
                ):
                    yield from range(first, last + 1)
                start = letters.find(each, start + 1)

    def _run(self, letters: str, start: int, runs: str) -> int:
        """How many letters from here on are surely quoted; 0 where none is."""
        signs = letters[start : start + _RUN_OF_SIGNS]
        length = _RUN_OF_SIGNS if min(signs) >= _SIGNS else _RUN
        for most, known in ((length, runs), (_RUN_OF_KEY, self._key_runs)):
            run = letters[start : start + most]
            digits = known is runs and run.isdigit()
            least = _DISTINCT_DIGITS if digits else _DISTINCT
            if len(run) == most and run in known and len(set(run)) >= least:
                return most
        return 0

    def _encoded(self, plain: str, runs: str) -> Iterator[int]:
        """The places of words that hold a quotation in base64 or hexadecimal."""
        for token in _TOKEN.finditer(plain):
            for content in _decoded(token[0]):
                letters = _letters(content.decode("utf-8", "ignore"))
                if any(self._run(letters, start, runs) for start in range(len(letters))):
                    yield from range(*token.span())
                    break


def _stretches(text: str, length: int, step: int = 1) -> list[str]:
    """Every stretch of so many letters, or every second, third and so on."""
    return [text[at : at + length] for at in range(0, len(text) - length + 1, step)]


def _shares(text: str, length: int, within: str) -> bool:
    """Whether a stretch of so many letters stands in both. Each stretch holds one of a few that are half as
    long, and mostly none of these does."""
    half = length // 2
    few = _stretches(text, half, length - half + 1)
    known = within.__contains__
    return any(map(known, few)) and any(map(known, _stretches(text, length)))


def _masked(plain: str, marks: set[int]) -> str:
    """The text with an asterisk's mask for each stretch of marked letters, and the rest of its words."""
    told, at = [], 0
    while at < len(plain):
        if at not in marks:
            told.append(plain[at])
            at += 1
            continue
        while told and told[-1].isalnum():
            told.pop()
        while at < len(plain) and (at in marks or plain[at].isalnum()):
            at += 1
        told.append(_MASK)
    return "".join(told)


def _letters(text: str) -> str:
    """Its letters and digits alone, in one form."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKD", text).casefold())


def _unescaped(text: str) -> str:
    """Without the escapes of HTML, URLs and JSON, of any depth that servers come to."""
    for _ in range(_DEEPEST):
        before = text
        text = _ESCAPE.sub(_meant, unquote(html.unescape(text)))
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if text == before:
            break
    return text.translate(_WIDE)


def _meant(escape: re.Match[str]) -> str:
    """The character of a JSON escape."""
    if digits := escape[1] or escape[2]:
        return chr(int(digits, 16))
    return " " if escape[3] in "bfnrt" else escape[3]


def _decoded(token: str) -> Iterator[bytes]:
    """What the word may hold: in hexadecimal, or as a stretch of base64 that begins anywhere."""
    if len(token) % 2 == 0:
        with suppress(ValueError):
            yield bytes.fromhex(token)
    token = token.replace("-", "+").replace("_", "/")
    for start in range(4):
        whole = token[start : start + (len(token) - start) // 4 * 4]
        with suppress(binascii.Error):
            yield base64.b64decode(whole)


def _texts(value: object) -> Iterator[str]:
    """Every text of answers, traits and IDs, and every long number; but for those of the survey."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and value >= 10_000:
        yield str(value)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in ("campaign", "method", "id"):
                yield from _texts(each)


# The content of a reply: unpacked where it came packed.

_PACKED = ("gzip", "x-gzip", "deflate")


def unpacked(content: bytes, encoding: str) -> bytes:
    """A body that came packed although nobody asked for it: its first 64 kB. Raises zlib.error where it
    isn't packed after all; other encodings stay as they are, and acknowledge nothing."""
    if not encoding or encoding.strip().lower() not in _PACKED:
        return content
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(content, LARGEST_BODY)


# The body of a request: a planned response, with the write key put in front.


def with_key(body: bytes, key: Secret | str) -> bytes:
    """The body as it is posted: the write key first, the rest byte by byte as it was planned."""
    text = key.reveal() if isinstance(key, Secret) else key
    return b'{"writeKey":' + orjson.dumps(text) + b"," + body[1:]
