"""`importer presets`: the survey tools that have a mapping to build on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from importer.cli import output

if TYPE_CHECKING:
    from importer.mapping import Shipped


@click.command("presets")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(name: str | None, as_json: bool) -> None:
    """List the presets, or print the one called NAME.

    A preset knows the export of one survey tool. A mapping of your own builds on it with
    `extends: NAME` and adds the survey and the questions.

    \b
    importer presets
    importer presets delighted
    importer presets delighted > mapping.yaml
    """
    from importer import mapping

    if name is None:
        _list(mapping.shipped(), as_json=as_json)
    elif as_json:
        found = mapping.preset(name)
        output.emit({"command": "presets", **_fact(found), "text": found.text})
    else:
        output.say(mapping.preset(name).text.rstrip())
        output.note(
            f"\nNext: write a mapping with `extends: {name}`; importer check mapping.yaml FILE"
        )


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
