"""A guess at the encoding of bytes that are not UTF-8: the reading that looks most like a language.

Each candidate reads the words that are not ASCII, each different word once. What a reading is worth is
a log likelihood: how often its language writes these letters, and whether they stand where letters and marks
stand. cp1252, which Windows writes, is taken unless another reading explains clearly more: each other
candidate starts with a handicap. Detectors that go by byte statistics misread short and mixed texts.
"""

from __future__ import annotations

import re
from functools import cache
from math import log

from importer.loader.everyday import CJK, HANDICAP, LANGUAGES, LETTERS, MARKS

_ENOUGH = 4_000
"""Odd bytes that are looked at: more decide nothing, and take seconds."""
_BETWEEN_WORDS = re.compile(rb"[\x00-\x20,;\"]+")
"""No byte of these is ever the second one of a character of two bytes."""
_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xe0[\xa0-\xbf][\x80-\xbf]"
    rb"|\xed[\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}"
)
_ODD = re.compile(rb"[\x80-\xff]")

_FOREIGN = 0.03
"""The share of letters that another language of the same encoding explains: names, loans."""
_RARE, _IMPOSSIBLE = -9.0, -11.0
"""A letter or symbol that no language of the encoding uses; a byte that means nothing in it."""
_MISPLACED, _UNUSUAL = -5.0, -2.0
_CAPITAL = -2.0
_EXPECTED = 2.0
_AFTER_APOSTROPHE = frozenset("stmdrlv")
"""don’t, it’s, I’m, we’d, you’re, we’ll, I’ve: hardly any other character is followed by just these."""
_FAR = 0.7
"""What a Latin character read as of DOS has to be better by: letters are cp1252's symbols there, so where
DOS is right, each of them is far better; and `á` stands where Windows has the blank that doesn't break."""
_DOS_LATIN = frozenset({"cp850", "cp852", "cp775"})

_LONE = frozenset("àèéáyåöøæоуивсякійєηοήό")
"""Letters that are words."""
_INSIDE_WORDS = frozenset("’·ʼ\u00ad\u200c\u200d\u00a0")


def plausible(evidence: bytes) -> str:
    """The Python codec that makes the best sense of `evidence`: lines that are not ASCII."""
    words = _odd_words(evidence)
    if _is_damaged_utf8(words):
        return "utf-8"
    return max(HANDICAP, key=lambda codec: HANDICAP[codec] + _likelihood(words, codec))


def _odd_words(evidence: bytes) -> list[bytes]:
    words, odd = list[bytes](), 0
    for word in dict.fromkeys(_BETWEEN_WORDS.split(evidence)):
        if odd < _ENOUGH and not word.isascii():
            words.append(word)
            odd += len(_ODD.findall(word))
    return words


def _is_damaged_utf8(words: list[bytes]) -> bool:
    """True where most odd bytes are characters of UTF-8, though some are torn, from another encoding or
    halves of one of CESU-8 (surrogates in three bytes each): other text hardly ever is."""
    odd = fitting = 0
    for word in words:
        odd += len(_ODD.findall(word))
        fitting += sum(map(len, _UTF8.findall(word)))
    return fitting * 4 >= odd * 3


def _likelihood(words: list[bytes], codec: str) -> float:
    texts = [word.decode(codec, "replace") for word in words]
    if codec in CJK:
        return sum(_cjk(before, char, after, codec) for before, char, after in _contexts(texts))
    contexts = list(_contexts(texts))
    placed = sum(_place(*each) for each in contexts)
    chars = [char for _, char, _ in contexts]
    if codec in _DOS_LATIN:
        placed -= _FAR * len(chars)
    return placed + max(
        sum(_frequency(char, language, codec) for char in chars) for language in LANGUAGES[codec]
    )


def _contexts(texts: list[str]) -> list[tuple[str, str, str]]:
    """Each odd character between its neighbours, "" at the ends of a word."""
    return [
        (text[at - 1 : at], char, text[at + 1 : at + 2])
        for text in texts
        for at, char in enumerate(text)
        if char > "\x7f"
    ]


@cache
def _frequency(char: str, language: str, codec: str) -> float:
    """The log of how often a text in `language` has this character among those that are not ASCII."""
    if char in MARKS:
        return log(_share_of_mark(char, language))
    own = _share(char.lower(), language)
    others = max(_share(char.lower(), each) for each in LANGUAGES[codec])
    share = own * (1 - _FOREIGN) + others * _FOREIGN
    if share:
        return log(share)
    return _IMPOSSIBLE if char == "\ufffd" or not char.isprintable() else _RARE


def _share_of_mark(char: str, language: str) -> float:
    marks = 0.75 if language == "English" else 0.15
    return marks * _zipf(MARKS.index(char), len(MARKS))


def _share(letter: str, language: str) -> float:
    letters = LETTERS[language]
    at = letters.find(letter)
    return _zipf(at, len(letters)) if at >= 0 else 0.0


@cache
def _zipf(rank: int, length: int) -> float:
    """Letters by their rank: the second is half as frequent as the first, and so on."""
    return 1 / (rank + 1) / sum(1 / each for each in range(1, length + 1))


@cache
def _place(before: str, char: str, after: str) -> float:
    """What it costs that the character stands there."""
    if char.isalpha() and char not in MARKS:
        return _place_of_letter(before, char, after)
    if char == "’" and after.isalpha() and not before:
        return _UNUSUAL
    if not (before.isalpha() and after.isalpha()) or char in _INSIDE_WORDS:
        return _EXPECTED if char == "’" and before.isalpha() and after in _AFTER_APOSTROPHE else 0.0
    return 0.0 if _is_combining(char) else _MISPLACED


def _place_of_letter(before: str, char: str, after: str) -> float:
    cost = _UNUSUAL if before > "\x7f" and _script(char) == 0 else 0.0
    letters = [each for each in (before, after) if each.isalpha()]
    if any(_script(each) != _script(char) for each in letters):
        cost += _MISPLACED
    if char.isupper():
        cost += _MISPLACED if before.islower() else _CAPITAL
    elif char.islower() and after.isupper():
        cost += _MISPLACED
    if not letters and char not in _LONE:
        cost += _UNUSUAL if char.islower() else _MISPLACED
    if before.isdigit() or after.isdigit():
        cost += _UNUSUAL
    return cost


def _script(char: str) -> int:
    """0 is Latin; then Greek, Cyrillic, Hebrew, Arabic, Thai, by their blocks."""
    return sum(ord(char) >= start for start in (0x370, 0x400, 0x590, 0x600, 0xE00))


def _is_combining(char: str) -> bool:
    return 0x591 <= ord(char) < 0x660 or 0xE31 <= ord(char) < 0xE4F


@cache
def _cjk(before: str, char: str, after: str, codec: str) -> float:
    """As _frequency, for a character of two bytes or more."""
    likely = next((log(share) for group, share in CJK[codec] if group(char)), _RARE - 4)
    mixed = any(each.isascii() and each.isalnum() for each in (before, after))
    return likely + (_UNUSUAL if mixed else 0.0)
