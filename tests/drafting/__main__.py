"""Write the table of `docs/init.md` anew: `python -m tests.drafting`."""

from tests.drafting import table

table.write()
