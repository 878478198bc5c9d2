"""Who is told, by name: what each needs to know is a secret, and stands in the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from importer.errors import UsageError
from importer.notices.command import Command
from importer.notices.mail import Mail
from importer.notices.notice import Notice
from importer.notices.undelivered import Undelivered
from importer.notices.webhook import Slack, Webhook
from importer.settings import Network

__all__ = ["KINDS", "VARIABLES", "Target", "Undelivered", "target"]


class Target(Protocol):
    """Somebody who is told how an import ended."""

    def send(self, notice: Notice) -> None:
        """Tell it; raises Undelivered, whose text quotes no secret."""


_PARSED: Mapping[str, Callable[[str], Target]] = {
    "webhook": Webhook.parse,
    "slack": Slack.parse,
    "email": Mail.parse,
    "command": Command.parse,
}

KINDS = tuple(_PARSED)
VARIABLES = {kind: f"IMPORTER_NOTIFY_{kind.upper()}" for kind in KINDS}
"""Where each kind's address stands."""


def target(kind: str, variables: Mapping[str, str], network: Network | None = None) -> Target:
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
