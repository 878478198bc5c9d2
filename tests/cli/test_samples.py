"""What `plan`, `inspect` and `init` show of a file tells of nobody, unless it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.privacy import shaped
from tests.e2e.commands import shell
from tests.e2e.here import Here

PEOPLE = ("Jane Roe", "Ann Lee", "Max Muster", "jane.roe@example.com", "HIV+", "u-1001", "Berlin")
ROWS = [
    f"u-100{n},{manager},{9 - n % 3},Very satisfied,{words},jane.roe@example.com,Berlin,2026-03-0{n % 8 + 1}"
    for n in range(1, 9)
    for manager, words in [(PEOPLE[n % 3], "Jane Roe HIV+" if n == 1 else "So so")]
]
FILE = (
    "ID,Manager,Score,How satisfied are you?,Comment,E-mail,City,Answered\n"
    + "\n".join(ROWS)
    + "\n"
)
MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: ID
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: Score, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: Comment, type: text}
traits:
  email: {column: E-mail, type: email}
  manager: Manager
"""
COMMANDS = (
    ("plan", "answers.csv", "-m", "m.yaml", "--state", "state"),
    ("inspect", "answers.csv"),
    ("inspect", "answers.csv", "--json"),
    ("init", "answers.csv", "--no-input", "-o", "-"),
    ("init", "answers.csv", "--no-input", "--personal", "--force", "-o", "-"),
)


@pytest.fixture
def user(tmp_path: Path) -> Here:
    one = shell(tmp_path)
    one.write("answers.csv", FILE)
    one.write("m.yaml", MAPPING)
    return Here(one.folder, one.environment)


@pytest.mark.parametrize("words", COMMANDS, ids=[" ".join(words) for words in COMMANDS])
def test_nobody_is_shown_unless_asked_for(user: Here, words: tuple[str, ...]) -> None:
    quiet, open_ = user(*words), user(*words, "--show-values")
    assert quiet.status == open_.status == 0, quiet.err + open_.err
    seen = [each for each in PEOPLE if each in quiet.out + quiet.err]
    assert [each for each in seen if words[0] != "plan" or each != "u-1001"] == []
    assert [each for each in PEOPLE if each in open_.out]
    if words[0] == "inspect":  # what is nobody's stays
        assert "Very satisfied" in quiet.out
        assert "2026-03-02" in quiet.out
        assert "Xxx Xxx" in quiet.out


@pytest.mark.parametrize(
    "text",
    ["9", "10", "100", "-1", "7.5", "80 %", "2026-03-01", "1/3/26 5:05 PM", "2026-03-01T00:00:00Z"],
)
def test_scores_and_dates_keep_their_shape(text: str) -> None:
    assert shaped(text) == text


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Jane O'Neil", "Xxxx X'Xxxx"),
        ("u-4711", "x-9999"),
        ("+49 170 12345", "+99 999 99999"),
        ("山田", "xx"),
        ("x y z w", "(7 characters)"),
        ("a" * 25, "(25 characters)"),
    ],
)
def test_everything_else_has_a_shape(text: str, shape: str) -> None:
    assert shaped(text) == shape
