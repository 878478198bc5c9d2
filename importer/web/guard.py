"""Who may ask for what: this machine alone, by a one-time token, from our own pages (CSRF, rebinding)."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from hmac import compare_digest

from aiohttp import MultipartReader, hdrs, web
from multidict import MultiDict

# What a browser is told with each answer. Nothing but the wizard's own files is loaded, nothing frames it.

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FRAMED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""Of a report in its frame: it holds what the spreadsheet says, so it runs nothing and asks for nothing."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not `no-referrer`: with it Chromium sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def dressed(_: web.BaseRequest, response: web.StreamResponse) -> None:
    """Give an answer its headers, but for those that it has."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "importer"


# Who is asked for a page.

_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
"""Any port, so that a tunnel (`ssh -L`) may end at another; no other name, which a foreign page could give to
this machine's address (rebinding)."""

TOKEN_LASTS = 300.0
"""Seconds that a link from the terminal may be opened."""
_MOST_SESSIONS = 16
_LONGEST_FIELD = 4096


FORM = web.RequestKey("form", MultiDict[str])
PARTS = web.RequestKey("parts", MultipartReader)


class Refused(Exception):
    """A request that is not answered: `status` of HTTP, and the reason for people."""

    def __init__(self, status: int, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.hint = status, reason, hint


_OPEN_AGAIN = "Press Enter in the terminal where `importer web` runs: it shows a new link."


@dataclass
class Guard:
    """Knows the links that are out and the sessions that were opened by them; `port` is the server's own."""

    port: int = 0
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _sessions: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def cookie(self) -> str:
        """The session's cookie: browsers tell servers on one host apart by its name only."""
        return f"importer-{self.port}"

    def token(self) -> str:
        """A new one, which opens one session within `TOKEN_LASTS` seconds."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = time.monotonic() + TOKEN_LASTS
        return token

    def admit(self, request: web.Request, response: web.StreamResponse) -> None:
        """Open a session for who brings a token; each is good once. Raises Refused."""
        until = self._tokens.pop(request.query.get("token", ""), 0.0)
        if time.monotonic() > until:
            raise Refused(403, "This link was used before, or is too old.", _OPEN_AGAIN)
        session = secrets.token_urlsafe(32)
        self._sessions[session] = secrets.token_urlsafe(32)
        while len(self._sessions) > _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        response.set_cookie(self.cookie, session, httponly=True, samesite="Strict", path="/")

    def known(self, request: web.Request) -> bool:
        return request.cookies.get(self.cookie, "") in self._sessions

    def csrf(self, request: web.Request) -> str:
        """What a form of this session has to bring along."""
        return self._sessions.get(request.cookies.get(self.cookie, ""), "")

    async def check(self, request: web.Request) -> None:
        """Raise Refused for whoever is no page of the wizard's own. The fields of a form are then in
        `request[FORM]`; those of one with a file are still to be read from `request[PARTS]`."""
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
            raise Refused(421, "This server is for 127.0.0.1 alone.")
        if request.path == "/open" and request.method == hdrs.METH_GET:
            return
        if request.method in {hdrs.METH_GET, hdrs.METH_HEAD}:
            _check_site(request, {"same-origin", "none"})
        elif request.method == hdrs.METH_POST:
            _check_site(request, {"same-origin"})
            if request.headers.get(hdrs.ORIGIN) != f"http://{request.headers[hdrs.HOST]}":
                raise Refused(403, "Another page has sent this form.")
        else:
            raise Refused(405, "That is no method of the wizard's.")
        if not self.known(request):
            raise Refused(401, "This page opens by the link that the terminal shows.", _OPEN_AGAIN)
        if request.method == hdrs.METH_POST:
            await self._check_form(request)

    async def _check_form(self, request: web.Request) -> None:
        """The token comes first in every form, so that no file is taken before it was seen."""
        if request.content_type == "multipart/form-data":
            parts = await request.multipart()
            first = await parts.next()
            named = getattr(first, "name", None) == "csrf"
            brought = await first.read_chunk(_LONGEST_FIELD) if named else b""  # type: ignore[union-attr]
            request[PARTS], request[FORM] = parts, MultiDict[str]()
            token = bytes(brought).decode(errors="replace")
        else:
            form = await request.post()
            request[FORM] = MultiDict((name, str(value)) for name, value in form.items())
            token = request[FORM].get("csrf", "")
        if not compare_digest(token.encode(), self.csrf(request).encode()):
            raise Refused(
                403, "This form is of another session.", "Load the page anew, and try again."
            )


def number(text: str) -> int | None:
    """What a form or an address says where a number is asked for; None where it is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _check_site(request: web.Request, allowed: set[str]) -> None:
    if request.headers.get("Sec-Fetch-Site") not in allowed:
        raise Refused(
            403,
            "Another page has led here, or a browser that doesn't say where from.",
            "Type the address 127.0.0.1 by hand, in a browser of 2023 or newer.",
        )
