"""`importer resolve`, `mark`, `verify` and `restore`: a job settled, held against the survey, put back."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Unpack

import click

from importer.cli import options, output
from importer.cli.given import Given
from importer.cli.jobs import job_argument, moved_file, plain_error, settings_of
from importer.cli.output import next_command
from importer.errors import ExitStatus, UsageError
from importer.model import counted, moment, place

if TYPE_CHECKING:
    from importer.cli.given import Given
    from importer.engine.record import Rewritten
    from importer.engine.restore import Restored
    from importer.engine.verify import Verification
    from importer.engine.verify_report import Page
    from importer.ledger import Expected
    from importer.results import Scores

# `importer resolve` and `importer mark`: settle rows of unknown fate, by reading or by hand.

_out = click.option(
    "--out", type=options.FOLDER,
    help="Where results.csv is written anew. Default: the job's folder.",
)  # fmt: skip


@click.command("resolve")
@job_argument
@options.reading
@click.option(
    "--settle", type=click.FloatRange(0),
    help="Seconds after a row's post from which it may be called absent. [default: 60]",
)  # fmt: skip
@_out
@plain_error
def resolve_command(**given: Unpack[Given]) -> ExitStatus:
    """Settle JOB's rows of unknown fate by reading the survey back. Posts nothing.

    A row that the survey holds is created. One that it doesn't hold is failed, and safe to post
    again, if the rows acknowledged around then are found. The API key, which is not the write key,
    comes from SATISMETER_API_KEY, --api-key-file or .env.

    \b
    importer resolve --project 5d2f6b8a9b0a4c0017a3e0a1
    importer resolve 20260301-answers --json
    """
    from importer.engine.reconcile import resolve as settle

    job, settled, written = settle(settings_of(given))
    if given["as_json"]:
        output.emit(
            {"job": job.name, **dataclasses.asdict(settled), "results": str(written.results)}
        )
    else:
        output.say(f"Job {job.name}: {counted(settled.created, 'row')} found in the survey,")
        output.say(f"{settled.absent:,} surely not stored, {settled.left:,} still in doubt.")
        _print_resolved(written)
        output.next_step(*_next(job.name, settled.absent, settled.left))
    return ExitStatus.SOME_UNKNOWN if settled.left else ExitStatus.DONE


@click.command("mark")
@job_argument
@click.option(
    "--row", "rows", type=click.IntRange(1), multiple=True, required=True,
    help="The row's number, as Excel shows it. Repeatable.",
)  # fmt: skip
@click.option(
    "--wave", "waves", multiple=True,
    help="The wave of the rows, where the mapping has waves and more than one is in doubt. Repeatable.",
)  # fmt: skip
@click.option(
    "--created/--not-created", default=None, required=True,
    help="You looked: the response is in the survey, or it is not.",
)  # fmt: skip
@_out
@plain_error
def mark_command(**given: Unpack[Given]) -> ExitStatus:
    """Settle rows of unknown fate by your own word, once you have looked at the survey.

    A row marked as not created is posted again by `importer resume`.

    \b
    importer mark 20260301-answers --row 17 --created
    importer mark 12 --row 17 --row 31 --not-created
    importer mark 12 --row 17 --wave 2023 --created
    """
    from importer.engine.reconcile import mark as settle

    rows = sorted(set(given["rows"]))
    job, written = settle(settings_of(given), rows, given["waves"], created=given["created"])
    if given["as_json"]:
        document = {"job": job.name, "rows": rows, "created": given["created"]}
        waves = {"waves": list(given["waves"])} if given["waves"] else {}
        output.emit(document | waves | {"results": str(written.results)})
    else:
        word = "created" if given["created"] else "not created"
        output.say(f"Job {job.name}: {counted(len(rows), 'row')} marked as {word}.")
        _print_resolved(written)
        output.next_step(*_next(job.name, 0 if given["created"] else len(rows), 0))
    return ExitStatus.DONE


def _print_resolved(written: Rewritten) -> None:
    output.say(f"Written anew: {written.results}")
    if written.unread:
        output.note(f"problems.csv stays as it is: {written.unread}")


def _next(job: str, absent: int, left: int) -> list[str]:
    steps = [next_command("resume", job, why="posts them again")] if absent else []
    if left:
        why = "or --not-created: look, and decide"
        steps.append(next_command("mark", job, why=why, rows=("N",), created=True))
    return steps or [next_command("status", job)]


# `importer verify`: whether what is in SatisMeter is what was in the file.

_MOST = 20


@click.command("verify")
@job_argument
@moved_file
@click.option(
    "--allow-extra", is_flag=True,
    help="The survey takes answers from elsewhere too: count extra ones, and don't mind.",
)  # fmt: skip
@options.reading
@plain_error
def verify_command(**given: Unpack[Given]) -> ExitStatus:
    """Read the survey back and compare it with what JOB sent, row by row. Changes nothing there.

    Names every response that is missing, altered, doubled or extra, compares the scores, and writes
    all of it to verify.html in the job's folder. JOB is a name or number of `importer jobs`; without
    it, the newest. The API key, which is not the write key, comes from SATISMETER_API_KEY,
    --api-key-file or .env.

    \b
    importer verify
    importer verify 20260301-023000-answers --allow-extra
    importer verify 12 --file /archive/answers.csv --json
    """
    from importer.engine import verify_report
    from importer.engine.verify import verify

    found = verify(settings_of(given), allow_extra=given["allow_extra"])
    page = verify_report.write_verify_page(found)
    if given["as_json"]:
        output.emit(_document(found, page))
    else:
        _print_verification(found, page)
    return found.exit_status


def _document(found: Verification, page: Page) -> dict[str, object]:
    """As JSON: row numbers and the API's IDs; no person, no answer."""
    compared = found.comparison
    return {
        "job": found.job.name,
        "file": found.job.file,
        "campaign": found.job.campaigns,
        "since": moment(found.since),
        "until": moment(found.until),
        "expected": found.expected,
        "found": found.found,
        "same": len(compared.same),
        "missing": [_named(each) for each in compared.missing],
        "altered": [
            {**_which(row), "response": seen.id, "questions": list(found.altered[row.seq])}
            for row, seen in compared.altered
        ],
        "doubled": [{**_which(row), "response": seen.id} for row, seen in compared.doubled],
        "extra": [{"response": each.id, "created": each.created} for each in compared.extra],
        "unsettled": [_named(each) for each in compared.unsettled],
        "uncompared": compared.uncompared,
        "other_jobs": compared.others,
        "scores": [
            {"file": sent.document(), "survey": there.document()} for sent, there in found.scores
        ],
        "unread": found.unread or None,
        "page": str(page.path) if page.path else None,
        "unwritten": page.unwritten or None,
        "exit_code": int(found.exit_status),
    }


def _which(row: Expected) -> dict[str, object]:
    return {"row": row.row, "wave": row.wave} if row.wave else {"row": row.row}


def _named(row: Expected) -> object:
    """Its number; with its wave where there are waves."""
    return _which(row) if row.wave else row.row


def _print_verification(found: Verification, page: Page) -> None:
    from importer.engine import verify_report

    compared = found.comparison
    output.say(f"Job {found.job.name}, compared with the survey {found.job.campaigns}")
    output.say(f"Responses from {moment(found.since)} to {moment(found.until)}: {found.found:,}")
    output.heading("Rows that were sent")
    output.table(("", "rows", ""), verify_report.counts(found))
    _list("Missing: accepted, and not in the survey", _rows(compared.missing))
    _list(
        "Altered: there with other answers",
        (
            f"{place(row.row, row.wave)}, response {seen.id}{_questions(found.altered[row.seq])}"
            for row, seen in compared.altered
        ),
    )
    _list(
        "Doubled: there more often than they were sent",
        (f"{place(row.row, row.wave)}, response {seen.id}" for row, seen in compared.doubled),
    )
    _list(
        "Extra: no row's" + (" (allowed)" if found.allow_extra else ""),
        (f"response {each.id}, {each.created}" for each in compared.extra),
    )
    _list("Of unknown fate, and not in the survey", _rows(compared.unsettled))
    _scores(found)
    output.say()
    output.say(verify_report.verdict(found))
    output.heading("Written")
    if page.path:
        output.say(f"  {page.path}   all of it on one page")
    else:
        output.say(f"  No page: {page.unwritten}")
    if found.exit_status == ExitStatus.SOME_REFUSED:
        output.next_step(
            next_command("verify", found.job.name, as_json=True, why="every difference")
        )
    else:
        output.next_step(next_command("jobs"))


def _rows(rows: Iterable[Expected]) -> Iterable[str]:
    return (place(each.row, each.wave) for each in rows)


def _questions(questions: Iterable[str]) -> str:
    named = ", ".join(questions)
    return f", question {named}" if named else ""


def _list(title: str, lines: Iterable[str]) -> None:
    shown = list(lines)
    if shown:
        output.heading(title)
        for line in shown[:_MOST]:
            output.say(f"  {line}")
        if len(shown) > _MOST:
            output.say(
                f"  … and {counted(len(shown) - _MOST, 'more', 'more')}; --json has them all"
            )


def _scores(found: Verification) -> None:
    if found.unread:
        output.say()
        output.say(f"Scores and questions were not compared: {found.unread}")
    elif found.scores:
        output.heading("Answers and scores, in the file and in the survey")
        columns = ("file", "survey", "file", "survey", "question")
        output.table(columns, [_score(*pair) for pair in found.scores])


def _score(sent: Scores, there: Scores) -> tuple[object, ...]:
    from importer.results.report.verified import figure

    name = sent.question.label
    return (sent.answers, there.answers, figure(sent), figure(there), name)


# `importer restore`: the traits that a job has overwritten, put back.


@click.command("restore")
@job_argument
@click.option(
    "--trait", "traits", multiple=True, metavar="NAME",
    help="This trait only. Repeatable. Default: all that were overwritten.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Look at the account and say what would be put back.")
@click.option("--yes", is_flag=True, help="Put back without asking.")
@click.option("--rate", metavar="N/s", help="5/s, 300/min, max. [default: 5/s]")
@options.reading
@plain_error
def restore_command(**given: Unpack[Given]) -> ExitStatus:
    """Put back the traits that JOB has overwritten in the account.

    The values are those that persons had before JOB's first post; they lie sealed in the ledger since. A
    trait that somebody has changed since is left, and named. Safe to end at any moment and to run again:
    what is back is never put back twice. Responses stay: the API deletes none.

    \b
    importer restore --dry-run
    importer restore 20260301-answers --trait plan --trait company
    importer restore 12 --project 5d2f6b8a9b0a4c0017a3e0a1 --yes
    """
    from importer.cli.progress import Progress
    from importer.engine.restore import restore

    settings = settings_of(given)
    if not (given["yes"] or given["dry_run"] or sys.stdin.isatty()):
        raise UsageError(
            "There is no terminal to ask on, so nothing is put back.",
            hint="Say --yes where it may change the account; see it first with --dry-run.",
        )
    progress = Progress(silent=given["as_json"])

    def agree(planned: Restored) -> bool:
        progress.close()
        if not given["yes"]:
            _print(planned, as_plan=True)
        return given["yes"] or click.confirm("Go on?", err=True)

    with closing(progress):
        found = restore(settings, given["traits"], agree, progress, dry_run=given["dry_run"])
    if given["as_json"]:
        output.emit({"command": "restore", "dry_run": given["dry_run"], **found.document()})
    else:
        _print(found, as_plan=given["dry_run"])
        output.next_step(*_next_of_restore(found, dry_run=given["dry_run"]))
    return ExitStatus.SOME_REFUSED if found.failed else ExitStatus.DONE


def _next_of_restore(found: Restored, *, dry_run: bool) -> list[str]:
    if dry_run and found.to_restore:
        return [next_command("restore", found.job, without=("dry_run",), why="puts them back")]
    if found.failed:
        return [next_command("restore", found.job, why="tries those that are left")]
    return [next_command("status", found.job)]


def _print(found: Restored, *, as_plan: bool) -> None:
    words = "Nothing was changed" if as_plan else "Put back, and seen to be there"
    output.say(f"Job {found.job}, {counted(found.persons, 'person')}. {words}:")
    if not found.traits:
        output.say("  There is nothing to put back: no trait is overwritten, or all are back.")
        return
    first, head = (found.to_restore, "to put back") if as_plan else (found.restored, "put back")
    rows = [
        (name[:40], first[name], found.there[name], found.changed[name], found.failed[name])
        for name in found.traits
    ]
    output.table(("trait", head, "back already", "changed since", "failed"), rows)
    if found.left:
        output.heading("Left as they are")
        output.table(("person", "trait", "why"), found.left[:_MOST])
        if len(found.left) > _MOST:
            output.say(f"  … and {len(found.left) - _MOST:,} more, with --json")
