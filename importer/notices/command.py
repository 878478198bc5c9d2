"""A notice handed to a command of the user's."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import Self

from importer.errors import UsageError
from importer.notices.notice import Notice
from importer.notices.undelivered import Undelivered

SECONDS = 30.0
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
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Undelivered(f"the command failed ({type(error).__name__})") from None
        if ended.returncode:
            raise Undelivered(f"the command ended with status {ended.returncode}")
