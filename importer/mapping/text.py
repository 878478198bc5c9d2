"""Texts of a mapping: blanks, suggestions, regular expressions bounded in time, templates."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from importer import codes

if TYPE_CHECKING:
    import regex

# What counts as blank, and when two texts count as the same.

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
"""Zero-width characters and the soft hyphen: they come along when text is copied from web pages."""
_AROUND = INVISIBLE + "".join(
    map(chr, [*range(0x09, 0x0E), *range(0x1C, 0x21), 0x85, 0xA0, 0x1680])
)
_AROUND += "".join(map(chr, [*range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]))


def trimmed(text: str) -> str:
    """The text without white space (NBSP too) and invisible characters around it."""
    return text.strip(_AROUND)


def folded(text: str) -> str:
    """What two texts share that differ in case and white space only, or in how they are stored: in files
    from a Mac an accent is a character of its own."""
    bare = " ".join(trimmed(text).casefold().split())
    return bare if bare.isascii() else unicodedata.normalize("NFC", bare)


# Readings that mostly leave a text as it is.


def column_of(plain: str) -> re.Pattern[str]:
    """What a column looks like, cell by line, whose cells all match the expression."""
    return re.compile(rf"(?:(?:{plain})\n)*+(?:{plain})")


@dataclass(frozen=True, slots=True)
class AsIs:
    """A reading that gives each text back as it is where all those of a column are `plain` (`column_of`): one
    search then does for all of them."""

    read: Callable[[str], object]
    plain: re.Pattern[str]

    def __call__(self, text: str) -> object:
        return self.read(text)

    def all(self, cells: Sequence[str]) -> bool:
        """Whether these cells are read as they stand; false says nothing."""
        text = "\n".join(cells)
        return text.count("\n") < len(cells) and self.plain.fullmatch(text) is not None


T = TypeVar("T")
Reading = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Columnwise(Generic[T]):
    """A reading that is quicker over a whole column: `column` is given the cells, and what reads any of them
    by itself, with its faults."""

    read: Callable[[str], T]
    column: Callable[[Sequence[str], Reading], list[object]]

    def __call__(self, text: str) -> T:
        return self.read(text)


# What somebody may have meant.


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean "Score"?`, or "" where nothing is near."""
    by_fold = {folded(each): each for each in known}
    near = difflib.get_close_matches(folded(name), by_fold, n=1)
    return f'Did you mean "{by_fold[near[0]]}"?' if near else ""


# Regular expressions of a mapping, bounded in time: a mapping may come from anyone.

MAX_LENGTH = 500
MAX_REPEATS = 1_000
SECONDS = 0.25
"""One search may take so long, and all the slow ones of a pattern `MAX_SLOW` times as long."""
MAX_SLOW = 4

_COUNTED = re.compile(r"\{\s*(\d*)\s*(?:,\s*(\d*)\s*)?\}")


class TooSlow(Exception):
    """A search took longer than `SECONDS`."""


@dataclass(slots=True)
class Pattern:
    """A compiled expression whose searches end."""

    text: str
    _regex: regex.Pattern[str]
    _slow: int = field(default=0)

    def found_in(self, text: str) -> bool:
        """Whether the expression matches anywhere in `text`.

        Raises:
            TooSlow: It took too long, or has taken too long `MAX_SLOW` times before.
        """
        if self._slow >= MAX_SLOW:
            raise TooSlow
        try:
            return self._regex.search(text, timeout=SECONDS) is not None
        except TimeoutError:
            self._slow += 1
            raise TooSlow from None


def compile_pattern(text: str) -> Pattern:
    """A bounded pattern; the syntax is that of Python's `re`.

    Counted repeats multiply while an expression is compiled, where no time-out reaches; their product is
    held to `MAX_REPEATS`.

    Raises:
        ValueError: It isn't a regular expression, or too big a one; the message says which.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the pattern is over {MAX_LENGTH} characters")
    counts = [max(int(low or 0), int(high or 0), 1) for low, high in _COUNTED.findall(text)]
    if math.prod(counts) > MAX_REPEATS:
        raise ValueError(f"the pattern's counted repeats multiply to over {MAX_REPEATS:,}")
    import regex  # many a mapping has no expression

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return Pattern(text, regex.compile(text, regex.VERSION0))
    except regex.error as error:
        raise ValueError(f"this isn't a regular expression: {error}") from None
    except (RecursionError, OverflowError):
        raise ValueError("the pattern is nested too deep") from None


# Text with column names in braces.

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """`texts` stand around `columns`: one text more than columns."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read `{First name} {Last name}`; `{{` and `}}` are braces.

        Raises:
            ValueError: A brace without its partner, or no column at all.
        """
        texts, columns, end = [""], [], 0
        for piece in _PIECE.finditer(text):
            texts[-1] += text[end : piece.start()]
            end = piece.end()
            if piece[1]:
                columns.append(piece[1])
                texts.append("")
            elif len(piece[0]) == 2:
                texts[-1] += piece[0][0]
            else:
                raise ValueError(
                    "a brace without its partner: write {Column name}, or {{ for a brace"
                )
        if not columns:
            raise ValueError("the template names no column: {Column name}; a constant is `value:`")
        texts[-1] += text[end:]
        return cls(tuple(texts), tuple(columns))

    def fill(self, cells: Sequence[str]) -> str:
        """The text with one cell per column."""
        pairs = zip(cells, self.texts[1:], strict=True)
        return self.texts[0] + "".join(cell + text for cell, text in pairs)


# What a transform says of a value that it can't take.


class TransformError(Exception):
    """A transform can't take a value. `message` holds no cell text; `code` is one of the mapping's in
    `codes.toml`, whose remedy is the `fix` where none is given."""

    def __init__(self, code: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix or codes.of("mapping")[code].remedy
