"""`importer check`: is the mapping right, and does it fit the file?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, options, output, surveys
from importer.errors import ExitStatus, MappingError, UsageError

if TYPE_CHECKING:
    from importer.mapping import Compiled, Document


_YAML = (".yaml", ".yml")


@click.command("check")
@click.argument("mapping")
@click.argument("file", required=False)
@click.option("--sheet", help="The sheet, by name or number (overrules the mapping).")
@click.option(
    "--live", is_flag=True, help="Compare its questions and types with the live survey's."
)
@options.reading
@options.endpoint_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(
    mapping: str, file: str | None, sheet: str | None, live: bool, as_json: bool, **given: Any
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
        output.emit(_refused(mapping, file, error))
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
    from importer.loader import open_source
    from importer.mapping import compile as compile_mapping
    from importer.mapping import load
    from importer.pipeline import source_options
    from importer.pipeline.warnings import guesses

    unfilled = None
    try:
        document = load(mapping)
    except MappingError as error:
        if file is None:
            raise
        document, unfilled = _but_for_the_unfilled(mapping, error), error
    if file is None:
        return document, None, []
    number = int(sheet) if sheet and sheet.isdigit() else sheet
    with open_source(file, source_options(document, number)) as source:
        try:
            # The hashes' key doesn't matter: no row is read.
            compiled = compile_mapping(document, source.header, secret=b"", file=source.place)
            guessed = list(guesses(source.facts))
        except MappingError as error:
            raise unfilled.beside(error) if unfilled else error from None
    if unfilled:
        raise unfilled
    return document, compiled, guessed


def _but_for_the_unfilled(mapping: str, error: MappingError) -> Document:
    """The document where only its `?` are wrong, so that all is told in one round."""
    from importer.mapping import load

    try:
        return load(mapping, unfilled=True)
    except MappingError:
        raise error from None


def _notes(compiled: Compiled) -> list[str]:
    """What holds of the columns, and what would of the rows."""
    return [*compiled.notes, *dict.fromkeys(each.note for each in compiled.zoneless if each.column)]


def _differences(document: Document, given: Mapping[str, Any]) -> list[str]:
    """Where the mapping and the survey disagree."""
    from importer.drafting.matching import differences

    asked = {id_: surveys.asked_in(given, id_) for id_ in _surveys(document)}
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


def _refused(mapping: str, file: str | None, error: MappingError) -> dict[str, object]:
    mistakes = [
        {"line": each.line, "column": each.column, "message": each.message, "hint": each.hint}
        for each in error.mistakes
    ]
    return {**_named(mapping, file), "ok": False, "in": error.name, "mistakes": mistakes}


def _document(
    mapping: str, file: str | None, document: Document, compiled: Compiled | None
) -> dict[str, object]:
    found = {**_named(mapping, file), "ok": True, "name": document.name, "mistakes": []}
    if compiled is None:
        from importer.mapping.crosschecks import shapes

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
    from importer.mapping.crosschecks import shapes

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
        output.next_step(again.command("check", mapping, "FILE"))
        return
    output.heading("Columns")
    output.table(("of a response", "taken from"), compiled.targets)
    for note in _notes(compiled):
        output.say(f"  Note: {note}.")
    for each in guessed:
        output.say(f"  Note: {each}")
    if compiled.unmapped:
        output.say(f"  Not used: {', '.join(compiled.unmapped)}.")
    output.next_step(again.command("plan", file, mapping=mapping))
