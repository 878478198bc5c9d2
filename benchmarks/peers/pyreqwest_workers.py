"""pyreqwest, a client in Rust, with a fixed set of workers; ready-made bodies."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from pyreqwest.client import Client, ClientBuilder


async def main(lines: list[bytes], url: str, concurrency: int) -> None:
    left = iter(lines)
    builder = (
        ClientBuilder()
        .max_connections(concurrency)
        .default_headers({"Content-Type": "application/json"})
    )
    async with builder.build() as client:
        counts = await asyncio.gather(*(work(client, url, left) for _ in range(concurrency)))
    print(sum(counts), "accepted")


async def work(client: Client, url: str, lines: Iterator[bytes]) -> int:
    accepted = 0
    for line in lines:
        reply = await client.post(url).body_bytes(line).build().send()
        await reply.bytes()
        accepted += reply.status == 200
    return accepted


if __name__ == "__main__":
    read = Path(sys.argv[1]).read_bytes().splitlines()
    if "uvloop" in sys.argv[4:]:
        import uvloop

        uvloop.run(main(read, sys.argv[2], int(sys.argv[3])))
    else:
        asyncio.run(main(read, sys.argv[2], int(sys.argv[3])))
