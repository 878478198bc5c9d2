"""A commented mapping for a file: what was recognised and inferred, written as YAML for a person to read.

`draft` is the door. What only a person can know is marked `"?"`; a mapping with one left is refused.
"""

from __future__ import annotations

from importer.drafting.draft import Draft, Wishes, draft

__all__ = ["Draft", "Wishes", "draft"]
