"""Settings that nobody wants to type each time: IMPORTER_… in the environment, and `importer.toml`; and keys.

Flag > environment > the folder's importer.toml > the user's > default. A folder may come from anybody, so
its file says nothing of where answers and keys go, what is trusted, or what is started.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from importer import resources, system
from importer.errors import UsageError
from importer.privacy import shell_word
from importer.settings import HASH_KEY, WRITE_KEY, Secret

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
    """Where an option's value comes from: the variable, or the file; "" if typed, or the default."""
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
    *("mapping", "out", "state", "ca_file"),
    *("key_file", "api_key_file", "notify_file", "metrics_file", "log_file"),
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


# Keys, from wherever they stand: the environment, `.env` of the folder, files for their owner's eyes.


PROJECT = "SATISMETER_PROJECT"


def hash_key() -> Secret | None:
    """What keys the hashes where several machines must agree; at least 16 characters."""
    text = os.environ.get(HASH_KEY, "")
    if text and len(text) < 16:
        raise UsageError(f"{HASH_KEY} is too short: it needs 16 characters or more.")
    return Secret(text) if text else None


def known_write_key(key_file: Path | None) -> Secret | None:
    """The write key as far as nobody need be asked: from the key file, the environment or `.env`."""
    from importer.cli.output import note

    text = private_text(key_file, "key file") if key_file else os.environ.get(WRITE_KEY, "")
    if not text and (text := from_dotenv(WRITE_KEY)):
        note(f"The write key is that of the .env in {Path.cwd()}.")
    return Secret.parse(text, "write key") if text else None


def write_key(key_file: Path | None, *, ask: bool = False) -> Secret:
    """The write key: from the key file, the environment or `.env`, never from an argument; with `ask`,
    from whoever sits at the terminal."""
    known = known_write_key(key_file)
    if known:
        return known
    text = ""
    if ask and sys.stdin.isatty():
        text = _asked_key()
    if not text:
        raise UsageError(
            "There is no write key.",
            hint=f"Put it into the environment ({WRITE_KEY}=…), into a file that only you can read "
            "(--key-file), or into .env. You find it in SatisMeter: Settings > Integrations > API "
            "keys. `importer plan` needs none.",
        )
    return Secret.parse(text, "write key")


def _asked_key() -> str:
    from importer.cli.output import note

    note("The write key is missing; SatisMeter has it under Settings > Integrations > API keys.")
    text: str = click.prompt("Write key (it doesn't show)", hide_input=True, err=True).strip()
    dotenv = Path(".env")
    if not dotenv.exists() and click.confirm("Keep it in .env here, for your eyes only?", err=True):
        handle = os.open(dotenv, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{WRITE_KEY}='{Secret.parse(text, 'write key').reveal()}'\n")
    return text


def private_text(path: Path, what: str) -> str:
    """The text of a file that holds a secret, `what`; UsageError where others can read it."""
    try:
        content, facts = resources.small(path)
        text = content.decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(f"The {what} {path} can't be read: {why}.") from error
    if system.MODES and facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            f"The {what} {path} can be read by others.",
            hint=f"Mend it: chmod 600 {shell_word(str(path))}",
        )
    return text


_LARGEST_DOTENV = 64 * 1024


def from_dotenv(name: str) -> str:
    """What `.env` of the folder says, word by word; "" where it names no such. A key must be for its owner's
    eyes only, and whoever runs the importer, or root, must be that owner: UsageError."""
    path = Path(".env")
    if not path.is_file():
        return ""
    import dotenv

    place = f"The .env of {Path.cwd()}"
    try:
        content, facts = resources.small(path, _LARGEST_DOTENV)
    except OSError as error:
        raise UsageError(
            f"{place} can't be read: {error.strerror}.", hint="Put keys into the environment."
        ) from error
    if name.encode() not in content:  # it may be another program's
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{place} isn't written in UTF-8.", hint="Save it as UTF-8.") from error
    found = (
        dotenv.dotenv_values(stream=io.StringIO(text), interpolate=False).get(name) or ""
    ).strip()
    if found and system.MODES:
        if system.anothers(facts):
            raise UsageError(f"{place} is somebody else's, and names {name}.", hint="Move it away.")
        if name != PROJECT and facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"{place} can be read by others.", hint="Mend it: chmod 600 .env")
    return found
