"""A ledger over a database that understands SQL: all of its parts, put together."""

from __future__ import annotations

from collections.abc import Collection

from importer.ledger.database import Database
from importer.ledger.jobs import SENDABLE
from importer.ledger.past import Past
from importer.ledger.reconcile import Doubts
from importer.ledger.retention import Retention
from importer.ledger.sending import Sending
from importer.ledger.staging import Brief, SqlStaging, Whole
from importer.model import Job


class SqlLedger(Retention, Sending, Doubts):
    """What one database has in its own way it says in a class of its own: its journal, its locks, how it is
    opened and closed."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        past: Past,
        *,
        keeping: type[Whole | Brief] = Whole,
    ) -> None:
        super().__init__(database, secret, past)
        self._keeping = keeping

    def stage(
        self,
        job: Job,
        *,
        show_values: bool = False,
        sending: Collection[str] = SENDABLE,
        again: bool = False,
    ) -> SqlStaging:
        return SqlStaging(
            self._db,
            self.past,
            self._secret,
            job,
            keeping=self._keeping,
            show_values=show_values,
            sending=sending,
            again=again,
        )
