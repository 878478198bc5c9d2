"""How long a row takes; `make trial` prints it."""

from __future__ import annotations

import random
import time

import pytest

from importer.model import Response
from tests.mapping.making import CAMPAIGN, COMMENT, SCORE, chunk, compiled

TEXT = f"""\
campaign: {CAMPAIGN}
userId: Id
answers:
  - {{id: {SCORE}, column: Score, type: nps}}
  - {{id: {COMMENT}, column: Comment, type: text}}
  - id: 9b1d7e50-95a7-11ed-8974-9b5d06700b8d
    column: Renew
    type: choice
    values: {{Yes: Renews, No: Leaves}}
traits:
  email: {{column: Email, type: email}}
  plan: {{column: Plan, values: {{free: Free, pro: Pro, "*": keep}}}}
  mrr: {{column: MRR, type: number}}
  respondedAt: {{column: At, type: date, format: "%Y-%m-%d %H:%M:%S", timezone: Europe/Prague}}
"""
HEADER = ["Id", "Score", "Comment", "Renew", "Email", "Plan", "MRR", "At"]
ROWS = 10_000


def row(chance: random.Random, number: int) -> list[str]:
    day = f"2021-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    return [
        f"u{number}",
        str(chance.randint(0, 10)),
        f"comment {number} of some length, as comments are" if number % 3 else "",
        chance.choice(["Yes", "No"]),
        f"user{number}@example.com",
        chance.choice(["free", "pro", "gold"]),
        str(chance.randint(0, 500)),
        f"{day} {chance.randint(3, 23):02}:{chance.randint(0, 59):02}:{chance.randint(0, 59):02}",
    ]


@pytest.mark.trial
def test_a_row_of_seven_answers_and_traits_takes_microseconds() -> None:
    chance = random.Random(1)
    made = compiled(TEXT, HEADER)
    best = float("inf")
    for start in range(0, 10 * ROWS, ROWS):
        block = chunk(HEADER, [row(chance, start + i) for i in range(ROWS)])
        begin = time.process_time()
        mapped = made.run(block)
        best = min(best, time.process_time() - begin)
        assert all(isinstance(each, Response) for each in mapped)
    print(f"\nmapping: {best / ROWS * 1e6:.1f} µs a row")  # noqa: T201  what a trial is for
    assert best / ROWS < 20e-6
