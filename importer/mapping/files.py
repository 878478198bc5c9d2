"""Mappings on disk: the one place of this room that reads files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from importer.errors import MappingError, Mistake
from importer.mapping.guesses import did_you_mean
from importer.mapping.tree import MAX_BYTES, Sheet
from importer.shipped import MAPPINGS

ENDINGS = (".yaml", ".yml")


def presets() -> Mapping[str, Path]:
    """The presets that come with the program, by name."""
    return {path.stem: path for path in sorted(MAPPINGS.glob("*.yaml"))}


def is_path(reference: str) -> bool:
    """Whether a reference is meant as a path, not as a preset's name."""
    return reference.endswith(ENDINGS) or "/" in reference or "\\" in reference


def find(reference: str, beside: Path | None = None) -> Path:
    """The file behind a path (relative to the folder `beside`) or a preset's name.

    Raises:
        MappingError: There is no such preset.
    """
    if is_path(reference):
        return (beside or Path()) / Path(reference).expanduser()
    if beside is None and reference not in presets() and Path(reference).exists():
        return Path(reference)
    return find_preset(reference)


def find_preset(name: str) -> Path:
    """The file of a preset.

    Raises:
        MappingError: There is none of that name.
    """
    known = presets()
    if name not in known:
        hint = did_you_mean(name, known) or f"There are: {', '.join(known) or 'none'}."
        raise _refusal(name, "no preset is called that", hint)
    return known[name]


def read_sheet(path: Path) -> Sheet:
    """A file's text, as UTF-8 (a BOM is fine).

    Raises:
        MappingError: It can't be read, isn't UTF-8, or is too big to be a mapping.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        return Sheet(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if len(content) > MAX_BYTES:
            return Sheet(name, content.decode("utf-8", "replace"))
        raise _refusal(
            name, f"the file isn't UTF-8 (first in line {line})", "Save it as UTF-8 in your editor."
        ) from None
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise _refusal(str(path), f"the mapping can't be read: {what}", _NO_FILE) from None


_NO_FILE = "Check the path; `importer presets` lists the mappings that come along."


def _refusal(name: str, message: str, hint: str) -> MappingError:
    return MappingError(name, "", [Mistake(0, 0, message, hint)])
