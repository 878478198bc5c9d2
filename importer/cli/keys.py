"""Keys, from wherever they stand: the environment, `.env` of the folder, files for their owner's eyes."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path

import click

from importer import resources, system
from importer.errors import UsageError
from importer.privacy import shell_word
from importer.settings import HASH_KEY, WRITE_KEY, Secret

API_KEY = "SATISMETER_API_KEY"
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
    """The text of a file that holds a secret (`what` names it); UsageError where others can read
    it."""
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
    import dotenv

    path = Path(".env")
    if not path.is_file():
        return ""
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
