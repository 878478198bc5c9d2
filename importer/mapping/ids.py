"""Ids of people: what they may be, and what only looks like one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from importer.mapping.blanks import trimmed
from importer.mapping.problems import Unfit
from importer.mapping.transforms.texts import sound

DUMMIES = frozenset(
    {
        *("anonymous", "anonym", "anon", "guest", "none", "null", "nil", "nan", "undefined"),
        *("unknown", "n/a", "na", "n.a.", "#n/a", "no-id", "noid", "x", "-", "--", "---", ".", "?"),
        *("(none)", "(null)", "(blank)", "<null>", '""'),
    }
)
"""Texts that stand where an id is missing, case-folded; zeros (0, 000, 0.0) too."""
_LONGEST = max(map(len, DUMMIES))
_ZEROS = re.compile(r"0+(\.0+)?|0{8}-0{4}-0{4}-0{4}-0{12}")
_DAMAGED = re.compile(
    r"[+-]?[0-9]([.,][0-9]+)?[eE]\+[0-9]+|#(REF|VALUE|NAME|NUM|NULL|DIV/0)[!?]|#+"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGEST = 16


def is_dummy(text: str) -> bool:
    """Whether a trimmed id is a stand-in that many people would share."""
    if text[:1] == "0":
        return _ZEROS.fullmatch(text) is not None
    return len(text) <= _LONGEST and text.casefold() in DUMMIES


def identifier(text: str) -> str:
    """An id: without the space around it, otherwise untouched (`007` stays).

    Raises:
        Unfit: It is a dummy, was destroyed by Excel, or can't be an id.
    """
    id_ = trimmed(text)
    if is_dummy(id_):
        raise Unfit("dummy_id", "this stands for no id at all")
    if ("+" in id_ or "#" in id_) and _DAMAGED.fullmatch(id_):
        raise Unfit("damaged_id", "Excel has overwritten this id")
    if not id_.isprintable() and _CONTROL.search(id_):
        raise Unfit("bad_id", "the id holds a control character")
    return sound(id_)


def hashed(parts: Sequence[str], secret: bytes, prefix: str) -> str:
    """A stable id for someone without one: the same parts and secret, the same id; nobody gets the
    parts back out of it. `prefix` and 32 hex digits (blake2b, keyed)."""
    digest = hashlib.blake2b(digest_size=_DIGEST, key=hashlib.blake2b(secret).digest())
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return prefix + digest.hexdigest()
