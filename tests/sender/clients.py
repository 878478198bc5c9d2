"""The HTTP clients that must keep the same promises."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from importer.sender.client import Client
from importer.sender.lean import LeanClient
from importer.settings import Secret

AnyClient = Client | LeanClient


class Opener(Protocol):
    """What makes a client."""

    def __call__(
        self, url: str, write_key: Secret, *, concurrency: int, timeout: float
    ) -> AbstractAsyncContextManager[AnyClient]:
        """A client, to be entered."""


OPENERS: Mapping[str, Opener] = {"aiohttp": Client, "lean": LeanClient}
