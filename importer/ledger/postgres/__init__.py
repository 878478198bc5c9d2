"""The ledger that hosts share, in PostgreSQL: the ledger's second face, for what only it has.

`Ledger` is asked as ever; lanes, shares of the rate and sealed bodies are `importer work`'s, the rest are the
commands of `importer ledger`. Whoever imports this brings the driver (extra `postgres`).
"""

from importer.ledger.postgres.connection import Address as Address

# isort: split
from importer.ledger.postgres.database import VERSIONS as VERSIONS
from importer.ledger.postgres.database import migrated as migrated
from importer.ledger.postgres.journal import Journal as Journal
from importer.ledger.postgres.lanes import PART as PART
from importer.ledger.postgres.lanes import Bodies as Bodies
from importer.ledger.postgres.lanes import Keeper as Keeper
from importer.ledger.postgres.lanes import Says as Says
from importer.ledger.postgres.lanes import Shares as Shares
from importer.ledger.postgres.lanes import Timing as Timing
from importer.ledger.postgres.lanes import Told as Told
from importer.ledger.postgres.lanes import facts_of as facts_of
from importer.ledger.postgres.lanes import holder_of as holder_of
from importer.ledger.postgres.lanes import units_of as units_of
from importer.ledger.postgres.ledger import PostgresLedger as PostgresLedger
from importer.ledger.postgres.ledger import copy_ledger as copy_ledger
from importer.ledger.postgres.ledger import findings as findings
