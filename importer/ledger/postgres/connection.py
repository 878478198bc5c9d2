"""Connections to PostgreSQL: how one is named, what is refused at once, and its errors in our words."""

from __future__ import annotations

import configparser
import contextlib
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.errors import LedgerError, UsageError
from importer.settings import is_loopback

try:
    import psycopg
    from psycopg import errors
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise UsageError(
        f"--ledger needs psycopg, which is not to be had here: {error}.",
        hint="Install it: pip install 'satismeter-importer[postgres]'",
    ) from error

logging.getLogger("psycopg").setLevel(logging.ERROR)
"""A connection that breaks is told in our words."""

Connection = psycopg.Connection[tuple[Any, ...]]

HUNG = 20.0
"""Seconds without an answer after which a connection is given up. PostgreSQL's own time-outs don't end a
commit that waits for a standby, and a cancelled one says that it succeeded."""

PASSWORDLESS = (
    "Leave it out, since every user of the machine sees a command's words, and name it in PGPASSWORD, in a "
    "password file (PGPASSFILE, for its owner's eyes only) or in a service file (PGSERVICEFILE)."
)


@dataclass(frozen=True)
class Address:
    """A database, by libpq's keywords; without a password. `shown` names it in messages."""

    parameters: Mapping[str, str]
    shown: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """`postgresql://HOST/DB` or `service=NAME`. Raises UsageError, which never quotes what was given: it
        may hold a password."""
        if not text.startswith(("postgresql://", "postgres://", "service=")):
            raise UsageError("--ledger names no PostgreSQL.", hint=_FORMS)
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(text).items()}
        except psycopg.ProgrammingError:
            raise UsageError("--ledger is no address that PostgreSQL knows.", hint=_FORMS) from None
        if {"password", "sslpassword"} & given.keys():
            raise UsageError("--ledger must not hold a password.", hint=PASSWORDLESS)
        service = _service(given.get("service") or os.environ.get("PGSERVICE", ""))
        known = {**service, **given}
        host = known.get("hostaddr") or known.get("host") or os.environ.get("PGHOST", "")
        # Whether all of the hosts are this machine, or its sockets.
        if not all(not each or each[0] in "/@" or is_loopback(each) for each in host.split(",")):
            given |= _verified({**service, **given})
        named = f"service {given['service']}" if "service" in given else host or "this machine"
        database = known.get("dbname") or os.environ.get("PGDATABASE", "")
        return cls(given, f"{named}, database {database}" if database else named)


_FORMS = "Write --ledger postgresql://HOST/DATABASE, or --ledger service=NAME."


def _service(name: str) -> Mapping[str, str]:
    """What the user's service file says of a service."""
    if not name:
        return {}
    path = Path(os.environ.get("PGSERVICEFILE") or Path.home() / ".pg_service.conf")
    found = configparser.RawConfigParser(comment_prefixes=("#",))
    with suppress(OSError, configparser.Error, UnicodeDecodeError):
        found.read(path, "utf-8")
    return dict(found[name]) if found.has_section(name) else {}


def _verified(known: Mapping[str, str]) -> dict[str, str]:
    """The TLS that another machine is reached by: its certificate is checked, and its name."""
    mode = known.get("sslmode") or os.environ.get("PGSSLMODE", "")
    if mode not in ("", "verify-full"):
        raise UsageError(
            f"sslmode={mode} doesn't make sure which server is asked what was sent.",
            hint="Leave it out, or write sslmode=verify-full; name the authority with sslrootcert=FILE.",
        )
    own = Path.home() / ".postgresql" / "root.crt"
    roots = known.get("sslrootcert") or os.environ.get("PGSSLROOTCERT") or own.exists()
    return {"sslmode": "verify-full", **({} if roots else {"sslrootcert": "system"})}


def connect(address: Address, **settings: str) -> Connection:
    """A connection; each statement is a transaction of its own, unless one is begun. Raises LedgerError."""
    options = " ".join(f"-c {name}={value}" for name, value in {**_SETTINGS, **settings}.items())
    kept = f"{address.parameters.get('options', '')} {options}".strip()
    parameters = {**_CONNECTING, **address.parameters, "options": kept}
    try:
        fresh = psycopg.connect(make_conninfo(**parameters), autocommit=True)
        taken = fresh.execute("SELECT current_setting('lock_timeout')").fetchone()
    except psycopg.Error as error:
        raise failure(address, error) from None
    if taken != (_SETTINGS["lock_timeout"],):
        fresh.close()
        raise LedgerError(f"{_named(address)} {_POOLED}.", hint=_UNPOOLED)
    return fresh


_CONNECTING = {
    "connect_timeout": "10",
    "application_name": "satismeter-importer",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "target_session_attrs": "read-write",
}
_SETTINGS = {"lock_timeout": "15s", "client_encoding": "UTF8", "search_path": "public"}


class Lost(LedgerError):
    """The connection is gone, or the server ends, or asks to try again: what was asked may be asked anew."""


def failure(address: Address, error: psycopg.Error) -> LedgerError:
    """psycopg's error in our words, with what to do."""
    where = _named(address)
    for kind, told, hint in _KNOWN:
        if isinstance(error, kind):
            said = (
                f" ({error.diag.message_primary})" if kind is errors.InsufficientPrivilege else ""
            )
            return LedgerError(f"{where} {told}{said}.", hint=hint)
    text = (error.diag.message_primary or str(error)).strip().splitlines()
    why = text[-1].removeprefix("FATAL:  ") if text else type(error).__name__
    if "password" in why or "pg_hba.conf" in why:
        return LedgerError(f"{where} lets nobody in: {why}.", hint=_NOT_LET_IN)
    if "read-write" in str(error) or "read-only" in str(error):
        # it may be about to take over: whoever was at work waits, whoever begins is told at once
        return Lost(f"{where} is read-only.", hint=_READ_ONLY)
    if "unsupported startup parameter" in why:
        return LedgerError(f"{where} {_POOLED}.", hint=_UNPOOLED)
    if "does not exist" in why and error.sqlstate is None:
        return LedgerError(f"{where} is not there: {why}.", hint="Make it with `createdb`.")
    again = isinstance(error, psycopg.OperationalError)
    return (Lost if again else LedgerError)(f"{where} failed: {why}.", hint=_AWAY)


def _named(address: Address) -> str:
    return f"The ledger ({address.shown})"


_POOLED = "is reached through a pooler that drops a session's settings, such as PgBouncer"
_UNPOOLED = (
    "Name the server itself: plans are pinned and statements prepared for a session, and few connections are "
    "taken."
)
_NOT_LET_IN = (
    "Nothing is posted without it. Name the password in PGPASSWORD, in a password file (PGPASSFILE, chmod "
    "600, or it is ignored) or in a service file, and the user in the address or in PGUSER."
)
_READ_ONLY = "It is a standby, or set so: name the primary. Nothing is posted without it."
_AWAY = (
    "Nothing is posted without it. See that it runs and can be reached; the same command goes on where "
    "it stopped."
)
_NO_RIGHT = (
    "Its owner gives it: docs/shared-ledger.md names the rights. Nothing is posted without them."
)
_MIGRATE = "`importer ledger migrate --ledger …`, by the owner of the database, makes its tables."
_KNOWN: tuple[tuple[type[psycopg.Error], str, str], ...] = (
    (errors.InsufficientPrivilege, "gives this role no right to do it", _NO_RIGHT),
    (errors.ReadOnlySqlTransaction, "is read-only", _READ_ONLY),
    (errors.DiskFull, "is full", "Nothing is posted after this. Free some space on its disk."),
    (errors.OutOfMemory, "is out of memory", _AWAY),
    (errors.UndefinedTable, "has no tables yet", _MIGRATE),
    (errors.UndefinedColumn, "has other tables than this importer's", _MIGRATE),
    (errors.TooManyConnections, "has no connection left", "Raise max_connections, or start fewer."),
)


@contextmanager
def wrap_postgres_errors(address: Address) -> Iterator[None]:
    """psycopg's errors leave as LedgerError, those of a connection as Lost."""
    try:
        yield
    except psycopg.Error as error:
        raise failure(address, error) from error


def is_lost(error: psycopg.Error) -> bool:
    """Whether the same may be asked again, once there is a connection: the server went, or chose this
    transaction to end a deadlock or a wait."""
    again = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
    full = (errors.DiskFull, errors.OutOfMemory, errors.TooManyConnections)
    return isinstance(error, psycopg.OperationalError) and (
        isinstance(error, again) or not isinstance(error, full)
    )


@contextmanager
def watched(connection: Connection) -> Iterator[None]:
    """Cut the connection where no answer comes for so long: what waits for one then fails, and nothing is
    cancelled on the server."""
    timer = threading.Timer(HUNG, cut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def cut(connection: Connection) -> None:
    """Let the server's answers never come."""
    with contextlib.suppress(OSError, psycopg.Error):
        handle = os.dup(connection.fileno())
        with socket.socket(fileno=handle) as one:
            one.shutdown(socket.SHUT_RDWR)


def timeline(connection: Connection) -> tuple[str, str]:
    """Which cluster this is, and which of its histories: a standby that took over begins a new one."""
    system, history = connection.execute(
        "SELECT (SELECT system_identifier::text FROM pg_control_system()),"
        " left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)"
    ).fetchall()[0]
    return str(system), str(history)
