"""`importer surveys`: the project's surveys and their questions; the one place where IDs can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from importer.cli import again, options, output
from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.readback import Question, Reader, Survey


@click.command("surveys")
@click.option("--questions", is_flag=True, help="Show each survey's questions, with their IDs.")
@click.option("--campaign", default="", metavar="ID", help="This survey only, with its questions.")
@options.reading
@options.endpoint_option
@options.json_option
def command(questions: bool, campaign: str, as_json: bool, **given: Any) -> None:
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
        again.command("init", "FILE", campaign=campaign or "ID", why="the mapping, with these IDs")
    )


def surveys(given: Mapping[str, Any]) -> list[Survey]:
    """The surveys of the project; `given` are the options of `options.reading` and the endpoint."""

    async def read() -> list[Survey]:
        async with _reader(given) as reader:
            return await reader.surveys()

    import asyncio

    return asyncio.run(read())


def asked_in(given: Mapping[str, Any], campaign: str) -> tuple[Question, ...]:
    """The questions of one survey, in its order."""

    async def read() -> Sequence[Question]:
        async with _reader(given) as reader:
            return await reader.questions(campaign)

    import asyncio

    return tuple(asyncio.run(read()))


def _reader(given: Mapping[str, Any]) -> Reader:
    from importer.readback import Reader
    from importer.settings import Endpoint

    known = options.read_access(given)
    if known is None:
        raise UsageError(
            "There is no API key, or no project.",
            hint=f"Set {options.API_KEY} and {options.PROJECT} (or --api-key-file, --project). The API "
            "key is another key than the write key: SatisMeter > Settings > Integrations > API keys.",
        )
    key, project = known
    endpoint = Endpoint.parse(given["endpoint"])
    return Reader(endpoint.origin, key, project, network=options.network_of(given))


def _fact(survey: Survey, asked: Mapping[str, Sequence[Question]]) -> dict[str, object]:
    fact: dict[str, object] = {
        "id": survey.id,
        "name": survey.name,
        "type": survey.type,
        "state": survey.state,
    }
    if survey.id in asked:
        fact["questions"] = [
            {"id": each.id, "label": each.label, "type": each.type} for each in asked[survey.id]
        ]
    return fact
