"""A server that goes away while rows are posted, and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from importer.delivery.circuit_breaker import PROBE_EVERY, CircuitBreaker
from importer.delivery.rate_limit import RateLimiter
from importer.delivery.worker import Delivery, DeliveryOptions
from importer.model import Status
from importer.sandbox import WRITE_KEY, FaultShare, SandboxSettings, background
from importer.sandbox.faults import share
from importer.satismeter.insert import Client
from importer.settings import Secret
from tests.delivery.fakes import Journal, rows
from tests.figures import figure

COUNT = 1_500
SCALE = 100
SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"


class Server:
    """A sandbox that can be away and back, at the same port, with the same store."""

    def __init__(self, store: Path) -> None:
        self._settings = SandboxSettings(store=store, latency=0.005)
        self._context = background(self._settings)
        self.sandbox = self._context.__enter__()
        self.url = self.sandbox.url
        self._settings = replace(self._settings, port=self.sandbox.port)

    def until(self, posts: int) -> None:
        """Wait for so many requests."""
        while len(self.sandbox.posts()) < posts:
            time.sleep(0.01)

    def away(self) -> None:
        """Refuse connections; requests under way are cut."""
        self._context.__exit__(None, None, None)

    def back(self, *fail: FaultShare) -> None:
        """Listen again; fail so."""
        self._context = background(replace(self._settings, fail=fail))
        self.sandbox = self._context.__enter__()


@contextmanager
def served(path: Path) -> Iterator[Server]:
    server = Server(path / "store.sqlite3")
    try:
        yield server
    finally:
        server.away()


def body(row: object) -> bytes:
    seq = getattr(row, "seq", 0)
    answers = f'[{{"id":"{SCORE}","value":{seq % 11}}}]'
    return f'{{"campaign":"{_CAMPAIGN}","userId":"p{seq}","answers":{answers}}}'.encode()


_CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"


def refusing(server: Server) -> None:
    """No connection for the whole time."""
    time.sleep(60 / SCALE)


def failing(server: Server) -> None:
    """503 with Retry-After for the whole time."""
    server.back(share("503+0"))
    time.sleep(60 / SCALE)
    server.away()


@pytest.mark.parametrize("outage", [refusing, failing])
async def test_a_minute_of_outage(tmp_path: Path, outage: Callable[[Server], None]) -> None:
    """A hundredfold as fast: 0.6 s, and the breaker's probes every 0.05 s; real sockets."""
    with served(tmp_path) as server:
        journal, url = Journal(), server.url + "/api/responses"
        async with Client(url, Secret(WRITE_KEY), concurrency=8, timeout=5) as client:
            delivery = Delivery(
                client,
                journal,
                RateLimiter(None),
                CircuitBreaker(probe_every=PROBE_EVERY / SCALE),
                body=body,
                observer=lambda *_: None,
                options=DeliveryOptions(8),
            )
            running = asyncio.create_task(delivery.run(iter(rows(COUNT))))
            await asyncio.to_thread(server.until, 300)
            await asyncio.to_thread(server.away)
            await asyncio.to_thread(outage, server)
            await asyncio.to_thread(server.back)
            await running
        stored = server.sandbox.copies()
    statuses = journal.statuses()
    figure(
        f"60 s of outage a hundredfold as fast, {outage.__name__}",
        requests_a_row=f"{delivery.requests / COUNT:.3f}",
        failed=statuses[Status.FAILED],
        created=statuses[Status.CREATED],
        unknown=statuses[Status.UNKNOWN],
    )
    assert delivery.stopped is None
    assert delivery.requests <= 1.05 * COUNT
    assert statuses[Status.CREATED] + statuses[Status.UNKNOWN] == COUNT
    assert statuses[Status.UNKNOWN] <= 8
    assert set(stored.values()) == {1}
