"""How a plan and a run are told on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer import codes
from importer.cli import output
from importer.model import counted, duration
from importer.privacy import Show, masked, plain
from importer.results import signed

if TYPE_CHECKING:
    from importer.engine import Plan
    from importer.mapping import Recoding, Recodings, Value
    from importer.results import Summary
    from importer.results.summary import AccountEffect


# How a plan tells of recoded answers: what stands in the file, what is sent, and the NPS of both.

_MOST = 15


def print_recoding(recodings: Recodings, show: Show) -> None:
    """Each recoded answer, then the texts that `values:` doesn't have."""
    for each in recodings.listed():
        output.heading(f"Recoded: {each.label!r} to {each.type}")
        output.table(
            ("in the file", "rows", "sent as"),
            [(_text(value, show), value.count, _sent(value)) for value in each.values[:_MOST]],
        )
        if len(each.values) > _MOST:
            output.say(f"  … and {len(each.values) - _MOST} more values")
        _nps(each)
    _unmapped(recodings, show)


def _text(value: Value, show: Show) -> str:
    text = " ".join(value.text.split())
    return text if value.named else show(text)


def _sent(value: Value) -> str:
    return "no answer" if value.sent is None else str(value.sent)


def _nps(recoding: Recoding) -> None:
    before, after = recoding.nps_before, recoding.nps_after
    if after is None:
        return
    if before is None:
        output.say(f"  NPS of what is sent: {signed(after)}; the file's own texts have none.")
    else:
        output.say(f"  NPS {signed(before)} by the file's own numbers, {signed(after)} as sent.")


def _unmapped(recodings: Recodings, show: Show) -> None:
    found = recodings.unmapped()
    if not found:
        return
    output.heading("Values that the mapping's `values:` doesn't have")
    output.table(
        ("column", "value", "rows", "first in row"),
        [(each.column[:40], show(each.text), each.count, each.first) for each in found[:_MOST]],
    )
    if len(found) > _MOST:
        output.say(f"  … and {len(found) - _MOST} more")


def recoding_document(recodings: Recodings, show: Show) -> dict[str, object]:
    recoded = [
        {
            "answer": each.answer,
            "column": each.column,
            **({"wave": each.wave} if each.wave else {}),
            "type": each.type,
            "values": [
                {"text": _text(value, show), "rows": value.count, "sent": value.sent}
                for value in each.values
            ],
            "nps_before": each.nps_before,
            "nps_after": each.nps_after,
        }
        for each in recodings.listed()
    ]
    unmapped = [
        {"column": each.column, "value": show(each.text), "rows": each.count, "first": each.first}
        for each in recodings.unmapped()
    ]
    return {"recoded": recoded, "unmapped_values": unmapped}


# How a plan and a run are told on the terminal.

_MOST_CAUSES = 12


def print_plan(planned: Plan, summary: Summary, show: Show = masked) -> None:
    """The dry run's findings, requests and warnings. `show` says what of a cell may be shown."""
    output.say(f"Plan of {_file(summary)} with {summary.mapping}: nothing was sent.")
    _rows(summary)
    _scores(summary)
    print_recoding(planned.recodings, show)
    if planned.skips:
        output.heading("Skipped by rule")
        output.table(("rule", "rows"), list(planned.skips.items()))
    print_account(summary.account)
    _causes(summary)
    _duplicates(summary)
    if summary.warnings:
        output.heading("To know")
        for warning in summary.warnings:
            output.say(f"  - {warning}")
    _samples(planned, show_values=show is plain)
    _written(summary)
    if planned.ready:
        output.say()
        ready = counted(planned.ready, "row")
        output.say(f"{ready} would be posted to {summary.endpoint}{_time(planned, planned.ready)}.")


def print_run(summary: Summary) -> None:
    output.say(f"Run of {_file(summary)} with {summary.mapping} (job {summary.job})")
    if summary.stopped:
        output.say(output.style(f"Stopped early: {summary.stopped}", fg="red"))
        remedy(summary.stopped)
    _rows(summary)
    _scores(summary)
    _causes(summary)
    _duplicates(summary)
    _contact(summary)
    for note in summary.notes:
        output.say(f"To know: {note}")
    _written(summary)
    output.say()
    requests = counted(summary.requests, "request")
    output.say(f"{requests} in {duration(summary.seconds)}.")


def remedy(stopped: str) -> None:
    """What to do about an early stop: `code: message`."""
    if found := codes.of_stop(stopped.partition(":")[0]):
        output.say(f"→ {found.remedy}")


def print_before(planned: Plan, endpoint: str, limit: int | None = None) -> None:
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


def _causes(summary: Summary) -> None:
    if not summary.causes:
        return
    output.heading("Problems by cause")
    for cause in summary.causes[:_MOST_CAUSES]:
        column = f", column {cause.column!r}" if cause.column else ""
        output.say(
            f"  {cause.count:>7,} × {output.style(cause.code, bold=True)}{column} ({cause.where})"
        )
        output.say(f"            {cause.message}")
        if cause.fix:
            output.say(f"            → {cause.fix}")
    if len(summary.causes) > _MOST_CAUSES:
        output.say(f"  … and {len(summary.causes) - _MOST_CAUSES} more, in {summary.place.name}")


def _duplicates(summary: Summary) -> None:
    if summary.duplicates:
        output.heading("Duplicates by kind")
        briefs = codes.briefs("delivery", "ledger")
        shown = [(kind, n, briefs.get(kind, "")) for kind, n in summary.duplicates.items()]
        output.table(("kind", "rows", ""), shown)


def print_account(found: AccountEffect | None) -> None:
    if found is None or not found.looked:
        return
    output.heading("What it does to the account")
    unsubscribed = f"; {found.unsubscribed:,} unsubscribed" if found.unsubscribed else ""
    known = f"{found.known:,} known to the account, {found.new:,} new{unsubscribed}"
    output.say(f"  {counted(found.persons, 'person')}: {known}")
    traits = [
        (
            each.name[:40],
            "kept" if each.keeps else "sent",
            *(each.equal, each.fills, each.kept, each.overwrites, each.retypes),
        )
        for each in found.traits[:_MOST]
    ]
    if found.known and traits:
        head = ("trait", "if there", "equal", "new", "kept", "overwritten", "other type")
        output.table(head, traits)
    for each in found.traits[:_MOST]:
        for one in each.examples:
            output.say(f"  {each.name[:40]}, row {one.row:,}: {one.before} → {one.after}")


def _contact(summary: Summary) -> None:
    if not summary.contact:
        return
    output.heading("What the first replies say of the API (docs/api.md)")
    for found in ("contradicted", "confirmed"):
        for each in summary.contact:
            if each["found"] == found:
                word = output.style(found, fg="red") if "do" in each else found
                output.say(f"  {word}  {each['id']}: {each['assumed']}")
                if "do" in each:
                    output.say(f"            → {each['do']}")
    if unseen := [each["id"] for each in summary.contact if each["found"] == "not seen"]:
        output.say(f"  not seen: {', '.join(unseen)}")


def _samples(planned: Plan, *, show_values: bool) -> None:
    from importer.engine.report import sample_requests

    if planned.samples:
        first = counted(len(planned.samples), "request")
        personal = "key masked" if show_values else "key and personal values masked; --show-values"
        output.heading(f"The first {first}, whole ({personal})")
        for sample in sample_requests(planned, show_values=show_values):
            output.say("  " + " ".join(line.strip() for line in sample.split("\n")), hang=None)


def _written(summary: Summary) -> None:
    output.heading("Written")
    if summary.results:
        output.say(f"  {summary.results}   one line per row")
    if summary.problems:
        output.say(f"  {summary.problems}   the rows to mend, as they stand in the file")
    if summary.workbook:
        output.say(
            f"  {summary.workbook}   the same for Excel, which leaves ids and dates alone there"
        )
    output.say(f"  {summary.report}   all of it on one page, for whoever approves it")
    output.say(f"  {summary.place}")
    if summary.contact:
        output.say(f"  {summary.contact_place}   what the replies were like, without a value")
    for path in (summary.results, summary.problems, summary.workbook):
        if path and path.stem not in {"results", "problems", "plan-problems"}:
            former = f"{path.stem.rpartition('-')[0]}{path.suffix}"
            output.say(f"  {former} was changed since it was written, so it stays as it is.")
