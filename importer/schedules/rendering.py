"""A task in a scheduler's words: its template, and how each scheduler quotes what it would else read."""

from __future__ import annotations

import re
import shlex
import sys
from functools import cache
from typing import TYPE_CHECKING

from importer.schedules.task import Task

if TYPE_CHECKING:
    from jinja2 import Environment


def rendered(kind: str, task: Task) -> str:
    """The definition of a task for one of `RENDERED`."""
    return _environment().get_template(f"{kind}.jinja").render(task=task)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("importer.schedules"),
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
