"""How a plan and a run are told on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from importer import codes
from importer.cli import output, recoded
from importer.masking import Show, masked
from importer.model import counted, duration
from importer.results.scores import signed

if TYPE_CHECKING:
    from importer.pipeline import Plan, Summary

_MOST_CAUSES = 12


def plan(planned: Plan, summary: Summary, show: Show = masked) -> None:
    """The dry run's findings, requests and warnings. `show` says what of a cell may be shown."""
    output.say(f"Plan of {_file(summary)} with {summary.mapping}: nothing was sent.")
    _rows(summary)
    _scores(summary)
    recoded.tell(planned.recodings, show)
    _skips(planned.skips)
    _causes(summary)
    _duplicates(summary.duplicates)
    _warnings(summary)
    _samples(planned)
    _written(summary)
    if planned.ready:
        output.say()
        ready = counted(planned.ready, "row")
        output.say(f"{ready} would be posted to {summary.endpoint}{_time(planned, planned.ready)}.")


def run(summary: Summary) -> None:
    """What became of the rows."""
    output.say(f"Run of {_file(summary)} with {summary.mapping} (job {summary.job})")
    if summary.stopped:
        output.say(click.style(f"Stopped early: {summary.stopped}", fg="red"))
        remedy(summary.stopped)
    _rows(summary)
    _scores(summary)
    _causes(summary)
    _duplicates(summary.duplicates)
    _written(summary)
    output.say()
    requests = counted(summary.requests, "request")
    output.say(f"{requests} in {duration(summary.seconds)}.")


def remedy(stopped: str) -> None:
    """What to do about an early stop: `code: message`."""
    if found := codes.of_stop(stopped.partition(":")[0]):
        output.say(f"→ {found.remedy}")


def before(planned: Plan, endpoint: str, limit: int | None = None) -> None:
    """What a run is about to do, before it asks; a pilot posts `limit` rows at most."""
    for warning in planned.warnings:
        output.note(f"To know: {warning}")
    if not planned.ready:
        output.note(f"Of {_read(planned)} none is left to post.")
        return
    rows = min(planned.ready, limit or planned.ready)
    pilot = f" (a pilot; {planned.ready - rows:,} wait for later)" if rows < planned.ready else ""
    output.note(
        f"{rows:,} of {_read(planned)} will be posted to {endpoint}{_time(planned, rows)}{pilot}."
        " There is no undo."
    )


def _read(planned: Plan) -> str:
    """`200 rows`; with waves `200 rows (100 of the file × 2 waves)`."""
    read, waves = planned.rows["read"], len(planned.job.waves)
    each = f" ({read // waves:,} of the file × {counted(waves, 'wave')})" if waves else ""
    return f"{counted(read, 'row')}{each}"


def _file(summary: Summary) -> str:
    return f"{summary.file}, sheet {summary.sheet}" if summary.sheet else summary.file


def _time(planned: Plan, rows: int) -> str:
    per_second = planned.rate.per_second
    if per_second is None:
        return ""
    return f" at {planned.rate}, in {duration(max(1, rows / per_second))} or more"


def _rows(summary: Summary) -> None:
    rows, waves = summary.rows, summary.waves
    each = f"{counted(summary.rows_of_file, 'row')} of the file × {counted(len(waves), 'wave')} "
    output.heading("Rows")
    shown = [("read", rows["read"], f"{each if waves else ''}= the sum of those below")]
    briefs = codes.briefs("status")
    shown += [(name, n, briefs[name]) for name, n in rows.items() if n and name != "read"]
    output.table(("", "rows", ""), shown)


def _scores(summary: Summary) -> None:
    """What the ready rows, or the accepted ones, come to."""
    found = [each for each in summary.scores if each.answers]
    if found:
        output.say()
    for each in found:
        column, answers = each.question.label, counted(each.answers, "answer")
        if each.nps is not None:
            output.say(f"  NPS {signed(each.nps)} of {answers} in {column!r}")
        else:
            kind = each.question.type
            output.say(f"  {kind} {each.average:.2f} on average of {answers} in {column!r}")


def _skips(skips: Mapping[str, int]) -> None:
    if skips:
        output.heading("Skipped by rule")
        output.table(("rule", "rows"), list(skips.items()))


def _causes(summary: Summary) -> None:
    if not summary.causes:
        return
    output.heading("Problems by cause")
    for cause in summary.causes[:_MOST_CAUSES]:
        column = f", column {cause.column!r}" if cause.column else ""
        output.say(
            f"  {cause.count:>7,} × {click.style(cause.code, bold=True)}{column} ({cause.where})"
        )
        output.say(f"            {cause.message}")
        if cause.fix:
            output.say(f"            → {cause.fix}")
    if len(summary.causes) > _MOST_CAUSES:
        output.say(f"  … and {len(summary.causes) - _MOST_CAUSES} more, in {summary.place.name}")


def _duplicates(duplicates: Mapping[str, int]) -> None:
    if duplicates:
        output.heading("Duplicates by kind")
        briefs = codes.briefs("delivery", "ledger")
        shown = [(kind, n, briefs.get(kind, "")) for kind, n in duplicates.items()]
        output.table(("kind", "rows", ""), shown)


def _warnings(summary: Summary) -> None:
    if summary.warnings:
        output.heading("To know")
        for warning in summary.warnings:
            output.say(f"  - {warning}")


def _samples(planned: Plan) -> None:
    if planned.samples:
        first = counted(len(planned.samples), "request")
        output.heading(f"The first {first}, whole (key masked)")
        for sample in planned.samples:
            output.say(f"  {sample.decode()}")


def _written(summary: Summary) -> None:
    output.heading("Written")
    if summary.results:
        output.say(f"  {summary.results}   one line per row")
    if summary.problems:
        output.say(f"  {summary.problems}   the rows to mend, as they stand in the file")
    output.say(f"  {summary.report}   all of it on one page, for whoever approves it")
    output.say(f"  {summary.place}")
    for path in (summary.results, summary.problems):
        if path and path.stem not in {"results", "problems", "plan-problems"}:
            former = f"{path.stem.rpartition('-')[0]}{path.suffix}"
            output.say(f"  {former} was changed since it was written, so it stays as it is.")
