"""`importer verify`: whether what is in SatisMeter is what was in the file."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, ledgers, options, output
from importer.errors import ExitStatus
from importer.model import counted, place
from importer.settings import DEFAULT_ENDPOINT, Settings

if TYPE_CHECKING:
    from importer.ledger.expected import Expected
    from importer.pipeline.verified import Page
    from importer.pipeline.verify import Verification
    from importer.results.scores import Scores

_MOST = 20


@click.command("verify")
@ledgers.job_argument
@ledgers.moved_file
@click.option(
    "--allow-extra", is_flag=True,
    help="The survey takes answers from elsewhere too: count extra ones, and don't mind.",
)  # fmt: skip
@options.reading
@ledgers.plain
def command(**given: Any) -> ExitStatus:
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
    from importer.pipeline import verified
    from importer.pipeline.verify import verify

    with ledgers.looking(given["state"]):
        """There is a ledger."""
    found = verify(_settings(given), allow_extra=given["allow_extra"])
    page = verified.write(found)
    if given["as_json"]:
        output.emit(_document(found, page))
    else:
        _tell(found, page)
    return found.exit_status


def _settings(given: Mapping[str, Any]) -> Settings:
    file = str(given["file"] or "")
    plain = options.settings({**given, "file": file, "mapping": "", "endpoint": DEFAULT_ENDPOINT})
    return dataclasses.replace(plain, job=given["job"])


def _document(found: Verification, page: Page) -> dict[str, object]:
    """As JSON: row numbers and the API's IDs; no person, no answer."""
    compared = found.comparison
    return {
        "job": found.job.name,
        "file": found.job.file,
        "campaign": found.job.campaigns,
        "since": _day(found.since),
        "until": _day(found.until),
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


def _tell(found: Verification, page: Page) -> None:
    from importer.pipeline import verified

    compared = found.comparison
    output.say(f"Job {found.job.name}, compared with the survey {found.job.campaigns}")
    output.say(f"Responses from {_day(found.since)} to {_day(found.until)}: {found.found:,}")
    output.heading("Rows that were sent")
    output.table(("", "rows", ""), verified.counts(found))
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
    output.say(verified.verdict(found))
    _written(page)
    if found.exit_status == ExitStatus.SOME_REFUSED:
        output.next_step(
            again.command("verify", found.job.name, as_json=True, why="every difference")
        )
    else:
        output.next_step(again.command("jobs"))


def _written(page: Page) -> None:
    output.heading("Written")
    if page.path:
        output.say(f"  {page.path}   all of it on one page")
    else:
        output.say(f"  No page: {page.unwritten}")


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
        output.heading("Scores")
        columns = ("question", "answers in the file", "in the survey", "file", "survey")
        output.table(columns, [_score(*pair) for pair in found.scores])


def _score(sent: Scores, there: Scores) -> tuple[object, ...]:
    from importer.results.report.verified import figure

    name = sent.question.label
    return (name, sent.answers, there.answers, figure(sent), figure(there))


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
