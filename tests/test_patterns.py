"""Regular expressions meet cells of any length: none of the package takes more than linear time."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import pytest
import regex

import importer
from importer.privacy import LONGEST, hidden, masked, masked_id

SIZE = 2_000
ALLOWED = 3.0
"""Times the work of a text half as long. Twice is linear, four times is quadratic."""
NOTICED = 0.003
"""Seconds of CPU that no linear search of so short a text takes; below it a ratio is noise."""

SEEDS = (
    *(
        "a",
        "A",
        "1",
        " ",
        "\t",
        "\n",
        ".",
        ",",
        "-",
        "_",
        "@",
        "/",
        ":",
        "%",
        "{",
        "<",
        "[",
        "(",
        '"',
    ),
    *(
        "a@",
        "a.",
        "a@b.",
        "1,",
        "1.",
        "1 ",
        "a b ",
        "a-",
        "aA",
        "é",
        "=",
        "&#",
        "'",
        "https://",
        "ab1_",
    ),
)
BEFORE = ("", "a@", "<", "[")
AFTER = "!"

ANCHORED = {
    "importer.privacy._formula[0]": "match",
    "importer.privacy._guarded[0]": "match",
    "importer.discovery.questions._POINT": "fullmatch",
    "importer.discovery.column._BEFORE": "fullmatch",
    "importer.discovery.column._GRID": "fullmatch",
    "importer.discovery.column._NUMBERED": "fullmatch",
    "importer.discovery.column._SLASH": "fullmatch",
    "importer.discovery.roles._EMAIL": "fullmatch",
    "importer.discovery.roles.ID": "fullmatch",
    "importer.discovery.roles.TOKEN": "fullmatch",
    "importer.discovery.score._MADE": "match",
    "importer.discovery.roles._WORDS": "fullmatch",
    "importer.discovery.scales._GOES_ON": "match",
    "importer.discovery.scales._ONLY": "fullmatch",
    "importer.discovery.scales._TIED": "match",
    "importer.satismeter.classify._DUPLICATE_ALONE": "fullmatch",
    "importer.sources.damage._FLOAT_ID": "fullmatch",
    "importer.sources.damage._RANGE": "fullmatch",
    "importer.discovery.proposal._DRESSES[0][1]": "fullmatch",
    "importer.sources.csv.BLANK_QUOTED": "fullmatch",
    "importer.sources.foreign_rows._NUMBER": "fullmatch",
    "importer.sources.foreign_rows._ORDINARY": "fullmatch",
    "importer.discovery.dates._TIME_BEGINS": "match",
    "importer.mapping.ids._FORMULA": "match",
    "importer.mapping.compile.NUMBERED": "fullmatch",
    "importer.mapping.steps.SMALL_ADDRESSES": "fullmatch",
    "importer.mapping.ids._FLOAT": "fullmatch",
    "importer.mapping.ids._NUMBERED": "fullmatch",
    "importer.mapping.ids._PLAIN": "fullmatch",
    "importer.mapping.ids._unfilled[0]": "fullmatch",
    "importer.mapping.transforms.numbers._dated[0]": "fullmatch",
    "importer.mapping.transforms.numbers._goes_on[0]": "match",
    "importer.mapping.transforms.texts._AROUND": "fullmatch",
    "importer.mapping.transforms.texts._EMAIL": "fullmatch",
    "importer.mapping.usage._ADDRESS": "fullmatch",
    "importer.mapping.transforms.cached_dates._SPLIT": "fullmatch",
    "importer.discovery.proposal._NAMED": "match",
    "importer.discovery.tool._PERCENT": "fullmatch",
    "importer.discovery.header._SHAPES[2][1]": "fullmatch",
    "importer.discovery.header._SHAPES[3][1]": "fullmatch",
    "importer.discovery.tool._CODED": "fullmatch",
    "importer.satismeter.classify._BARE": "fullmatch",
}
"""Patterns that would be slow in a search and are only used where a text begins, and how."""

LIMITED = {
    "importer.discovery.scales._TIED_BEFORE",
    "importer.sources.cells._BRACKETS",
    "importer.sources.foreign_rows._BEHIND",
}
"""Used in the workbook's child process alone, whose seconds of CPU are limited; or on 80 letters at most."""

_SEARCHES = r"(\(\))?\.(search|sub|subn|findall|finditer|split)\b"


def inside(value: object) -> Iterable[object]:
    """What a module's global holds: of containers, of our own dataclasses and of our own classes; what a
    function makes of nothing, once it is wanted."""
    makes = getattr(value, "__annotations__", {}) if hasattr(value, "cache_info") else {}
    if makes == {"return": "re.Pattern[str]"}:
        return [value()]  # type: ignore[operator]
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | AbstractSet):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name, None) for each in fields(value)]
    ours = isinstance(value, type) and value.__module__.startswith("importer.")
    return vars(value).values() if ours else ()


def found(value: object, place: str, depth: int = 0) -> Iterator[tuple[str, object]]:
    """Every compiled pattern of texts in it, with where it stands."""
    if isinstance(value, re.Pattern | regex.Pattern):
        if isinstance(value.pattern, str):
            yield place, value
    elif depth < 5 and not isinstance(value, str | bytes | int | float | None):
        for number, each in enumerate(inside(value)):
            yield from found(each, f"{place}[{number}]", depth + 1)


@cache
def patterns() -> dict[str, object]:
    """Every pattern of the package once, by the first place where it stands."""
    by_pattern: dict[object, str] = {}
    for module in pkgutil.walk_packages(importer.__path__, "importer."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            for place, pattern in found(value, f"{module.name}.{name}"):
                by_pattern.setdefault(pattern, place)
    return {place: pattern for pattern, place in by_pattern.items()}


def seconds(work: Callable[[str], object], text: str, turns: int) -> float:
    """CPU of this process, the least of so many turns."""
    took = []
    for _ in range(turns):
        start = time.process_time()
        work(text)
        took.append(time.process_time() - start)
    return min(took)


def grows(work: Callable[[str], object], before: str, seed: str) -> bool:
    """Whether twice the text is much more than twice the work."""

    def long(size: int) -> str:
        return before + seed * (size // len(seed)) + AFTER

    if seconds(work, long(SIZE), 1) < NOTICED:
        return False

    def grown(turns: int) -> bool:
        half, whole = (seconds(work, long(size), turns) for size in (2 * SIZE, 4 * SIZE))
        return whole > max(4 * NOTICED, ALLOWED * half)

    return all(map(grown, (1, 3, 3)))  # once may be a machine that is busy


def work_of(place: str) -> Callable[[str], object]:
    """What the package does with the pattern, at the worst: looks for all that there is of it."""
    pattern: Any = patterns()[place]
    if place in ANCHORED:
        return getattr(pattern, ANCHORED[place])  # type: ignore[no-any-return]
    return lambda text: sum(1 for _ in pattern.finditer(text))


@pytest.mark.parametrize("place", sorted(set(patterns()) - LIMITED))
def test_a_long_cell_takes_a_pattern_linear_time(place: str) -> None:
    work = work_of(place)
    slow = [(before, seed) for seed in SEEDS for before in BEFORE if grows(work, before, seed)]
    assert not slow, (place, slow[:5])


@pytest.mark.parametrize("place", ANCHORED)
def test_a_pattern_for_beginnings_is_used_for_nothing_else(place: str) -> None:
    module, _, name = place.partition("[")[0].rpartition(".")
    source = inspect.getsource(importlib.import_module(module))
    assert re.search(rf"\b{name}\b", source)
    assert not re.search(rf"\b{name}{_SEARCHES}", source)


def test_all_patterns_are_looked_at() -> None:
    places = set(patterns())
    assert len(places) > 100
    assert {*ANCHORED, *LIMITED, "importer.privacy._EMAIL"} <= places


@pytest.mark.parametrize("show", [masked, masked_id])
@pytest.mark.parametrize("letters", ["a", "a@", "a@b.c ", "x."])
def test_a_cell_of_megabytes_is_masked_at_once(show: Callable[[str], str], letters: str) -> None:
    text = letters * (2_000_000 // len(letters)) + " jane@example.com"
    start = time.process_time()
    assert "jane" not in show(text)
    assert time.process_time() - start < 1


def test_what_is_too_long_to_be_looked_through_is_not_shown_at_all() -> None:
    """Cut anywhere it could end within an address, whose beginning nothing would know for one."""
    for length in range(LONGEST - 20, LONGEST + 20):
        text = "k" * length + " jane@example.com"
        assert "jane" not in masked_id(text)
        assert "jane" not in masked(text)
    assert masked_id("k-" * LONGEST + "@") == hidden("k-" * LONGEST + "@")
    assert masked_id("7" * 2 * LONGEST) == "7" * 2 * LONGEST
    assert masked("x" * 200 + "@example.com") == "x***@example.com"
