"""A notice as an HTTP POST: plain JSON, or in Slack's format."""

from __future__ import annotations

import http.client
import json
import urllib.request
from dataclasses import dataclass
from typing import IO, Self
from urllib.parse import urlsplit

from importer import __version__
from importer.errors import UsageError
from importer.notices.notice import Notice
from importer.notices.undelivered import Undelivered
from importer.settings import Secret, is_loopback

SECONDS = 10.0
"""How long a server may take."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002  the names are urllib's
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: http.client.HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Webhook:
    """POSTs the notice as JSON. The URL is a secret."""

    url: Secret

    @classmethod
    def parse(cls, text: str) -> Self:
        """https, or http on this machine. Raises UsageError, which doesn't quote the URL."""
        parts = urlsplit(text)
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and is_loopback(parts.hostname or "")
        )
        if not safe or not parts.hostname:
            raise UsageError(
                "The notification's URL must begin with https:// (http:// on this machine only)."
            )
        return cls(Secret(text))

    def body(self, notice: Notice) -> dict[str, object]:
        """What is posted."""
        return notice.document()

    def send(self, notice: Notice) -> None:
        """Post it; anything but a 2xx is Undelivered."""
        request = urllib.request.Request(  # noqa: S310  the scheme was checked
            self.url.reveal(),
            data=json.dumps(self.body(notice)).encode(),
            headers={
                "Content-Type": "application/json",
                "User-Agent": f"satismeter-importer/{__version__}",
            },
        )
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=SECONDS):
                return
        except urllib.request.HTTPError as error:
            error.close()
            raise Undelivered(f"the server answered {error.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Undelivered(f"it could not be reached ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True)
class Slack(Webhook):
    """The same in the format of Slack's incoming webhooks, which Mattermost, Rocket.Chat and others
    take too."""

    def body(self, notice: Notice) -> dict[str, object]:
        """Slack reads & < > as markup (docs.slack.dev, "Formatting message text")."""
        sign = ":white_check_mark:" if notice.well else ":warning:"
        text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text": f"{sign} {text}"}
