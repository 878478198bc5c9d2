"""Several responses in one row: columns that are there again for each year, quarter, round or loop.

A score stands several times, under names that differ in one mark of time (`NPS 2022`, `NPS 2023`), in a
number behind it (`NPS`, `NPS (2)`), in a loop's number before it (`1_Q4`, `2_Q4`, as Qualtrics writes), or
not at all. Companions (comment, date) go with it. Rows of a grid (`Q3_1`, `Q3_2`) are no waves.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from importer.discovery import lexicon
from importer.discovery.column import Column, Profile
from importer.discovery.dates import readings
from importer.discovery.lexicon import asks_rating, is_question, key, keyed_names, plain
from importer.discovery.questions import question

MARK = "{wave}"
_MOST = 20
_YEAR = r"(?:19|20)\d\d"
_LOOP = re.compile(r"(?P<mark>\d{1,2})_(?=[^\W\d])")
_AGAIN = re.compile(r"(?: ?\(\d\)|[._ ]\d)$")


@dataclass(frozen=True, slots=True)
class Waves:
    """Responses that stand side by side in each row. `names` of the waves, and in `marks` what `{wave}`
    stands for in each; `labels` are those of the first wave's columns with `{wave}` in them, by position;
    `later` the positions of all other waves' columns. `sure`: their marks are years, or each has a date of
    its own; else they may be questions about several things. `equal`: the headers are the same, and
    `{wave}` counts them."""

    names: tuple[str, ...]
    marks: tuple[str, ...]
    labels: Mapping[int, str]
    later: frozenset[int]
    why: str
    sure: bool
    equal: bool = False


def waves(columns: Sequence[Column], *, loops: bool = False) -> Waves | None:
    """The waves of a table; None where each row is one response. `loops`: the tool numbers its loops."""
    named = [each for each in columns if each.label.strip()]
    single = [each for each in named if not each.group or _is_single(each, named)]
    ways: list[Callable[[Sequence[Column]], Waves | None]] = [_by_time, _by_number, _by_place]
    return next(
        (found for way in ([*ways, _by_loop] if loops else ways) if (found := way(single))), None
    )


def _is_single(column: Column, columns: Sequence[Column]) -> bool:
    """Whether a column of a group is no row of a grid: it stands there again under its name, or its group
    has one rating at most, as a question and its `Why?` in two header rows."""
    if sum(each.label == column.label for each in columns) > 1:
        return True
    group = [each for each in columns if each.group == column.group]
    return column.label.startswith(column.group) and sum(map(_is_rated, group)) <= 1


def _is_rated(column: Column) -> bool:
    return question(column).scale is not None


def first_wave(columns: Sequence[Column], found: Waves) -> tuple[Column, ...]:
    """The columns of the first wave and those of the row: without their marks, and with the values of all
    waves, so that what is inferred holds for each."""
    values = _values(columns, found)
    return tuple(
        _bare(each, found.labels[each.index], values[each.index])
        if each.index in found.labels
        else each
        for each in columns
        if each.index not in found.later
    )


def _bare(column: Column, label: str, values: Profile) -> Column:
    """The column without the mark in its name."""
    name = " ".join(label.replace(MARK, " ").split()).strip(" -_/:()[]") or column.label
    text = name if column.text == column.label else column.text
    return replace(column, label=name, text=text, profile=values)


def _values(columns: Sequence[Column], found: Waves) -> dict[int, Profile]:
    by_label: dict[str, list[Column]] = {}
    for each in columns:
        by_label.setdefault(each.label, []).append(each)
    merged = {}
    for index, label in found.labels.items():
        own = (
            by_label[label]
            if found.equal
            else [by_label[label.replace(MARK, m)][0] for m in found.marks]
        )
        counts: Counter[str] = Counter()
        for each in own:
            counts.update(each.profile.counts)
        first = own[0].profile
        merged[index] = Profile(first.rows, max(each.profile.filled for each in own), dict(counts))
    return merged


@dataclass(frozen=True, slots=True)
class _Marked:
    """A column whose name holds a mark: what is left of it, and the mark."""

    rest: str
    mark: str
    column: Column


def _by_time(columns: Sequence[Column]) -> Waves | None:
    """`NPS 2022`, `NPS 2023`."""
    found = [each for column in columns for each in _marks(column)]
    return _of(found, "their names differ in one mark of time", by_time=True)


@cache
def _time() -> re.Pattern[str]:
    month, wave = lexicon.one_of("month"), lexicon.one_of("wave")
    times = (
        rf"(?:[qh][1-4]|{month})[ /_-]?{_YEAR}",
        rf"{_YEAR}[ /_-]?(?:[qh][1-4]|{month}|0[1-9]|1[0-2])",
        _YEAR,
        r"[qh][1-4]",
        rf"{wave}[ _-]?\d{{1,2}}",
        r"[tw]\d",
        r"1st|2nd|3rd|[4-9]th|first|second|third|fourth",
        r"pre|post|before|after|baseline|follow[ -]?up",
        month,
    )
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(times)})(?![^\W_])", re.IGNORECASE)


def _marks(column: Column) -> Iterator[_Marked]:
    hits = list(_time().finditer(column.label))
    if len(hits) == 1 and MARK not in column.label:
        [hit] = hits
        rest = column.label[: hit.start()] + MARK + column.label[hit.end() :]
        if re.search(r"[^\W\d_]{2}", rest.replace(MARK, " ")):
            yield _Marked(rest, hit[0], column)


def _by_loop(columns: Sequence[Column]) -> Waves | None:
    """`1_Q4`, `2_Q4`."""
    hits = [(each, _LOOP.match(each.label)) for each in columns]
    found = [
        _Marked(f"{MARK}_{each.label[hit.end() :]}", hit["mark"], each) for each, hit in hits if hit
    ]
    return _of(found, "the tool numbers its loops so")


def _by_number(columns: Sequence[Column]) -> Waves | None:
    """`NPS`, `NPS (2)`."""
    labels = {each.label: each for each in columns}
    found = []
    for label, each in labels.items():
        hit = _AGAIN.search(label)
        if hit and label[: hit.start()] in labels:
            base = labels[label[: hit.start()]]
            found += [
                _Marked(f"{base.label}{MARK}", "", base),
                _Marked(f"{base.label}{MARK}", hit[0], each),
            ]
    return _of(found, "their names come again with a number")


def _of(found: Sequence[_Marked], why: str, *, by_time: bool = False) -> Waves | None:
    """Waves by the marks of the first family of scores. Another column has to come with it (a comment, a
    date), unless its marks are years."""
    families: dict[str, dict[str, Column]] = {}
    for each in found:
        families.setdefault(each.rest, {}).setdefault(each.mark, each.column)
    score = next((each for each in families.values() if len(each) > 1 and _are_scores(each)), None)
    if score is None or len(score) > _MOST:
        return None
    marks = tuple(sorted(score, key=lambda mark: score[mark].index))
    whole = {rest: each for rest, each in families.items() if each.keys() >= score.keys()}
    years = by_time and all(re.search(_YEAR, mark) for mark in marks)
    if len(whole) < 2 and not years:
        return None
    labels = {each[marks[0]].index: rest for rest, each in whole.items()}
    later = frozenset(each[mark].index for each in whole.values() for mark in marks[1:])
    sure = years or any(map(_has_dates, whole.values()))
    return Waves(_names(marks), marks, labels, later, why, sure)


def _has_dates(family: Mapping[str, Column]) -> bool:
    return all(readings(each.profile) for each in family.values())


def _names(marks: Sequence[str]) -> tuple[str, ...]:
    """The marks where each is a name; else numbers."""
    clear = all(re.search(r"\w", mark) and mark == mark.strip() for mark in marks)
    return tuple(marks) if clear else tuple(str(n) for n in range(1, len(marks) + 1))


def _are_scores(family: Mapping[str, Column]) -> bool:
    """Whether all hold ratings, and are called so or asked as questions."""
    return all(_is_score(each) for each in family.values())


def _is_score(column: Column) -> bool:
    asked = question(column)
    if asked.scale is None:
        return False
    text = plain(f"{column.label} {column.text}")
    named = set(key(column.label).split()) & keyed_names("score")
    return bool(named) or is_question(column.text) or asks_rating(text)


def _by_place(columns: Sequence[Column]) -> Waves | None:
    """`NPS`, `Comment`, `NPS`, `Comment`: equal headers, one block after the other."""
    by_label: dict[str, list[Column]] = {}
    for each in columns:
        by_label.setdefault(each.label, []).append(each)
    scores = [each for each in by_label.values() if len(each) > 1 and all(map(_is_score, each))]
    if not scores or len(scores[0]) > _MOST:
        return None
    again = [each for each in by_label.values() if len(each) == len(scores[0])]
    blocks = list(zip(*again, strict=True))
    apart = all(
        max(one.index for one in block) < min(one.index for one in after)
        for block, after in pairwise(blocks)
    )
    if len(again) < 2 or not apart:
        return None
    marks = tuple(str(n) for n in range(1, len(blocks) + 1))
    labels = {each[0].index: each[0].label for each in again}
    later = frozenset(one.index for block in blocks[1:] for one in block)
    sure = any(all(readings(one.profile) for one in each) for each in again)
    return Waves(marks, marks, labels, later, "equal headers come again", sure, equal=True)
