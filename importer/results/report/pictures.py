"""The pictures, each with its figures behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from importer import codes
from importer.model import counted, duration
from importer.results.report.charts import Bar, compact, lines, lying, share, upright
from importer.results.report.facts import Posting, Report
from importer.results.report.html import Content, Html, tag
from importer.results.report.tables import behind
from importer.results.report.words import cut_short, per_cent, short
from importer.results.scores import DETRACTORS, PROMOTERS, Scores, signed

_MOST_COLUMNS = 25
_MOST_CAUSES = 10
_MOST_MONTHS = 24
_MOST_BARS = 21


def pictures(report: Report) -> Html:
    """All of them that there is something to show for."""
    return tag(
        "section",
        tag("h2", "In pictures"),
        tag("div", [each for each in _pictures(report) if each], class_="cards"),
    )


def _pictures(report: Report) -> Iterator[Html | None]:
    for scores in report.scores:
        yield _nps(scores) if scores.question.type == "nps" else _ratings(scores)
    yield _status(report)
    yield _months(report)
    yield _people(report)
    yield _fill(report)
    yield _causes(report)
    if report.posting:
        yield from _posting(report.posting)


def _card(title: str, *content: Content) -> Html:
    return tag("figure", tag("h3", title), content, class_="card")


def _nps(scores: Scores) -> Html:
    kinds = [
        ("Detractors", scores.detractors, "bad"),
        ("Passives", scores.passives, "fair"),
        ("Promoters", scores.promoters, "good"),
    ]
    legend = [
        tag("li", _swatch(colour), f"{name} {per_cent(number, scores.answers)}")
        for name, number, colour in kinds
    ]
    bars = [
        Bar(
            str(score),
            scores.counts.get(score, 0),
            compact(scores.counts.get(score, 0)),
            _colour(score),
        )
        for score in range(11)
    ]
    return _card(
        f"NPS, from column “{short(scores.question.label)}”",
        tag(
            "p",
            _signed(scores),
            " ",
            tag("small", f"from {counted(scores.answers, 'answer')}"),
            class_="figure",
        ),
        tag("ul", legend, class_="legend"),
        share(
            [Bar(name, number, "", colour) for name, number, colour in kinds],
            "The shares of the three",
        ),
        upright(bars, f"How often each score from 0 to 10 was given; NPS {_signed(scores)}"),
        behind(
            "Answers by score",
            ("Score", "Answers", "Counts as"),
            [(bar.label, int(bar.value), _NAMES[bar.colour]) for bar in bars],
        ),
    )


_NAMES = {"bad": "detractor", "fair": "passive", "good": "promoter"}


def _signed(scores: Scores) -> str:
    return "" if scores.nps is None else signed(scores.nps)


def _colour(score: int) -> str:
    return "bad" if score in DETRACTORS else "good" if score in PROMOTERS else "fair"


def _swatch(colour: str) -> Html:
    square = tag("rect", width=10, height=10, rx=2, class_=colour)
    return tag("svg", square, viewBox="0 0 10 10", aria_hidden="true")


def _ratings(scores: Scores) -> Html:
    question = scores.question
    bars = [Bar(label, number, compact(number)) for label, number in _binned(scores)]
    ends = f"{question.low} to {question.high}"
    kind = "Scale" if question.type == "scale" else question.type.upper()
    return _card(
        f"{kind} ({ends}), from column “{short(question.label)}”",
        tag(
            "p",
            f"{scores.average:.2f} ",
            tag("small", f"on average, from {counted(scores.answers, 'answer')}"),
            class_="figure",
        ),
        upright(bars, f"How often each score from {ends} was given"),
        behind(
            "Answers by score", ("Score", "Answers"), [(bar.label, int(bar.value)) for bar in bars]
        ),
    )


def _binned(scores: Scores) -> list[tuple[str, int]]:
    """Answers by score; by range of scores where the scale is long."""
    low, high = scores.question.low, scores.question.high
    width = -(-(high - low + 1) // _MOST_BARS)
    if width == 1:
        return [(str(score), scores.counts.get(score, 0)) for score in range(low, high + 1)]
    bins: dict[int, int] = dict.fromkeys(range(low, high + 1, width), 0)
    for score, number in scores.counts.items():
        bins[low + (score - low) // width * width] += number
    return [(f"{first}–{min(first + width - 1, high)}", number) for first, number in bins.items()]


def _status(report: Report) -> Html:
    rows = report.summary.rows
    found = [(status, number) for status, number in rows.items() if number and status != "read"]
    known = codes.of("status")
    bars = [_of(known[name].label, n, rows["read"], known[name].tone) for name, n in found]
    return _card(
        "Status of the rows",
        tag("p", f"Every one of the {counted(rows['read'], 'row')} has exactly one."),
        lying(bars, "Rows by status"),
        behind(
            "Rows by status", ("Status", "Rows"), [(status, number) for status, number in found]
        ),
    )


def _of(label: str, part: int, whole: int, colour: str = "bar") -> Bar:
    return Bar(label, part, f"{part:,} · {per_cent(part, whole)}", colour)


def _months(report: Report) -> Html | None:
    if not report.months:
        return None
    name, periods = _periods(report.months)
    bars = [Bar(label, number, compact(number)) for label, number in periods.items()]
    return _card(
        f"Responses per {name}",
        tag(
            "p",
            f"By the date of the response, in UTC: {min(report.months)} to {max(report.months)}.",
        ),
        upright(bars, f"Responses per {name}"),
        behind(f"Responses per {name}", (name.capitalize(), "Responses"), list(periods.items())),
    )


def _periods(months: Mapping[str, int]) -> tuple[str, Mapping[str, int]]:
    """By month; by year where that would be more bars than can be told apart."""
    if len(months) <= _MOST_MONTHS:
        return "month", months
    years: dict[str, int] = {}
    for month, number in months.items():
        years[month[:4]] = years.get(month[:4], 0) + number
    return "year", years


def _people(report: Report) -> Html | None:
    people = report.people
    if not people:
        return None
    total = sum(people.values())
    few = {str(rows): people[rows] for rows in people if rows < 5}
    many = sum(persons for rows, persons in people.items() if rows >= 5)
    grouped = few | ({"5 or more": many} if many else {})
    bars = [
        _of(f"{rows} {'row' if rows == '1' else 'rows'}", n, total) for rows, n in grouped.items()
    ]
    return _card(
        "Rows per person",
        tag(
            "p",
            f"{counted(total, 'person')}, {max(people):,} {'row' if max(people) == 1 else 'rows'} at most.",
        ),
        lying(bars, "Persons by their number of rows"),
        behind("Persons by their number of rows", ("Rows", "Persons"), list(people.items())),
    )


def _fill(report: Report) -> Html:
    read = report.summary.rows_of_file
    columns = report.columns[:_MOST_COLUMNS]
    bars = [
        _of(
            short(each.name) or f"column {each.letter}",
            each.filled,
            read,
            "bar" if each.targets else "mute",
        )
        for each in columns
    ]
    more = cut_short(len(report.columns), _MOST_COLUMNS, "columns, in the table below")
    return _card(
        "Fill per column",
        tag("p", "Cells that aren't blank, of all rows. Grey: the mapping doesn't use the column."),
        lying(bars, "Cells that aren't blank, by column"),
        tag("p", more) if more else None,
        behind(
            "Cells that aren't blank, by column",
            ("Column", "Filled"),
            [(short(each.name) or f"column {each.letter}", each.filled) for each in columns],
        ),
    )


def _causes(report: Report) -> Html | None:
    causes = sorted(report.causes, key=lambda cause: -cause.count)[:_MOST_CAUSES]
    if not causes:
        return None
    labels = [f"{each.code}, {short(each.column)}" if each.column else each.code for each in causes]
    bars = [
        Bar(label, each.count, f"{each.count:,}", "bad")
        for label, each in zip(labels, causes, strict=True)
    ]
    return _card(
        "Problems by cause",
        lying(bars, "Problems by cause, most common first"),
        behind(
            "Problems by cause", ("Cause", "Rows"), [(bar.label, int(bar.value)) for bar in bars]
        ),
    )


def _posting(posting: Posting) -> Iterator[Html]:
    slots = posting.slots
    if not slots:
        return
    ends = ("0 s", duration(slots[-1].start))
    fastest = max(slot.rate for slot in slots)
    yield _card(
        "Throughput",
        lines(
            [("bar", [slot.rate for slot in slots])],
            ends,
            f"{fastest:.1f}/s",
            "Rows a second over time",
        ),
        behind(
            "Rows a second",
            ("From", "Rows a second"),
            [(duration(s.start), f"{s.rate:.1f}") for s in slots],
        ),
    )
    yield _latency(posting, ends)


def _latency(posting: Posting, ends: tuple[str, str]) -> Html:
    medians = [slot.median for slot in posting.slots]
    slow = [slot.p95 for slot in posting.slots]
    most = max((each for each in slow if each is not None), default=0)
    legend = [
        tag("li", _swatch("bar"), "median"),
        tag("li", _swatch("fair"), "19 of 20 were faster"),
    ]
    return _card(
        "Latency",
        tag("ul", legend, class_="legend"),
        lines(
            [("fair", slow), ("bar", medians)],
            ends,
            f"{most:,.0f} ms",
            "Time to the reply, over time",
        ),
        behind(
            "Time to the reply, in milliseconds",
            ("From", "Median", "19 of 20 within"),
            [(duration(s.start), _ms(s.median), _ms(s.p95)) for s in posting.slots],
        ),
    )


def _ms(value: float | None) -> str:
    return "no reply" if value is None else f"{value:,.0f}"
