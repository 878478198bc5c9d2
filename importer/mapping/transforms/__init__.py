"""The transforms that a mapping can name, and their registry."""

from __future__ import annotations

from importer.mapping.transforms import dates, numbers, texts
from importer.mapping.transforms.registry import TRANSFORMS, Kind, Transform, names, transform

__all__ = ["TRANSFORMS", "Kind", "Transform", "dates", "names", "numbers", "texts", "transform"]
