"""`importer preview`: how one row becomes a request, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from importer.cli import again, output
from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.loader import Source
    from importer.mapping import Compiled, Document
    from importer.mapping.tracing import Step, Trace
    from importer.model import Chunk, Mapped

_WIDTH = 60


@click.command("preview")
@click.argument("file")
@click.option("-m", "--mapping", required=True, metavar="MAPPING", help="A YAML file, or a preset.")
@click.option(
    "--row", type=click.IntRange(1), help="The row as Excel numbers it. Default: the first."
)
@click.option("--sheet", help="The sheet, by name or number (overrules the mapping).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(file: str, mapping: str, row: int | None, sheet: str | None, as_json: bool) -> None:
    """Show for one row of FILE each source cell, each step of its transform, and the body.

    Nothing is sent, and nothing is written.

    \b
    importer preview answers.csv -m mapping.yaml
    importer preview answers.xlsx -m mapping.yaml --row 117
    """
    from importer.loader import open_source
    from importer.mapping import compile as compile_mapping
    from importer.mapping import load
    from importer.pipeline import source_options

    document = load(mapping)
    number = int(sheet) if sheet and sheet.isdigit() else sheet
    with open_source(file, source_options(document, number)) as source:
        # A preview hashes with no secret: its anonymous ids are examples.
        compiled = compile_mapping(document, source.header, secret=b"preview", file=source.place)
        shown = _row(source, document, compiled, row)
        if as_json:
            output.emit(_document(file, mapping, shown))
        else:
            for number, each in enumerate(shown):
                output.say("\n" if number else "")
                _print(source, each)
            output.next_step(again.command("plan", file))


@dataclass(frozen=True, slots=True)
class _Shown:
    """A row, or one wave of it."""

    row: int
    wave: str
    traces: tuple[Trace, ...]
    mapped: Mapped


def _row(source: Source, document: Document, compiled: Compiled, row: int | None) -> list[_Shown]:
    from importer.mapping.tracing import trace

    chunk = _chunk(source, row)
    cells = [cell for (cell,) in chunk.columns]
    return [
        _Shown(chunk.rows[0], wave.wave, tuple(trace(wave, source.header, cells)), mapped)
        for wave, mapped in zip(document.by_wave, compiled.run(chunk), strict=True)
    ]


def _chunk(source: Source, row: int | None) -> Chunk:
    """The one row, as a chunk; the first that holds something, where none is asked for."""
    from importer.model import Chunk

    last = 0
    for chunk in source.chunks():
        wanted = chunk.rows[0] if row is None else row
        last = chunk.rows[-1]
        if wanted in chunk.rows:
            at = list(chunk.rows).index(wanted)
            return Chunk([(column[at],) for column in chunk.columns], [wanted], chunk.problems)
        if row is not None and row < last:
            break
    if row is None:
        raise UsageError(f"{source.place} has no rows below its header.")
    raise UsageError(
        f"Row {row} of {source.place} holds no answer: it is blank, a header row, or beyond the end.",
        hint=f"Its first row is {source.facts.first_data_row}. Rows count as in Excel, from 1.",
    )


def _print(source: Source, shown: _Shown) -> None:
    from importer.model import Invalid, Response, Skipped, place

    output.say(click.style(f"{source.place}, {place(shown.row, shown.wave)}", bold=True))
    for trace in shown.traces:
        output.say()
        where = f"  ← {_cut(trace.column)}" if trace.column else ""
        output.say(f"  {click.style(trace.target, bold=True)}{where}")
        if trace.column:
            output.say(f"      {_quoted(trace.cell)}")
        for step in trace.steps or ():
            output.say(f"      → {_step(step)}")
        if not trace.steps:
            output.say("      → nothing: it is blank")
    output.heading("Comes to")
    if isinstance(shown.mapped, Response):
        output.say(_pretty(shown.mapped.body))
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


def _pretty(body: bytes) -> str:
    import orjson

    text = orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    return "\n".join(f"  {line}" for line in text.splitlines())


def _document(file: str, mapping: str, shown: Sequence[_Shown]) -> dict[str, object]:
    head = {"command": "preview", "file": file, "mapping": mapping, "row": shown[0].row}
    if not shown[0].wave:
        return {**head, **_outcome(shown[0])}
    return {**head, "waves": [{"wave": each.wave, **_outcome(each)} for each in shown]}


def _outcome(shown: _Shown) -> dict[str, object]:
    from dataclasses import asdict

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
