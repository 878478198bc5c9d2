"""Which HTTP client posts: each keeps the same promises, and is imported only where it is used."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from importer.sender.reply import Poster
from importer.settings import HttpClient, Secret


def client(
    name: HttpClient, url: str, write_key: Secret, *, concurrency: int, timeout: float
) -> AbstractAsyncContextManager[Poster]:
    """The client of this name, to be entered; `concurrency` and `timeout` (seconds) as it says.

    Both pass the same tests. The lean one is cheaper by far, and refuses bytes that come while no request is
    under way (proxies send a 408 then), which aiohttp takes for the next request's reply.
    """
    if name == "aiohttp":
        from importer.sender.client import Client

        return Client(url, write_key, concurrency=concurrency, timeout=timeout)
    from importer.sender.lean import LeanClient

    return LeanClient(url, write_key, concurrency=concurrency, timeout=timeout)
