"""A real browser, driven over its own protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
if not CHROMIUM and os.environ.get("BROWSER_TESTS") == "required":
    raise RuntimeError("There is no Chromium, and the browser's tests are required here.")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0", "about:blank"),
)


class Page:
    """A tab. `requests` are the addresses that it asked for, `complaints` what its console said."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._loaded = False
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def call(self, method: str, **given: object) -> Any:
        """One call of the protocol; what happens meanwhile is taken note of."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": given})
        while True:
            message = await self._socket.receive_json(timeout=20)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, event: dict[str, Any]) -> None:
        given = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(given["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(given["entry"]["text"])
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.complaints.append(str(given))
            case "Page.loadEventFired":
                self._loaded = True

    async def open(self, address: str, width: int = 1200, *, dark: bool = False) -> None:
        """Show an address in a window that wide (360 is a phone)."""
        for room in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{room}.enable")
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        await self.call("Page.navigate", url=address)
        while not self._loaded:
            self._note(await self._socket.receive_json(timeout=20))

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def picture(self, height: int | None = None) -> bytes:
        """A PNG of the page from its top, whole or `height` pixels of it."""
        size = (await self.call("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {
            "x": 0,
            "y": 0,
            "width": size["width"],
            "height": height or size["height"],
            "scale": 1,
        }
        shot = await self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    async def printed(self) -> bytes:
        """A PDF of the page, as it comes out of a printer."""
        printed = await self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])


@asynccontextmanager
async def page() -> AsyncIterator[Page]:
    """A tab of a browser of its own, with an empty profile."""
    assert CHROMIUM
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            *(CHROMIUM, f"--user-data-dir={profile}", *_FLAGS),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            origin = await _listening(process)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"{origin}/json/list") as reply:
                    tabs = await reply.json()
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield Page(socket)
        finally:
            process.terminate()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    """Where the browser says that it listens."""
    assert process.stderr
    async with asyncio.timeout(20):
        async for line in process.stderr:
            if found := re.search(rb"DevTools listening on ws(://[^/]+)", line):
                return "http" + found[1].decode()
    raise AssertionError("the browser has ended")
