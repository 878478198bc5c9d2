"""A job that a trial starts, interrupts and looks at afterwards."""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.sandbox import Sandbox
from tests.e2e.commands import IMPORTER, Ended, Shell

HEADER = "id,score,comment,email"


def rows(count: int, people: int | None = None, start: int = 0) -> list[str]:
    """So many lines of so many people in turn, each with a comment of its own."""
    return [
        f"p{n % (people or 10**9)},{n % 11},comment {n},p{n % (people or 10**9)}@example.com"
        for n in range(start, start + count)
    ]


@dataclass(frozen=True)
class Job:
    """`importer run` of one file against one sandbox."""

    user: Shell
    sandbox: Sandbox
    options: tuple[object, ...] = ()
    file: str = "answers.csv"

    def write(self, lines: list[str]) -> Path:
        """The file."""
        return self.user.write(self.file, "\n".join([HEADER, *lines, ""]))

    @property
    def words(self) -> list[str]:
        """The command."""
        target = ("-m", "mapping.yaml", "--endpoint", self.sandbox.url, "--yes", "--json")
        return [IMPORTER, *map(str, ("run", self.file, *target, *self.options))]

    def run(self, **environment: str) -> Ended:
        """From start to end."""
        return self.user(*self.words[1:], **environment)

    def start(self, **more: Any) -> subprocess.Popen[str]:
        """Begin, and go on."""
        with (self.user.folder / "job.err").open("a") as errors:
            return subprocess.Popen(
                self.words,
                cwd=self.user.folder,
                env=dict(self.user.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                **more,
            )

    @property
    def folder(self) -> Path:
        """Where the results lie."""
        return self.user.folder / f"{Path(self.file).name.split('.')[0]}-import"

    def results(self) -> list[dict[str, str]]:
        """The lines of results.csv; an AssertionError where one is torn."""
        path = self.folder / "results.csv"
        text = path.read_text(encoding="utf-8")
        assert text.endswith("\n")
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file, strict=True, restkey="torn", restval="torn"))
        assert not any("torn" in line or "torn" in line.values() for line in lines)
        return lines

    def stored(self) -> Counter[str]:
        """How often a response of each comment is stored."""
        return Counter(str(dict(each.answers)[_COMMENT]) for each in self.sandbox.stored())

    def posts(self) -> int:
        """Requests that the server has seen."""
        return len(self.sandbox.posts())


_COMMENT = "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"


def ended(process: subprocess.Popen[str], seconds: float = 300) -> tuple[int, dict[str, Any]]:
    """A started job's exit status, and what it printed (an empty object where it printed nothing)."""
    out, _ = process.communicate(timeout=seconds)
    return process.returncode, json.loads(out) if out else {}
