"""A notice that did not arrive."""

from __future__ import annotations


class Undelivered(Exception):
    """Why a notice did not arrive, without the address: that is a secret. The import is not touched
    by it."""
