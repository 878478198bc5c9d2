"""Pictures in plain SVG. They name classes, never colours: the page's style has both themes.

Each is 320 units wide, hardly more than a phone, so that its letters stay readable there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from importer.results.report.html import Content, Html, tag

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
    value: float
    shown: str
    colour: str = "bar"


def upright(bars: Sequence[Bar], title: str) -> Html:
    """Bars side by side; labels and values stand where there is room for them."""
    most = max((bar.value for bar in bars), default=0) or 1
    step = WIDTH / len(bars)
    every = _every(max(len(bar.label) for bar in bars), step)
    valued = _every(max(len(bar.shown) for bar in bars), step) == 1
    return _svg(
        _HEIGHT,
        title,
        [
            (
                _column((n + 0.5) * step, step, bar, most),
                _above((n + 0.5) * step, bar, most) if valued and bar.value else None,
                _text((n + 0.5) * step, _HEIGHT - 6, bar.label, "label middle")
                if n % every == 0
                else None,
            )
            for n, bar in enumerate(bars)
        ],
    )


def _every(letters: int, step: float) -> int:
    """Every how many bars a text of so many letters fits."""
    return max(1, math.ceil((letters * _LETTER + _GAP) / step))


def _rise(bar: Bar, most: float) -> float:
    return bar.value / most * (_HEIGHT - _TOP - _BOTTOM)


def _column(middle: float, step: float, bar: Bar, most: float) -> Html:
    height = max(_rise(bar, most), 0.5)
    width = min(step * 0.8, _WIDEST)
    x, y = middle - width / 2, _HEIGHT - _BOTTOM - height
    return tag("rect", x=x, y=y, width=width, height=height, class_=bar.colour)


def _above(middle: float, bar: Bar, most: float) -> Html:
    return _text(middle, _HEIGHT - _BOTTOM - _rise(bar, most) - 5, bar.shown, "value middle")


def compact(number: int) -> str:
    """`999`, `2.3k`, `14k`, `1.2M`: short enough to stand above a bar."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return (
                f"{number / size:.1f}{unit}"
                if number < 9.95 * size
                else f"{number / size:.0f}{unit}"
            )
    return str(number)


def lying(bars: Sequence[Bar], title: str) -> Html:
    """Bars one below the other, each under its label."""
    most = max((bar.value for bar in bars), default=0) or 1
    height = _ROW * len(bars) + 4
    return _svg(height, title, [_row(number, bar, most) for number, bar in enumerate(bars)])


def _row(number: int, bar: Bar, most: float) -> Iterator[Html]:
    top = number * _ROW
    yield _text(0, top + 12, _cut(bar.label), "label")
    yield _text(WIDTH, top + 12, bar.shown, "value end")
    yield tag("rect", x=0, y=top + 16, width=WIDTH, height=5, rx=2, class_="track")
    length = max(bar.value / most * WIDTH, 1.5 if bar.value else 0)
    yield tag("rect", x=0, y=top + 16, width=length, height=5, rx=2, class_=bar.colour)


def share(bars: Sequence[Bar], title: str) -> Html:
    """One bar, cut into the shares of each."""
    total = sum(bar.value for bar in bars) or 1
    pieces, left = [], 0.0
    for bar in bars:
        width = bar.value / total * WIDTH
        pieces.append(tag("rect", x=left, y=0, width=width, height=14, class_=bar.colour))
        left += width
    return _svg(14, title, pieces)


def lines(
    series: Sequence[tuple[str, Sequence[float | None]]],
    ends: tuple[str, str],
    top: str,
    title: str,
) -> Html:
    """Lines over time: of each its class and its points (None is a gap). `ends` are the labels of the
    first and the last moment, `top` that of the highest point."""
    points = [value for _, values in series for value in values if value is not None]
    most = max(points, default=0) or 1
    return _svg(
        _HEIGHT,
        title,
        [
            tag("line", x1=0, y1=_TOP, x2=WIDTH, y2=_TOP, class_="grid"),
            tag("line", x1=0, y1=_HEIGHT - _BOTTOM, x2=WIDTH, y2=_HEIGHT - _BOTTOM, class_="grid"),
            [_line(values, most, colour) for colour, values in series],
            _text(0, _TOP - 6, top, "value"),
            _text(0, _HEIGHT - 6, ends[0], "label"),
            _text(WIDTH, _HEIGHT - 6, ends[1], "label end"),
        ],
    )


def _line(values: Sequence[float | None], most: float, colour: str) -> Iterator[Html]:
    step = WIDTH / max(len(values) - 1, 1)
    run: list[str] = []
    for number, value in enumerate([*values, None]):
        if value is not None:
            y = _HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM)
            run.append(f"{number * step:.1f},{y:.1f}")
        elif run:
            points = run if len(run) > 1 else [run[0], _beside(run[0])]
            yield tag("polyline", points=" ".join(points), class_=colour)
            run = []


def _beside(point: str) -> str:
    """A point alone is a short line."""
    x, y = point.split(",")
    return f"{float(x) + 3:.1f},{y}"


def _text(x: float, y: float, text: str, class_: str) -> Html:
    return tag("text", text, x=x, y=y, class_=class_)


def _cut(text: str, most: int = 32) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _svg(height: float, title: str, content: Content) -> Html:
    return tag(
        "svg",
        tag("title", title),
        content,
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        role="img",
        class_="chart",
    )
