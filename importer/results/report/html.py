"""HTML that can't be broken out of: text is escaped where it meets markup, in one place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of text, and halves of characters."""
_EMPTY = frozenset({"meta", "br", "rect", "line", "polyline", "circle"})


class Html(str):
    """Markup. Any other `str` is text."""

    __slots__ = ()


Content = str | Html | Iterable["Content"] | None
"""Text, markup, or several of both; None is nothing."""


def tag(name: str, /, *content: Content, **attributes: object) -> Html:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; None leaves an attribute out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY:
        return Html(f"<{name}{given}>" if name in {"meta", "br"} else f"<{name}{given}/>")
    return Html(f"<{name}{given}>{joined(content)}</{name}>")


def joined(content: Content) -> Html:
    """Pieces, one after the other."""
    if content is None:
        return Html("")
    if isinstance(content, Html):
        return content
    if isinstance(content, str):
        return Html(_escaped(content))
    return Html("".join(map(joined, content)))


def prose(text: str) -> Html:
    """A sentence; what stands in backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return joined(text)
    return joined([tag("code", part) if n % 2 else part for n, part in enumerate(parts)])


def _escaped(text: str) -> str:
    return html.escape(_UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text), quote=True)


def _number(value: object) -> str:
    """Coordinates to a tenth: nobody sees more."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
