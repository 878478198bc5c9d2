"""Scores per rating question: how often each was given, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DETRACTORS = range(7)
"""0 to 6; 9 and 10 are promoters, 7 and 8 passives (Bain & Company, "Net Promoter System")."""
PROMOTERS = range(9, 11)


@dataclass(frozen=True, slots=True)
class Question:
    """A rating question: its ID, the column that answers it, its type and the ends of its scale.

    `place` is its place among the answers of a response, from 0. With waves, a question is counted wave by
    wave; `wave` is "" else.
    """

    id: str
    column: str
    type: str
    low: int
    high: int
    place: int
    wave: str = ""

    @property
    def label(self) -> str:
        """The question as people know it: its column, and the wave where there are any."""
        return f"{self.column}, wave {self.wave}" if self.wave else self.column


@dataclass(frozen=True, slots=True)
class Scores:
    """How often each score was given to one question, lowest first; scores that nobody gave are not in
    `counts`."""

    question: Question
    counts: Mapping[int, int]

    @property
    def answers(self) -> int:
        """Responses that hold an answer to the question."""
        return sum(self.counts.values())

    @property
    def average(self) -> float | None:
        """The mean score; None without an answer."""
        total = sum(score * count for score, count in self.counts.items())
        return total / self.answers if self.answers else None

    @property
    def detractors(self) -> int:
        """Answers of 0 to 6; for nps questions."""
        return sum(count for score, count in self.counts.items() if score in DETRACTORS)

    @property
    def promoters(self) -> int:
        """Answers of 9 and 10; for nps questions."""
        return sum(count for score, count in self.counts.items() if score in PROMOTERS)

    @property
    def passives(self) -> int:
        """Answers of 7 and 8; for nps questions."""
        return self.answers - self.detractors - self.promoters

    @property
    def nps(self) -> float | None:
        """Per cent of promoters less per cent of detractors, -100 to 100; None for other questions and
        without an answer."""
        if self.question.type != "nps" or not self.answers:
            return None
        return 100 * (self.promoters - self.detractors) / self.answers

    def document(self) -> dict[str, object]:
        """As JSON; NPS and average to two places."""
        found: dict[str, object] = {
            "question": self.question.id,
            "column": self.question.column,
            **({"wave": self.question.wave} if self.question.wave else {}),
            "type": self.question.type,
            "answers": self.answers,
            "scores": {str(score): count for score, count in self.counts.items()},
            "average": _rounded(self.average),
        }
        if self.question.type == "nps":
            found |= {
                "detractors": self.detractors,
                "passives": self.passives,
                "promoters": self.promoters,
                "nps": _rounded(self.nps),
            }
        return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def signed(nps: float) -> str:
    """An NPS as people write it: `+34`, `0`, `−7`."""
    whole = int(nps + (0.5 if nps >= 0 else -0.5))
    return f"{whole:+d}".replace("-", "−") if whole else "0"
