"""Both HTTP clients, on the event loops that a run may use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.sender.clients import OPENERS, Opener

Loops = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]

_UV: Loops = {"uvloop": uvloop.new_event_loop}
_OTHERS: Loops = {"asyncio": asyncio.new_event_loop}
_LOOPS: Mapping[str, Loops] = {
    "test_client.py": _UV,
    "test_client_replies.py": {**_UV, **_OTHERS},
    "test_lean.py": {**_UV, **_OTHERS},
}


def pytest_asyncio_loop_factories(item: pytest.Item) -> Loops:
    """pytest-asyncio asks for the loops of each test."""
    return _LOOPS.get(item.path.name, _OTHERS)


@pytest.fixture(params=OPENERS)
def opener(request: pytest.FixtureRequest) -> Opener:
    """Each client in turn."""
    return OPENERS[request.param]
