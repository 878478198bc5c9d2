"""`importer check`, `presets`, `schema` and `preview`: a mapping, before anything is planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from importer.cli import options, output
from importer.cli.inspect import asked_in
from importer.cli.output import next_command
from importer.cli.plan_run import opened_for, telling_of_header
from importer.errors import ExitStatus, MappingError, UsageError

if TYPE_CHECKING:
    from importer.cli.given import GivenAccess
    from importer.engine.mend import Previewed
    from importer.mapping import Compiled, Document, Shipped, Step
    from importer.sources import Source


# `importer check`: is the mapping right, and does it fit the file?

_YAML = (".yaml", ".yml")


@click.command("check")
@click.argument("mapping")
@click.argument("file", required=False)
@options.sheet_option
@click.option(
    "--live", is_flag=True, help="Compare its questions and types with the live survey's."
)
@options.reading
@options.endpoint_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def check_command(
    mapping: str,
    file: str | None,
    sheet: str | None,
    live: bool,
    as_json: bool,
    **given: Unpack[GivenAccess],
) -> ExitStatus:
    """Check MAPPING, and whether it fits FILE.

    Shows every mistake at once, at its line, with what to write instead. With a FILE, shows which
    column each part of a response is taken from. With --live, reads the survey (SATISMETER_API_KEY,
    SATISMETER_PROJECT), and tells where the two disagree. Nothing is sent.

    \b
    importer check mapping.yaml
    importer check mapping.yaml answers.xlsx --sheet Responses
    importer check mapping.yaml answers.csv --json
    importer check mapping.yaml --live
    """
    if file and Path(file).suffix in _YAML and Path(mapping).suffix not in _YAML:
        mapping, file = file, mapping  # every other command has the file first
    try:
        document, compiled, guessed = _checked(mapping, file, sheet)
        differences = _differences(document, given) if live else None
    except MappingError as error:
        if not as_json:
            raise
        mistakes = [asdict(each) for each in error.mistakes]
        output.emit({**_named(mapping, file), "ok": False, "in": error.name, "mistakes": mistakes})
        return error.exit_status
    if as_json:
        found = {**_document(mapping, file, document, compiled), "warnings": guessed}
        output.emit(found if differences is None else {**found, "differences": differences})
    else:
        _print(mapping, file, document, compiled, differences, guessed)
    return ExitStatus.DONE


def _checked(
    mapping: str, file: str | None, sheet: str | None
) -> tuple[Document, Compiled | None, list[str]]:
    """The mapping, how it fits the file, and what of the file's reading is a guess."""
    from importer import engine
    from importer.mapping import load

    if file is None:
        return load(mapping), None, []
    number = options.sheet_of(sheet)
    with telling_of_header(file, mapping, number):
        return engine.check(mapping, file, number)


def _notes(compiled: Compiled) -> list[str]:
    return [*compiled.notes, *dict.fromkeys(each.note for each in compiled.zoneless if each.column)]


def _differences(document: Document, given: GivenAccess) -> list[str]:
    from importer.discovery.score import differences

    asked = {id_: asked_in(given, id_) for id_ in _surveys(document)}
    found = [
        (wave.wave, each)
        for wave in document.by_wave
        for each in differences(wave, asked[_survey(wave)])
    ]
    return list(dict.fromkeys(f"{each} (wave {wave})" if wave else each for wave, each in found))


def _surveys(document: Document) -> list[str]:
    return list(dict.fromkeys(_survey(wave) for wave in document.by_wave))


def _survey(document: Document) -> str:
    if document.campaign.value is None:
        raise UsageError(
            "The mapping takes the survey from a column: there is more than one to compare with."
        )
    return document.campaign.value.text


def _document(
    mapping: str, file: str | None, document: Document, compiled: Compiled | None
) -> dict[str, object]:
    found = {**_named(mapping, file), "ok": True, "name": document.name, "mistakes": []}
    if compiled is None:
        from importer.mapping import shapes

        return {**found, "notes": list(shapes(document))}
    targets = [{"target": target, "column": column} for target, column in compiled.targets]
    unmapped = list(compiled.unmapped)
    return {**found, "targets": targets, "notes": _notes(compiled), "unmapped": unmapped}


def _named(mapping: str, file: str | None) -> dict[str, object]:
    return {"command": "check", "mapping": mapping, "file": file or ""}


def _print(
    mapping: str,
    file: str | None,
    document: Document,
    compiled: Compiled | None,
    differences: list[str] | None,
    guessed: list[str],
) -> None:
    from importer.mapping import shapes

    title = f" ({document.name})" if document.name else ""
    fits = f" and fits {file}" if file else ""
    output.say(f"{mapping}{title} is sound{fits}.")
    for each in differences or ():
        output.say(f"  Survey: {each}.")
    if differences == []:
        output.say("Its questions and types are the survey's.")
    if compiled is None:
        answers, traits = len(document.answers), len(document.traits)
        waves = [each.wave for each in document.by_wave if each.wave]
        each = f", in each of the waves {', '.join(waves)}" if waves else ""
        output.say(f"It maps {answers} answers and {traits} traits{each}.")
        for note in shapes(document):
            output.say(f"  Note: {note}.")
        output.next_step(next_command("check", mapping, "FILE"))
        return
    output.heading("Columns")
    output.table(("of a response", "taken from"), compiled.targets)
    for note in _notes(compiled):
        output.say(f"  Note: {note}.")
    for each in guessed:
        output.say(f"  Note: {each}")
    if compiled.unmapped:
        output.say(f"  Not used: {', '.join(compiled.unmapped)}.")
    output.next_step(next_command("plan", file, mapping=mapping))


# `importer presets`: the survey tools that have a mapping to build on.


@click.command("presets")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def presets_command(name: str | None, as_json: bool) -> None:
    """List the presets, or print the one called NAME.

    A preset knows the export of one survey tool. A mapping of your own builds on it with
    `extends: NAME` and adds the survey and the questions.

    \b
    importer presets
    importer presets delighted
    importer presets delighted > mapping.yaml
    """
    from importer import mapping as mapping_room
    from importer.mapping import shipped

    if name is None:
        _list(shipped(), as_json=as_json)
    elif as_json:
        found = mapping_room.preset(name)
        output.emit({"command": "presets", **_fact(found), "text": found.text})
    else:
        output.whole(mapping_room.preset(name).text.rstrip())
        output.note()
        output.note(f"Next: a mapping with `extends: {name}`; importer check mapping.yaml FILE")


def _list(presets: list[Shipped], *, as_json: bool) -> None:
    if as_json:
        output.emit({"command": "presets", "presets": [_fact(each) for each in presets]})
        return
    rows = [
        (each.name, each.about.tool, "yes" if each.about.verified else "no", _known_by(each))
        for each in presets
    ]
    output.table(("preset", "for", "seen a real file", "known by the columns"), rows)
    output.next_step("importer presets NAME   # then `extends: NAME` in a mapping of your own")


def _known_by(preset: Shipped) -> str:
    about = preset.about
    names = [each[0] for each in ([about.first] if about.first else []) + [*about.signature]]
    return ", ".join(names) or "-"


def _fact(preset: Shipped) -> dict[str, object]:
    about = preset.about.model_dump(mode="json")
    return {"name": preset.name, "title": preset.title, **about}


# `importer schema`: the JSON schema of mappings, for editors.


@click.command("schema")
@click.option("--json", "as_json", is_flag=True, help="The same: a schema is JSON.")
def schema_command(as_json: bool) -> None:  # noqa: ARG001  every command takes --json
    """Print the JSON schema of mappings, from which editors complete and check them.

    \b
    importer schema > mapping.schema.json
    importer schema | jq '.properties | keys'
    """
    from importer.mapping import json_schema

    output.emit(json_schema(), named=False)
    output.note(
        "Next: begin a mapping with `# yaml-language-server: $schema=mapping.schema.json`; "
        "VS Code (with the YAML extension), JetBrains and Neovim complete and check it."
    )


# `importer preview`: how one row becomes a request, step by step.

_WIDTH = 60


@click.command("preview")
@click.argument("file")
@click.option("-m", "--mapping", required=True, metavar="MAPPING", help="A YAML file, or a preset.")
@click.option(
    "--row", type=click.IntRange(1), help="The row as Excel numbers it. Default: the first."
)
@options.sheet_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def preview_command(
    file: str, mapping: str, row: int | None, sheet: str | None, as_json: bool
) -> None:
    """Show for one row of FILE each source cell, each step of its transform, and the body.

    Nothing is sent, and nothing is written.

    \b
    importer preview answers.csv -m mapping.yaml
    importer preview answers.xlsx -m mapping.yaml --row 117
    """
    from importer.engine.mend import preview
    from importer.mapping import load

    document = load(mapping)
    with opened_for(document, file, mapping, sheet) as source:
        shown = preview(source, document, row)
        if as_json:
            output.emit(_preview_document(file, mapping, shown))
        else:
            for number, each in enumerate(shown):
                for _ in range(2 if number else 1):
                    output.say()
                _print_preview(source, each)
            output.next_step(next_command("plan", file))


def _print_preview(source: Source, shown: Previewed) -> None:
    import orjson

    from importer.model import Invalid, Response, Skipped, place

    output.say(output.style(f"{source.place}, {place(shown.row, shown.wave)}", bold=True))
    for trace in shown.traces:
        output.say()
        where = f"  ← {_cut(trace.column)}" if trace.column else ""
        output.say(f"  {output.style(trace.target, bold=True)}{where}")
        if trace.column:
            output.say(f"      {_quoted(trace.cell)}")
        for step in trace.steps or ():
            output.say(f"      → {_step(step)}")
        if not trace.steps:
            output.say("      → nothing: it is blank")
    output.heading("Comes to")
    if isinstance(shown.mapped, Response):
        text = orjson.dumps(orjson.loads(shown.mapped.body), option=orjson.OPT_INDENT_2).decode()
        output.whole("\n".join(f"  {line}" for line in text.split("\n")))
    elif isinstance(shown.mapped, Skipped):
        output.say(f"  skipped: {shown.mapped.rule}")
    elif isinstance(shown.mapped, Invalid):
        for problem in shown.mapped.problems:
            column = f', column "{_cut(problem.column)}"' if problem.column else ""
            output.say(f"  invalid{column}: {problem.code}: {problem.message}")
            output.say(f"      {problem.fix}   (importer explain {problem.code})")


def _step(step: Step) -> str:
    if step.problem:
        return f"{step.problem}: {step.what}"
    if step.result is None:
        return f"nothing   ({step.what})"
    return f"{_quoted(step.result)}   ({step.what})"


def _quoted(value: object) -> str:
    import orjson

    return _cut(orjson.dumps(value).decode())


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH // 2]} … {line[-_WIDTH // 2 + 3 :]}"


def _preview_document(file: str, mapping: str, shown: Sequence[Previewed]) -> dict[str, object]:
    head = {"command": "preview", "file": file, "mapping": mapping, "row": shown[0].row}
    if not shown[0].wave:
        return {**head, **_outcome(shown[0])}
    return {**head, "waves": [{"wave": each.wave, **_outcome(each)} for each in shown]}


def _outcome(shown: Previewed) -> dict[str, object]:
    import orjson

    from importer.model import Response, Skipped

    mapped = shown.mapped
    outcome: dict[str, object]
    if isinstance(mapped, Response):
        outcome = {"status": "ready", "body": orjson.loads(mapped.body)}
    elif isinstance(mapped, Skipped):
        outcome = {"status": "skipped", "rule": mapped.rule}
    else:
        outcome = {"status": "invalid", "problems": [asdict(each) for each in mapped.problems]}
    return {"traces": [asdict(each) for each in shown.traces], **outcome}
