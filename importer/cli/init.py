"""`importer init`: the mapping of a file, written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, asking, options, output, surveys
from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.drafting import Draft
    from importer.inference import Column, Dated, Question


@click.command("init")
@click.argument("file")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where the mapping goes; - is standard output. Default: the file's name with .yaml, here.",
)
@click.option("--preset", default="", help="The tool that wrote the file, where several fit.")
@click.option(
    "--personal", is_flag=True, help="Take names, addresses, IP and the like in as traits."
)
@click.option(
    "--waves", is_flag=True, help="Columns that come again are several responses of one row."
)
@click.option("--sheet", help="The sheet, by name or number.")
@click.option("--encoding", help="Overrules the encoding that was found: utf-8, cp1252, ...")
@click.option("--delimiter", help="Overrules the delimiter that was found; `tab` for a tab.")
@click.option(
    "--campaign", default="", metavar="ID", help="The survey; its questions are read, too."
)
@click.option("--no-input", is_flag=True, help="Ask nothing, not even on a terminal.")
@options.reading
@options.endpoint_option
@click.option("--force", is_flag=True, help="Write over a mapping that is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(  # noqa: PLR0913, PLR0917  one argument per option
    file: str,
    out: Path | None,
    preset: str,
    personal: bool,
    waves: bool,
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    campaign: str,
    no_input: bool,
    force: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Write the mapping of FILE, with comments: what is sure, what is guessed, what you have to fill in.

    Finds the survey tool that wrote FILE, its header rows, the person, the score, the comment and the
    date. What only a person can know is marked "?"; importer check and plan refuse a mapping that has
    one left. Nothing is sent anywhere.

    \b
    importer init answers.csv
    importer init answers.xlsx --sheet Responses -o nps.yaml
    importer init answers.csv --personal --json
    SATISMETER_API_KEY=... SATISMETER_PROJECT=... importer init answers.csv --campaign ID
    """
    from importer.drafting import Wishes, draft
    from importer.loader import SourceOptions, open_source
    from importer.mapping import preset as known_preset

    path = out or Path("mapping.yaml" if file == "-" else f"{_stem(file)}.yaml")
    if str(path) != "-" and path.exists() and not force:
        raise UsageError(f"{path} is there already.", hint="Give another -o, or --force.")
    if preset:
        known_preset(preset)
    read = SourceOptions(
        sheet=int(sheet) if sheet and sheet.isdigit() else sheet,
        header_rows=(),
        encoding=encoding,
        delimiter=delimiter,
    )
    wishes = Wishes(
        preset,
        personal,
        encoding or "",
        delimiter or "",
        campaign=campaign,
        waves=waves,
        asked=surveys.asked_in(given, campaign) if campaign and options.read_access(given) else (),
    )
    with open_source(file, read) as source:
        drafted = draft(source, wishes)
        if not (no_input or as_json) and asking.possible():
            drafted = draft(source, asking.answered(drafted, wishes, given))
    if not (as_json and str(path) == "-"):  # there the document holds its text
        _write(path, drafted)
    if as_json:
        output.emit(_document(file, path, drafted))
    elif str(path) != "-":
        _print(file, path, drafted)


def _stem(file: str) -> str:
    return Path(file.rpartition("::")[2]).name.split(".")[0] or "mapping"


def _write(path: Path, drafted: Draft) -> None:
    if str(path) == "-":
        output.say(drafted.text.rstrip())
        return
    try:
        path.write_text(drafted.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} can't be written: {error.strerror}.", hint="Give another -o."
        ) from error


def _print(file: str, path: Path, drafted: Draft) -> None:
    output.say(f"{path} is written: the mapping of {file}.")
    output.heading("Found")
    output.table(("", "is", "known by"), _found(drafted))
    open_ = drafted.open
    output.heading("To fill in")
    lines = drafted.text.splitlines()
    for number in open_:
        output.say(f"  line {number:>3}: {lines[number - 1].strip()}")
    if not open_:
        output.say("  Nothing.")
    output.next_step(
        again.command("check", path, file),
        again.command("plan", file, without=("out",), mapping=path),
    )


def _found(drafted: Draft) -> list[tuple[str, str, str]]:
    meaning, tool = drafted.meaning, drafted.tool
    rows = " and ".join(map(str, drafted.layout.header)) or "none"
    shown: list[tuple[str, str, str]] = [
        ("tool", tool.preset.about.tool if tool else "not known", tool.reason if tool else ""),
        ("header", f"row {rows}", drafted.layout.reason),
    ]
    people = list(drafted.people) or ([meaning.response] if meaning.response else [])
    shown += [("person", _label(each.column), f"{each.sure}: {each.why}") for each in people]
    if not people and drafted.moment:
        instead = f"none: a hash of {_label(drafted.moment)}"
        shown.append(("person", instead, "guessed: nothing else tells people apart"))
    elif not people and drafted.anonymous:
        shown.append(("person", "none: a hash of each row's answers", "as you said"))
    elif not people:
        shown.append(("person", "not known", ""))
    shown += _question("score", meaning.score)
    shown += _question("comment", meaning.comment)
    shown += _date(meaning.answered)
    if drafted.waves:
        names = ", ".join(drafted.waves.names)
        shown.append(("waves", names, f"guessed: {drafted.waves.why}"))
    return shown


def _question(name: str, found: Question | None) -> list[tuple[str, str, str]]:
    if found is None:
        return [(name, "not found", "")]
    label = _label(found.columns[-1])
    return [(name, f"{label} ({found.kind})", f"{found.sure}: {found.why}")]


def _date(found: Dated | None) -> list[tuple[str, str, str]]:
    if found is None:
        return [("date", "not found", "")]
    ways = " or ".join(f"{each.order} {', '.join(each.formats)}".strip() for each in found.readings)
    sure = found.sure if len(found.readings) == 1 else f"{found.sure}, but for the order"
    return [("date", _label(found.column), f"{sure}: {found.why}; {ways}")]


def _label(column: Column) -> str:
    line = " ".join(column.label.split()) or f"column {column.index + 1}"
    return line if len(line) <= 44 else f"{line[:21]}…{line[-22:]}"


def _document(file: str, path: Path, drafted: Draft) -> dict[str, object]:
    meaning, tool = drafted.meaning, drafted.tool
    people = [each.column.label for each in meaning.users]
    return {
        "command": "init",
        "file": file,
        "mapping": str(path),
        "tool": tool.name if tool else "",
        "tool_reason": tool.reason if tool else "",
        "header_rows": list(drafted.layout.header),
        "skip_rows": list(drafted.layout.skipped),
        "user": people,
        "email": meaning.email.column.label if meaning.email else "",
        "response": meaning.response.column.label if meaning.response else "",
        "score": _json_question(meaning.score),
        "comment": _json_question(meaning.comment),
        "date": _json_date(meaning.answered),
        "questions": [_json_question(each) for each in meaning.questions],
        "waves": list(drafted.waves.names) if drafted.waves else [],
        "personal": [each.label for each in meaning.private],
        "open_lines": list(drafted.open),
        "text": drafted.text,
    }


def _json_question(found: Question | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "columns": [each.label for each in found.columns],
        "type": found.kind,
        "sure": str(found.sure),
        "why": found.why,
    }


def _json_date(found: Dated | None) -> dict[str, object] | None:
    if found is None:
        return None
    readings = [list(each.formats) for each in found.readings]
    return {"column": found.column.label, "formats": readings, "sure": str(found.sure)}
