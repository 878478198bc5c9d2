"""From a cell's XML to its text: by its type (`t`) and style (`s`), ECMA-376 part 1, 18.3.1.4."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from zipfile import BadZipFile

from importer.loader.cells import is_big, number, text
from importer.loader.number_formats import Show
from importer.loader.shared_strings import SharedStrings
from importer.loader.xml_stream import excel_text

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_SHORT = 15
_LAST_COLUMN = 16_384
_SCORES = frozenset(map(str, range(1_000)))


@dataclass(frozen=True, slots=True)
class Kind:
    """How cells of one type (`t`) and style become text, many at once; "" stays "". `number`: shown as a
    number."""

    type: str
    texts: Callable[[Sequence[str]], Sequence[str]]
    number: bool = False


class Cells(dict[str, Kind]):
    """A workbook's kinds of cells by their attributes as they stand (` s="3" t="s"`): few differ."""

    def __init__(self, strings: SharedStrings, shows: Mapping[int, Show]) -> None:
        super().__init__()
        self._shows = shows
        self._by_type = {
            "s": strings.texts,
            "b": _each(_boolean),
            "d": _each(_iso),
        }

    def __missing__(self, attributes: str) -> Kind:
        named = dict(_ATTRIBUTE.findall(attributes))
        found = self[attributes] = self.of(named.get("t", "n"), named.get("s", "0"))
        return found

    def of(self, kind: str, style: str) -> Kind:
        """By type and style. Texts of formulas and errors stand as they are."""
        if kind != "n":
            return Kind(kind, self._by_type.get(kind, _texts))
        show = self._shows.get(int(style))
        return (
            Kind(kind, _each(partial(_shown, show))) if show else Kind(kind, _numbers, number=True)
        )


def _each(convert: Callable[[str], str]) -> Callable[[Sequence[str]], Sequence[str]]:
    return lambda values: [value and convert(value) for value in values]


def _texts(values: Sequence[str]) -> Sequence[str]:
    return list(map(excel_text, values)) if "_x" in "".join(values) else values


def _numbers(values: Sequence[str]) -> Sequence[str]:
    """Scores, which most are, need no look."""
    return [value if value in _SCORES else value and _number(value) for value in values]


def big_numbers(values: Sequence[str]) -> list[int]:
    """Which of these numbers, as they stand in the file, are too big for Excel to keep whole."""
    if max(map(len, values)) <= len("1E9"):
        return []
    return [at for at, value in enumerate(values) if _is_big(value)]


def _is_big(value: str) -> bool:
    if value.isdecimal() and len(value) <= _SHORT:
        return False
    try:
        return is_big(float(value))
    except ValueError:
        return False


def column(letters: str) -> int:
    """A column from 0, by its letters. Raises BadZipFile for one that no sheet has."""
    number = 0
    for letter in letters[:4]:
        number = number * 26 + ord(letter) - ord("A") + 1
    if not 0 < number <= _LAST_COLUMN:
        raise BadZipFile(f"a column {letters[:9]}")
    return number - 1


def _number(value: str) -> str:
    """Short whole numbers, which most are, need no float."""
    if len(value) <= _SHORT and value.isdecimal() and value.isascii():
        return str(int(value))
    return _shown(number, value)


def _shown(show: Show, value: str) -> str:
    """What isn't a number is shown as it stands; one too big for a date, as a number."""
    try:
        return show(float(value))
    except OverflowError:
        return number(float(value))
    except ValueError:
        return value


def _boolean(value: str) -> str:
    return {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}.get(value.strip(), value)


def _iso(value: str) -> str:
    """A date as ISO 8601 writes it, which few programs store; whatever else stands there is kept."""
    for read in (dt.datetime.fromisoformat, dt.time.fromisoformat):
        try:
            return text(read(value))
        except ValueError:
            continue
    return value
