"""The event loops that a run may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

Loops = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]

_UV: Loops = {"uvloop": uvloop.new_event_loop}
_OTHERS: Loops = {"asyncio": asyncio.new_event_loop}
_LOOPS: Mapping[str, Loops] = {
    "test_client.py": _UV,
    "test_client_replies.py": {**_UV, **_OTHERS},
    "test_client_connections.py": {**_UV, **_OTHERS},
    "test_client_network.py": {**_UV, **_OTHERS},
}


def pytest_asyncio_loop_factories(item: pytest.Item) -> Loops:
    """pytest-asyncio asks for the loops of each test."""
    return _LOOPS.get(item.path.name, _OTHERS)
