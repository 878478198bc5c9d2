"""Scores per rating question, and what else is counted while rows are staged."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from importer.model import DETRACTORS, PROMOTERS, Chunk, Invalid, Mapped, Problem, Response, nps

# Scores per rating question: how often each was given, and what they come to.


@dataclass(frozen=True, slots=True)
class RatingQuestion:
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
    """How often each score was given to one question, lowest first; `counts` has those that were given."""

    question: RatingQuestion
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
        return nps(self.counts) if self.question.type == "nps" else None

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


# What is counted of the rows while they are staged: a few bytes a row, and no answer but scores.

_SHOWN = 3
Kind = tuple[str, str]
"""A problem's code and column."""


class Tally:
    """Fed with every row of a job in file order (with waves: every wave of every row), so that a row's place
    is its `seq`.

    Only the ledger knows at the end which rows are sent; until then each row's scores and month are
    kept, one byte a score and one a month (four, where there are more than 255 months).
    """

    def __init__(self, questions: Sequence[RatingQuestion], columns: int) -> None:
        self.questions = tuple(questions)
        self._scores = [_Ratings(question) for question in questions]
        self._months = array("B")
        self._known_months = _Months()
        self._filled = [0] * columns
        self._examples: dict[Kind, list[Problem]] = {}
        self.numbers = RowNumbers()
        self.rows = 0

    def add(self, mapped: Sequence[Mapped], chunk: Chunk) -> None:
        """Count the rows of the next chunk; `mapped` has one thing for each of its rows."""
        responses = [each if each.__class__ is Response else None for each in mapped]
        for ratings in self._scores:
            ratings.add(responses)
        months = self._known_months
        self._dated([months[each.order[:7]] if each else 0 for each in responses])
        self._fill(len(column) - column.count("") for column in chunk.columns)
        for each in mapped:
            if isinstance(each, Invalid):
                self._refused(each.problems)
        self.numbers.add(chunk.rows)
        self.rows += len(mapped)

    def join(self, other: Tally) -> None:
        """Count what was counted of the rows that come next in the file."""
        for ratings, more in zip(self._scores, other._scores, strict=True):
            ratings.join(more)
        known = [self._known_months.number(each) for each in other._known_months.known]
        self._dated(map(known.__getitem__, other._months))
        self._fill(other.filled)
        self.numbers.join(other.numbers)
        for problems in other.examples.values():
            self._refused(problems)
        self.rows += other.rows

    def _dated(self, numbers: Iterable[int]) -> None:
        if len(self._known_months.known) > 2**8 and self._months.typecode == "B":
            self._months = array("I", self._months)
        self._months.extend(numbers)

    def _fill(self, filled: Iterable[int]) -> None:
        self._filled = [had + more for had, more in zip(self._filled, filled, strict=True)]

    def _refused(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            examples = self._examples.setdefault((problem.code, problem.column), [])
            if len(examples) < _SHOWN:
                examples.append(problem)

    # what it came to

    def scores(self, seqs: Iterable[range]) -> tuple[Scores, ...]:
        counts: list[Counter[int]] = [Counter() for _ in self._scores]
        for some in seqs:
            for ratings, count in zip(self._scores, counts, strict=True):
                count.update(ratings.given(some))
        pairs = zip(self._scores, counts, strict=True)
        return tuple(ratings.scores(count) for ratings, count in pairs)

    def months(self, seqs: Iterable[range]) -> dict[str, int]:
        """Of these rows, how many date from each month (`2026-11`, in UTC), oldest first; months
        between them that have none are there too. Rows without a date are left out."""
        found = Counter[int]()
        for some in seqs:
            found.update(memoryview(self._months)[some.start : some.stop])
        found.pop(0, None)
        known = list(self._known_months.known)
        found = Counter({known[each]: n for each, n in found.items()})
        return {f"{each // 12:04}-{each % 12 + 1:02}": found.get(each, 0) for each in _span(found)}

    @property
    def filled(self) -> Sequence[int]:
        """Cells that aren't blank in all rows, by column."""
        return self._filled

    @property
    def examples(self) -> Mapping[Kind, Sequence[Problem]]:
        """The first problems of each kind, with the cells as they stand in the file."""
        return self._examples


class RowNumbers:
    """The Excel numbers of a file's rows by their places: where they jump, as behind blank rows."""

    def __init__(self) -> None:
        self._places, self._ahead, self._count = array("q"), array("q"), 0

    def add(self, rows: Sequence[int]) -> None:
        """Those of the next rows, ascending."""
        even = rows[-1] - rows[0] == len(rows) - 1
        for at, row in enumerate(rows[:1] if even else rows, self._count):
            self._jump(at, row - at)
        self._count += len(rows)

    def join(self, other: RowNumbers) -> None:
        for place, ahead in zip(other._places, other._ahead, strict=True):
            self._jump(self._count + place, ahead - self._count)
        self._count += other._count

    def _jump(self, at: int, ahead: int) -> None:
        if not self._ahead or self._ahead[-1] != ahead:
            self._places.append(at)
            self._ahead.append(ahead)

    def of(self, places: range) -> Iterator[range]:
        """The numbers of the rows in these places, in stretches."""
        at, start = bisect_right(self._places, places.start), places.start
        while start < places.stop:
            end = min([*self._places[at : at + 1], places.stop])
            yield range(start + self._ahead[at - 1], end + self._ahead[at - 1])
            at, start = at + 1, end


class _Months(dict[str, int]):
    """A number for each month (`2026-11`, the start of a date) as they come, 0 for what is none; `known` has
    the months since the year 0, in the order of their numbers."""

    def __init__(self) -> None:
        self.known = {0: 0}

    def number(self, month: int) -> int:
        return self.known.setdefault(month, len(self.known))

    def __missing__(self, text: str) -> int:
        year, mark, month = text[:4], text[4:5], text[5:]
        known = mark == "-" and year.isdecimal() and month.isdecimal()
        self[text] = self.number(int(year) * 12 + int(month) - 1) if known else 0
        return self[text]


class _Ratings:
    """The scores given to one question, by row."""

    def __init__(self, question: RatingQuestion) -> None:
        small = question.low > -(2**7) and question.high < 2**7
        self._question = question
        self._given = array("b" if small else "q")
        self._blank = -(2**7) if small else -(2**63)

    def add(self, responses: Sequence[Response | None]) -> None:
        place, blank, wave = self._question.place, self._blank, self._question.wave
        if wave:
            responses = [each if each and each.wave == wave else None for each in responses]
        answers: list[Any] = [each.answers[place] if each else None for each in responses]
        self._given.extend([each["value"] if each else blank for each in answers])

    def join(self, other: _Ratings) -> None:
        self._given.extend(other._given)

    def given(self, seqs: range) -> Iterable[int]:
        return memoryview(self._given)[seqs.start : seqs.stop]

    def scores(self, counts: Counter[int]) -> Scores:
        given = sorted((score, count) for score, count in counts.items() if score != self._blank)
        return Scores(self._question, dict(given))


def _span(months: Mapping[int, int]) -> Iterable[int]:
    """From the first month to the last; months alone where that would be more than a lifetime."""
    if not months:
        return ()
    first, last = min(months), max(months)
    return range(first, last + 1) if last - first < 1_200 else sorted(months)
