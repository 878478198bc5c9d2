"""Made-up survey exports, the same bytes for the same seed: as CSV, as bodies, as a workbook."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

WRITE_KEY = "bench-0123456789abcdef"
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"
SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"
COMMENT = "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"
RENEW = "9b1d7e50-95a7-11ed-8974-9b5d06700b8d"

HEADER = (
    *("Response ID", "Customer ID", "Email", "Name", "Score", "Comment", "Would you renew?"),
    *("Plan", "Signed up", "Created At"),
)
RENEWS = {"Yes": "Renews", "No": "Leaves", "Not sure": "Undecided"}
PLANS = {"free": "Free", "pro": "Pro", "ent": "Enterprise"}
_FIRST = datetime(2024, 1, 1, tzinfo=UTC)

MAPPING = f"""\
version: 1
name: Bench
campaign: {CAMPAIGN}
method: Email
userId: Customer ID
answers:
  - {{id: {SCORE}, column: Score, type: nps, required: true}}
  - {{id: {COMMENT}, column: Comment, type: text}}
  - {{id: {RENEW}, column: "Would you renew?", type: choice, values: {json.dumps(RENEWS)}}}
traits:
  email: {{column: Email, type: email, lower: true}}
  plan: {{column: Plan, values: {json.dumps(PLANS)}}}
  createdAt: {{column: Signed up, type: date, format: "%d.%m.%Y", timezone: UTC}}
  respondedAt: {{column: Created At, type: date, format: "%Y-%m-%d %H:%M:%S", timezone: UTC}}
key: [Response ID]
"""
"""Seven answers and traits a row, two dates and two value maps among them."""

_COMMENTS = (
    *("", "Great", "Slow support", "I love it, really", 'They call it "fine"', "Dobré, děkuji"),
    *("First line\nsecond line", "Too expensive; otherwise good", "👍", "N/A"),
    "It works for our team of twelve, and the export saves us an hour every week.",
)


def rows(number: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """The cells of so many answers, in the order of `HEADER`; no two share an ID."""
    chance = random.Random(seed)
    renews, plans = tuple(RENEWS), tuple(PLANS)
    for n in range(1, number + 1):
        draw = chance.getrandbits(62)
        signed = _FIRST + timedelta(days=draw % 700)
        created = _FIRST + timedelta(seconds=700 * 86_400 + draw // 1_000 % 20_000_000)
        yield (
            f"r{n:09}",
            f"{n:08}",
            f"user{n}@example.com",
            f"User {n}",
            str(draw // 7 % 11),
            _COMMENTS[draw // 77 % len(_COMMENTS)],
            renews[draw // 847 % len(renews)],
            plans[draw // 2541 % len(plans)],
            f"{signed:%d.%m.%Y}",
            f"{created:%Y-%m-%d %H:%M:%S}",
        )


def body(cells: tuple[str, ...]) -> dict[str, object]:
    """The request that `MAPPING` makes of one row, as a hand-written script would build it."""
    _, user, email, _, score, comment, renew, plan, signed, created = cells
    answers: list[dict[str, object]] = [{"id": SCORE, "value": int(score)}]
    if comment:
        answers.append({"id": COMMENT, "value": comment})
    answers.append({"id": RENEW, "value": RENEWS[renew]})
    day, month, year = signed.split(".")
    return {
        "writeKey": WRITE_KEY,
        "campaign": CAMPAIGN,
        "method": "Email",
        "userId": user,
        "traits": {
            "email": email,
            "plan": PLANS[plan],
            "createdAt": f"{year}-{month}-{day}T00:00:00.000Z",
            "respondedAt": f"{created.replace(' ', 'T')}.000Z",
        },
        "answers": answers,
    }


def write_csv(path: Path, number: int) -> Path:
    """A CSV file; kept where it stands already."""
    if not path.exists():
        unfinished = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(HEADER)
            writer.writerows(rows(number))
        unfinished.rename(path)
    return path


def write_bodies(path: Path, number: int) -> Path:
    """Ready-made bodies, one JSON a line."""
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            for cells in rows(number):
                file.write(
                    json.dumps(body(cells), ensure_ascii=False, separators=(",", ":")) + "\n"
                )
    return path


def write_workbook(path: Path, number: int) -> Path:
    """The same table as a workbook: scores as numbers, all else as text."""
    from openpyxl import Workbook

    if not path.exists():
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Responses")
        sheet.append(HEADER)
        for cells in rows(number):
            sheet.append([*cells[:4], int(cells[4]), *cells[5:]])
        book.save(path)
    return path
