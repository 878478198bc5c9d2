"""Problems counted by cause, with the first places of each."""

from __future__ import annotations

from collections.abc import Iterable

from importer.model import Cause, Problem

_PLACES = 5


class Causes:
    """Counts problems by code and column; keeps the first rows and the first message of each."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Problem] = {}
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._count: dict[tuple[str, str], int] = {}

    def add(self, problems: Iterable[Problem]) -> None:
        """Count these."""
        for problem in problems:
            kind = (problem.code, problem.column)
            self._first.setdefault(kind, problem)
            self._count[kind] = self._count.get(kind, 0) + 1
            rows = self._rows.setdefault(kind, [])
            if len(rows) < _PLACES and problem.row not in rows:
                rows.append(problem.row)

    def listed(self) -> tuple[Cause, ...]:
        """The causes, most frequent first."""
        ordered = sorted(self._count, key=lambda kind: (-self._count[kind], kind))
        return tuple(
            Cause(
                self._first[kind].code,
                self._first[kind].message,
                self._count[kind],
                self._first[kind].fix,
                self._first[kind].column,
                tuple(self._rows[kind]),
            )
            for kind in ordered
        )
