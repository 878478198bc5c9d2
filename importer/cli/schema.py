"""`importer schema`: the JSON schema of mappings, for editors."""

from __future__ import annotations

import click

from importer.cli import output


@click.command("schema")
@click.option("--json", "as_json", is_flag=True, help="The same: a schema is JSON.")
def command(as_json: bool) -> None:  # noqa: ARG001  every command takes --json
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
