"""Files that lie elsewhere (https, Google Sheets, S3 and its like): fetched, then read like any other.

https and shared Google Sheets need nothing more; `s3://`, `gs://`, `az://` and `sftp://` go through
fsspec and its drivers, which are extras.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import unquote, urljoin

from importer import http, system
from importer.errors import SourceError, UsageError
from importer.http import NetworkFault, fault_of
from importer.settings import Network, is_loopback, split_url
from importer.sources.files import LARGEST

if TYPE_CHECKING:
    import aiohttp


# Where a remote file lies: what may be asked for, what it is called, and what may be shown of it.

CLOUD = {
    "s3": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "abfs": "az",
    "sftp": "sftp",
    "ssh": "sftp",
}
"""Schemes that fsspec serves, and the extra that brings each one's driver."""

_SHEET = re.compile(r"/spreadsheets/d/([\w-]{20,})(?:/|$)")
_GID = re.compile(r"gid=(\d+)")
_UNSAFE = re.compile(r"[^\w .,()+-]")
_LONGEST_NAME = 120
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Address:
    """`url` may hold a token, so only `shown` (the same without query and fragment) is ever printed or
    kept; `name` is the file's."""

    url: str = field(repr=False)
    shown: str
    scheme: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """https, http on this machine, a shared Google Sheet's address as it stands in the browser,
        or one of `CLOUD`. Raises UsageError, which quotes no query."""
        parts = split_url(text)
        shown = parts._replace(query="", fragment="").geturl()
        if parts.password:
            raise UsageError(
                "A password has no place in the address of a file.",
                hint="For sftp, use a key that ssh-agent holds; s3 and gs read their own settings.",
            )
        if "::" in text:
            raise UsageError(f"{shown} is a chain of addresses; name the file itself.")
        _check_scheme(parts.scheme, parts.hostname or "", shown)
        sheet = _SHEET.search(parts.path) if parts.hostname == "docs.google.com" else None
        if sheet:
            return cls(_export(sheet[1], text), shown, parts.scheme, f"sheet-{sheet[1][:8]}.csv")
        name = PurePosixPath(unquote(parts.path)).name
        if not name:
            raise UsageError(f"{shown} names no file.")
        return cls(text, shown, parts.scheme, _local(name))


def _local(name: str) -> str:
    """A name that is one here, too: a job's folder is called after it. The end is kept, for its suffix."""
    kept = _UNSAFE.sub("_", name).encode()[-_LONGEST_NAME:].decode(errors="ignore").lstrip(". ")
    return kept if any(map(str.isalnum, kept)) else "source"


def _check_scheme(scheme: str, host: str, shown: str) -> None:
    if scheme == "http" and not is_loopback(host):
        raise UsageError(
            f"{shown} would bring the answers unencrypted.",
            hint="Use https; http is for this machine only.",
        )
    if scheme not in ("http", "https", *CLOUD):
        raise UsageError(
            f"Files can't be fetched by {scheme}://.",
            hint=f"Known are https://, {', '.join(f'{each}://' for each in CLOUD)}.",
        )


def _export(sheet: str, text: str) -> str:
    """Google's export of one sheet as CSV; the first where the address names none."""
    gid = _GID.search(text)
    page = f"&gid={gid[1]}" if gid else ""
    return f"https://docs.google.com/spreadsheets/d/{sheet}/export?format=csv{page}"


# Fetching: a remote file becomes a temporary one without a name, so that nothing of it is left behind.

_PART = 1024 * 1024
_SECONDS = 60.0
"""Without a connection, or without a byte; a big file may take as long as it likes."""
_REDIRECTS = 10
_MOVED = (301, 302, 303, 307, 308)
_PRINTABLE = re.compile("[!-~]+")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def fetched(
    address: Address, largest: int = LARGEST, network: Network | None = None
) -> Iterator[Path]:
    """Where its copy can be opened within. Raises SourceError where it can't be had, UsageError where a
    driver is missing."""
    with system.nameless() as out:
        with _wrap_fetch_errors(address):

            def write(part: bytes) -> None:
                out.write(part)
                if out.tell() > largest:
                    raise SourceError(f"{address.shown} is larger than {largest:,} bytes.")

            if address.scheme in CLOUD:
                _copy(address, write)
            else:
                http.run(_download(address, write, network or Network()))
            out.flush()
        yield Path(system.reopened(out.fileno(), out.name))


def _copy(address: Address, write: Callable[[bytes], None]) -> None:
    with _cloud(address) as source:
        while part := source.read(_PART):
            write(part)


async def _download(address: Address, write: Callable[[bytes], None], network: Network) -> None:
    """Follows redirects (a shared sheet is one), but from https to https only."""
    import aiohttp
    from yarl import URL

    limits = aiohttp.ClientTimeout(total=None, connect=_SECONDS, sock_read=_SECONDS)
    url = address.url
    for _ in range(_REDIRECTS + 1):
        exact = _PRINTABLE.fullmatch(url) is not None  # one that is signed must stay as it is
        async with (
            http.session(network, url, timeout=limits) as session,
            session.get(URL(url, encoded=exact), allow_redirects=False) as response,
        ):
            location = response.headers.get("Location")
            if response.status not in _MOVED or not location:
                await _save(response, address, write)
                return
            url = _next(url, location, address)
    raise SourceError(f"{address.shown} leads from one address to the next without an end.")


def _next(url: str, location: str, address: Address) -> str:
    there = urljoin(url, location)
    Address.parse(there)
    if url.startswith("https:") and not there.startswith("https:"):
        raise UsageError(
            f"{address.shown} leads to an address that is not https.",
            hint="What it leads to may be another server's, or this machine's own: name it by itself.",
        )
    return there


async def _save(
    response: aiohttp.ClientResponse, address: Address, write: Callable[[bytes], None]
) -> None:
    if not 200 <= response.status < 300:
        raise SourceError(f"{address.shown} can't be had: the server says {response.status}.")
    async for part in response.content.iter_chunked(_PART):
        write(part)
    if not http.is_whole(response):
        raise SourceError(
            f"{address.shown} may have been cut off: the server doesn't say how long it is.",
            hint="Fetch it with another program, look whether all of it is there, and import that file.",
        )


def _cloud(address: Address) -> AbstractContextManager[_Readable]:
    extra = CLOUD[address.scheme]
    try:
        import fsspec  # type: ignore[import-untyped]  # it has no types

        opened: AbstractContextManager[_Readable] = fsspec.open(address.url, "rb")
    except ImportError as error:
        raise UsageError(
            f"Files of {address.scheme}:// need a driver that is not installed.",
            hint=f"Install it: pip install 'satismeter-importer[{extra}]'",
        ) from error
    return opened


@contextmanager
def _wrap_fetch_errors(address: Address) -> Iterator[None]:
    """The many libraries' errors in our words; their own may quote the address, token and all."""
    try:
        yield
    except (SourceError, UsageError):
        raise
    except FileNotFoundError:
        raise SourceError(f"There is no {address.shown}.") from None
    except Exception as error:  # noqa: BLE001  each driver has exceptions of its own
        fault = NetworkFault.OTHER if address.scheme in CLOUD else fault_of(error)
        why = type(error).__name__ if fault is NetworkFault.OTHER else fault.value
        raise SourceError(
            f"{address.shown} can't be fetched ({why}).",
            hint="Check the address and the credentials of its service.",
        ) from None
