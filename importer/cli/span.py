"""Spans of time on the command line: 10s, 5min, 2h, 180d."""

from __future__ import annotations

import re

import click

_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


class Span(click.ParamType[float]):
    """A span in seconds; a number alone is seconds."""

    name = "SPAN"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """`90`, `90s`, `1.5h`, `180d`."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(value).strip().lower())
        if not found or (found[2] or "s") not in _SECONDS:
            self.fail(f"{value!r} is no span of time; write 10s, 5min, 2h or 180d.", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


SPAN = Span()
