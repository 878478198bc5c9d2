"""`importer jobs`, `status` and `purge`: what was run, where it stands, what goes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import options, output
from importer.cli.options import SPAN
from importer.cli.output import next_command
from importer.cli.text import remedy
from importer.errors import ExitStatus, UsageError
from importer.model import Status, counted, moment
from importer.settings import server_of

if TYPE_CHECKING:
    from importer.ledger import Ledger, Purgeable
    from importer.model import Cause, Job


# The ledger as commands open it to look at jobs.

job_argument = click.argument("job", metavar="[JOB]", default="")
"""A job's name or number; the newest where there is none."""

moved_file = click.option(
    "--file", type=click.Path(path_type=Path, dir_okay=False),
    help="Where the job's file lies now, if it was moved.",
)  # fmt: skip


@contextmanager
def looking(state: Path | None) -> Iterator[Ledger]:
    """The ledger, to ask it; UsageError where there is none, so that looking makes none."""
    from importer.ledger import default_folder, look_into

    with look_into(state or default_folder()) as ledger:
        yield ledger


@contextmanager
def _changing(state: Path | None, secret: bytes = b"") -> Iterator[Ledger]:
    """The same to keep its house: what is damaged is left as it is."""
    from importer.ledger import default_folder, existing

    with existing(state or default_folder(), secret) as ledger:
        yield ledger


def plain_error(command: options.Command) -> options.Command:
    """--state and --json."""
    return options.state_option(options.json_option(command))


# `importer jobs` and `importer status`: what was run, and where it stands.

_LEFT = (Status.PENDING, Status.FAILED, Status.UNKNOWN)


@click.command("jobs")
@plain_error
def jobs_command(state: Path | None, as_json: bool) -> ExitStatus:
    """List the jobs of the ledger, newest first, with what is left of each.

    \b
    importer jobs
    importer jobs --json
    """
    with looking(state) as ledger:
        found = [(job, ledger.counts(job)) for job in ledger.jobs()]
    if as_json:
        output.emit({"jobs": [_document(job, counts) for job, counts in found]})
        return ExitStatus.DONE
    output.table(
        ("no.", "job", "rows", "created", "left", "ended"),
        [_line(job, counts) for job, counts in found],
    )
    if found:
        output.next_step(next_command("status", found[0][0].name))
    return ExitStatus.DONE


def _line(job: Job, counts: Mapping[str, int]) -> tuple[object, ...]:
    """In 80 columns for a name of 35; the name begins with the job's date and has its file's name in it."""
    left = sum(counts.get(status, 0) for status in _LEFT)
    rows = (sum(counts.values()), counts.get(Status.CREATED, 0), left)
    return (str(job.id), job.name, *rows, _ending(job))


@click.command("status")
@job_argument
@plain_error
def status_command(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Show where JOB stands: its rows by status, why, and what to do next.

    JOB is a name or number of `importer jobs`; without it, the newest.

    \b
    importer status
    importer status 20260301-answers --json
    """
    with looking(state) as ledger:
        found = ledger.job(job)
        counts = ledger.counts(found)
        causes = ledger.refusals(found, invalid=True)
        waiting = ledger.by_code(found, (Status.PENDING,))
        settled_here = _own_doubt(ledger, found)
    if as_json:
        document = {**_document(found, counts), "causes": [each.document() for each in causes]}
        output.emit(document | {"pending": waiting})
    else:
        _print_status(found, counts, causes)
        output.next_step(*_next(found, counts, settled_here))
    return ExitStatus.DONE


def _own_doubt(ledger: Ledger, job: Job) -> int:
    return ledger.own(job).get(Status.UNKNOWN, 0)


def _print_status(job: Job, counts: Mapping[str, int], causes: tuple[Cause, ...]) -> None:
    output.say(
        f"Job {job.name} (number {job.id}): {f'{job.file} with {job.mapping}' if job.file else 'purged'}"
    )
    output.say(f"to {job.origin}, survey {job.campaigns}")
    host = f" on {job.settings['host']}" if job.settings.get("host") else ""
    output.say(f"started {_moment(job.started_at)} UTC{host}, {_ending(job)}")
    if job.stopped:
        output.say(output.style(f"Stopped early: {job.stopped}", fg="red"))
        remedy(job.stopped)
    if report := _written(job, "report.html"):
        output.say(f"report: {report}")
    if job.waves:
        output.say(f"Each row of the file counts once per wave: {', '.join(job.waves)}.")
    output.heading("Rows")
    named = [(each.value, counts[each]) for each in Status if counts.get(each)]
    output.table(("", "rows"), [("read", sum(counts.values())), *named])
    if causes:
        output.heading("Why")
        for cause in causes:
            output.say(f"  {cause.count:>7,} × {cause.code} ({cause.where}): {cause.message}")


def _next(job: Job, counts: Mapping[str, int], in_doubt: int) -> list[str]:
    """What to type, by what is left; a job that was purged can't go on."""
    if "mapping" not in job.settings:
        return [next_command("jobs")]
    steps = []
    if any(counts.get(each) for each in (Status.PENDING, Status.FAILED)) or in_doubt:
        steps.append(_going_on(job))
    if in_doubt:
        why = "settles rows in doubt by reading the survey"
        steps.append(next_command("resolve", job.name, why=why))
    if counts.get(Status.REJECTED):
        why = "once the cause is mended"
        steps.append(next_command("retry", job.name, why=why, statuses="rejected"))
    book, text = _written(job, "problems.xlsx"), _written(job, "problems.csv")
    if counts.get(Status.INVALID) and (book or text):
        to: dict[str, Any] = {each: job.settings[each] for each in ("mapping", "endpoint")}
        to |= {"sheet": job.sheet} if book and job.sheet else {}
        steps.append(next_command("run", book or text, why="once its rows are mended", **to))
    return steps or [next_command("results", job.name)]


def _going_on(job: Job) -> str:
    why = "goes on with what is left"
    if job.file == "-":
        to: dict[str, Any] = {
            "mapping": job.settings["mapping"],
            "endpoint": job.settings["endpoint"],
            "yes": True,
        }
        return next_command("run", "-", why=f"{why}, with the same bytes", **to)
    gone = "://" not in job.file and not Path(job.file).is_file()
    moved: dict[str, Any] = {"file": "FILE"} if gone else {}
    return next_command("resume", job.name, why="names where FILE is now" if gone else why, **moved)


def _document(job: Job, counts: Mapping[str, int]) -> dict[str, object]:
    return {
        "job": job.name,
        "number": job.id,
        "file": job.file,
        "mapping": job.mapping,
        "endpoint": job.settings.get("endpoint") or job.origin,
        "campaign": job.campaigns,
        "started_at": moment(job.started_at),
        "ended_at": job.ended_at and moment(job.ended_at),
        "exit_code": job.exit_status,
        "host": job.settings.get("host"),
        "stopped": job.stopped or None,
        "report": _written(job, "report.html") or None,
        "rows": {"read": sum(counts.values())}
        | {each.value: counts.get(each, 0) for each in Status},
        "left": sum(counts.get(each, 0) for each in _LEFT),
        **({"waves": list(job.waves)} if job.waves else {}),
    }


def _written(job: Job, name: str) -> str:
    """Where a file of the job's results lies; "" where it isn't there."""
    from importer.results import files

    place = files.of_job(Path(str(job.settings.get("out", ""))), job.name) / name
    return str(place) if "out" in job.settings and place.exists() else ""


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(seconds))


def _ending(job: Job) -> str:
    if "dropped" in job.settings:
        return "given up"
    if "mapping" not in job.settings:
        return "purged"
    if job.stopped:
        return f"stopped: {job.stopped.partition(':')[0]}"
    if job.ended_at is None:
        return "under way, or cut off"
    return _ENDED.get(job.exit_status or 0, f"exit code {job.exit_status}")


_ENDED = {0: "done", 3: "done, some refused", 4: "some in doubt"}


# `importer purge`: what people can read of old jobs goes from the ledger.


@click.command("purge")
@click.option(
    "--older-than", type=SPAN, default="180d", show_default=True,
    help="Jobs that began longer ago than this.",
)  # fmt: skip
@click.option("--job", metavar="JOB", help="This job alone, however old.")
@click.option(
    "--hashes",
    is_flag=True,
    help="Drop the hashes of persons and answers, too: verify and resolve can't look these jobs up any more.",
)
@click.option("--yes", is_flag=True, help="Do it. Without, it only shows what would go.")
@options.state_option
@options.json_option
def purge_command(
    older_than: float, job: str | None, hashes: bool, yes: bool, state: Path | None, as_json: bool
) -> ExitStatus:
    """Remove what people can read of old jobs from the ledger; what was sent stays known.

    Masked ids, keys, messages, cell values and file names go, and are overwritten on the disk. The
    keyed hashes stay, so no row is ever sent twice, and so do statuses and counts. Whoever has the ledger
    and its key can still find a person out by guessing: --hashes drops all but the one that says that a row
    was sent. Jobs with rows left
    to send or to settle are passed over, unless one is named with --job: what is left of it is given up,
    as by `importer drop`. Results folders are yours: delete them yourself.

    \b
    importer purge                          what would go: jobs older than 180 days
    importer purge --older-than 30d --yes
    importer purge --job 20260301-answers --yes
    """
    with _changing(state) as ledger:
        found = (
            ledger.named(job, hashes=hashes)
            if job
            else ledger.purgeable(time.time() - older_than, hashes=hashes)
        )
        ready = [each for each in found if job or not each.left]
        if yes and ready:
            with _nobody_else(ledger):
                for each in ready:
                    if each.left:
                        ledger.drop(each.job)
                known = {each.id: each for each in ledger.jobs()}
                gone = [known[each.job.id] for each in ready if each.job.id in known]
                ledger.purge(gone, hashes=hashes)
    _print_purged(found, ready, done=yes, as_json=as_json)
    return ExitStatus.DONE


@click.command("drop")
@click.argument("job", metavar="JOB")
@plain_error
def drop(job: str, state: Path | None, as_json: bool) -> ExitStatus:
    """Give up what is left of JOB, so that nothing goes on with it. What was posted stays known.

    Its rows that are left to send end as skipped (dropped); rows in doubt stay so. A job that has posted
    nothing goes as a whole. `importer run` with the same file starts a new job.

    \b
    importer drop 20260301-023000-answers
    """
    with _changing(state) as ledger:
        found = ledger.job(job)
        campaigns = found.campaigns.split(",")
        with ledger.lock(found.origin, campaigns, "importer drop"):
            ledger.recover(found.origin, campaigns)
            given_up, doubt = ledger.drop(found)
    if as_json:
        output.emit({"job": found.name, "given_up": given_up, "in_doubt": doubt})
        return ExitStatus.DONE
    output.say(f"Job {found.name}: {counted(given_up, 'row')} given up, {doubt:,} in doubt.")
    steps = [next_command("resolve", found.name, why="settles rows in doubt")] if doubt else []
    output.next_step(*steps, next_command("jobs"))
    return ExitStatus.DONE


@click.command("new-ledger")
@plain_error
def new_ledger(state: Path | None, as_json: bool) -> ExitStatus:
    """Let a new ledger begin, or an older copy go on, where the one of earlier runs is lost.

    A run refuses to begin beside a ledger that is gone, empty, or older than the last run: it couldn't tell
    what was sent. Restore the ledger from a backup if there is one. After this command rows are sent that
    no ledger knows of, so look at the survey first.

    \b
    importer new-ledger --state DIR
    """
    from importer.ledger import begin_anew, default_folder, is_there

    folder = state or default_folder()
    where, done = begin_anew(folder)
    if as_json:
        output.emit({"ledger": where, "changed": done})
        return ExitStatus.DONE
    output.say(
        f"The next run takes the ledger {where} as it is."
        if done
        else "Nothing to do: none is lost."
    )
    output.next_step(next_command("jobs") if is_there(folder) else "importer plan FILE -m MAPPING")
    return ExitStatus.DONE


@contextmanager
def _nobody_else(ledger: Ledger) -> Iterator[None]:
    """Keep every run of every server out meanwhile; raises Busy."""
    with ExitStack() as stack:
        for origin in {server_of(job.origin) for job in ledger.jobs()}:
            stack.enter_context(ledger.lock(origin, ("*",), "importer purge"))
        yield


def _print_purged(
    found: Sequence[Purgeable], ready: Sequence[Purgeable], *, done: bool, as_json: bool
) -> None:
    left = [each for each in found if each.left]
    if as_json:
        names = {"purged" if done else "would_purge": [each.job.name for each in ready]}
        output.emit({**names, "left": [each.job.name for each in left]})
        return
    for each in left:
        output.note(
            f"{each.job.name} stays: {counted(each.left, 'row')} left to send or to settle "
            f"({next_command('resume', each.job.name)}; or drop)."
        )
    if not ready:
        output.say("Nothing to purge.")
        return
    output.say("Purged:" if done else "Would be purged:")
    output.table(("job", "rows", "file"), [(x.job.name, x.rows, x.job.file) for x in ready])
    output.say()
    if done:
        output.say("What stays: row numbers, statuses and times; keyed hashes (docs/privacy.md).")
        output.say("Elsewhere: results folders, done/ and failed/ of a watched folder, logs.")
    else:
        output.say("Nothing was changed; --yes does it. There is no undo.")


# `importer forget`: one person.


@click.command("forget")
@click.option("--user", metavar="ID", help="A userId or anonymousId, as it was sent.")
@click.option("--email", metavar="ADDRESS", help="An e-mail address that was sent as an id.")
@click.option("--yes", is_flag=True, help="Do it. Without, it only shows what would go.")
@options.state_option
@options.json_option
def forget_command(
    user: str | None, email: str | None, yes: bool, state: Path | None, as_json: bool
) -> ExitStatus:
    """Erase one person from the ledger, and name the files that may hold them.

    Of the rows nothing stays but their numbers, what became of them, and the one hash by which the same file
    sends them to nobody again; rows left to send are given up. SatisMeter, the files named and their
    backups are yours: erase the person there, and take them out of files that you will import again.

    \b
    importer forget --user 4711
    importer forget --email jane@example.com --yes
    """
    from importer.engine.stage import secret_of
    from importer.ledger import default_folder
    from importer.settings import Settings

    if (user is None) == (email is None):
        raise UsageError("Say who: --user ID, or --email ADDRESS.")
    ids = {user} if user else {str(email).strip(), str(email).strip().lower()}
    folder = state or default_folder()
    with looking(state):
        key = secret_of(Settings(file="", mapping="", state=folder, hash_key=options.hash_key()))
    with _changing(state, key) as ledger:
        found = ledger.known(ids)
        places = list(dict.fromkeys(path for each in found for path in _files_of(each.job)))
        if doubt := [each for each in found if each.doubt]:
            raise UsageError(
                f"Row {doubt[0].doubt[0]} of job {doubt[0].job.name} is in doubt: erased, it could never "
                "be settled.",
                hint=next_command("resolve", doubt[0].job.name, why="settles it; or mark"),
            )
        if yes and found:
            with _nobody_else(ledger):
                ledger.forget(found)
    rows = {each.job.name: len(each.seqs) for each in found}
    if as_json:
        output.emit({"forgotten" if yes else "would_forget": rows, "files": places})
        return ExitStatus.DONE
    if not found:
        output.say("The ledger knows nobody of that id. A trait's e-mail address it never holds.")
        return ExitStatus.DONE
    output.say("Erased from the ledger:" if yes else "Would be erased from the ledger:")
    output.table(("job", "rows"), list(rows.items()))
    output.heading("Files that may hold this person, which stay as they are")
    for place in places or ["none of these jobs' files is where it was"]:
        output.say(f"  {place}")
    if not yes:
        output.say()
        output.say("Nothing was changed; --yes does it. There is no undo.")
    return ExitStatus.DONE


def _files_of(job: Job) -> Iterator[str]:
    """The job's own file, and what was written of it."""
    from importer.results import files

    if job.file and Path(job.file).exists():
        yield job.file
    if out := job.settings.get("out"):
        for path in files.written(Path(str(out)), job.name):
            yield str(path)
