"""Rows that the mapping leaves out on purpose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from importer.mapping.blanks import folded, trimmed
from importer.mapping.memo import Memo
from importer.mapping.patterns import TooSlow, compile_pattern
from importer.mapping.problems import Unfit
from importer.mapping.readings import One, Results
from importer.mapping.source import SkipRule
from importer.model import Chunk


@dataclass(frozen=True, slots=True)
class Skip:
    """One rule, compiled: the result of a row is the rule's words where it applies, else None."""

    reading: One

    def results(self, chunk: Chunk) -> Results:
        """Per row: the words, None, or a fault."""
        return self.reading.results(chunk)


def compile_rule(rule: SkipRule, position: int, column: str) -> Skip:
    """The rule over the column at `position`, which people know as `column`."""
    words = f"{column} {_words(rule)}"
    applies = _condition(rule)
    return Skip(One(position, Memo(lambda text: words if applies(trimmed(text)) else None, column)))


def _condition(rule: SkipRule) -> Callable[[str], bool]:
    if rule.among:
        among = frozenset(map(folded, rule.among))
        return lambda text: folded(text) in among
    if rule.not_in:
        allowed = frozenset(map(folded, rule.not_in))
        return lambda text: folded(text) not in allowed
    if rule.matches:
        return _search(rule.matches)
    return lambda text: (not text) == rule.blank


def _search(pattern: str) -> Callable[[str], bool]:
    compiled = compile_pattern(pattern)

    def search(text: str) -> bool:
        try:
            return compiled.found_in(text)
        except TooSlow:
            raise Unfit("slow_pattern", "the pattern of a skip rule took too long") from None

    return search


def _words(rule: SkipRule) -> str:
    if rule.among:
        return f"is {_either(rule.among)}"
    if rule.not_in:
        return f"is not {_either(rule.not_in)}"
    if rule.matches:
        return f"matches {rule.matches}"
    return "is blank" if rule.blank else "is filled"


def _either(texts: Sequence[str]) -> str:
    return " or ".join(f'"{text}"' for text in texts)
