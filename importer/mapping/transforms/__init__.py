"""The transforms that a mapping can name, and their registry."""

from __future__ import annotations

from importer.mapping.transforms import dates, numerals, texts
from importer.mapping.transforms.registry import TRANSFORMS, Kind, Transform, names, transform

__all__ = ["TRANSFORMS", "Kind", "Transform", "dates", "names", "numerals", "texts", "transform"]
