"""Regular expressions of a mapping, bounded in time: a mapping may come from anyone."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass, field

import regex

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return Pattern(text, regex.compile(text, regex.VERSION0))
    except regex.error as error:
        raise ValueError(f"this isn't a regular expression: {error}") from None
    except (RecursionError, OverflowError):
        raise ValueError("the pattern is nested too deep") from None
