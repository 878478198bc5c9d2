"""The house stays small, and each room is found by the field's own word for it."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "importer"
FILES = sorted(PACKAGE.rglob("*.py"))

MOST_FILES = 190
MOST_LINES = 48_263
"""Each room that came in 0.2 has its share (`docs/architecture.md`): they go up with a feature alone."""
LONGEST_FILE = 450


def test_the_house_does_not_grow_beyond_what_one_can_know() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert len(lines) <= MOST_FILES
    assert sum(lines.values()) <= MOST_LINES
    assert {str(path): n for path, n in lines.items() if n > LONGEST_FILE} == {}


@pytest.mark.parametrize(
    ("word", "room"),
    [
        ("circuit breaker", "delivery/circuit_breaker.py"),
        ("throttle", "delivery/rate_limit.py"),
        ("rate limit", "delivery/rate_limit.py"),
        ("backoff", "delivery/worker.py"),
        ("retry", "delivery/worker.py"),
        ("queue", "delivery/queue.py"),
        ("AIMD", "delivery/concurrency.py"),
        ("dedupe", "ledger/dedupe.py"),
        ("idempotency", "ledger/fingerprint.py"),
        ("write-ahead", "ledger/sqlite/journal.py"),
        ("checkpoint", "ledger/sqlite/journal.py"),
        ("migration", "ledger/sqlite/database.py"),
        ("reconcile", "engine/reconcile.py"),
        ("aiohttp", "satismeter/insert.py"),
        ("tqdm", "cli/progress.py"),
        ("openpyxl", "sources/openpyxl_reader.py"),
        ("calamine", "sources/engines.py"),
        ("pyarrow", "sources/columnar.py"),
        ("DataFrame", "sources/frames.py"),
        ("proxy", "http.py"),
        ("logging", "automation/monitoring.py"),
        ("jinja2", "results/report/page.py"),
    ],
)
def test_a_word_of_the_field_finds_its_room(word: str, room: str) -> None:
    """What somebody greps for stands in the file that does it."""
    text = (PACKAGE / room).read_text(encoding="utf-8")
    assert re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)


OWN_DATA = ("discovery/lexicon.py", "codes.py", "results/report/page.py", "ledger/database.py")
OTHER_WAYS = {
    r"NamedTemporaryFile|TemporaryDirectory|mkstemp|mkdtemp": ("cli/sandbox.py", "system.py"),
    r"\.read_(text|bytes)\(": (*OWN_DATA, "cli/doctor.py", "sandbox/faults.py"),
    r"\.open\(\"rb\"": ("results/files.py", "sources/engines.py", "sources/files.py"),
}
"""By pattern, who may: what comes with the program, what it has written itself, made-up data; a file whose
descriptor is at hand, a pipe."""


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_files_are_opened_by_the_one_opener(way: str) -> None:
    """`resources.opened` and `resources.small` know no endless device and wait for no pipe."""
    found = {
        str(path.relative_to(PACKAGE)) for path in FILES if re.search(way, path.read_text("utf-8"))
    }
    assert found <= set(OTHER_WAYS[way])


ROOM = PACKAGE / "ledger"


def test_nobody_outside_knows_where_the_ledger_lies_or_what_it_is_asked_with() -> None:
    """A connection, a path of its file, SQL: behind the face."""
    hidden = re.compile(r"\.connection\b|ledger_path|ledger\.sqlite3|ledger\.path\b|_db\b")
    found = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if ROOM not in path.parents and hidden.search(path.read_text("utf-8"))
    }
    assert found == set()
