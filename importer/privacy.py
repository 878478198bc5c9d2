"""What of a cell may be shown where personal data has no place; and how any data is shown in one line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import cache

LONGEST = 4_096
"""Letters of a text that are looked through for addresses. A longer one is shown as its length only: cut
anywhere, it could end within an address, whose beginning nothing would know for one."""

# A match begins where a word does: from each of its letters on, a long word would take quadratic time.
_EMAIL = re.compile(r"(?<![^\s@])([^\s@])[^\s@]*@([^\s@]+\.[^\s@]+)")
_LONGEST = 24
_WORD_BEFORE, _WORD_AFTER = re.compile(r"\w{1,12}$"), re.compile(r"\w{1,12}")

Show = Callable[[str], str]
"""Text as it may be shown."""


def masked(text: str) -> str:
    """`jane@example.com` as `j***@example.com`; a long or many-worded text as its length.

    Short values (a score, a label, an ID) stay: without them nobody could mend the row.
    """
    if len(text) > LONGEST:
        return hidden(text)
    if _EMAIL.search(text):
        text = _EMAIL.sub(r"\1***@\2", text)
    elif len(text) > _LONGEST or len(text.split()) > 3:
        return hidden(text)
    return text if len(text) <= 80 else hidden(text)


_TELLING_NOTHING = re.compile(
    r"[+-]?(?:\d{1,2}(?:[.,]\d)?|100)\s?%?"
    r"|\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[T ][\d:.,]+\s?(?:Z|[AP]M|[+-][\d:]+)?)?"
)
"""A score, a share, a date with or without its time."""


def shaped(text: str) -> str:
    """Its shape: `Jane Roe-7` as `Xxxx Xxx-9`; a long or many-worded text as its length. Scores and dates,
    which are nobody's, stay."""
    if _TELLING_NOTHING.fullmatch(text.strip()):
        return text
    if len(text) > _LONGEST or len(text.split()) > 3:
        return hidden(text)
    return "".join(map(_shape, text))


def _shape(char: str) -> str:
    if char.isdecimal():
        return "9"
    return ("X" if char.isupper() else "x") if char.isalpha() else char


def hidden(text: str) -> str:
    """Only how long it is."""
    return f"({len(text):,} characters)"


def masked_id(text: str) -> str:
    """An ID with every e-mail address in it masked, otherwise as it is."""
    if "@" not in text:
        return text
    return hidden(text) if len(text) > LONGEST else _EMAIL.sub(r"\1***@\2", text)


def odd_character(text: str) -> str:
    """The word around the text's first character that is not ASCII, all its others as x: `xxx’x`."""
    at = next((at for at, char in enumerate(text) if char > "\x7f"), len(text))
    before, after = _WORD_BEFORE.search(text[:at]), _WORD_AFTER.match(text[at + 1 :])
    left = "x" * len(before[0]) if before else ""
    return left + text[at : at + 1] + ("x" * len(after[0]) if after else "")


UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees: controls, line breaks of any kind, those that turn the direction of text or
have no width, and bytes of a file's name that are no UTF-8. The two that join letters (Persian, emoji)
stay."""


def visible(text: str) -> str:
    r"""One line of text as a terminal, a log and a notice may have it: what nobody sees as `\x1b`, `\n`,
    `\u202e`; a byte that is no UTF-8 as `\xff`. The same in `$'…'` is the text itself to a shell."""
    return UNSEEN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF or code < 0x80:
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def json_escaped(text: str) -> str:
    """JSON with what nobody sees as escapes: the same to a parser, and one line to everything else. Line
    breaks between values stay."""
    return UNSEEN.sub(_escaped_in_json, text)


def _escaped_in_json(found: re.Match[str]) -> str:
    char = found[0]
    if char == "\n":
        return char
    if "\ud800" <= char <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    import json

    return json.dumps(char)[1:-1]


def shell_word(word: str) -> str:
    """The word as a shell takes it, and as a terminal may show it."""
    if UNSEEN.search(word):
        return "$'" + visible(word.replace("\\", "\\\\").replace("'", "\\'")) + "'"
    return shlex.quote(word)


def in_line(text: str) -> str:
    """The text in one line, with a blank for whatever can't be printed."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def short(text: str, most: int = 120) -> str:
    """Cut where nobody reads on."""
    return text if len(text) <= most else text[: most - 1] + "…"


_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def plain(text: str) -> str:
    """The text itself: `--show-values`."""
    return text


# Cells that a spreadsheet program shows and never runs.
#
# A cell that begins with = + - @, whatever their width and whatever unseen stands before them, or with a tab
# or a line break, is taken for a formula by Excel and others (OWASP, "CSV Injection"). Such a cell gets a
# leading apostrophe; so does what follows a separator within a cell, since an Excel of another country
# separates there, quotes or none. Plain numbers such as -5, and `5,-`, stay. `restored` takes exactly those
# apostrophes off again, so that a mended file can be fed back.

PROBLEM_COLUMN = "problem"
"""The last column of a problems.csv, by which the loader knows that its cells are guarded."""

_SIGN = r"[=+\-@＝＋－＠﹦﹢﹣﹫⁼₌⁺₊﬩]"
"""Every character whose compatible form (NFKC) is one of the four."""
_BLANK = r"[^\S\t\r\n]|[\x00-\x08\x0e-\x1b\x7f-\x9f\xad\u180e\u200b-\u200f\u2060\ufeff]"
"""White space but for that which separates, and what nobody sees."""
_FIRST = rf"(?:[\t\r\n\v\f]|(?:{_BLANK})*{_SIGN})"
_PERHAPS = re.compile(rf"{_SIGN}|^'*[\t\r\n\v\f]")


@cache
def _formula() -> re.Pattern[str]:
    return re.compile(rf"'*{_FIRST}")


@cache
def _guarded() -> re.Pattern[str]:
    return re.compile(rf"'+{_FIRST}")


_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")

_SEPARATORS = r"[;,\t|\n\r]"
_HARMLESS = rf"(?:{_BLANK})*(?:[+-]?\d+(?:\.\d*)?|{_SIGN}+)(?:{_BLANK})*(?:[;,]|\Z)"


@cache
def _inside() -> re.Pattern[str]:
    return re.compile(rf"({_SEPARATORS})(?!{_HARMLESS})(?='*(?:{_BLANK})*{_SIGN})")


@cache
def _guarded_inside() -> re.Pattern[str]:
    return re.compile(rf"({_SEPARATORS})'(?='*(?:{_BLANK})*{_SIGN})")


_ERROR = re.compile(
    r"#[¡¿]?[^\W\d_][^\W\d]*(?:/[^\W\d])?(?:/0)?[!?]"
    r"|#(?:N/A|N/D|N/B|I/T|Н/Д|Δ/Υ|NV|ND|YOK|BRAK|HIÁNYZIK|NEDOSTUPNÝ|NENÍ_K_DISPOZICI|GETTING_DATA)"
)


def is_excel_error(cell: str) -> bool:
    """Whether the cell is an error value of Excel, in any language that it speaks: `#REF!`, `#¡VALOR!`,
    `#ССЫЛКА!`. They are in capitals; `#1234`, `#tag` and `#Wow!` are text."""
    return cell[:1] == "#" and _ERROR.fullmatch(cell) is not None and cell == cell.upper()


def safe(cell: str) -> str:
    """The cell as it may stand in a CSV file that people open."""
    if not _PERHAPS.search(cell):
        return cell
    begins = _formula().match(cell) and not _NUMBER.fullmatch(cell.strip())
    cell = _inside().sub(r"\1'", cell)
    return "'" + cell if begins else cell


def restored(cell: str) -> str:
    """The cell as it stood before `safe`."""
    if "'" not in cell:
        return cell
    return _guarded_inside().sub(r"\1", cell[1:] if _guarded().match(cell) else cell)
