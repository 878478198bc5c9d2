"""The ledger's SQL: in `.sql` files, each statement with a name that the code asks for and a sentence."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from importer.ledger import database
from importer.ledger.database import Parameter, Queries, queries
from importer.ledger.sqlite.database import VERSIONS, SqliteDatabase, migrate

ROOM = Path(database.__file__).parent
CODE = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))


def read(folder: Path, text: str, **given: str) -> Queries:
    (folder / "some.sql").write_text(text)
    return Queries([folder], given)


def test_a_statement_is_cut_at_its_parameters_and_nowhere_else(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "-- name: odd\n-- A colon is no parameter everywhere.\n"
        """SELECT ':no', "a:b", c::text -- nor :here\nFROM t WHERE d = :yes AND e NOT\n IN :some;\n""",
    )["odd"]
    assert found.about == "A colon is no parameter everywhere."
    assert found.parameters == (Parameter("yes"), Parameter("some", "NOT IN"))
    assert found.text(["?1", "<> ALL(?2)"]).endswith("WHERE d = ?1 AND e <> ALL(?2)")


def test_fragments_hold_fragments_and_what_is_given(tmp_path: Path) -> None:
    text = (
        "-- fragment: b\n-- One.\n{past}t\n\n-- fragment: a\n-- Another.\n1 FROM {b}\n\n"
        "-- name: whole\n-- Both.\nSELECT {a}\n"
    )
    assert read(tmp_path, text, past="history.")["whole"].plain("?") == "SELECT 1 FROM history.t"


def test_a_database_says_in_its_own_words_what_differs(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    for folder, word in ((shared, "theirs"), (own, "ours")):
        folder.mkdir()
        (folder / "some.sql").write_text(f"-- name: one\n-- It.\nSELECT {word}\n")
    assert Queries([shared, own], {})["one"].plain("?") == "SELECT ours"
    with pytest.raises(KeyError):
        queries("sqlite")["no such query"]


@pytest.mark.parametrize("name", sorted(queries("sqlite")))
def test_every_query_is_asked_for_and_told(name: str) -> None:
    assert re.fullmatch("[A-Z].*[.)]", queries("sqlite")[name].about)
    assert f'"{name}"' in CODE


def test_every_query_is_one_that_sqlite_takes() -> None:
    """Their tables, columns and parameters, over empty tables: the temporary ones in their turn."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, "")
        statements = queries("sqlite")
        database = SqliteDatabase(connection, Path("none"), statements)
        first = ("doubles_begin", "past_gather")
        last = ("past_gathered_before", "doubles_end")
        between = [each for each in statements if each not in {*first, *last, *VERSIONS}]
        for name in (*first, *between, *last):
            parameters = statements[name].parameters
            values: dict[str, object] = {e.name: [] if e.operator else 1 for e in parameters}
            values |= {"seqs": "[]"} if name == "statuses_of" else {}
            values |= {"waves": "[]"} if "waves" in values else {}
            connection.execute("SAVEPOINT one")
            database.all(name, **values)
            connection.execute("ROLLBACK TO one" if name in between else "RELEASE one")


def test_no_sql_stands_in_the_code() -> None:
    """But for what says how a database is opened: `PRAGMA`, `ATTACH`, `BEGIN`; what a server is."""
    statements = re.compile(
        r"""["'](SELECT|INSERT|UPDATE|DELETE|CREATE)\s(?!.*(pg_|to_regclass|system_identifier|current_setting))"""
    )
    found = {
        f"{path.name}: {line.strip()}"
        for path in ROOM.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if statements.search(line)
    }
    assert found == set()
