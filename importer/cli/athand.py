"""FILE at hand: a remote one is fetched first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.settings import Settings


@contextmanager
def at_hand(settings: Settings) -> Iterator[Settings]:
    """The settings as they are, or with the remote file's copy. Raises ImporterError."""
    from importer.remote import Address, fetched, is_remote

    if not is_remote(settings.file):
        yield settings
        return
    address = Address.parse(settings.file)
    with fetched(address, network=settings.network) as copy:
        yield dataclasses.replace(settings, file=address.shown, copy=copy)
