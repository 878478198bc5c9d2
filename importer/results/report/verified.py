"""verify.html: what is in the survey beside what was sent, on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.errors import ExitStatus
from importer.results.files import whole
from importer.results.report.html import Html, prose, tag
from importer.results.report.page import frame, minute
from importer.results.report.tables import Cells, table
from importer.results.report.words import cut_short
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


def write(path: Path, verified: Verified) -> None:
    """Write the page; readable by its owner only."""
    with whole(path) as file:
        file.write(page(verified))


def page(verified: Verified) -> str:
    """The page's HTML."""
    sections = (_verdict, _counts, _scores, _differences, _facts)
    return frame(
        f"Verification of {verified.job}",
        f"{minute(verified.made_at)}, for {verified.endpoint}",
        [section(verified) for section in sections],
        _footer(verified),
    )


def _verdict(verified: Verified) -> Html:
    return tag(
        "section",
        tag("p", verified.verdict, class_="big"),
        class_=f"verdict {_TONES.get(verified.exit_status, 'bad')}",
        aria_label="Verdict",
    )


def _counts(verified: Verified) -> Html:
    return tag(
        "section",
        tag("h2", "Rows that were sent"),
        table("What became of them", ("", "Number", "Meaning"), verified.counts),
    )


def _scores(verified: Verified) -> Html | None:
    if verified.unread:
        told = f"Scores and questions were not compared: {verified.unread}"
        return tag("section", tag("h2", "Scores"), tag("p", told))
    if not verified.scores:
        return None
    header = ("Question", "Answers in the file", "In the survey", "Score, file", "Score, survey")
    rows = [_score(*pair) for pair in verified.scores]
    return tag("section", tag("h2", "Scores"), table("Over the same rows", header, rows))


def _score(sent: Scores, there: Scores) -> Cells:
    name = sent.question.label
    return (name, sent.answers, there.answers, figure(sent), figure(there))


def figure(scores: Scores) -> str:
    """`NPS +34.2`, `average 4.10`, or `-` without an answer."""
    if scores.nps is not None:
        return f"NPS {scores.nps:+.1f}"
    return "-" if scores.average is None else f"average {scores.average:.2f}"


def _differences(verified: Verified) -> list[Html]:
    return [_kind(each) for each in verified.differences if each.number]


def _kind(kind: Differences) -> Html:
    more = cut_short(kind.number, len(kind.first), "in `importer verify --json`")
    return tag(
        "section",
        tag("h2", kind.title),
        table(
            f"{kind.number:,} in all",
            ("Excel row", "User", "Response", "Questions or time"),
            [(each.row, each.user, each.response, each.told) for each in kind.first],
        ),
        tag("p", prose(more)) if more else None,
    )


def _facts(verified: Verified) -> Html:
    rows = [(name, value) for name, value in _named(verified) if value]
    return tag(
        "section", tag("h2", "The facts"), table("What was compared", ("Fact", "Value"), rows)
    )


def _named(verified: Verified) -> Iterator[tuple[str, str]]:
    yield "Job", verified.job
    yield "File", verified.file
    yield "Survey", verified.campaigns
    yield "Responses read", f"{verified.found:,}"
    yield "Responses made between", f"{minute(verified.since)} and {minute(verified.until)}"
    yield "Endpoint", verified.endpoint


def _footer(verified: Verified) -> Html:
    kept = "Addresses are masked; no answer is shown."
    return tag("footer", tag("p", f"{kept} Made by satismeter-importer {verified.version}."))
