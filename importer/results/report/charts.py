"""Pictures in plain SVG, as shapes. They name classes, never colours: the page's style has both themes.

Each is 320 units wide, hardly more than a phone, so that its letters stay readable there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from importer import codes
from importer.model import DETRACTORS, PROMOTERS, Cause, duration
from importer.privacy import short
from importer.results.report.facts import Column, Slot, per_cent
from importer.results.scores import Scores, signed
from importer.results.summary import TraitEffect

WIDTH = 320.0
_ROW = 26.0
_HEIGHT = 150.0
_TOP, _BOTTOM = 20.0, 22.0
_WIDEST = 40.0
_LABEL = 32
_LETTER = 7.4
_GAP = 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its length, what stands at its end, and the class of its colour."""

    label: str
    value: int
    shown: str
    colour: str = "bar"


@dataclass(frozen=True, slots=True)
class Shape:
    """An element of SVG: its name, its attributes in their order, and its text, if it is one."""

    element: str
    attributes: Mapping[str, float | str]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, `WIDTH` wide; `title` is for those who can't see it."""

    height: float
    title: str
    shapes: Sequence[Shape]
    width: float = WIDTH


def upright(bars: Sequence[Bar], title: str) -> Chart:
    """Bars side by side; labels and values stand where there is room for them."""
    return Chart(_HEIGHT, title, list(_upright(bars)))


def _upright(bars: Sequence[Bar]) -> Iterator[Shape]:
    most = max((bar.value for bar in bars), default=0) or 1
    step = WIDTH / len(bars)
    width = min(step * 0.8, _WIDEST)
    every = _every(max(len(bar.label) for bar in bars), step)
    valued = _every(max(len(bar.shown) for bar in bars), step) == 1
    for n, bar in enumerate(bars):
        middle, rise = (n + 0.5) * step, bar.value / most * (_HEIGHT - _TOP - _BOTTOM)
        height = max(rise, 0.5)
        yield _rect(middle - width / 2, _HEIGHT - _BOTTOM - height, width, height, bar.colour)
        if valued and bar.value:
            yield _text(middle, _HEIGHT - _BOTTOM - rise - 5, bar.shown, "value middle")
        if n % every == 0:
            yield _text(middle, _HEIGHT - 6, bar.label, "label middle")


def _every(letters: int, step: float) -> int:
    """Every how many bars a text of so many letters fits."""
    return max(1, math.ceil((letters * _LETTER + _GAP) / step))


def lying(bars: Sequence[Bar], title: str) -> Chart:
    """Bars one below the other, each under its label."""
    return Chart(_ROW * len(bars) + 4, title, list(_lying(bars)))


def _lying(bars: Sequence[Bar]) -> Iterator[Shape]:
    most = max((bar.value for bar in bars), default=0) or 1
    for n, bar in enumerate(bars):
        top = n * _ROW
        length = max(bar.value / most * WIDTH, 1.5 if bar.value else 0)
        yield _text(0, top + 12, short(bar.label, _LABEL), "label")
        yield _text(WIDTH, top + 12, bar.shown, "value end")
        yield _rect(0, top + 16, WIDTH, 5, "track", rx=2)
        yield _rect(0, top + 16, length, 5, bar.colour, rx=2)


def stacked(rows: Sequence[tuple[str, Sequence[Bar]]], title: str) -> Chart:
    """Bars one below the other, each cut into its shares, under its label; all are of one scale, and what
    stands at the end of each is what its last share shows."""
    return Chart(_ROW * len(rows) + 4, title, list(_stacked(rows)))


def _stacked(rows: Sequence[tuple[str, Sequence[Bar]]]) -> Iterator[Shape]:
    most = max((sum(bar.value for bar in bars) for _, bars in rows), default=0) or 1
    for n, (label, bars) in enumerate(rows):
        top, left = n * _ROW, 0.0
        yield _text(0, top + 12, short(label, _LABEL), "label")
        yield _text(WIDTH, top + 12, bars[-1].shown, "value end")
        yield _rect(0, top + 16, WIDTH, 7, "track", rx=2)
        for bar in bars:
            width = max(bar.value / most * WIDTH, 1.5 if bar.value else 0)
            if width:
                yield _rect(left, top + 16, min(width, WIDTH - left), 7, bar.colour)
            left = min(left + width, WIDTH)


def share(bars: Sequence[Bar], title: str) -> Chart:
    """One bar, cut into the shares of each."""
    total = sum(bar.value for bar in bars) or 1
    shapes, left = [], 0.0
    for bar in bars:
        width = bar.value / total * WIDTH
        shapes.append(_rect(left, 0, width, 14, bar.colour))
        left += width
    return Chart(14, title, shapes)


def lines(
    series: Mapping[str, Sequence[float | None]], ends: tuple[str, str], top: str, title: str
) -> Chart:
    """Lines over time: the points of each by its class (None is a gap). `ends` are the labels of the
    first and the last moment, `top` that of the highest point."""
    most = max((y for values in series.values() for y in values if y is not None), default=0) or 1
    floor = _HEIGHT - _BOTTOM
    shapes = [
        *(Shape("line", {"x1": 0, "y1": y, "x2": WIDTH, "y2": y, "class": "grid"}) for y in (_TOP, floor)),
        *(shape for colour, values in series.items() for shape in _line(values, most, colour)),
        _text(0, _TOP - 6, top, "value"),
        _text(0, _HEIGHT - 6, ends[0], "label"),
        _text(WIDTH, _HEIGHT - 6, ends[1], "label end"),
    ]  # fmt: skip
    return Chart(_HEIGHT, title, shapes)


def _line(values: Sequence[float | None], most: float, colour: str) -> Iterator[Shape]:
    step = WIDTH / max(len(values) - 1, 1)
    run: list[tuple[float, float]] = []
    for n, value in enumerate([*values, None]):
        if value is not None:
            run.append((n * step, _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)))
        elif run:
            if len(run) == 1:  # a point alone is a short line
                run.append((round(run[0][0], 1) + 3, run[0][1]))
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            yield Shape("polyline", {"points": points, "class": colour})
            run = []


def _rect(x: float, y: float, width: float, height: float, colour: str, **more: float) -> Shape:
    size = {"x": x, "y": y, "width": width, "height": height}
    return Shape("rect", {**size, **more, "class": colour})


def _text(x: float, y: float, text: str, class_: str) -> Shape:
    return Shape("text", {"x": x, "y": y, "class": class_}, text)


# What the pictures show: the facts as bars, as lines over time, and as the rows behind both.

_MOST_MONTHS = 24
_MOST_BARS = 21
_KINDS = {"bad": "detractor", "fair": "passive", "good": "promoter"}


def rows(bars: Iterable[Bar]) -> Sequence[tuple[str, int]]:
    return [(bar.label, bar.value) for bar in bars]


def nps(scores: Scores) -> str:
    """`+34`; "" without an answer."""
    return "" if scores.nps is None else signed(scores.nps)


def kinds(scores: Scores) -> Sequence[Bar]:
    """Detractors, passives, promoters."""
    three = (
        ("Detractors", scores.detractors, "bad"),
        ("Passives", scores.passives, "fair"),
        ("Promoters", scores.promoters, "good"),
    )
    return [Bar(name, n, per_cent(n, scores.answers), colour) for name, n, colour in three]


def by_kind(bars: Iterable[Bar]) -> Sequence[tuple[str, int, str]]:
    """Score, answers, and what they count as."""
    return [(bar.label, bar.value, _KINDS[bar.colour]) for bar in bars]


def scores(found: Scores) -> Sequence[Bar]:
    """How often each score was given; each range of scores where the scale is long."""
    if found.question.type == "nps":
        return [_plain(str(n), found.counts.get(n, 0), _colour(n)) for n in range(11)]
    low, high = found.question.low, found.question.high
    width = -(-(high - low + 1) // _MOST_BARS)
    bins = dict.fromkeys(range(low, high + 1, width), 0)
    for score, number in found.counts.items():
        bins[low + (score - low) // width * width] += number
    return [
        _plain(str(n) if width == 1 else f"{n}–{min(n + width - 1, high)}", number)
        for n, number in bins.items()
    ]


def _colour(score: int) -> str:
    return "bad" if score in DETRACTORS else "good" if score in PROMOTERS else "fair"


def statuses(found: Sequence[tuple[str, int]], read: int) -> Sequence[Bar]:
    known = codes.of("status")
    return [_of(known[status].label, n, read, known[status].tone) for status, n in found]


def periods(months: Mapping[str, int]) -> tuple[str, Sequence[Bar]]:
    """`month` and responses by month; by `year` where that would be more bars than can be told apart."""
    if len(months) <= _MOST_MONTHS:
        return "month", [_plain(*each) for each in months.items()]
    years: dict[str, int] = {}
    for month, number in months.items():
        years[month[:4]] = years.get(month[:4], 0) + number
    return "year", [_plain(*each) for each in years.items()]


def people(counts: Mapping[int, int]) -> Sequence[Bar]:
    total = sum(counts.values())
    grouped = {f"{n} {'row' if n == 1 else 'rows'}": counts[n] for n in counts if n < 5}
    many = sum(persons for n, persons in counts.items() if n >= 5)
    return [_of(*each, total) for each in {**grouped, "5 or more rows": many}.items() if each[1]]


def fill(columns: Sequence[Column], read: int) -> Sequence[Bar]:
    return [
        _of(
            short(each.name) or f"column {each.letter}",
            each.filled,
            read,
            "bar" if each.targets else "mute",
        )
        for each in columns
    ]


def causes(some: Sequence[Cause]) -> Sequence[Bar]:
    return [
        Bar(
            f"{each.code}, {short(each.column)}" if each.column else each.code,
            each.count,
            f"{each.count:,}",
            "bad",
        )
        for each in some
    ]


KINDS_OF_EFFECT = (
    ("equal", "has this very value", "mute"),
    ("fills", "has none, gets the file’s", "good"),
    ("kept", "has another, and keeps it", "bar"),
    ("overwrites", "has another, is overwritten", "bad"),
)
"""What becomes of a trait in persons that the account knows: its name, what a person reads, its colour."""


def effects(traits: Sequence[TraitEffect]) -> Sequence[tuple[str, Sequence[Bar]]]:
    """Each trait, with the persons by what becomes of it; the last are those in whom it is overwritten."""
    return [
        (
            each.name,
            [
                Bar(words, getattr(each, kind), f"{getattr(each, kind):,} overwritten", colour)
                for kind, words, colour in KINDS_OF_EFFECT
            ],
        )
        for each in traits
    ]


def effect_rows(
    traits: Sequence[TraitEffect],
) -> Sequence[tuple[str, str, int, int, int, int, int]]:
    """Trait, what the mapping says, and the numbers of persons, last those whose type changes."""
    return [
        (
            short(each.name),
            "kept" if each.keeps else "sent",
            *(each.equal, each.fills, each.kept, each.overwrites, each.retypes),
        )
        for each in traits
    ]


def effect_examples(traits: Sequence[TraitEffect]) -> Sequence[tuple[str, int, str, str]]:
    """Trait, Excel row, today's value and the file's."""
    return [
        (short(each.name), one.row, short(one.before), short(one.after))
        for each in traits
        for one in each.examples
    ]


def _of(label: str, part: int, whole: int, colour: str = "bar") -> Bar:
    return Bar(label, part, f"{part:,} · {per_cent(part, whole)}", colour)


def _plain(label: str, number: int, colour: str = "bar") -> Bar:
    return Bar(label, number, compact(number), colour)


def compact(number: int) -> str:
    """`999`, `2.3k`, `14k`, `1.2M`: short enough to stand above a bar."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            digits = 1 if number < 9.95 * size else 0
            return f"{number / size:.{digits}f}{unit}"
    return str(number)


def throughput(slots: Sequence[Slot], title: str) -> Chart:
    rates = [slot.rate for slot in slots]
    return lines({"bar": rates}, _ends(slots), f"{max(rates):.1f}/s", title)


def latency(slots: Sequence[Slot], title: str) -> Chart:
    """Time to the reply over time: the median, and what nineteen of twenty stay below."""
    slow = [slot.p95 for slot in slots]
    top = max((each for each in slow if each is not None), default=0)
    medians = [slot.median for slot in slots]
    return lines({"fair": slow, "bar": medians}, _ends(slots), f"{top:,.0f} ms", title)


def _ends(slots: Sequence[Slot]) -> tuple[str, str]:
    return "0 s", duration(slots[-1].start)


def rates(slots: Sequence[Slot]) -> Sequence[tuple[str, str]]:
    return [(duration(slot.start), f"{slot.rate:.1f}") for slot in slots]


def times(slots: Sequence[Slot]) -> Sequence[tuple[str, str, str]]:
    return [(duration(slot.start), _ms(slot.median), _ms(slot.p95)) for slot in slots]


def _ms(value: float | None) -> str:
    return "no reply" if value is None else f"{value:,.0f}"
