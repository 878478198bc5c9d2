"""A server can't keep a reading for ever, nor lead it elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from importer.satismeter.read import Reader, ReadError
from importer.settings import Secret

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


async def read(pages: list[int], project: str = "p1") -> tuple[int, list[str]]:
    """How many responses come of pages with so many each; and the paths that were asked for."""
    numbers, paths = count(), []

    async def answer(request: web.Request) -> web.Response:
        number = next(numbers)
        paths.append(request.raw_path.partition("?")[0])
        items = pages[number] if number < len(pages) else 0
        page = {"hasNextPage": number + 1 != len(pages), "nextPageCursor": f"c{number}"}
        return web.json_response(
            {"data": [{"id": f"{number}-{n}"} for n in range(items)], "page": page}
        )

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    async with (
        TestServer(app) as server,
        Reader(str(server.make_url("")).rstrip("/"), Secret("k"), project) as reader,
    ):
        found = [each async for each in reader.responses("a/b?c", SINCE)]
    return len(found), paths


async def test_pages_without_an_end_end() -> None:
    with pytest.raises(ReadError, match="circle"):
        await read([])


async def test_some_empty_pages_are_honest() -> None:
    assert (await read([2, 0, 0, 0, 1]))[0] == 3


async def test_names_stay_names_in_an_address() -> None:
    _, paths = await read([0], project="../../x?y=")
    assert paths == ["/api/v3/projects/..%2F..%2Fx%3Fy=/campaigns/a%2Fb%3Fc/responses"]
