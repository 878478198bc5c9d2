"""`importer inspect`: what is in a spreadsheet, before a mapping is written."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from importer.cli import again, output

if TYPE_CHECKING:
    from importer.loader import Facts, Source
    from importer.loader.inspection import Finding, Inspection

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
@click.option("--no-values", is_flag=True, help="Show no cell of the file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(
    file: str,
    sheet: str | None,
    header_rows: tuple[int, ...],
    skip_rows: tuple[int, ...],
    encoding: str | None,
    delimiter: str | None,
    no_values: bool,
    as_json: bool,
) -> None:
    """Show what is in FILE: its encoding, header and columns, and what it has lost already.

    FILE is CSV, TSV or other delimited text, XLSX, XLSM, XLS, XLSB or ODS, also inside gzip or zip
    (`export.zip::answers.csv`), or - for standard input. Nothing is sent anywhere.

    \b
    importer inspect answers.csv
    importer inspect answers.xlsx --sheet Responses --header-row 1 --header-row 2
    importer inspect old.csv --encoding mac_roman --no-values
    """
    from importer.loader import SourceOptions, open_source
    from importer.loader.inspection import inspect

    options = SourceOptions(
        sheet=sheet,
        header_rows=tuple(row for row in header_rows if row) if header_rows else None,
        skip_rows=skip_rows,
        encoding=encoding,
        delimiter=delimiter,
    )
    with open_source(file, options) as source:
        found = inspect(source)
        if as_json:
            output.emit(_document(source, found, no_values=no_values))
        else:
            _print(file, source, found, no_values=no_values)


def _print(file: str, source: Source, found: Inspection, *, no_values: bool) -> None:
    output.say(click.style(source.place, bold=True))
    for name, fact in _facts(source.facts, found, no_values=no_values):
        output.say(f"  {name:<12}{fact}")
    for note in source.facts.notes:
        output.say(f"  Note: {note}")
    output.heading("Columns")
    output.table(
        ("", "column", "filled", "distinct", "" if no_values else "samples"),
        _columns(found, no_values),
    )
    _print_findings(found, no_values=no_values)
    output.next_step(again.command("init", file, why="writes its mapping"))


def _facts(facts: Facts, found: Inspection, *, no_values: bool) -> list[tuple[str, str]]:
    shown = [("format", " in ".join(filter(None, (facts.format, facts.compression))))]
    if facts.encoding:
        known = {
            "bom": "by its byte order mark",
            "utf-8": "all of it is valid",
            "given": "as given",
        }
        how = known.get(
            str(facts.encoding_known_by), "a guess; is this text right? Else --encoding"
        )
        shown += [("encoding", f"{facts.encoding} ({how})")]
        shown += [("", _short(each, 70)) for each in facts.encoding_samples if not no_values]
        shown += [("delimiter", _DELIMITERS.get(facts.delimiter, facts.delimiter))]
    if len(facts.sheets) > 1:
        shown += [("sheets", ", ".join(facts.sheets))]
    rows = "row " + " and ".join(map(str, facts.header_rows)) if facts.header_rows else "none"
    blank = f" ({found.blank_rows:,} blank rows left out)" if found.blank_rows else ""
    return [*shown, ("header", rows), ("rows", f"{found.rows:,}{blank}")]


def _columns(found: Inspection, no_values: bool) -> list[tuple[object, ...]]:
    from importer.loader.inspection import MOST_DISTINCT

    return [
        (
            each.letter,
            _both_ends(each.label, 40) or "(no label)",
            f"{each.filled / max(found.rows, 1):.0%}",
            each.distinct if each.distinct < MOST_DISTINCT else f"{MOST_DISTINCT:,}+",
            "" if no_values else " | ".join(_short(sample, 24) for sample in each.samples),
        )
        for each in found.columns
    ]


def _print_findings(found: Inspection, *, no_values: bool) -> None:
    output.heading("Damage")
    if not found.findings:
        output.say("  None found.")
    for finding in found.findings:
        output.say(f"  {finding.code} ({finding.count:,}): {finding.message}")
        for place in _places(finding, no_values=no_values):
            output.say(f"      {place}")
        output.say(f"      {finding.fix}")


def _places(finding: Finding, *, no_values: bool) -> list[str]:
    return [
        f"row {each.row:,}"
        + (f', column "{_both_ends(each.column, 40)}"' if each.column else "")
        + ("" if no_values or not each.value else f": {_short(each.value, 40)}")
        for each in finding.places
    ]


def _document(source: Source, found: Inspection, *, no_values: bool) -> dict[str, object]:
    facts, seen = asdict(source.facts), asdict(found)
    if no_values:
        facts.pop("encoding_samples")
        for column in seen["columns"]:
            column.pop("samples")
        for place in (each for finding in seen["findings"] for each in finding["places"]):
            place.pop("value")
    return {"command": "inspect", "file": source.name, "sheet": source.sheet, **facts, **seen}


def _both_ends(text: str, most: int) -> str:
    """Joined labels begin alike; the end tells them apart."""
    line = _short(text, 10_000)
    half = (most - 1) // 2
    return line if len(line) <= most else f"{line[:half]}…{line[-half:]}"


def _short(text: str, most: int) -> str:
    """One line of printable text."""
    line = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(line.split())
    return line if len(line) <= most else line[: most - 1] + "…"
