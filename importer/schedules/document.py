"""YAML documents as people write them."""

from __future__ import annotations

from collections.abc import Mapping


def dumped(document: Mapping[str, object]) -> str:
    """In the order given, long lines whole. PyYAML quotes what YAML 1.1 would misread: `on` too,
    which GitHub takes either way."""
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
