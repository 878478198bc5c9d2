"""Ready definitions for cron, systemd, GitHub Actions, Airflow and Kubernetes: printed, never installed."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Self

from importer.automation.notify import VARIABLES
from importer.errors import UsageError
from importer.model import slug
from importer.privacy import UNSEEN

if TYPE_CHECKING:
    from jinja2 import Environment


# When a task runs: once a day, or every so often.

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
        if not self.every:
            return f"{self.minute} {self.hour} * * *"
        if self.every < 60:
            return f"*/{self.every} * * * *" if self.every > 1 else "* * * * *"
        return f"0 */{self.every // 60} * * *" if self.every > 60 else "0 * * * *"

    @property
    def calendar(self) -> str:
        if not self.every:
            return f"*-*-* {self.hour:02}:{self.minute:02}:00"
        if self.every < 60:
            return f"*-*-* *:00/{self.every}:00"
        return f"*-*-* 00/{self.every // 60}:00:00"

    def __str__(self) -> str:
        return (
            f"every {self.every} min" if self.every else f"daily at {self.hour:02}:{self.minute:02}"
        )


# What is to be run, and when.


@dataclass(frozen=True, slots=True)
class Task:
    """An import that recurs. `source` is a file or its address, or a folder that is watched; `more` are
    options that go along. All paths are absolute; `program` is the installed command. UsageError for
    a word with a line break or another unseen character: what comes after it could be a line of its own."""

    name: str
    source: Path | str
    folder: bool
    mapping: str
    when: When
    program: str
    state: Path
    more: tuple[str, ...] = ()
    shared: str = ""
    """The address of the ledger that hosts share, in place of the state folder's."""

    def __post_init__(self) -> None:
        for word in self.local:
            if UNSEEN.search(word):
                raise UsageError(
                    f"{word!r} has a line break or another character that can't be seen in it.",
                    hint="Give it another name: a scheduler could take what follows for a line of its own.",
                )

    @property
    def title(self) -> str:
        return f"Import {Path(str(self.source)).name.partition('?')[0]} into SatisMeter"

    @property
    def unit(self) -> str:
        return f"satismeter-{slug(self.name)}"

    @property
    def local(self) -> tuple[str, ...]:
        return (self.program, *self._words(str(self.source), self.mapping, str(self.state)))

    @property
    def in_pod(self) -> tuple[str, ...]:
        """What the command is given where the volume is /import."""
        source = self.source
        if isinstance(source, Path):
            source = "/import/data" if self.folder else f"/import/data/{source.name}"
        mapping = f"/import/{Path(self.mapping).name}"
        if self.together:
            return ("work", str(source), "-m", mapping, *self.more)
        return self._words(source, mapping, "/import/state")

    @property
    def together(self) -> bool:
        """Whether several pods post a file together: they share a ledger, and the file isn't in a folder."""
        return bool(self.shared) and not self.folder

    @property
    def notices(self) -> dict[str, str]:
        """The notices that go along, each with the variable of its address, which the scheduler has to
        hand over; none where a file holds them (--notify-file)."""
        words = [part for each in self.more for part in each.split("=", 1)]
        if "--notify-file" in words:
            return {}
        asked = {b for a, b in pairwise(words) if a == "--notify"}
        return {kind: name for kind, name in VARIABLES.items() if kind in asked}

    def _words(self, source: str, mapping: str, state: str) -> tuple[str, ...]:
        verb = ("watch", source) if self.folder else ("run", source)
        end = ("--once",) if self.folder else ("--yes",)
        ledger = ("--ledger", self.shared) if self.shared else ("--state", state)
        return (*verb, "-m", mapping, *ledger, *end, *self.more)


# A task in a scheduler's words: its template, and how each scheduler quotes what it would else read.


def rendered(kind: str, task: Task) -> str:
    return _environment().get_template(f"{kind}.jinja").render(task=task)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("importer.automation"),
        autoescape=False,  # noqa: S701  none of it is HTML: each place has its filter
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"shell": shlex.join, "python": repr}
    for each in (cron, exec_start, percent, yaml, github, github_name, airflow, pod):
        environment.filters[each.__name__] = each
    return environment


def cron(command: str) -> str:
    """A shell's line in a crontab, where % is a line break unless it has a backslash (crontab(5)).
    Backslashes before it must not take one another's meaning: the shell's quotes end between them."""
    return re.sub(r"\\(?=[\\%])", r"\\''", command).replace("%", r"\%")


def exec_start(words: tuple[str, ...]) -> str:
    """Words of ExecStart. $ begins a variable in all but the first, the program (systemd.service(5))."""
    program, *others = words
    return " ".join((_quoted(program), *(_quoted(word.replace("$", "$$")) for word in others)))


def _quoted(word: str) -> str:
    inner = percent(word.replace("\\", "\\\\").replace('"', '\\"'))
    plain = inner == word and word and not set(word) & set(" '*?;|&<>()$")
    return inner if plain else f'"{inner}"'


def percent(text: str) -> str:
    """% is special in most settings of systemd, even between quotation marks (systemd.unit(5))."""
    return text.replace("%", "%%")


def yaml(text: str) -> str:
    """A value of a YAML mapping or list. PyYAML quotes what YAML 1.1 would misread."""
    import yaml

    return (
        yaml.safe_dump([text], allow_unicode=True, width=sys.maxsize)
        .removeprefix("- ")
        .rstrip("\n")
    )


def github(command: str) -> str:
    """A workflow evaluates `${{ … }}` before the shell sees it: here to what begins it, as a string."""
    return command.replace("${{", "${{ '${{' }}")


def github_name(title: str) -> str:
    """A name for people. A workflow's may hold no expression, not even one that is a string."""
    return title.replace("${{", "$ {{")


def airflow(command: str) -> str:
    """Airflow reads a command as a Jinja template, and one that ends like a script as its file's name.
    `raw` is the more readable, but a name could end it: then the command is a string of the template's."""
    if "{%" in command or command.endswith((".sh", ".bash")):
        text = command.replace("\\", "\\\\").replace("'", "\\'")
        return f"{{{{ '{text}' }}}}"
    return f"{{% raw %}}{command}{{% endraw %}}" if "{" in command else command


def pod(word: str) -> str:
    """Kubernetes puts variables in place of `$(NAME)`, and makes `$$` a `$`."""
    return re.sub(r"\$+(?=\()|\${2,}", lambda found: found[0] * 2, word)


# Ready definitions for the schedulers that people have: printed, never installed.
#
# `RENDERED` names them; each is a template of this room. All run the same command: `importer run
# FILE` or `importer watch DIR --once`, which is safe to repeat, never asks, and takes its key from
# the platform's own secret place.

RENDERED = {
    kind: partial(rendered, kind) for kind in ("systemd", "cron", "github", "airflow", "k8s")
}
"""Each scheduler's definition of a task, `Task -> str`. A new one is a template and a word here."""
