"""A notice as an HTTP POST: plain JSON, or in Slack's format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from importer import http
from importer.errors import ImporterError, UsageError
from importer.faults import Fault, fault_of
from importer.notices.notice import Notice
from importer.notices.undelivered import Undelivered
from importer.settings import Network, Secret, is_loopback

SECONDS = 10.0
"""How long a server may take."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """POSTs the notice as JSON. The URL is a secret."""

    url: Secret
    network: Network = Network()  # noqa: RUF009  frozen

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
        import aiohttp

        try:
            status = http.run(self._post(json.dumps(self.body(notice)).encode()))
        except ImporterError as error:  # the proxy, or the authorities: no reason to fail an import
            raise Undelivered(error.message) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            fault = fault_of(error)
            told = type(error).__name__ if fault is Fault.OTHER else fault.value
            raise Undelivered(f"it could not be reached ({told})") from None
        if not 200 <= status < 300:
            raise Undelivered(f"the server answered {status}")

    async def _post(self, body: bytes) -> int:
        import aiohttp

        url, limit = self.url.reveal(), aiohttp.ClientTimeout(total=SECONDS)
        headers = {"Content-Type": "application/json"}
        async with (
            http.session(self.network, url, timeout=limit, headers=headers) as session,
            session.post(url, data=body, allow_redirects=False) as response,
        ):
            return response.status


@dataclass(frozen=True, slots=True)
class Slack(Webhook):
    """The same in the format of Slack's incoming webhooks, which Mattermost, Rocket.Chat and others
    take too."""

    def body(self, notice: Notice) -> dict[str, object]:
        """Slack reads & < > as markup (docs.slack.dev, "Formatting message text")."""
        sign = ":white_check_mark:" if notice.well else ":warning:"
        text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text": f"{sign} {text}"}
