"""`importer inspect`, `surveys` and `explain`: what is in a file, in a project, behind a code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, TypeVar, Unpack

import click

from importer import codes
from importer.cli import config, options, output
from importer.cli.output import next_command
from importer.errors import UsageError
from importer.privacy import in_line, masked, odd_character, short
from importer.settings import API_KEY

if TYPE_CHECKING:
    from importer.cli.given import GivenAccess
    from importer.discovery import Known
    from importer.satismeter import Reader, Survey, SurveyQuestion
    from importer.sources import Facts, Inspection, Source


# `importer inspect`: what is in a spreadsheet, before a mapping is written.

_Told = TypeVar("_Told")
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


@click.command("inspect")
@click.argument("file")
@click.option("--sheet", help="A sheet by its name, or its number from 1.")
@click.option(
    "--header-row",
    "header_rows",
    type=click.IntRange(0),
    multiple=True,
    help="The header's row as Excel numbers it; twice for a header over two rows; 0 for none.",
)
@click.option("--skip-row", "skip_rows", type=int, multiple=True, help="A row that is no data.")
@click.option("--encoding", help="Overrules the encoding that was found: utf-8, cp1252, ...")
@click.option("--delimiter", help="Overrules the delimiter that was found; `tab` for a tab.")
@click.option("--no-values", is_flag=True, help="Show no cell of the file, nor its shape.")
@click.option("--show-values", is_flag=True, help="Show cells as they stand, not their shapes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def inspect_command(  # noqa: PLR0913, PLR0917  one argument per option
    file: str,
    sheet: str | None,
    header_rows: tuple[int, ...],
    skip_rows: tuple[int, ...],
    encoding: str | None,
    delimiter: str | None,
    no_values: bool,
    show_values: bool,
    as_json: bool,
) -> None:
    """Show what is in FILE: its encoding, header and columns, and what it has lost already.

    FILE is CSV, TSV or other delimited text, XLSX, XLSM, XLS, XLSB or ODS, JSON lines, Parquet or SPSS,
    also inside gzip or zip (`export.zip::answers.csv`), or - for standard input. Nothing is sent anywhere.

    \b
    importer inspect answers.csv
    importer inspect answers.xlsx --sheet Responses --header-row 1 --header-row 2
    importer inspect old.csv --encoding mac_roman --no-values
    """
    from importer.discovery import Known, as_init_reads
    from importer.sources import SourceOptions, open_source
    from importer.sources.inspect import inspect

    options = SourceOptions(
        sheet=sheet,
        header_rows=tuple(row for row in header_rows if row) if header_rows else None,
        skip_rows=skip_rows,
        encoding=encoding,
        delimiter=delimiter,
    )
    with ExitStack() as stack:
        if options.header_rows is None and not options.skip_rows:
            source, known = as_init_reads(file, options, stack)
        else:
            source, known = stack.enter_context(open_source(file, options)), Known()
        found, facts = inspect(source), source.facts
        if not show_values:
            # Of the lines that show a guessed encoding, the characters that it decides on.
            found, odd = _shaped(found), tuple(map(odd_character, facts.encoding_samples))
            facts = replace(facts, encoding_samples=odd)
        if as_json:
            output.emit(_document(source, facts, found, known, no_values=no_values))
        else:
            _print(file, source, facts, found, known, no_values=no_values)


def _shaped(found: Inspection) -> Inspection:
    """What a sample tells of a person is left out; damage is shown as results show it."""
    from importer.discovery import shown_sample

    return replace(
        found,
        columns=tuple(
            replace(each, samples=tuple(map(shown_sample, each.samples))) for each in found.columns
        ),
        findings=tuple(
            replace(
                each,
                places=tuple(replace(place, value=masked(place.value)) for place in each.places),
            )
            for each in found.findings
        ),
    )


def _print(
    file: str, source: Source, facts: Facts, found: Inspection, known: Known, *, no_values: bool
) -> None:
    output.say(output.style(source.place, bold=True))
    for name, fact in _facts(facts, found, known, no_values=no_values):
        output.say(f"  {name:<12}{fact}")
    if known.refused:
        output.say(f"  Note: {known.refused}")
    for note in facts.notes:
        output.say(f"  Note: {note}")
    output.heading("Columns")
    output.table(
        ("", "column", "filled", "distinct", "" if no_values else "samples"),
        _columns(found, no_values),
    )
    output.heading("Damage")
    if not found.findings:
        output.say("  None found.")
    for finding in found.findings:
        output.say(f"  {finding.code} ({finding.count:,}): {finding.message}")
        for place in [
            f"row {each.row:,}"
            + (f', column "{_both_ends(each.column)}"' if each.column else "")
            + ("" if no_values or not each.value else f": {short(in_line(each.value), 40)}")
            for each in finding.places
        ]:
            output.say(f"      {place}")
        output.say(f"      {finding.fix}")
    output.next_step(next_command("init", file, without=("show_values",), why="writes its mapping"))


def _facts(
    facts: Facts, found: Inspection, known: Known, *, no_values: bool
) -> list[tuple[str, str]]:
    shown = [("format", " in ".join(filter(None, (facts.format, facts.compression))))]
    if facts.encoding:
        ways = {"bom": "by its byte order mark", "utf-8": "all of it is valid", "given": "as given"}
        how = ways.get(str(facts.encoding_known_by), "a guess; is this text right? Else --encoding")
        shown += [("encoding", f"{facts.encoding} ({how})")]
        shown += [
            ("", short(in_line(each), 70)) for each in facts.encoding_samples if not no_values
        ]
        shown += [("delimiter", _DELIMITERS.get(facts.delimiter, facts.delimiter))]
    if len(facts.sheets) > 1:
        shown += [("sheets", ", ".join(facts.sheets))]
    rows = "row " + " and ".join(map(str, facts.header_rows)) if facts.header_rows else "none"
    rows = "the names of its columns" if facts.named else rows
    if known.skipped:
        rows += f", without row {' and '.join(map(str, known.skipped))}"
    if known.tool:
        shown += [("tool", known.tool)]
    blank = f" ({found.blank_rows:,} blank rows left out)" if found.blank_rows else ""
    return [*shown, ("header", rows), ("rows", f"{found.rows:,}{blank}")]


def _columns(found: Inspection, no_values: bool) -> list[tuple[object, ...]]:
    from importer.sources.inspect import MOST_DISTINCT

    return [
        (
            each.letter,
            _both_ends(each.label) or "(no label)",
            f"{each.filled / max(found.rows, 1):.0%}",
            each.distinct if each.distinct < MOST_DISTINCT else f"{MOST_DISTINCT:,}+",
            "" if no_values else " | ".join(short(in_line(sample), 24) for sample in each.samples),
        )
        for each in found.columns
    ]


def _document(
    source: Source, shown: Facts, found: Inspection, known: Known, *, no_values: bool
) -> dict[str, object]:
    facts, seen = asdict(shown), asdict(found)
    if no_values:
        facts.pop("encoding_samples")
        for column in seen["columns"]:
            column.pop("samples")
        for place in (each for finding in seen["findings"] for each in finding["places"]):
            place.pop("value")
    told = {"tool": known.tool, "skip_rows": list(known.skipped)}
    told |= {"refused": known.refused} if known.refused else {}
    return {
        "command": "inspect",
        "file": source.name,
        "sheet": source.sheet,
        **told,
        **facts,
        **seen,
    }


def _both_ends(text: str) -> str:
    """Joined labels begin alike; the end tells them apart."""
    line = in_line(text)
    return line if len(line) <= 40 else f"{line[:19]}…{line[-19:]}"


# `importer surveys`: the project's surveys and their questions; the one place where IDs can be read.


@click.command("surveys")
@click.option("--questions", is_flag=True, help="Show each survey's questions, with their IDs.")
@click.option(
    "--campaign",
    "--survey",
    "campaign",
    default="",
    metavar="ID",
    help="This survey only, with its questions.",
)
@options.reading
@options.endpoint_option
@options.json_option
def surveys_command(
    questions: bool, campaign: str, as_json: bool, **given: Unpack[GivenAccess]
) -> None:
    """List the project's surveys; with --questions, what each asks. Reads only.

    The API key (not the write key) comes from SATISMETER_API_KEY, the project's ID from
    SATISMETER_PROJECT.

    \b
    importer surveys
    importer surveys --questions
    importer surveys --campaign 5d2f6c1e9b0a4c0017a3e1b2
    """
    found = [each for each in surveys(given) if campaign in {"", each.id}]
    if campaign and not found:
        raise UsageError(
            f"The project has no survey {campaign}.", hint="`importer surveys` lists them."
        )
    asked = {each.id: asked_in(given, each.id) for each in found} if questions or campaign else {}
    if as_json:
        output.emit({"command": "surveys", "surveys": [_fact(each, asked) for each in found]})
        return
    output.table(
        ("survey", "type", "state", "name"), [(s.id, s.type, s.state, s.name) for s in found]
    )
    for each in found if asked else ():
        output.heading(f"{each.name} ({each.id}) asks")
        output.table(
            ("question", "type", "label"), [(q.id, q.type, q.label) for q in asked[each.id]]
        )
    output.next_step(
        next_command("init", "FILE", campaign=campaign or "ID", why="the mapping, with these IDs")
    )


def surveys(given: GivenAccess) -> list[Survey]:
    """The surveys of the project; `given` are the options of `options.reading` and the endpoint."""
    return _read(given, lambda reader: reader.surveys())


def asked_in(given: GivenAccess, campaign: str) -> tuple[SurveyQuestion, ...]:
    return tuple(_read(given, lambda reader: reader.questions(campaign)))


def _read(given: GivenAccess, ask: Callable[[Reader], Awaitable[_Told]]) -> _Told:
    import asyncio

    from importer.satismeter import Reader
    from importer.settings import Endpoint

    known = options.read_access(given)
    if known is None:
        raise UsageError(
            "There is no API key, or no project.",
            hint=f"Set {API_KEY} and {config.PROJECT} (or --api-key-file, --project). The API "
            "key is another key than the write key: SatisMeter > Settings > Integrations > API keys.",
        )
    key, project = known
    endpoint = Endpoint.parse(given["endpoint"])

    async def told() -> _Told:
        network = options.network_of(given)
        async with Reader(endpoint.origin, key, project, network=network) as reader:
            return await ask(reader)

    return asyncio.run(told())


def _fact(survey: Survey, asked: Mapping[str, Sequence[SurveyQuestion]]) -> dict[str, object]:
    fact: dict[str, object] = asdict(survey)
    if survey.id in asked:
        fact["questions"] = [
            {"id": each.id, "label": each.label, "type": each.type} for each in asked[survey.id]
        ]
    return fact


# `importer explain`: what a code means, and what to do about it.

_GIVEN_BY: Mapping[codes.SaidBy, str] = {
    "status": "the status of a row",
    "file": "the file",
    "mapping": "the mapping",
    "checks": "the checks",
    "delivery": "the delivery",
    "ledger": "the ledger",
    "stop": "a run that stops early",
    "exit": "the exit code",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    code: str
    given_by: str
    meaning: str
    remedy: str


@click.command("explain")
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def explain_command(code: str | None, as_json: bool) -> None:
    """Say what CODE means and what to do about it; without CODE, list them all.

    Codes stand in the plan, in results.csv, problems.csv, summary.json and the report. Statuses and exit
    codes are explained as well.

    \b
    importer explain out_of_range
    importer explain created
    importer explain 75
    importer explain
    """
    known = list(explanations())
    found = [each for each in known if code in {None, each.code}]
    if not found:
        raise _unknown(str(code), known)
    if as_json:
        output.emit({"command": "explain", "codes": [asdict(each) for each in found]})
    elif code is None:
        for given_by in dict.fromkeys(each.given_by for each in known):
            output.heading(f"Said by {given_by}")
            output.table(
                ("code", "means"),
                [(each.code, each.meaning) for each in known if each.given_by == given_by],
            )
        output.next_step("importer explain CODE   # what to do about it")
    else:
        for each in found:
            output.say(f"{output.style(each.code, bold=True)} ({each.given_by})")
            output.say(f"  {each.meaning}")
            output.say(f"  → {each.remedy}")


def explanations() -> Iterator[Explanation]:
    """Every code, status and exit code, as `codes.toml` has them."""
    for said_by, given_by in _GIVEN_BY.items():
        for code, each in codes.of(said_by).items():
            yield Explanation(code, given_by, each.meaning, each.remedy)


def _unknown(code: str, known: list[Explanation]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(code, [each.code for each in known], n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "`importer explain` lists them all."
    return UsageError(f"No code is called {code!r}.", hint=hint)
