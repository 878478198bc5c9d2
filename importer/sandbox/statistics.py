"""Figures over stored responses, as the statistics call and the older export give them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from importer.sandbox.settings import Question
from importer.sandbox.store import Stored


def of(questions: Sequence[Question], responses: Sequence[Stored]) -> dict[str, object]:
    """The `data` of the statistics call: the number of responses, and each question's answers."""
    return {
        "statistics": {"responses": len(responses)},
        "questions": [_question(question, responses) for question in questions],
    }


def nps(scores: Sequence[int]) -> float | None:
    """Percent of promoters (9, 10) less percent of detractors (0 to 6); None without a score."""
    if not scores:
        return None
    promoters = sum(score >= 9 for score in scores)
    detractors = sum(score <= 6 for score in scores)
    return round(100 * (promoters - detractors) / len(scores), 1)


def category(score: int) -> str:
    """What a 0-10 score makes of its giver."""
    return "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"


def flat(questions: Sequence[Question], response: Stored) -> dict[str, object]:
    """A response as the older export has it: one rating, one text."""
    answers = dict(response.answers)
    scores = [answers[q.id] for q in questions if q.type == "nps" and q.id in answers]
    texts = [answers[q.id] for q in questions if q.type == "text" and q.id in answers]
    score = scores[0] if scores else response.rating
    return {
        "id": response.id,
        "rating": score,
        "category": category(score) if isinstance(score, int) else None,
        "score": score,
        "feedback": texts[0] if texts else None,
    }


def _question(question: Question, responses: Sequence[Stored]) -> dict[str, object]:
    values = [value for each in responses for id_, value in each.answers if id_ == question.id]
    counted = Counter(values) if question.type != "text" else Counter()
    figures = {
        "answers": len(values),
        "metric": _metric(question, [value for value in values if isinstance(value, int)]),
        "values": [
            {"value": value, "answers": count}
            for value, count in sorted(counted.items(), key=lambda item: str(item[0]).zfill(3))
        ],
    }
    return {
        "id": question.id,
        "label": question.label,
        "type": question.type,
        "statistics": figures,
    }


def _metric(question: Question, ratings: Sequence[int]) -> dict[str, object] | None:
    if question.range is None:
        return None
    if question.type == "nps":
        return {"type": "nps", "value": nps(ratings)}
    mean = round(sum(ratings) / len(ratings), 2) if ratings else None
    return {"type": question.type, "value": mean}
