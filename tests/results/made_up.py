"""A made-up export of 500 answers, the same bytes each time: enough for pictures that look real."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROWS = 500

MAPPING = """\
version: 1
name: NPS of 2026, from our own database
campaign: 5d2f6c1e9b0a4c0017a3e1b2
method: Email
questions:
  score: 79593580-95a7-11ed-8974-9b5d06700b8d
  comment: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d
  ease: a0c4d2e0-95a7-11ed-8974-9b5d06700b8d
userId: Customer ID
answers:
  - {id: score, column: "How likely are you to recommend us?", type: nps, required: true}
  - {id: ease, column: "How easy was it?", type: csat, na: [n/a]}
  - {id: comment, column: "Why?", type: text}
traits:
  email: {column: E-mail, type: email, lower: true}
  name: Name
  plan: {column: Plan, values: {free: Free, pro: Pro, ent: Enterprise}}
  respondedAt: {column: Answered, type: date, format: "%Y-%m-%d %H:%M", timezone: Europe/Prague}
  importedFrom: {value: Our database 2026-11}
source:
  skip_if:
    - {column: Status, in: [Preview, Test]}
"""

HEADER = (
    *("Customer ID", "E-mail", "Name", "How likely are you to recommend us?", "How easy was it?"),
    *("Why?", "Plan", "Answered", "Status", "Country", "Agent"),
)
_SCORES = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
_WEIGHTS = (3, 1, 2, 3, 3, 7, 8, 14, 20, 17, 22)
_FIRST = ("Jana", "Pedro", "Aiko", "Tom", "Lucía", "Olena", "Ben", "Fatima", "Noah", "Zoë")
_LAST = (
    "Novák",
    "Álvarez",
    "Tanaka",
    "Brown",
    "Ruiz",
    "Bondar",
    "Meyer",
    "Haddad",
    "Smith",
    "Peeters",
)
_WHY = (
    *(
        "",
        "",
        "",
        "Setup took five minutes.",
        "Support answered on a Sunday!",
        "Too expensive for us",
    ),
    *("The export saves us an hour every week", "Crashes on my tablet,\nand then my text is gone."),
)


def write(folder: Path) -> tuple[Path, Path]:
    """The export and its mapping in this folder."""
    source, mapping = folder / "nps-2026.csv", folder / "nps-2026.yaml"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *_rows()])
    mapping.write_text(MAPPING, encoding="utf-8")
    return source, mapping


def _rows() -> list[tuple[str, ...]]:
    chance = random.Random(7)
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return [_row(n, chance, start + timedelta(hours=14.7 * n)) for n in range(ROWS)]


def _row(n: int, chance: random.Random, at: datetime) -> tuple[str, ...]:
    person = n if chance.random() > 0.12 else chance.randrange(n + 1)
    first, last = _FIRST[person % 10], _LAST[person // 10 % 10]
    score = str(chance.choices(_SCORES, _WEIGHTS)[0])
    plan = chance.choices(("free", "pro", "ent", "", "Trial"), (45, 35, 12, 6, 2))[0]
    return (
        "n/a" if n % 97 == 5 else f"{person:05}",
        f"{first}.{last}@example.com".lower() if n % 61 else f"{first} at work",
        f"{first} {last}",
        {3: "11", 40: "", 77: "-1"}.get(n % 120, score),
        chance.choices(("1", "2", "3", "4", "5", "", "n/a"), (3, 6, 14, 30, 27, 14, 6))[0],
        chance.choice(_WHY),
        plan,
        f"{at:%Y-%m-%d %H:%M}" if n % 83 else "yesterday",
        "Preview" if n % 50 == 9 else "Complete",
        chance.choice(("CZ", "ES", "JP", "US", "NA", "")),
        "",
    )
