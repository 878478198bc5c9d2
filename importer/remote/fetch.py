"""Fetching: a remote file becomes a private temporary one, which goes when it is done with."""

from __future__ import annotations

import http.client
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Protocol

from importer import __version__
from importer.errors import SourceError, UsageError
from importer.remote.address import CLOUD, Address

LARGEST = 2 * 1024**3
"""Bytes of a remote file at most."""

_PART = 1024 * 1024
_SECONDS = 60.0


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def fetched(address: Address, largest: int = LARGEST) -> Iterator[Path]:
    """A copy for the user's eyes only, under the file's own name; it is gone afterwards. Raises
    SourceError where it can't be had, UsageError where a driver is missing."""
    with tempfile.TemporaryDirectory(prefix="importer-") as folder:
        path = Path(folder) / address.name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out, _told(address), _opened(address) as source:
            _copy(source, out, address, largest)
        yield path


def _copy(source: _Readable, out: IO[bytes], address: Address, largest: int) -> None:
    size = 0
    while part := source.read(_PART):
        size += len(part)
        if size > largest:
            raise SourceError(f"{address.shown} is larger than {largest:,} bytes.")
        out.write(part)


def _opened(address: Address) -> AbstractContextManager[_Readable]:
    if address.scheme in CLOUD:
        return _cloud(address)
    request = urllib.request.Request(  # noqa: S310  the scheme was checked
        address.url, headers={"User-Agent": f"satismeter-importer/{__version__}"}
    )
    opener = urllib.request.build_opener(_SafeRedirects)
    opened: AbstractContextManager[_Readable] = opener.open(request, timeout=_SECONDS)
    return opened


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows (a shared sheet is a redirect), but from https never to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        Address.parse(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


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
def _told(address: Address) -> Iterator[None]:
    """The many libraries' errors in our words; their own may quote the address, token and all."""
    try:
        yield
    except (SourceError, UsageError):
        raise
    except urllib.request.HTTPError as error:
        error.close()
        raise SourceError(f"{address.shown} can't be had: the server says {error.code}.") from None
    except FileNotFoundError:
        raise SourceError(f"There is no {address.shown}.") from None
    except Exception as error:  # noqa: BLE001  each driver has exceptions of its own
        raise SourceError(
            f"{address.shown} can't be fetched ({type(error).__name__}).",
            hint="Check the address and the credentials of its service.",
        ) from None
