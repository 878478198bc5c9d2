"""The top of the page: what it came to, and what it means for the account."""

from __future__ import annotations

from collections.abc import Iterator

from importer import codes
from importer.errors import ExitStatus
from importer.model import Status, counted, duration
from importer.results.report.facts import Report
from importer.results.report.html import Html, prose, tag
from importer.results.report.words import cut_short, short

_MOST_WARNINGS = 40
_MOST_TRAITS = 50


def verdict(report: Report) -> Html:
    """The one sentence that counts, and the rows that it leaves out."""
    return tag(
        "section",
        tag("p", _sentence(report), class_="big"),
        [tag("p", text) for text in _beside(report)],
        class_=f"verdict {_tone(report)}",
        aria_label="Verdict",
    )


def _sentence(report: Report) -> str:
    rows = report.summary.rows
    done = rows.get(Status.CREATED, 0) if report.is_run else rows.get("ready", 0)
    verb = "accepted by SatisMeter" if report.is_run else "ready to be sent"
    if not done:
        return f"None of the {counted(rows['read'], 'row')} {_was(report, 1)} {verb}."
    told = f"{done:,} of {counted(rows['read'], 'row')} {_was(report, done)} {verb}"
    seconds = None if report.is_run else report.account.seconds
    if seconds is None:
        return f"{told}."
    return f"{told}. At {report.account.rate} that takes {duration(max(seconds, 1))} or more."


def _was(report: Report, number: int) -> str:
    forms = ("was", "were") if report.is_run else ("is", "are")
    return forms[number != 1]


def _beside(report: Report) -> Iterator[str]:
    summary = report.summary
    if summary.waves:
        yield (
            f"Each of the file's {counted(summary.rows_of_file, 'row')} counts once per wave: "
            f"{', '.join(summary.waves)}."
        )
    if summary.stopped:
        yield f"It stopped early: {summary.stopped}"
    main, known = Status.CREATED if report.is_run else "ready", codes.of("status")
    others = [
        f"{number:,} {_lower(known[status].label)}"
        for status, number in summary.rows.items()
        if number and status not in ("read", main)
    ]
    if others:
        yield f"The others: {'; '.join(others)}."
    elif summary.rows["read"]:
        yield "No row is left out."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _tone(report: Report) -> str:
    rows, status = report.summary.rows, report.summary.exit_status
    if not (rows.get("created") or rows.get("ready") or rows.get("already_sent")):
        return "bad"
    if status == ExitStatus.DONE:
        return "good"
    return "fair" if status in (ExitStatus.SOME_REFUSED, ExitStatus.SOME_UNKNOWN) else "bad"


def account(report: Report) -> Html:
    """What it does to the account, and what a careful person wants to know before."""
    title = "What it did to the account" if report.is_run else "What it will do to the account"
    known = () if report.is_run else report.summary.warnings
    more = cut_short(len(known), _MOST_WARNINGS, "warnings, in summary.json")
    return tag(
        "section",
        tag("h2", title),
        tag(
            "ul", [tag("li", prose(text)) for text in (*_effects(report), *known[:_MOST_WARNINGS])]
        ),
        tag("p", more) if more else None,
    )


def _effects(report: Report) -> Iterator[str]:
    to, rows = report.account, report.summary.rows
    number = rows.get(Status.CREATED, 0) if report.is_run else rows.get("ready", 0)
    verb = "Added" if report.is_run else "Adds"
    yield (
        f"{verb} {counted(number, 'response')} from {counted(to.persons, 'person')} to "
        f"{_surveys(to.campaigns)} at {to.endpoint}, with the method {to.method}."
    )
    if to.traits and number:
        verb = "Set" if report.is_run else "Sets"
        named = ", ".join(short(each) for each in to.traits[:_MOST_TRAITS])
        more = cut_short(len(to.traits), _MOST_TRAITS, "")
        yield f"{verb} these traits of each person, over what was there: {named}{more}."
    if not report.is_run and number:
        yield (
            "Webhooks and notifications of the account may fire for each response, and each counts "
            "towards the plan's limit."
        )
        yield "There is no undo: the API deletes nothing."


def _surveys(campaigns: str) -> str:
    if campaigns == "*":
        return "the surveys that the rows name"
    return (
        f"the surveys {campaigns.replace(',', ', ')}"
        if "," in campaigns
        else f"the survey {campaigns}"
    )
