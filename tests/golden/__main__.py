"""Write the golden files anew: read the diff before you commit it."""

from tests import golden
from tests.cases import expected, figures

for name in golden.names():
    golden.write(name)
    print(f"tests/golden/{name}")  # noqa: T201  what a command says
if expected.present():
    figures.write()
    print("tests/cases/figures.json")  # noqa: T201  what a command says
