"""A notice as an e-mail."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from importer.errors import UsageError
from importer.notices.notice import Notice
from importer.notices.undelivered import Undelivered
from importer.settings import Secret, is_loopback

SECONDS = 20.0
"""How long the server may take for each step."""

_PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
_SHAPE = "smtps://USER:PASSWORD@HOST/?from=importer@example.com&to=team@example.com"


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends the notice by SMTP: `smtps` (TLS from the start) or `smtp+starttls`, both with the
    certificate checked; `smtp` on this machine only."""

    scheme: str
    host: str
    port: int
    sender: str
    to: tuple[str, ...]
    user: str = ""
    password: Secret = Secret("")  # noqa: RUF009  frozen, like every Secret

    @classmethod
    def parse(cls, text: str) -> Self:
        """`smtps://USER:PASSWORD@HOST:PORT/?from=A&to=B,C`; user and password percent-encoded.
        Raises UsageError, which quotes nothing of it."""
        try:
            parts = urlsplit(text)
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise UsageError("The e-mail's address has the wrong form.", hint=_SHAPE) from None
        asked = parse_qs(parts.query)
        sender, to = asked.get("from", [""])[0], asked.get("to", [""])[0].replace(" ", "")
        if not parts.hostname or "@" not in sender or "@" not in to:
            raise UsageError("The e-mail's address lacks a host, from= or to=.", hint=_SHAPE)
        if parts.scheme == "smtp" and not is_loopback(parts.hostname):
            raise UsageError(
                "smtp:// is for a mail server on this machine only.",
                hint="Write smtps:// or smtp+starttls://.",
            )
        return cls(
            parts.scheme,
            parts.hostname,
            port,
            sender,
            tuple(to.split(",")),
            unquote(parts.username or ""),
            Secret(unquote(parts.password or "")),
        )

    def send(self, notice: Notice) -> None:
        """Hand it to the mail server."""
        try:
            with self._connected() as server:
                if self.scheme == "smtp+starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password.reveal())
                server.send_message(self._message(notice))
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"the mail server refused ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=SECONDS)

    def _message(self, notice: Notice) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = f"Import of {''.join(notice.title.splitlines())}"
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Date"] = formatdate(notice.at)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message.set_content(notice.text + "\n")
        return message
