"""httpx' AsyncClient and gather, a semaphore around each post; ready-made bodies."""

import asyncio
import sys
from pathlib import Path

import httpx


async def main(lines: list[bytes], url: str, concurrency: int) -> None:
    gate = asyncio.Semaphore(concurrency)
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def post(line: bytes) -> int:
            async with gate:
                reply = await client.post(
                    url, content=line, headers={"Content-Type": "application/json"}
                )
                return reply.status_code

        statuses = await asyncio.gather(*map(post, lines))
    print(sum(status == 200 for status in statuses), "accepted")


if __name__ == "__main__":
    read = Path(sys.argv[1]).read_bytes().splitlines()
    asyncio.run(main(read, sys.argv[2], int(sys.argv[3])))
