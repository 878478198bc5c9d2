"""What somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from importer.mapping.blanks import folded


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean "Score"?`, or "" where nothing is near."""
    by_fold = {folded(each): each for each in known}
    near = difflib.get_close_matches(folded(name), by_fold, n=1)
    return f'Did you mean "{by_fold[near[0]]}"?' if near else ""
