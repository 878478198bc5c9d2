"""The ledger that hosts share, in PostgreSQL: the ledger's second face, for what only it has.

`Ledger` is asked as ever; lanes, shares of the rate and sealed bodies are `importer work`'s, the rest are the
commands of `importer ledger`. Whoever imports this brings the driver (extra `postgres`).
"""

from importer.ledger.postgres.connection import Address  # first: it says how to get the driver

# isort: split
from importer.ledger.postgres.checks import WRONG, findings
from importer.ledger.postgres.copying import copy_ledger
from importer.ledger.postgres.database import VERSIONS, migrated
from importer.ledger.postgres.journal import Journal
from importer.ledger.postgres.lanes import PART, Bodies, Keeper, Timing, facts_of, holder_of
from importer.ledger.postgres.ledger import PostgresLedger
from importer.ledger.postgres.shares import Says, Shares, Told, units_of

__all__ = [
    "PART",
    "VERSIONS",
    "WRONG",
    "Address",
    "Bodies",
    "Journal",
    "Keeper",
    "PostgresLedger",
    "Says",
    "Shares",
    "Timing",
    "Told",
    "copy_ledger",
    "facts_of",
    "findings",
    "holder_of",
    "migrated",
    "units_of",
]
