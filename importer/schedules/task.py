"""What is to be run, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from importer.errors import UsageError
from importer.model import slug
from importer.schedules.when import When

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line breaks of any kind (YAML knows more of them than others), those that turn the
direction of text, and bytes of a name that are no UTF-8."""


@dataclass(frozen=True, slots=True)
class Task:
    """An import that recurs. `source` is a file, or a folder that is watched; `more` are options that
    go along. All paths are absolute; `program` is the installed command. UsageError for a word with a
    line break or another unseen character: what comes after it could be a line of its own."""

    name: str
    source: Path
    folder: bool
    mapping: str
    when: When
    program: str
    state: Path
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for word in self.local:
            if _UNSEEN.search(word):
                raise UsageError(
                    f"{word!r} has a line break or another character that can't be seen in it.",
                    hint="Give it another name: a scheduler could take what follows for a line of its own.",
                )

    @property
    def title(self) -> str:
        """One line for people."""
        return f"Import {self.source.name} into SatisMeter"

    @property
    def unit(self) -> str:
        """What schedulers call it."""
        return f"satismeter-{slug(self.name)}"

    @property
    def local(self) -> tuple[str, ...]:
        """The command on this machine."""
        return (self.program, *self._words(str(self.source), self.mapping, str(self.state)))

    @property
    def in_pod(self) -> tuple[str, ...]:
        """What the command is given where the volume is /import."""
        source = "/import/data" if self.folder else f"/import/data/{self.source.name}"
        return self._words(source, f"/import/{Path(self.mapping).name}", "/import/state")

    def _words(self, source: str, mapping: str, state: str) -> tuple[str, ...]:
        verb = ("watch", source) if self.folder else ("run", source)
        end = ("--once",) if self.folder else ("--yes",)
        return (*verb, "-m", mapping, "--state", state, *end, *self.more)
