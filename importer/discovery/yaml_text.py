"""Lines of YAML with comments, as a person would write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from textwrap import wrap

from importer.mapping.yaml import Data, Plain, resolve
from importer.privacy import Show, in_line, short, visible

OPEN = '"?"'
"""What only a person can know."""
WRITTEN = "# Written by `importer init` for"
"""How the first comment of a drafted mapping begins."""
KEPT = "# Kept of the comments that stood here before:"
"""What stands above comments of a person's own."""
_PLAIN = re.compile(r"[A-Za-z_%/][\w %./()+-]*")
_WIDTH = 110


def scalar(text: str) -> str:
    """The text as a scalar: bare where YAML reads it as that very text anywhere, else in quotes."""
    bare = _PLAIN.fullmatch(text) and not text.endswith(" ") and text.isascii()
    if (
        bare
        and not text.startswith("%")
        and isinstance(resolve(Plain(text)), str)
        and len(text) < 80
    ):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else _escaped(char) for char in quoted)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def inline(data: Data) -> str:
    """Whatever a mapping holds, in one line: numbers, true and false bare, as they were written."""
    if isinstance(data, dict):
        return flow_map({scalar(key): inline(each) for key, each in data.items()})
    if isinstance(data, list):
        return f"[{', '.join(map(inline, data))}]"
    bare = isinstance(data, Plain) and not isinstance(resolve(data), str)
    return (str(data) or "null") if bare else scalar(str(data))


def flow_list(texts: Iterable[str]) -> str:
    """`[a, "b, c"]`."""
    return f"[{', '.join(map(scalar, texts))}]"


def flow_map(pairs: Mapping[str, str]) -> str:
    """`{column: Name, type: text}`; the values are YAML already."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items()) + "}"


def noted(line: str, note: str, indent: str = "") -> list[str]:
    """A line and its comment: beside it where there is room, else above it."""
    if not note:
        return [line]
    note = visible(note)
    if len(line) + len(note) + 5 <= _WIDTH:
        return [f"{line}   # {note}"]
    return [*comment(note, indent), line]


def comment(text: str, indent: str = "") -> list[str]:
    words, width = " ".join(map(visible, text.split())), _WIDTH - len(indent) - 2
    lines = wrap(words, width, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {each}" for each in lines or [""]]


def shown(texts: Iterable[str], show: Show) -> str:
    """Samples for a comment: one line, printable, nothing personal."""
    return " | ".join(short(in_line(show(text)), 40) for text in texts)
