"""What the pictures show: the facts as bars, as lines over time, and as the rows behind both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from importer import codes
from importer.model import DETRACTORS, PROMOTERS, Cause, duration
from importer.results.account import TraitEffect
from importer.results.report.charts import Bar, Chart, lines
from importer.results.report.facts import Column, Slot, per_cent, short
from importer.results.scores import Scores, signed

_MOST_MONTHS = 24
_MOST_BARS = 21
_KINDS = {"bad": "detractor", "fair": "passive", "good": "promoter"}


def rows(bars: Iterable[Bar]) -> Sequence[tuple[str, int]]:
    return [(bar.label, bar.value) for bar in bars]


def nps(scores: Scores) -> str:
    """`+34`; "" without an answer."""
    return "" if scores.nps is None else signed(scores.nps)


def kinds(scores: Scores) -> Sequence[Bar]:
    """Detractors, passives, promoters."""
    three = (
        ("Detractors", scores.detractors, "bad"),
        ("Passives", scores.passives, "fair"),
        ("Promoters", scores.promoters, "good"),
    )
    return [Bar(name, n, per_cent(n, scores.answers), colour) for name, n, colour in three]


def by_kind(bars: Iterable[Bar]) -> Sequence[tuple[str, int, str]]:
    """Score, answers, and what they count as."""
    return [(bar.label, bar.value, _KINDS[bar.colour]) for bar in bars]


def scores(found: Scores) -> Sequence[Bar]:
    """How often each score was given; each range of scores where the scale is long."""
    if found.question.type == "nps":
        return [_plain(str(n), found.counts.get(n, 0), _colour(n)) for n in range(11)]
    low, high = found.question.low, found.question.high
    width = -(-(high - low + 1) // _MOST_BARS)
    bins = dict.fromkeys(range(low, high + 1, width), 0)
    for score, number in found.counts.items():
        bins[low + (score - low) // width * width] += number
    return [
        _plain(str(n) if width == 1 else f"{n}–{min(n + width - 1, high)}", number)
        for n, number in bins.items()
    ]


def _colour(score: int) -> str:
    return "bad" if score in DETRACTORS else "good" if score in PROMOTERS else "fair"


def statuses(found: Sequence[tuple[str, int]], read: int) -> Sequence[Bar]:
    """Rows by status, of all that were read."""
    known = codes.of("status")
    return [_of(known[status].label, n, read, known[status].tone) for status, n in found]


def periods(months: Mapping[str, int]) -> tuple[str, Sequence[Bar]]:
    """`month` and responses by month; by `year` where that would be more bars than can be told apart."""
    if len(months) <= _MOST_MONTHS:
        return "month", [_plain(*each) for each in months.items()]
    years: dict[str, int] = {}
    for month, number in months.items():
        years[month[:4]] = years.get(month[:4], 0) + number
    return "year", [_plain(*each) for each in years.items()]


def people(counts: Mapping[int, int]) -> Sequence[Bar]:
    """Persons by their number of rows."""
    total = sum(counts.values())
    grouped = {f"{n} {'row' if n == 1 else 'rows'}": counts[n] for n in counts if n < 5}
    many = sum(persons for n, persons in counts.items() if n >= 5)
    return [_of(*each, total) for each in {**grouped, "5 or more rows": many}.items() if each[1]]


def fill(columns: Sequence[Column], read: int) -> Sequence[Bar]:
    """Cells that aren't blank, by column."""
    return [
        _of(
            short(each.name) or f"column {each.letter}",
            each.filled,
            read,
            "bar" if each.targets else "mute",
        )
        for each in columns
    ]


def causes(some: Sequence[Cause]) -> Sequence[Bar]:
    """Problems by cause."""
    return [
        Bar(
            f"{each.code}, {short(each.column)}" if each.column else each.code,
            each.count,
            f"{each.count:,}",
            "bad",
        )
        for each in some
    ]


KINDS_OF_EFFECT = (
    ("equal", "has this very value", "mute"),
    ("fills", "has none, gets the file’s", "good"),
    ("kept", "has another, and keeps it", "bar"),
    ("overwrites", "has another, is overwritten", "bad"),
)
"""What becomes of a trait in persons that the account knows: its name, what a person reads, its colour."""


def effects(traits: Sequence[TraitEffect]) -> Sequence[tuple[str, Sequence[Bar]]]:
    """Each trait, with the persons by what becomes of it; the last are those in whom it is overwritten."""
    return [
        (
            each.name,
            [
                Bar(words, getattr(each, kind), f"{getattr(each, kind):,} overwritten", colour)
                for kind, words, colour in KINDS_OF_EFFECT
            ],
        )
        for each in traits
    ]


def effect_rows(
    traits: Sequence[TraitEffect],
) -> Sequence[tuple[str, str, int, int, int, int, int]]:
    """Trait, what the mapping says, and the numbers of persons, last those whose type changes."""
    return [
        (
            short(each.name),
            "kept" if each.keeps else "sent",
            *(each.equal, each.fills, each.kept, each.overwrites, each.retypes),
        )
        for each in traits
    ]


def effect_examples(traits: Sequence[TraitEffect]) -> Sequence[tuple[str, int, str, str]]:
    """Trait, Excel row, today's value and the file's."""
    return [
        (short(each.name), one.row, short(one.before), short(one.after))
        for each in traits
        for one in each.examples
    ]


def _of(label: str, part: int, whole: int, colour: str = "bar") -> Bar:
    return Bar(label, part, f"{part:,} · {per_cent(part, whole)}", colour)


def _plain(label: str, number: int, colour: str = "bar") -> Bar:
    return Bar(label, number, compact(number), colour)


def compact(number: int) -> str:
    """`999`, `2.3k`, `14k`, `1.2M`: short enough to stand above a bar."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            digits = 1 if number < 9.95 * size else 0
            return f"{number / size:.{digits}f}{unit}"
    return str(number)


def throughput(slots: Sequence[Slot], title: str) -> Chart:
    """Rows a second over time."""
    rates = [slot.rate for slot in slots]
    return lines({"bar": rates}, _ends(slots), f"{max(rates):.1f}/s", title)


def latency(slots: Sequence[Slot], title: str) -> Chart:
    """Time to the reply over time: the median, and what nineteen of twenty stay below."""
    slow = [slot.p95 for slot in slots]
    top = max((each for each in slow if each is not None), default=0)
    medians = [slot.median for slot in slots]
    return lines({"fair": slow, "bar": medians}, _ends(slots), f"{top:,.0f} ms", title)


def _ends(slots: Sequence[Slot]) -> tuple[str, str]:
    return "0 s", duration(slots[-1].start)


def rates(slots: Sequence[Slot]) -> Sequence[tuple[str, str]]:
    """The figures behind `throughput`."""
    return [(duration(slot.start), f"{slot.rate:.1f}") for slot in slots]


def times(slots: Sequence[Slot]) -> Sequence[tuple[str, str, str]]:
    """The figures behind `latency`."""
    return [(duration(slot.start), _ms(slot.median), _ms(slot.p95)) for slot in slots]


def _ms(value: float | None) -> str:
    return "no reply" if value is None else f"{value:,.0f}"
