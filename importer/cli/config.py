"""Settings that nobody wants to type each time: IMPORTER_… in the environment, and `importer.toml`.

Flag > environment > the folder's importer.toml > the user's > default. A folder may come from anybody, so
its file says nothing of where answers and keys go, what is trusted, or what is started.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from importer import resources, system
from importer.errors import UsageError

NAME = "importer.toml"
PREFIX = "IMPORTER_"

_FOLDERS_TOO = frozenset(
    (
        *("mapping", "out", "rate", "concurrency", "max_failures", "fail_on", "notify_on", "log"),
        *("every", "settled", "project", "xlsx"),
    )
)
"""What a folder's file may say."""
_OWN_ONLY = frozenset(
    (
        *("endpoint", "state", "ledger", "proxy", "ca_file", "key_file", "api_key_file", "notify"),
        *("notify_file", "metrics_file", "log_file", "accept_empty", "durability", "show_values"),
        # a row that is asked about too soon could be stored twice
        *("settle", "timeout", "outage"),
    )
)
"""What the user's own file may say besides: where answers go, what is trusted, started and written."""
KEYS = _FOLDERS_TOO | _OWN_ONLY

_OTHERS = {"demo", "sandbox", "explain", "schema", "presets"}
"""Commands that take no settings."""
_ONLY: Mapping[str, frozenset[str]] = {
    # --every is when it runs, not how often it looks
    "schedule": frozenset({"state", "ledger", "mapping"}),
    "init": _OWN_ONLY - {"show_values"} | {"project"},
    # the job's own folder
    **dict.fromkeys(("results", "resolve", "mark", "verify"), KEYS - {"out"}),
}
_ELSEWHERE = frozenset(
    ("IMPORTER_DEBUG", *(f"IMPORTER_NOTIFY_{x}" for x in ("WEBHOOK", "SLACK", "EMAIL", "COMMAND")))
)

USED: ContextVar[dict[str, str]] = ContextVar("used")
"""Options that were not typed but set elsewhere, each with where."""


def key_of(option: click.Option) -> str:
    """`log_file` of --log-file: what files call it, and in capitals the environment."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def bind(command: click.Command) -> None:
    """Let the environment and the files speak to this command's options."""
    for option in _settable(command):
        option.envvar = f"{PREFIX}{key_of(option).upper()}"
        option.callback = _note


def _settable(command: click.Command) -> Iterator[click.Option]:
    name = str(command.name)
    known = _ONLY.get(name, KEYS) if name not in _OTHERS else frozenset()
    for each in command.params:
        if isinstance(each, click.Option) and key_of(each) in known:
            yield each


def _note(context: click.Context, option: click.Parameter, value: Any) -> Any:
    if where := place(context, option):
        USED.get()[max(option.opts, key=len)] = where
    return value


def place(context: click.Context, option: click.Parameter) -> str:
    """Where an option's value comes from: the variable, or the file; "" where it was typed, or is the
    default."""
    source = context.get_parameter_source(str(option.name))
    if source is ParameterSource.ENVIRONMENT:
        return str(option.envvar)
    if source is ParameterSource.DEFAULT_MAP and isinstance(option, click.Option):
        here = _read(folders_file())
        return str(folders_file() if key_of(option) in here else users_file())
    return ""


def told() -> str:
    """What was set elsewhere than on the command line, and where; "" for nothing."""
    used = USED.get({})
    return "; ".join(f"{option} is set by {where}" for option, where in used.items())


def users_file() -> Path:
    """`~/.config/satismeter-importer/importer.toml`, or the platform's place for it."""
    import platformdirs

    return Path(platformdirs.user_config_dir("satismeter-importer", appauthor=False)) / NAME


def folders_file() -> Path:
    """`importer.toml` of the folder in which one stands."""
    return Path(NAME)


def defaults(group: click.Group, name: str) -> dict[str, dict[str, Any]]:
    """click's `default_map`: what the two files say to the options of the command called `name`. Raises
    UsageError, with everything that is wrong with a file."""
    if name in _OTHERS or name not in group.commands:
        return {}
    values: dict[str, Any] = {}
    for path in (users_file(), folders_file()):
        values |= {key: _placed(key, value, path) for key, value in checked(path).items()}
    own = {key_of(each): each for each in _settable(group.commands[name])}
    return {name: {str(own[key].name): value for key, value in values.items() if key in own}}


def checked(path: Path) -> dict[str, Any]:
    """What the file says, {} where there is none; raises UsageError."""
    said, mine = _read(path), path == users_file()
    if said and mine and system.MODES and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(f"{path} can be written by others.", hint=f"Mend it: chmod go-w {path}")
    wrong = [_mistake(key, value, mine=mine) for key, value in said.items()]
    if wrong := [each for each in wrong if each]:
        raise UsageError(f"{path}: {' '.join(wrong)}", hint="docs/settings.md has all of them.")
    return said


def _mistake(key: str, value: object, *, mine: bool) -> str:
    if key not in KEYS:
        near = _near(key, KEYS)
        return f"`{key}` is no setting{f'; did you mean `{near[0]}`?' if near else '.'}"
    if key in _OWN_ONLY and not mine:
        return (
            f"`{key}` can't be set by a folder's file, which may come from anybody: put it into "
            f"{users_file()}, or {PREFIX}{key.upper()}."
        )
    if not isinstance(value, str | int | float | list):
        return f"`{key}` must be text, a number, true or false, or a list of texts."
    inside = Path(str(value)).expanduser()
    if key == "out" and not mine and not inside.resolve().is_relative_to(Path.cwd()):
        return "`out` must lie within the folder of this file."
    return ""


def _near(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, list(known), n=1, cutoff=cutoff)


def _read(path: Path) -> dict[str, Any]:
    if not os.path.isfile(path):  # noqa: PTH113  False, and no error, for a home that is another user's
        return {}
    import tomllib  # most machines have no such file

    try:
        found = tomllib.loads(resources.small(path)[0].decode())
    except (OSError, ValueError) as error:  # TOMLDecodeError, UnicodeDecodeError
        raise UsageError(f"{path} can't be read: {error}.") from error
    return {key.replace("-", "_"): value for key, value in found.items()}


_PATHS = {
    *(
        "out",
        "state",
        "ca_file",
        "key_file",
        "api_key_file",
        "notify_file",
        "metrics_file",
        "log_file",
    ),
    "mapping",
}


def _placed(key: str, value: Any, path: Path) -> Any:
    """A relative path is one beside the file that says it; a mapping may be a preset's name."""
    if key not in _PATHS:
        return value if isinstance(value, list | bool) else str(value)
    whole = path.parent / Path(str(value)).expanduser()
    return str(value) if key == "mapping" and not whole.exists() else str(whole)


def misnamed() -> list[str]:
    """What is wrong with IMPORTER_… variables: a name that is none would change nothing, silently."""
    known = {f"{PREFIX}{key.upper()}" for key in KEYS} | _ELSEWHERE
    wrong = []
    for name in sorted(set(os.environ) - known):
        near = _near(name, known, 0.8) if name.startswith(PREFIX) else []
        if near:
            wrong.append(f"{name} is no setting; did you mean {near[0]}?")
    return wrong
