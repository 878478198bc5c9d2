"""Write the golden files anew: read the diff before you commit it."""

import tempfile
from pathlib import Path

from tests import golden
from tests.cases import figures
from tests.golden import commands

for name in golden.names():
    golden.write(name)
    with tempfile.TemporaryDirectory() as folder:
        commands.write(name, commands.produced(name, Path(folder).resolve()))
    print(f"tests/golden/{name}")  # noqa: T201  what a command says
figures.write()
print("tests/cases/figures.json")  # noqa: T201  what a command says
