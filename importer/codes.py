"""What the program's own words mean and what to do about each: `codes.toml`, read when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

SaidBy = Literal[
    "status", "file", "mapping", "checks", "delivery", "ledger", "stop", "exit", "hint", "warning"
]
"""Who says a code: a row's status; what gives the row its code; the reason of an early stop; the exit
code of a command, in digits; an error of what to do (`hint`), a plan of what to know (`warning`)."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code's `meaning` and `remedy`, each a sentence or two. `brief` is its meaning in a table on the
    terminal, `label` on the report, where `tone` is the class of its colour; `page` is the
    remedy in the words of the wizard's pages; "" where none is needed."""

    meaning: str
    remedy: str
    brief: str = ""
    label: str = ""
    tone: str = ""
    page: str = ""

    @property
    def on_page(self) -> str:
        """What to do, as a page says it."""
        return self.page or self.remedy


def of(said_by: SaidBy) -> Mapping[str, Code]:
    """All that this one says, by code, in the order of the file."""
    return _tables()[said_by]


def of_stop(code: str) -> Code | None:
    """What a code means as the reason of an early stop; None where it is none."""
    return of("stop").get(code) or of("delivery").get(code)


def to_do(code: str, **facts: str) -> dict[str, str]:
    """What an error of `importer.errors` is to say: its `hint`, as the command line says it, and its code."""
    return {"hint": of("hint")[code].remedy.format(**facts), "remedy": code}


def told_on_page(remedy: str, otherwise: str) -> str:
    """What an error asks for, as a page says it."""
    found = of("hint").get(remedy)
    return found.on_page if found else otherwise


def on_page(code: str, otherwise: str = "") -> str:
    """What a page says of a row's code: its own words, where the remedy speaks of commands or of the
    mapping's text; else `otherwise`, which knows more of the case."""
    rows: tuple[SaidBy, ...] = ("file", "mapping", "checks", "delivery", "ledger")
    known = next((found for each in rows if (found := of(each).get(code))), None)
    return (known.page if known else "") or otherwise


def advice(warning: str) -> str:
    """What a warning says to do, as the command line says it."""
    return of("warning")[warning].remedy


def warned_on_page(text: str) -> str:
    """A warning of a summary, which says what to do in the words of `remedy`, as a page says it."""
    for each in (*of("warning").values(), *of("file").values()):
        text = text.replace(each.remedy, each.on_page)
    return text


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
