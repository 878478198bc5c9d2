"""Write the table of `docs/init.md` anew: `python -m tests.discovery`."""

from tests.discovery import table

table.write()
