"""Which HTTP client posts: each keeps the same promises, and is imported only where it is used."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Literal

from importer.sender.reply import Poster
from importer.settings import Secret

Name = Literal["lean", "aiohttp"]


def client(
    name: Name, url: str, write_key: Secret, *, concurrency: int, timeout: float
) -> AbstractAsyncContextManager[Poster]:
    """The client of this name, to be entered; `concurrency` and `timeout` (seconds) as it says."""
    if name == "aiohttp":
        from importer.sender.client import Client

        return Client(url, write_key, concurrency=concurrency, timeout=timeout)
    from importer.sender.lean import LeanClient

    return LeanClient(url, write_key, concurrency=concurrency, timeout=timeout)
