"""Whether a shared ledger is fit: its tables and rights, what a commit survives, what a standby does."""

from __future__ import annotations

import time
from collections.abc import Iterator

from importer import system
from importer.ledger.postgres.connection import timeline, wrap_postgres_errors
from importer.ledger.postgres.ledger import PostgresLedger
from importer.model import LOOK, OK, WRONG, Check

_SKEW = 5.0


def findings(ledger: PostgresLedger) -> Iterator[Check]:
    """Everything; changes nothing. Raises LedgerError."""
    asked = time.time()
    (commit, names, standbys, waited, version, now, size, recovering, tls, fsync) = (
        ledger.database.one("check_server")
    )
    with wrap_postgres_errors(ledger.address):
        cluster, history = timeline(ledger.database.connection)
    yield Check(
        "shared ledger", OK, f"{ledger.where}: PostgreSQL {version}, {size / 1e6:,.1f} MB, "
        f"system {cluster}, timeline {int(history, 16)}{', TLS' if tls else ''}",
    )  # fmt: skip
    yield from _rights(*ledger.database.one("check_rights"))
    if recovering:
        yield Check("standby", WRONG, "this is a standby", "Name the primary.")
    yield _commits(commit, fsync)
    yield _standby(names, standbys, waited)
    skew = float(now) - (asked + time.time()) / 2
    if abs(skew) > _SKEW:
        found = f"its clock is {skew:+.0f} s from this machine's"
        yield Check("clock", LOOK, found, "Leases go by its clock alone; times in reports differ.")
    if system.boottime() is None:
        yield Check(
            "suspension",
            LOOK,
            "this system's clock does not count the time for which it sleeps",
            "Don't let a machine sleep while it imports: it could post once more after it wakes.",
        )


def _rights(enough: bool, more: bool) -> Iterator[Check]:
    if not enough:
        remedy = "Its owner gives them: docs/shared-ledger.md has the statements."
        yield Check("rights", WRONG, "this role lacks rights that sending needs", remedy)
    elif more:
        found = "this role may delete what was sent"
        yield Check("rights", LOOK, found, "Send with one that may not: docs/shared-ledger.md.")
    else:
        yield Check("rights", OK, "what sending needs, and no more")


def _commits(commit: str, fsync: str) -> Check:
    if fsync == "off":
        remedy = "Set fsync = on: else a power cut makes it forget what was sent."
        return Check("commits", WRONG, "the server doesn't write them to its disk", remedy)
    if commit in ("off", "local"):
        remedy = (
            "Set synchronous_commit = on for this database: else what was sent may be forgotten."
        )
        return Check("commits", WRONG, f"synchronous_commit is {commit}", remedy)
    return Check("commits", OK, f"waited for (synchronous_commit = {commit})")


def _standby(names: str, standbys: int, waited: int) -> Check:
    if names and not waited:
        remedy = "Every commit waits until one is there; or empty synchronous_standby_names."
        return Check("standby", WRONG, "a synchronous one is asked for, and away", remedy)
    if standbys and not waited:
        return Check(
            "standby",
            LOOK,
            f"{standbys}, asynchronous",
            "If one takes over, it lacks what was sent last, and that is sent again: name them in "
            "synchronous_standby_names.",
        )
    return Check("standby", OK, f"{waited} synchronous" if waited else "none")
