"""Several files, one after the other: each its own job, its own results; the gravest end is the command's."""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from importer.cli import output
from importer.errors import ExitStatus, MappingError, SourceError, UsageError
from importer.settings import Settings

if TYPE_CHECKING:
    from importer.cli.given import Given

_GO_ON = (ExitStatus.DONE, ExitStatus.SOME_REFUSED, ExitStatus.SOME_UNKNOWN, ExitStatus.USAGE)
"""How one file may end without keeping the next from its turn: nothing is wrong with server or ledger."""


def files(words: Sequence[str]) -> list[str]:
    """Those that are meant: those named, and what a pattern matches, by name. Raises UsageError where
    that is nothing, or a file is meant twice."""
    found: dict[object, str] = {}
    for word in words:
        for name in _matching(word):
            path = Path(name)
            facts = path.stat() if path.exists() else None
            key = (facts.st_dev, facts.st_ino) if facts else name
            if (other := found.get(key)) is not None:
                same = "is named twice" if other == name else f"and {name} are the same file"
                hint = "Name each file once; a pattern that matches it names it, too."
                raise UsageError(f"{other} {same}.", hint=hint)
            found[key] = name
    return list(found.values())


def _matching(word: str) -> list[str]:
    if "://" in word or not glob.has_magic(word) or Path(word).exists():
        return [word]
    found = sorted(each for each in glob.glob(word, recursive=True) if Path(each).is_file())  # noqa: PTH207  as typed
    if not found:
        raise UsageError(f"No file matches {word}.", hint=f"It is looked for from {Path.cwd()}.")
    return found


def turns(given: Given) -> list[Given]:
    """What was given, for each of the files by itself; below --out each has a folder. Raises ImporterError
    for what is wrong with all of them."""
    from importer.mapping import load

    names = cast("Sequence[str]", given["file"])
    found = [cast("Given", {**given, "file": each}) for each in files(names)]
    if len(found) > 1:
        load(given["mapping"])
        found = list(map(_below_out, found))
        _hold_apart(found)
    return found


def in_turn(turns: Sequence[Given], work: Callable[[Given], ExitStatus]) -> ExitStatus:
    """Do `work` for each. What is wrong with a file keeps no other from its turn."""
    from importer.automation import gravest

    context, ended = click.get_current_context(), dict[str, ExitStatus]()
    for turn in turns:
        file, as_json = turn["file"], turn["as_json"]
        context.params |= {"file": file, "out": turn["out"]}
        if len(turns) == 1:
            return work(turn)
        context.meta[output.FILE] = file
        if not as_json:
            output.heading(file)
        try:
            ended[file] = work(turn)
        except (SourceError, MappingError) as error:
            output.failure(*error.lines, hint=error.hint)
            ended[file] = error.exit_status
            if as_json:
                told = {"error": error.message, "hint": error.hint}
                output.emit({**told, "exit_code": int(error.exit_status)})
        if ended[file] not in _GO_ON:
            break
    if not turns[0]["as_json"]:
        output.heading(f"{len(turns)} files")
        ends = ((each["file"], ended.get(each["file"], "not begun")) for each in turns)
        output.table(("file", "exit code"), ends)
    return gravest(ended.values())


def _below_out(turn: Given) -> Given:
    out = turn.get("out")
    named = Settings(turn["file"], turn["mapping"], Path()).folder
    return cast("Given", {**turn, "out": out / named.name.removesuffix("-import")}) if out else turn


def _hold_apart(turns: Sequence[Given]) -> None:
    found: dict[Path, str] = {}
    for turn in turns:
        for option in ("save_plan", "payloads"):
            if turn.get(option):
                raise UsageError(f"--{option.removesuffix('_plan')} is for one file at a time.")
        folder = Settings(
            turn["file"], turn["mapping"], Path(), out=turn.get("out")
        ).folder.resolve()
        if (other := found.setdefault(folder, turn["file"])) != turn["file"]:
            raise UsageError(
                f"{other} and {turn['file']} would both write their results to {folder}.",
                hint="Do them one by one, each with an --out of its own.",
            )
