"""The lean HTTP client: the same promises as `importer.sender.client`, at a fraction of its cost."""

from __future__ import annotations

import asyncio
import time
import zlib

from importer.sender.content import Mask, unpacked
from importer.sender.faults import Fault
from importer.sender.lean.connection import Connection
from importer.sender.lean.incoming import Answer
from importer.sender.lean.pool import Pool
from importer.sender.lean.request import Request
from importer.sender.lean.target import Target, Unconnected
from importer.sender.reply import Reply
from importer.sender.reuse import Reuse
from importer.settings import Secret


class LeanClient:
    """An HTTP client for one endpoint; an async context manager.

    No redirects, no cookies, no compression asked for, at most 64 kB of a reply, packed or not; a write
    key that the server quotes is masked. `timeout`: seconds without a byte; a whole attempt gets four
    times as long. `concurrency`: requests under way at most, and so connections; others wait.
    """

    def __init__(self, url: str, write_key: Secret, *, concurrency: int, timeout: float) -> None:
        self._url = url
        self._key = write_key
        self._mask = Mask(write_key)
        self._request = Request(url, write_key)
        self._pool = Pool(Target(url, seconds=min(10.0, timeout)), timeout)
        self._turns = asyncio.Semaphore(concurrency)
        self._reuse = Reuse()

    @property
    def force_close(self) -> bool:
        """Whether each connection is used once only."""
        return self._reuse.over

    async def __aenter__(self) -> LeanClient:
        self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def post(self, body: bytes) -> Reply:
        """One attempt."""
        start = time.monotonic()
        async with self._turns:
            try:
                connection = self._pool.rested(time.monotonic()) or await self._pool.fresh()
            except Unconnected as error:
                return _not_sent(error.fault, _ms(start, time.monotonic()))
            try:
                ending = await connection.send(self._request.of(body))
            except BaseException:
                connection.abort()
                raise
            return self._ended(connection, ending, start)

    def _ended(self, connection: Connection, ending: Answer | Fault, start: float) -> Reply:
        now, reused = time.monotonic(), connection.reused
        self._note(reused=reused, alive=isinstance(ending, Answer))
        if isinstance(ending, Fault):
            return _in_doubt(ending, reused, _ms(start, now))
        if ending.reusable and not connection.unsent and not self._reuse.over:
            self._pool.rest(connection, now)
        else:
            connection.abort()
        return self._whole(ending, reused, _ms(start, now))

    def _note(self, *, reused: bool, alive: bool) -> None:
        """Where reused connections keep dying, those at rest are not used again."""
        before = self._reuse.over
        self._reuse.ended(reused=reused, alive=alive)
        if self._reuse.over and not before:
            self._request = Request(self._url, self._key, last=True)
            self._pool.clear()

    def _whole(self, answer: Answer, reused: bool, ms: int) -> Reply:
        try:
            content = unpacked(answer.content, answer.encoding)
        except zlib.error:
            return _in_doubt(Fault.DAMAGED, reused, ms)
        return Reply(
            left=True,
            status=answer.status,
            body=self._mask.over(content),
            content_type=answer.content_type,
            retry_after=answer.retry_after,
            date=answer.date,
            reused=reused,
            ms=ms,
        )


def _in_doubt(fault: Fault, reused: bool, ms: int) -> Reply:
    return Reply(left=True, fault=fault.value, reused=reused, ms=ms)


def _not_sent(fault: Fault, ms: int) -> Reply:
    return Reply(left=False, fault=fault.value, certificate=fault is Fault.CERTIFICATE, ms=ms)


def _ms(start: float, end: float) -> int:
    return round((end - start) * 1000)
