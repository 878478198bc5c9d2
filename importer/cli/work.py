"""`importer work`, whose processes post the rows of one job together; and what takes several files, one after
the other: each its own job, its own results; the gravest end is the command's."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from importer.cli import config, options, output
from importer.cli.output import next_command
from importer.errors import ExitStatus, MappingError, SourceError, UsageError
from importer.settings import Settings

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.settings import Secret

_GO_ON = (ExitStatus.DONE, ExitStatus.SOME_REFUSED, ExitStatus.SOME_UNKNOWN, ExitStatus.USAGE)
"""How one file may end without keeping the next from its turn: nothing is wrong with server or ledger."""


def turns_of(given: Given) -> list[Given]:
    """What was given, for each of the files by itself: those named, and of a pattern all that match, by name.
    Below --out each has a folder. Raises ImporterError for what is wrong with all of them."""
    from importer.mapping import load

    words = cast("Sequence[str]", given["file"])
    names = [name for word in words for name in _matching(word)]
    if len(names) == 1:
        return [cast("Given", {**given, "file": names[0]})]
    load(given["mapping"])
    for option in ("save_plan", "payloads"):
        if given.get(option):
            raise UsageError(f"--{option.removesuffix('_plan')} is for one file at a time.")
    return list(_apart(given, names))


def _matching(word: str) -> list[str]:
    there = _is_there(word) or _is_there(word.partition("::")[0])
    if "://" in word or there or not glob.has_magic(word):
        return [word]
    found = [each for each in glob.glob(word, recursive=True) if Path(each).is_file()]  # noqa: PTH207  as typed
    if not found:
        raise UsageError(f"No file matches {word}.", hint=f"It is looked for from {Path.cwd()}.")
    return sorted(found)


def _is_there(name: str) -> tuple[int, int] | None:
    """What tells a file from others, whatever it is called."""
    with suppress(OSError, ValueError):
        facts = Path(name).stat()
        return facts.st_dev, facts.st_ino
    return None


def _apart(given: Given, names: Sequence[str]) -> Iterator[Given]:
    files, folders, out = dict[object, str](), dict[Path, str](), given["out"]
    for name in names:
        if other := files.get(key := _is_there(name) or name):
            same = "is named twice" if other == name else f"and {name} are the same file"
            hint = "Name each file once; a pattern that matches it names it, too."
            raise UsageError(f"{other} {same}.", hint=hint)
        files[key] = name
        folder = Settings(name, given["mapping"], Path()).folder
        folder = out / folder.name.removesuffix("-import") if out else folder
        if other := folders.get(folder.resolve()):
            raise UsageError(
                f"{other} and {name} would both write their results to {folder}.",
                hint="Do them one by one, each with an --out of its own.",
            )
        folders[folder.resolve()] = name
        yield cast("Given", {**given, "file": name, "out": folder if out else None})


@contextmanager
def hands(turns: Sequence[Given], key: Secret | None = None) -> Iterator[Any]:
    """Workers for all of these, where processes are to do it that need Dask; else None."""
    settings = replace(options.settings(turns[0]), write_key=key) if turns else None
    if settings is None or not settings.several:
        yield None
        return
    from importer.engine.cluster import workers  # brings Dask, an extra

    with workers(settings) as found:
        yield found


def in_turn(turns: Sequence[Given], work: Callable[[Given], ExitStatus]) -> ExitStatus:
    """Do `work` for each. What is wrong with a file keeps no other from its turn."""
    context, ended = click.get_current_context(), dict[str, ExitStatus]()
    quiet, as_json = turns[0].get("quiet", False), turns[0]["as_json"]
    for turn in turns:
        file = turn["file"]
        context.params |= {"file": file, "out": turn["out"]}
        if len(turns) == 1:
            return work(turn)
        context.meta[output.FILE] = file
        output.QUIET.set(quiet)
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
    from importer.automation import gravest  # brings notices, which one file's plan has no need of

    status = gravest(ended.values())
    output.QUIET.set(quiet and status == ExitStatus.DONE)
    if not as_json:
        output.heading(f"{len(turns)} files")
        ends = ((each["file"], ended.get(each["file"], "not begun")) for each in turns)
        output.table(("file", "exit code"), ends)
    return status


@click.command("work")
@click.argument("file", metavar="JOB|FILE...", nargs=-1, required=True)
@click.option(
    "-m",
    "--mapping",
    metavar="MAPPING",
    help="What comes first are FILEs: lay them out, and work on them, one after the other.",
)
@click.option(
    "--lanes",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Into how many lanes FILE is cut: some for each worker. [default: 8]",
)
@click.option("--sheet", help="The sheet, by name or number (overrules the mapping).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the last worker writes results.csv.",
)
@click.option(
    "--max-failures",
    type=click.IntRange(0),
    metavar="N",
    help="All stop once more rows than this were refused.",
)
@options.workers
@options.delivering
@options.target
def work_command(lanes: int | None, **given: Any) -> ExitStatus:
    """Post a job's rows together with other processes, on any hosts, over the ledger that they share.

    The rows are cut into lanes by person; each worker takes one, posts its rows and takes the next. One rate
    holds for all of them together, and so do pauses, --max-failures and reasons to stop. The requests lie in
    the ledger, sealed, until the job ends: the file is needed by whoever lays it out only. The last worker
    settles rows in doubt. Start as many as you like of the same command; one that dies costs nothing.

    \b
    importer work answers.csv -m mapping.yaml --lanes 16    lay it out, once, and work
    importer work 20260301-answers                          work on a job that is laid out
    importer work answers.csv -m mapping.yaml --workers 2   with so many processes of this machine
    importer work 'exports/*.csv' -m mapping.yaml           each a job of its own, one after the other
    """
    if given["mapping"] is None and (given["rate"] or lanes):
        raise UsageError("--rate and --lanes are said where a file is laid out, and hold for all.")
    if given["mapping"] is None and len(given["file"]) > 1:
        raise UsageError("Several FILEs need their mapping: -m MAPPING. Of JOBs there is one.")
    key = config.write_key(given.pop("key_file"))
    if given["mapping"] is None:
        turns = [cast("Given", {**given, "file": given["file"][0], "mapping": ""})]
    else:
        turns = turns_of(cast("Given", given))
    with hands(turns, key) as helpers:
        return in_turn(turns, partial(_worked, key=key, lanes=lanes, helpers=helpers))


def _worked(given: Given, key: Secret, lanes: int | None, helpers: Any) -> ExitStatus:
    from importer.engine.lanes import LANES, lay_out, work

    settings = replace(options.settings(given), write_key=key)
    job = given["file"]
    if given["mapping"]:
        job = lay_out(settings, lanes or LANES, helpers=helpers).name
    if helpers:
        from importer.engine.cluster import post_together

        worked = post_together(helpers, settings, job)
    else:
        worked = work(settings, job)
    status = worked.exit_status
    if given["as_json"]:
        said = {**asdict(worked), "results": worked.results and str(worked.results)}
        said["account"] = worked.account and worked.account.document()
        output.emit({**said, "exit_code": int(status)})
        return status
    from importer.cli.text import print_account, remedy

    who = "the workers" if settings.several else "this worker"
    output.say(
        f"Job {worked.job}: {worked.requests:,} requests in {worked.lanes:,} lanes by {who}."
    )
    if worked.rows:
        output.table(("", "rows"), [each for each in worked.rows.items() if each[1]])
    print_account(worked.account)
    if worked.results:
        output.say(f"{worked.results}   one line per row")
    if worked.stopped:
        output.note(f"Stopped early: {worked.stopped}")
        remedy(worked.stopped)
    output.next_step(next_command("status", worked.job))
    return status
