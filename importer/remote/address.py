"""Where a remote file lies: what may be asked for, what it is called, and what may be shown of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import unquote, urlsplit

from importer.errors import UsageError
from importer.settings import is_loopback

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


def is_remote(file: str) -> bool:
    """Whether FILE is an address and no path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", file) is not None


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
        parts = urlsplit(text)
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
        return cls(text, shown, parts.scheme, name)


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
