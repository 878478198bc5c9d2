"""A guess at the encoding of bytes that are not UTF-8: the reading that looks most like a language.

Each candidate is tried on the lines that are not ASCII. A reading scores high where its odd
characters all belong to the alphabet of one language, and low for symbols inside words, capitals
after small letters, and control characters. Detectors that go by byte statistics misread short and
mixed texts; the letters of one alphabet are a stronger sign, and one that can be explained.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

_LATIN_WEST = {
    "French": "àâæçéèêëîïôœùûüÿ",
    "German": "äöüß",
    "Spanish": "áéíñóúü¿¡ºª",
    "Portuguese": "áâãàçéêíóôõúºª",
    "Italian": "àèéìòùí",
    "Nordic": "åäöæøé",
    "Icelandic": "áðéíóúýþæö",
    "Dutch": "éëïóöüá",
    "Catalan": "àçèéíïòóúü·",
}
_LATIN_EAST = {
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Polish": "ąćęłńóśźż",
    "Hungarian": "áéíóöőúüű",
    "Croatian": "čćđšž",
    "Romanian": "ăâîşţșț",
}
_TURKISH = {"Turkish": "çğıöşüâîİ"}
_BALTIC = {
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņšūž",
    "Estonian": "äöõüšž",
}
_CYRILLIC = {
    "Russian": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "Ukrainian": "абвгдежзийклмнопрстуфхцчшщьюяіїєґ",
    "Serbian": "абвгдђежзијклљмнњопрстћуфхцчџш",
}
_GREEK = {"Greek": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"}
_HEBREW = {"Hebrew": "אבגדהוזחטיךכלםמןנסעףפץצקרשת"}
_ARABIC = {"Arabic": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْپچژگ"}
_THAI = {"Thai": "".join(map(chr, range(0x0E01, 0x0E4F)))}

_ALPHABETIC: dict[str, dict[str, str]] = {
    "cp1252": _LATIN_WEST,
    "mac_roman": _LATIN_WEST,
    "cp1250": _LATIN_EAST,
    "cp1251": _CYRILLIC,
    "cp1254": _TURKISH,
    "cp1253": _GREEK,
    "cp1257": _BALTIC,
    "cp850": _LATIN_WEST,
    "iso8859_2": _LATIN_EAST,
    "cp852": _LATIN_EAST,
    "mac_latin2": _LATIN_EAST,
    "koi8_r": _CYRILLIC,
    "cp866": _CYRILLIC,
    "mac_cyrillic": _CYRILLIC,
    "iso8859_5": _CYRILLIC,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "cp874": _THAI,
}
"""In the order in which a tie is settled: the commonest first."""

_COMMON_CJK = {
    "cp932": re.compile(rb"[\x88-\x97][\x40-\xfc]|\x98[\x40-\x72]|[\x81-\x83][\x40-\xfc]"),
    "cp949": re.compile(rb"[\xa1-\xa3\xb0-\xc8][\xa1-\xfe]"),
    "gb18030": re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]"),
    "euc_jp": re.compile(rb"[\xa1-\xa5\xb0-\xcf][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa1-\xc6][\x40-\xfe]"),
}
"""The bytes of each standard's everyday characters (JIS and GB level 1, Big5 level 1, KS hangul). Korean
comes before Chinese: all its bytes are everyday Chinese too, but hardly ever the other way round."""

_MARKS = frozenset("‘’“”„‚–—…•€£°«»™®©§\u00a0×½´ʼ№")
_MARK, _WRONG = 0.6, -1.0
_LATIN_ENDS = "\u024f"


def plausible(evidence: bytes) -> str:
    """The Python codec that makes the best sense of `evidence`: lines that are not ASCII."""
    scores = {"utf-8": _utf8_score(evidence)}
    for codec, languages in _ALPHABETIC.items():
        scores[codec] = _alphabetic_score(evidence.decode(codec, "replace"), languages)
    for codec in _COMMON_CJK:
        scores[codec] = _cjk_score(evidence, codec)
    return max(scores, key=scores.__getitem__)


def _utf8_score(evidence: bytes) -> float:
    """High where nearly all is UTF-8 and a few bytes are damaged: other text hardly ever is."""
    odd = [char for char in evidence.decode("utf-8", "replace") if char > "\x7f"]
    wrong = odd.count("\ufffd")
    return 1.2 * (len(odd) - wrong) / max(len(odd) + 2 * wrong, 1)


def _alphabetic_score(text: str, languages: dict[str, str]) -> float:
    """The share of odd characters that the best fitting language explains, from -1 to 1."""
    contexts = Counter(
        (text[at - 1 : at], char, text[at + 1 : at + 2])
        for at, char in enumerate(text)
        if char > "\x7f"
    )
    total = sum(contexts.values())
    return max(
        sum(_weight(before, char, after, alphabet) * n for (before, char, after), n in items)
        for alphabet in map(frozenset, languages.values())
        for items in [contexts.items()]
    ) / max(total, 1)


def _weight(before: str, char: str, after: str, alphabet: frozenset[str]) -> float:
    inside = before.isalpha() and after.isalpha()
    if char > _LATIN_ENDS and char.isalpha() and _is_ascii_letter(before, after):
        return _WRONG
    if char.lower() in alphabet or char in alphabet:
        return _WRONG if char.isupper() and before.islower() else 1.0
    if char in _MARKS:
        return _WRONG if inside and char != "’" else _MARK
    return _WRONG if inside or not char.isprintable() or char == "\ufffd" else -0.5


def _is_ascii_letter(*chars: str) -> bool:
    return any(char.isascii() and char.isalpha() for char in chars)


def _cjk_score(evidence: bytes, codec: str) -> float:
    """The share of odd characters that are everyday ones of the standard, from -1 to 1."""
    odd = Counter(char for char in evidence.decode(codec, "replace") if char > "\x7f")
    return sum(_cjk_weight(char, codec) * n for char, n in odd.items()) / max(odd.total(), 1)


@cache
def _cjk_weight(char: str, codec: str) -> float:
    if char == "\ufffd" or "\uff61" <= char <= "\uff9f":
        return _WRONG
    return 1.0 if _COMMON_CJK[codec].fullmatch(char.encode(codec, "replace")) else -0.5
