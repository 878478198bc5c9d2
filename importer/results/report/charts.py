"""Pictures in plain SVG, as shapes. They name classes, never colours: the page's style has both themes.

Each is 320 units wide, hardly more than a phone, so that its letters stay readable there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

WIDTH = 320.0
_ROW = 26.0
_HEIGHT = 150.0
_TOP, _BOTTOM = 20.0, 22.0
_WIDEST = 40.0
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
        yield _text(0, top + 12, _cut(bar.label), "label")
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
        yield _text(0, top + 12, _cut(label), "label")
        yield _text(WIDTH, top + 12, bars[-1].shown, "value end")
        yield _rect(0, top + 16, WIDTH, 7, "track", rx=2)
        for bar in bars:
            width = max(bar.value / most * WIDTH, 1.5 if bar.value else 0)
            if width:
                yield _rect(left, top + 16, min(width, WIDTH - left), 7, bar.colour)
            left = min(left + width, WIDTH)


def _cut(text: str, most: int = 32) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


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
