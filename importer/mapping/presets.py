"""The mappings that come along, for others to extend."""

from __future__ import annotations

from dataclasses import dataclass

from importer.mapping import files
from importer.mapping.document import Preset
from importer.mapping.tree import read


@dataclass(frozen=True, slots=True)
class Shipped:
    """A preset: its name in `extends:`, its title, what it says of itself, and its YAML text."""

    name: str
    title: str
    about: Preset
    text: str


def shipped() -> list[Shipped]:
    """All presets, by name."""
    return [preset(name) for name in files.presets()]


def preset(name: str) -> Shipped:
    """One preset.

    Raises:
        MappingError: There is none of that name.
    """
    sheet = files.read_sheet(files.find_preset(name))
    data = read(sheet).data
    top = data if isinstance(data, dict) else {}
    about = Preset.model_validate(top.get("preset", {"tool": name}))
    return Shipped(name, str(top.get("name", name)), about, sheet.text)
