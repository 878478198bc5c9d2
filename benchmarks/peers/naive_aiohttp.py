"""What a first aiohttp script looks like: a task a row, a semaphore, the defaults of the library.

It posts ready-made bodies: no reading of the CSV, no mapping, no journal, no results.
"""

import asyncio
import sys
from pathlib import Path

import aiohttp


async def main(lines: list[bytes], url: str, concurrency: int) -> None:
    gate = asyncio.Semaphore(concurrency)
    async with aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as session:

        async def post(line: bytes) -> int:
            async with gate, session.post(url, data=line) as reply:
                await reply.read()
                return reply.status

        statuses = await asyncio.gather(*map(post, lines))
    print(sum(status == 200 for status in statuses), "accepted")


if __name__ == "__main__":
    read = Path(sys.argv[1]).read_bytes().splitlines()
    if "uvloop" in sys.argv[4:]:
        import uvloop

        uvloop.run(main(read, sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(main(read, sys.argv[2], int(sys.argv[3])))
