"""When a task runs: once a day, or every so often."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from importer.errors import UsageError

DAY = 24 * 60
_MINUTES = {"m": 1, "min": 1, "h": 60, "d": DAY}


@dataclass(frozen=True, slots=True)
class When:
    """Daily at `hour`:`minute`, or every `every` minutes (0: daily), which divide the hour or the
    day, since cron knows no other."""

    hour: int = 2
    minute: int = 30
    every: int = 0

    @classmethod
    def at(cls, text: str) -> Self:
        """`02:30`, on a clock of 24 hours. Raises UsageError."""
        found = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
        if not found or int(found[1]) > 23 or int(found[2]) > 59:
            raise UsageError(f"{text!r} is no time of day.", hint="Write --at 02:30.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def each(cls, text: str) -> Self:
        """`15min`, `2h`, `1d`. Raises UsageError."""
        found = re.fullmatch(r"(\d{1,4})\s*([a-z]+)", text.strip().lower())
        minutes = int(found[1]) * _MINUTES.get(found[2], 0) if found else 0
        if minutes < 1 or not (60 % minutes == 0 or (minutes % 60 == 0 and DAY % minutes == 0)):
            raise UsageError(
                f"Every {text} is no beat that every scheduler can keep.",
                hint="Write a part of the hour or of the day: 5min, 15min, 30min, 1h, 6h, 1d.",
            )
        return cls() if minutes == DAY else cls(0, 0, minutes)

    @property
    def cron(self) -> str:
        """As the five fields of a crontab."""
        if not self.every:
            return f"{self.minute} {self.hour} * * *"
        if self.every < 60:
            return f"*/{self.every} * * * *" if self.every > 1 else "* * * * *"
        return f"0 */{self.every // 60} * * *" if self.every > 60 else "0 * * * *"

    @property
    def calendar(self) -> str:
        """As systemd's OnCalendar."""
        if not self.every:
            return f"*-*-* {self.hour:02}:{self.minute:02}:00"
        if self.every < 60:
            return f"*-*-* *:00/{self.every}:00"
        return f"*-*-* 00/{self.every // 60}:00:00"

    def __str__(self) -> str:
        return (
            f"every {self.every} min" if self.every else f"daily at {self.hour:02}:{self.minute:02}"
        )
