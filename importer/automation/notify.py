"""Telling others how an import ended: webhook, Slack, e-mail, a command."""

from __future__ import annotations

import json
import os
import shlex
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit

from importer import codes, http
from importer.errors import ExitStatus, ImporterError, UsageError
from importer.http import NetworkFault, fault_of
from importer.model import counted
from importer.privacy import visible
from importer.settings import Network, Secret, is_loopback, split_url

# What a job came to, fit to be told to anybody.


@dataclass(frozen=True, slots=True)
class Notice:
    """How the import of one file ended. `file` and `mapping` are names without folders; `rows` as in
    summary.json ({} where the file was not read to its end); `causes` are rows by problem code;
    `stopped` is the code of an early stop, `error` the kind of an error, `message` what it said;
    `report` is the page's path on `host`, `next_step` a command to type there; `at` is Unix time."""

    command: str
    file: str
    mapping: str
    exit_status: ExitStatus
    at: float
    seconds: float
    job: str = ""
    campaign: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    stopped: str = ""
    error: str = ""
    message: str = ""
    host: str = ""
    report: str = ""
    next_step: str = ""

    @property
    def well(self) -> bool:
        """Whether everything was done."""
        return self.exit_status == ExitStatus.DONE

    @property
    def trouble(self) -> bool:
        """Whether somebody should know: that another run is at it passes by itself."""
        return self.exit_status not in (ExitStatus.DONE, ExitStatus.BUSY)

    @property
    def meaning(self) -> str:
        return codes.of("exit")[str(int(self.exit_status))].brief

    @property
    def why(self) -> str:
        """Why it failed or stopped early, and what to do; "" where it did neither."""
        stop = codes.of_stop(self.stopped)
        return self.message or (f"{stop.meaning} {stop.remedy}" if stop else "")

    @property
    def title(self) -> str:
        """One line: `answers.csv: done; 20 of 34 rows created`."""
        told = f"{visible(self.file)}: {self.meaning}"
        if self.stopped or self.error:
            told += f" ({self.stopped or self.error})"
        if self.rows:
            rows = counted(self.rows["read"], "row")
            told += f"; {self.rows.get('created', 0):,} of {rows} created"
        return told

    @property
    def text(self) -> str:
        """Some lines for people: the title, the rows by status, the most common causes, why it stopped
        or failed, and where to go on."""
        rows = [f"{name}: {n:,}" for name, n in self.rows.items() if n and name != "read"]
        most = sorted(self.causes.items(), key=lambda each: -each[1])[:5]
        lines = [
            self.title,
            ", ".join(rows),
            ", ".join(f"{n:,} × {code}" for code, n in most),
            *map(visible, self.why.split("\n")),
            f"report: {visible(self.report)}" if self.report else "",
            f"next: {visible(self.next_step)}" if self.next_step else "",
            f"job {visible(self.job)}, " * bool(self.job)
            + f"exit status {int(self.exit_status)}"
            + f", on {self.host}" * bool(self.host),
        ]
        return "\n".join(line for line in lines if line)

    def document(self) -> dict[str, object]:
        return {
            "command": self.command,
            "job": self.job or None,
            "file": self.file,
            "mapping": self.mapping,
            "campaign": self.campaign,
            "exit_code": int(self.exit_status),
            "meaning": self.meaning,
            "rows": dict(self.rows),
            "requests": self.requests,
            "causes": dict(self.causes),
            "stopped": self.stopped or None,
            "error": self.error or None,
            "why": self.why or None,
            "host": self.host,
            "report": self.report or None,
            "next": self.next_step or None,
            "seconds": round(self.seconds, 3),
            "at": round(self.at, 3),
        }


# A notice that did not arrive.


class Undelivered(Exception):
    """Why a notice did not arrive, without the address, a secret. The import is not touched by it."""


# A notice as an HTTP POST: plain JSON, or in Slack's format.

WEBHOOK_SECONDS = 10.0
"""How long a server may take."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """POSTs the notice as JSON. The URL is a secret."""

    url: Secret
    network: Network = Network()  # noqa: RUF009  frozen

    @classmethod
    def parse(cls, text: str) -> Self:
        """https, or http on this machine. Raises UsageError, which doesn't quote the URL."""
        parts = split_url(text)
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and is_loopback(parts.hostname or "")
        )
        if not safe or not parts.hostname:
            raise UsageError(
                "The notification's URL must begin with https:// (http:// on this machine only)."
            )
        return cls(Secret(text))

    def body(self, notice: Notice) -> dict[str, object]:
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
            told = type(error).__name__ if fault is NetworkFault.OTHER else fault.value
            raise Undelivered(f"it could not be reached ({told})") from None
        if not 200 <= status < 300:
            raise Undelivered(f"the server answered {status}")

    async def _post(self, body: bytes) -> int:
        import aiohttp

        url, limit = self.url.reveal(), aiohttp.ClientTimeout(total=WEBHOOK_SECONDS)
        headers = {"Content-Type": "application/json"}
        async with (
            http.session(self.network, url, timeout=limit, headers=headers) as session,
            session.post(url, data=body, allow_redirects=False) as response,
        ):
            return response.status


@dataclass(frozen=True, slots=True)
class Slack(Webhook):
    """The same as Slack's incoming webhooks take it; Mattermost, Rocket.Chat and others do, too."""

    def body(self, notice: Notice) -> dict[str, object]:
        """Slack reads & < > as markup (docs.slack.dev, "Formatting message text")."""
        sign = ":white_check_mark:" if notice.well else ":warning:"
        text = notice.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text": f"{sign} {text}"}


# A notice as an e-mail.

MAIL_SECONDS = 20.0
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
                message = EmailMessage()
                message["Subject"] = f"Import of {notice.title}"
                message["From"] = self.sender
                message["To"] = ", ".join(self.to)
                message["Date"] = formatdate(notice.at)
                message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
                message.set_content(notice.text + "\n")
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"the mail server refused ({type(error).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=MAIL_SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=MAIL_SECONDS)


# A notice handed to a command of the user's.

COMMAND_SECONDS = 30.0
"""How long the command may take."""

_SECRETS = ("SATISMETER_", "IMPORTER_NOTIFY_")


@dataclass(frozen=True, slots=True)
class Command:
    """Starts a command, without a shell, with the notice as JSON on its standard input. It does not
    inherit the importer's keys."""

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Words as a shell splits them. Raises UsageError."""
        try:
            return cls(tuple(shlex.split(text)))
        except ValueError:
            raise UsageError("The notification's command has an open quotation mark.") from None

    def send(self, notice: Notice) -> None:
        """Run it; any exit status but 0 is Undelivered."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(_SECRETS)}
        try:
            ended = subprocess.run(  # noqa: S603  the user's own command
                self.words,
                input=json.dumps(notice.document()).encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Undelivered(f"the command failed ({type(error).__name__})") from None
        if ended.returncode:
            raise Undelivered(f"the command ended with status {ended.returncode}")


# Who is told, by name: what each needs to know is a secret, and stands in the environment.


class NotifyTarget(Protocol):
    """Somebody who is told how an import ended."""

    def send(self, notice: Notice) -> None:
        """Tell it; raises Undelivered, whose text quotes no secret."""


_PARSED: Mapping[str, Callable[[str], NotifyTarget]] = {
    "webhook": Webhook.parse,
    "slack": Slack.parse,
    "email": Mail.parse,
    "command": Command.parse,
}

KINDS = tuple(_PARSED)
VARIABLES = {kind: f"IMPORTER_NOTIFY_{kind.upper()}" for kind in KINDS}
"""Where each kind's address stands."""


def notify_target(
    kind: str, variables: Mapping[str, str], network: Network | None = None
) -> NotifyTarget:
    """The target of this kind, its address taken from `variables`. Raises UsageError."""
    address = variables.get(VARIABLES[kind], "").strip()
    if not address:
        raise UsageError(
            f"--notify {kind} needs {VARIABLES[kind]}.",
            hint="Set it in the environment, or in a file that only you can read (--notify-file). "
            "docs/scheduling.md shows what it looks like.",
        )
    parsed = _PARSED[kind](address)
    return replace(parsed, network=network) if network and isinstance(parsed, Webhook) else parsed
