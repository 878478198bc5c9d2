"""The words and tables of the page, below the pictures."""

from __future__ import annotations

from collections.abc import Iterator

from importer import codes
from importer.model import Cause, counted
from importer.results.report.facts import Report
from importer.results.report.html import Content, Html, joined, prose, tag
from importer.results.report.tables import table
from importer.results.report.words import cut_short, per_cent, sentence, short

_MOST_CAUSES = 40
_MOST_COLUMNS = 200
_MOST_VALUES = 200


def problems(report: Report) -> Html | None:
    """What keeps rows out, what to do about it, and where to look."""
    if not report.causes:
        return None
    causes = sorted(report.causes, key=lambda cause: -cause.count)
    more = cut_short(len(causes), _MOST_CAUSES, "causes, in summary.json")
    return tag(
        "section",
        tag("h2", "Problems"),
        tag("p", "The rows to mend are in problems.csv, as they stand in the file.")
        if report.summary.problems
        else None,
        [_problem(report, cause) for cause in causes[:_MOST_CAUSES]],
        tag("p", more) if more else None,
    )


def _problem(report: Report, cause: Cause) -> Html:
    column = f" in column “{short(cause.column)}”" if cause.column else ""
    return tag(
        "article",
        tag("h3", f"{cause.count:,} × ", tag("code", cause.code), column),
        tag("p", prose(sentence(cause.message))),
        tag("p", prose(cause.fix), class_="fix") if cause.fix else None,
        tag("p", _places(report, cause), class_="where"),
        class_="card",
    )


def _places(report: Report, cause: Cause) -> Content:
    """Where to look: Excel rows, with their cells where those say something."""
    examples = report.examples.get((cause.code, cause.column), ())
    if not any(each.value for each in examples):
        rows = ", ".join(f"{row:,}" for row in cause.rows)
        wave = f", wave {cause.wave}" if cause.wave else ""
        return f"Excel row {rows}{wave}{' …' if cause.count > len(cause.rows) else ''}"
    more = f" and {cause.count - len(examples):,} more" if cause.count > len(examples) else ""
    shown = [[f"row {each.row:,}: ", tag("b", short(each.value) or "(blank)")] for each in examples]
    return ["Excel ", [[", ", each] if n else each for n, each in enumerate(shown)], more]


def skips(report: Report) -> Html | None:
    """Rows that were left out on purpose."""
    if not report.skips:
        return None
    rows = list(report.skips.items())
    return tag(
        "section", tag("h2", "Left out by rule"), table("Rows by rule", ("Rule", "Rows"), rows)
    )


def duplicates(report: Report) -> Html | None:
    """Rows that were there before, by kind."""
    if not report.summary.duplicates:
        return None
    known = {**codes.of("delivery"), **codes.of("ledger")}
    kinds = report.summary.duplicates.items()
    rows = [(code, n, known[code].label if code in known else "") for code, n in kinds]
    return tag(
        "section", tag("h2", "Duplicates"), table("Rows by kind", ("Kind", "Rows", "Means"), rows)
    )


def columns(report: Report) -> Html:
    """Where each column goes, and what is the same for every row."""
    used = [each for each in report.columns if each.targets]
    rows = [
        (
            short(each.name) or "(no name)",
            each.letter,
            _filled(report, each.filled),
            _lines(each.targets),
        )
        for each in used[:_MOST_COLUMNS]
    ]
    constants = [(target, value) for target, value in report.constants.items()]
    return tag(
        "section",
        tag("h2", "The map of columns"),
        table("Columns that are sent", ("Column", "In Excel", "Filled", "Goes to"), rows),
        tag("p", cut_short(len(used), _MOST_COLUMNS, "columns"))
        if len(used) > _MOST_COLUMNS
        else None,
        table("The same for every row", ("Target", "Value"), constants) if constants else None,
        _unmapped_columns(report),
        _unmapped_values(report),
    )


def _filled(report: Report, filled: int) -> str:
    return per_cent(filled, report.summary.rows_of_file)


def _lines(targets: tuple[str, ...]) -> Html:
    return joined([tag("div", each) for each in dict.fromkeys(targets)])


def _unmapped_columns(report: Report) -> Html:
    left = [each for each in report.columns if not each.targets]
    if not left:
        return tag("p", "The mapping uses every column of the file.")
    rows = [
        (short(each.name) or "(no name)", each.letter, _filled(report, each.filled))
        for each in left[:_MOST_COLUMNS]
    ]
    more = cut_short(len(left), _MOST_COLUMNS, "columns")
    return tag(
        "div",
        tag("h3", f"{counted(len(left), 'column')} that nothing is taken from"),
        table("They stay in the file", ("Column", "In Excel", "Filled"), rows),
        tag("p", more) if more else None,
        class_="card",
    )


def _unmapped_values(report: Report) -> Html | None:
    if not report.unmapped_values:
        return None
    found = [
        (short(column), short(value) or "(blank)", number)
        for column, values in report.unmapped_values.items()
        for value, number in values.items()
    ]
    more = cut_short(len(found), _MOST_VALUES, "values")
    return tag(
        "div",
        tag("h3", "Values that the mapping doesn't have"),
        tag(
            "p",
            prose(
                "Their rows can't be sent until the column's `values:` names them, or says what "
                "becomes of others."
            ),
        ),
        table(
            "Values by column, most common first", ("Column", "Value", "Rows"), found[:_MOST_VALUES]
        ),
        tag("p", more) if more else None,
        class_="card",
    )


def requests(report: Report) -> Html | None:
    """Whole requests, so that everybody sees what is sent."""
    if not report.requests:
        return None
    number = len(report.requests)
    return tag(
        "section",
        tag("h2", f"The first {counted(number, 'request')}, whole"),
        tag(
            "p",
            "The write key is masked, and so is what is personal; it is sent as it stands in the file.",
        )
        if report.masked
        else tag("p", "The write key is masked. This page shows personal data."),
        tag("div", [tag("pre", each, class_="card") for each in report.requests], class_="cards"),
    )


def posting(report: Report) -> Html | None:
    """How often rows were tried."""
    if report.posting is None or not report.posting.tries:
        return None
    tries = report.posting.tries
    posted = counted(sum(tries.values()), "row")
    return tag(
        "section",
        tag("h2", "Requests and retries"),
        tag(
            "p",
            f"{counted(report.summary.requests, 'request')} for {posted}.",
        ),
        table(
            "Rows by the number of their attempts",
            ("Attempts", "Rows"),
            [(str(n), tries[n]) for n in tries],
        ),
    )


def facts(report: Report) -> Html:
    """What was read by what: enough to tell whether it was the same again."""
    return tag(
        "section",
        tag("h2", "The facts"),
        table(
            "Where it comes from",
            ("Fact", "Value"),
            [(name, value) for name, value in _facts(report) if value],
        ),
    )


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    origin = report.origin
    yield "File", f"{origin.file}, sheet {origin.sheet}" if origin.sheet else origin.file
    yield "Format", f"{origin.format}, {counted(origin.size, 'byte')}"
    yield "SHA-256 of the file", origin.sha256
    yield "Encoding", f"{origin.encoding} ({origin.encoding_known_by})" if origin.encoding else ""
    yield "Lines that show it", short("\n".join(origin.samples), 1_000)
    yield "Delimiter", {"\t": "tab"}.get(origin.delimiter, origin.delimiter)
    yield (
        "Header",
        "row " + ", ".join(map(str, origin.header_rows)) if origin.header_rows else "none",
    )
    yield (
        "Mapping",
        f"{origin.mapping}: {origin.mapping_name}" if origin.mapping_name else origin.mapping,
    )
    yield "SHA-256 of the mapping", origin.mapping_sha256
    yield "SHA-256 of all requests", origin.requests_sha256
    yield "Job", report.summary.job
    yield "Importer", f"satismeter-importer {origin.version}"
