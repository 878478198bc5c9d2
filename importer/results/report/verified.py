"""verify.html: what is in the survey beside what was sent, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.errors import ExitStatus
from importer.results.files import whole
from importer.results.report.page import rendered
from importer.results.scores import Scores

_TONES = {ExitStatus.DONE: "good", ExitStatus.SOME_UNKNOWN: "fair"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One response: its Excel row ("" where it is no row's), its ID in the survey ("" where it isn't
    there), its user, masked, and what is to be told of it."""

    row: str
    response: str
    user: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Differences:
    """All of one kind: how many there are, and the first of them."""

    title: str
    number: int
    first: tuple[Difference, ...]

    @property
    def rows(self) -> Sequence[tuple[str, ...]]:
        return [(each.row, each.user, each.response, each.told) for each in self.first]


@dataclass(frozen=True, slots=True)
class Verified:
    """A comparison, for one page. Times are Unix seconds; `counts` are name, number and meaning;
    `scores` are pairs of file and survey, and `unread` says why there are none."""

    job: str
    file: str
    campaigns: str
    endpoint: str
    since: float
    until: float
    made_at: float
    version: str
    verdict: str
    exit_status: ExitStatus
    found: int
    counts: tuple[tuple[str, int, str], ...]
    differences: tuple[Differences, ...]
    scores: Sequence[tuple[Scores, Scores]]
    unread: str

    @property
    def tone(self) -> str:
        """The verdict's colour: its class."""
        return _TONES.get(self.exit_status, "bad")

    @property
    def compared(self) -> Sequence[tuple[str, int, int, str, str]]:
        return [
            (sent.question.label, sent.answers, there.answers, figure(sent), figure(there))
            for sent, there in self.scores
        ]


def write(path: Path, verified: Verified) -> None:
    """Write the page; readable by its owner only."""
    with whole(path) as file:
        file.write(page(verified))


def page(verified: Verified) -> str:
    return rendered("verify.html.jinja", verified=verified)


def figure(scores: Scores) -> str:
    """`NPS +34.2`, `average 4.10`, or `-` without an answer."""
    if scores.nps is not None:
        return f"NPS {scores.nps:+.1f}"
    return "-" if scores.average is None else f"average {scores.average:.2f}"
