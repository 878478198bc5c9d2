"""What the program's own words mean and what to do about each: `codes.toml`, read when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

SaidBy = Literal["status", "file", "mapping", "checks", "delivery", "ledger", "stop", "exit"]
"""Who says a code: a row's status; what gives the row its code; the reason of an early stop; the exit
code of a command, in digits."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code's `meaning` and `remedy`, each a sentence or two. `brief` is its meaning in a table on the
    terminal, `label` on the report, where `tone` is the class of its colour; "" where none is needed."""

    meaning: str
    remedy: str
    brief: str = ""
    label: str = ""
    tone: str = ""


def of(said_by: SaidBy) -> Mapping[str, Code]:
    """All that this one says, by code, in the order of the file."""
    return _tables()[said_by]


def of_stop(code: str) -> Code | None:
    """What a code means as the reason of an early stop; None where it is none."""
    return of("stop").get(code) or of("delivery").get(code)


def briefs(*said_by: SaidBy) -> Mapping[str, str]:
    """The terminal's words for the codes of these."""
    return {code: each.brief for one in said_by for code, each in of(one).items()}


@cache
def _tables() -> Mapping[str, Mapping[str, Code]]:
    # Not importlib.resources: its import alone costs several milliseconds of every start.
    import tomllib

    text = Path(__file__).with_name("codes.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {
        said_by: {code: Code(**texts) for code, texts in tables[said_by].items()}
        for said_by in get_args(SaidBy)
    }
