"""What is to be run, and when."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from importer.schedules.when import When


@dataclass(frozen=True, slots=True)
class Task:
    """An import that recurs. `source` is a file, or a folder that is watched; `more` are options that
    go along. All paths are absolute; `program` is the installed command."""

    name: str
    source: Path
    folder: bool
    mapping: str
    when: When
    program: str
    state: Path
    more: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line for people."""
        return f"Import {self.source.name} into SatisMeter"

    def words(self, program: str, source: str, mapping: str, state: str) -> tuple[str, ...]:
        """The command, with paths as they are where it runs."""
        verb = ("watch", source) if self.folder else ("run", source)
        end = ("--once",) if self.folder else ("--yes",)
        return (program, *verb, "-m", mapping, "--state", state, *end, *self.more)

    @property
    def local(self) -> tuple[str, ...]:
        """The command on this machine."""
        return self.words(self.program, str(self.source), self.mapping, str(self.state))


def slug(text: str) -> str:
    """A name that every scheduler takes: lower-case letters, digits and hyphens, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-") or "import"


def shell(words: tuple[str, ...]) -> str:
    """As a line for a shell."""
    return shlex.join(words)
