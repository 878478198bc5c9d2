"""Text with column names in braces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Template:
    """`texts` stand around `columns`: one text more than columns."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read `{First name} {Last name}`; `{{` and `}}` are braces.

        Raises:
            ValueError: A brace without its partner, or no column at all.
        """
        texts, columns, end = [""], [], 0
        for piece in _PIECE.finditer(text):
            texts[-1] += text[end : piece.start()]
            end = piece.end()
            if piece[1]:
                columns.append(piece[1])
                texts.append("")
            elif len(piece[0]) == 2:
                texts[-1] += piece[0][0]
            else:
                raise ValueError(
                    "a brace without its partner: write {Column name}, or {{ for a brace"
                )
        if not columns:
            raise ValueError("the template names no column: {Column name}; a constant is `value:`")
        texts[-1] += text[end:]
        return cls(tuple(texts), tuple(columns))

    def fill(self, cells: Sequence[str]) -> str:
        """The text with one cell per column."""
        pairs = zip(cells, self.texts[1:], strict=True)
        return self.texts[0] + "".join(cell + text for cell, text in pairs)
