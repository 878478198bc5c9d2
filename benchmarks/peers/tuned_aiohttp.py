"""aiohttp with all that its public API offers for speed; still only ready-made bodies.

A fixed set of workers pulls from one iterator; the pool is as large as the number in flight; no
cookies, no decompression, no time-outs, no redirects, the URL is built once.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from yarl import URL


async def main(lines: list[bytes], url: str, concurrency: int) -> None:
    left = iter(lines)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
        skip_auto_headers=("User-Agent", "Accept"),
    ) as session:
        counts = await asyncio.gather(*(work(session, URL(url), left) for _ in range(concurrency)))
    print(sum(counts), "accepted")


async def work(session: aiohttp.ClientSession, url: URL, lines: Iterator[bytes]) -> int:
    accepted = 0
    for line in lines:
        async with session.post(url, data=line, allow_redirects=False) as reply:
            await reply.read()
            accepted += reply.status == 200
    return accepted


if __name__ == "__main__":
    read = Path(sys.argv[1]).read_bytes().splitlines()
    if "uvloop" in sys.argv[4:]:
        import uvloop

        uvloop.run(main(read, sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(main(read, sys.argv[2], int(sys.argv[3])))
