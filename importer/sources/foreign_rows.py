"""Rows below the header that are nobody's answers: totals, a header once more, another table below; and those
of a problems.csv that nobody has mended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from importer import codes
from importer.model import NO_ANSWERS, Problem
from importer.privacy import PROBLEM_COLUMN
from importer.sources.table import RowBlock

# Totals: a word for them, and numbers.

MOST_TOTALS = 10
"""Rows at the end that may be totals by their word alone."""
MOST_SUMMED = 1_000
"""Rows above a row that are held to see whether it sums them up."""
_TOTALS = frozenset(
    """
    total|totals|grand total|subtotal|sub-total|sum|average|averages|avg|mean|median|count
    |minimum|maximum|std|std dev|std. dev.|std. deviation|stdev|standard deviation|average score|mean score
    |total responses|response count|nps|csat|nps score|promoters|passives|detractors|summe|gesamt|gesamtsumme
    |gesamtergebnis|insgesamt|zwischensumme|durchschnitt|mittelwert|mittel|anzahl|ø|∑
    |total général|sous-total|somme|moyenne|médiane|nombre|ensemble|total general|suma
    |promedio|media|mediana|recuento|cuenta|soma|média|contagem|total geral|subtotal geral
    |totale|totale complessivo|somma|conteggio|totaal|eindtotaal|som|gemiddelde|gemiddeld
    |aantal|razem|łącznie|ogółem|suma końcowa|średnia|liczba|celkem|celkový součet|součet|průměr|počet|spolu
    |súčet|priemer|summa|totalsumma|totalt|medelvärde|genomsnitt|medel|antal|i alt|hovedtotal
    |gennemsnit|sum totalt|gjennomsnitt|yhteensä|keskiarvo|lukumäärä|összesen|végösszeg|átlag
    |összeg|medie|ukupno|prosjek|skupaj|итого|всего|общий итог|сумма|среднее|среднее значение
    |количество|разом|усього|всього|середнє|общо|средно|підсумок|укупно|toplam|genel toplam|ortalama
    |σύνολο|γενικό σύνολο|μέσος όρος|σύνολα|סה"כ|סך הכל|ממוצע|المجموع|الإجمالي|المتوسط|jumlah
    |rata-rata|tổng|tổng cộng|trung bình|รวม|ค่าเฉลี่ย|कुल|औसत|合計|総計|小計|平均|平均値|合计|总计|小计|平均值
    |平均分|總計|总分|합계|총계|총합계|평균|เฉลี่ย
    """.replace("\n    ", "")
    .casefold()
    .split("|")
)
"""What stands before the numbers in the languages of Excel's own totals rows, without regard to case."""
_NAMES = frozenset(
    [
        "total",
        "sum",
        "som",
        "suma",
        "summa",
        "soma",
        "somma",
        "media",
        "count",
        "ensemble",
        "medie",
        "spolu",
        "promoters",
    ]
)
"""Those of them that a person or a company may be called: between answers the word alone doesn't tell."""
_NUMBER = re.compile(r"[(−+-]?[.,'\u00a0\u202f ]*\d[\d.,'\u00a0\u202f ]*\)? ?[%€$£]?")
_LONGEST = 60
"""Letters: what stands before totals is a word or three."""
_LONGEST_NUMBER = 25
_BEHIND = re.compile(r"\s*(?:\([^)]*\)|n\s*=\s*\d+)?\s*[:：=]?$", re.IGNORECASE)
_DECIMALS = re.compile(r"[.,](\d+)$")
_BEGINNINGS = frozenset(word[:3] for word in _TOTALS)
_ENDINGS = frozenset(word[-3:] for word in _TOTALS)


_PLAIN = r"(?=[^\n]{0,2}[0-9])[A-Za-z0-9_:/.+ -]*+(?:(?<=[0-9])|(?<=[0-9].)|(?<=[0-9]..))"
_ORDINARY = re.compile(rf"(?:{_PLAIN}\n)*+{_PLAIN}")
"""First cells, one a line, with a digit at their beginning and at their end, as most ids, numbers and dates:
no word for totals has any. One look then does for a whole column."""


def are_totals(cells: Sequence[str]) -> bool:
    """True for a word for totals or averages with nothing but numbers behind it."""
    return _word_of(cells) in _TOTALS


def only_totals(block: RowBlock, kept: Sequence[int]) -> bool:
    """Whether these rows of the block may be the totals at the end of a table."""
    return len(kept) <= MOST_TOTALS and all(are_totals(block.cells[at]) for at in kept)


def _word_of(cells: Sequence[str]) -> str:
    """What stands before nothing but numbers, in small letters; "" where a row isn't like that."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2 or len(filled[0]) > _LONGEST:
        return ""
    return _BEHIND.sub("", filled[0]).casefold() if all(map(_NUMBER.fullmatch, filled[1:])) else ""


def _holds_totals_word(word: str) -> bool:
    """`North Total`, `Total Nord`: what Excel writes below each group."""
    first, _, rest = word.partition(" ")
    return bool(rest) and (first in _TOTALS or word.rpartition(" ")[2] in _TOTALS)


_BEFORE_WORD = ("", "\ufeff")
"""How a case-folded first cell begins that may not be what stands first in its row."""


def _may_be_totals(word: str) -> bool:
    """What is cheap to ask of each row's first text, case-folded."""
    return word[:3] in _BEGINNINGS or word.rstrip(":：= ")[-3:] in _ENDINGS


def _value(text: str) -> float | None:
    """The number of a cell, whichever mark its decimals have."""
    if not _NUMBER.fullmatch(text):
        return None
    digits = re.sub(r"[^\d.,]", "", text)
    behind = _DECIMALS.search(digits)
    whole = re.sub(r"[.,]", "", digits[: behind.start()] if behind else digits)
    number = float(f"{whole or 0}.{behind[1] if behind else 0}")
    return -number if text[0] in "(−-" else number


def _sums_up(text: str, above: Sequence[str]) -> bool:
    """Whether a number is the sum, the average or the count of those above, to its own decimals."""
    own = _value(text)
    numbers = [each for each in map(_value, above) if each is not None]
    if own is None or len(numbers) < 2:
        return False
    behind = _DECIMALS.search(text.rstrip(" %€$£)"))
    near = 0.5 * 10.0 ** -(len(behind[1]) if behind else 0) + 1e-9
    found = (sum(numbers), sum(numbers) / len(numbers), len(numbers))
    return any(abs(own - each) <= near for each in found)


# Another table: a row of names, after blank rows, where the answers hold numbers, dates, addresses.

_NO_ANSWER = frozenset(
    [
        "n/a",
        "na",
        "n.a.",
        "k.a.",
        "-",
        "--",
        "–",
        "—",
        ".",
        "?",
        "null",
        "none",
        "nan",
        "nil",
        "\\n",
    ]
)
_FEWEST = 2
"""Answers without a blank row between them that show what stands in which column."""


class _Profile:
    """What the first answers have in common, by column from 0. `always`: filled in each; `numbers`: where
    numbers stand; `kinds`: what each cell of the column holds."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        width = max(map(len, rows), default=0)
        columns = [
            [each[at].strip() if at < len(each) else "" for each in rows] for at in range(width)
        ]
        enough = len(rows) >= _FEWEST
        self.always = [at for at, cells in enumerate(columns) if enough and all(cells)]
        self.numbers = [
            at for at, cells in enumerate(columns) if sum(map(_is_number, cells)) * 2 >= len(rows)
        ]
        self.empty = frozenset(at for at, cells in enumerate(columns) if not any(cells))
        self.kinds: dict[int, re.Pattern[str]] = {}
        for at, cells in enumerate(columns):
            filled = [cell for cell in cells if cell and cell.casefold() not in _NO_ANSWER]
            kind = next((one for one in _KINDS if all(map(one.search, filled))), None)
            if kind and len(filled) >= _FEWEST:
                self.kinds[at] = kind

    def is_header(self, cells: Sequence[str]) -> bool:
        """Texts that differ, and none of what the answers hold where they hold numbers and the like."""
        filled = {at: cell.strip() for at, cell in enumerate(cells) if cell.strip()}
        broken = {at: self.kinds[at] for at in filled if at in self.kinds}
        return (
            len(filled) >= _FEWEST
            and len({cell.casefold() for cell in filled.values()}) == len(filled)
            and not any(_NUMBER.fullmatch(cell) for cell in filled.values())
            and not any(cell.casefold() in _NO_ANSWER for cell in filled.values())
            and any(kind is not _WEAK for kind in broken.values())
            and not any(kind.search(filled[at]) for at, kind in broken.items())
        )


_WEAK = re.compile(r"\d")
"""As ids have them: somebody's may be a name."""
_KINDS = (*map(re.compile, (rf"^(?:{_NUMBER.pattern})$", "@", r"\d\D+\d")), _WEAK)
"""Numbers, addresses, dates, ids."""


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


_WAVE = re.compile(r"^wave [^:]*: ")
"""What stands before a code in `problem` where only some waves of a row have it."""

# One reading of a table.


class ForeignRows:
    """Finds them, in one reading from the first row to the last. `above` are the rows that stand above the
    answers: the header's and the skipped ones; `head` are the first answers, by their rows; `whole`: all of
    them."""

    def __init__(
        self,
        above: Sequence[Sequence[str]],
        labels: Sequence[str],
        head: Sequence[tuple[int, Sequence[str]]],
        *,
        whole: bool,
    ) -> None:
        self._labels = labels
        self._mended = labels[-1:] == (PROBLEM_COLUMN,)
        self._above = {key for key in map(_key, above) if len(key) > 1}
        self._own = {each for key in self._above for each in key}
        self._names = {name for _, name in self._own}
        self._numbered_names = any(map(_ORDINARY.fullmatch, self._names))
        self._all = [cells for _, cells in head] if whole else []
        answers = takewhile(lambda each: not self._names_columns(each[1]), head)
        self._profile = _Profile(_together(list(answers)))
        self._width = _width(labels, self._profile.empty)
        self._recent: list[list[str]] = []
        self._above_this = 0
        self._before = 0
        self._second = 0

    def found(
        self, rows: Sequence[int], cells: Sequence[Sequence[str]], skipped: frozenset[int]
    ) -> Iterator[Problem]:
        """The problems of the rows, which follow those that were asked about before."""
        if not rows:
            return
        summed = 0
        for at in self._to_look_at(rows, cells):
            row, each = rows[at], cells[at]
            self._before = rows[at - 1] if at else self._before
            first = (_bare(each[0]) or next(filter(str.strip, each), "")).strip()
            told = self._told_before(each) if self._mended else ""
            if told == "not_mended":
                kind = codes.of("file")[told]
                yield Problem(told, kind.meaning, row, PROBLEM_COLUMN, fix=kind.remedy)
            elif told:
                yield self._problem(told, row, each)
            elif first.casefold() in self._names and _key(each) in self._above:
                self._second = 0
                yield self._problem("repeated_header", row, each)
            elif self._second or (
                (self._is_apart(row, skipped) or self._names_columns(each))
                and self._profile.is_header(each)
            ):
                self._second = self._second or row
                yield self._problem("second_table", row, each, f" (row {self._second})")
            elif _may_be_totals(first.casefold()) and self._are_totals(each, cells[summed:at]):
                self._recent, self._above_this, summed = [], 0, at + 1
                yield self._problem("totals_row", row, each)
        self._before = rows[-1]
        self._hold(cells[summed:])

    def _to_look_at(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> Iterator[int]:
        """All rows where one may be told by more than its first cell, else those whose first cell is odd; and
        whatever follows the header of another table."""
        gaps = rows[-1] - rows[0] != len(rows) - 1 or rows[0] != self._before + 1
        if gaps or self._mended:
            yield from range(len(rows))
            return
        first = [each[0] for each in cells]
        text = "\n".join(first)
        if not (self._second or self._numbered_names) and (
            text.count("\n") < len(first) and _ORDINARY.fullmatch(text)
        ):
            return
        for at, word in enumerate([each.strip().casefold() for each in first]):
            odd = word[:1] in _BEFORE_WORD or word in self._names or _may_be_totals(word)
            if odd or self._second:
                yield at

    def at_the_end(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> Iterator[Problem]:
        """The problems of the last rows, from the end upwards while their words say totals."""
        for row, each in zip(
            reversed(rows[-MOST_TOTALS:]), reversed(cells[-MOST_TOTALS:]), strict=True
        ):
            if not are_totals(each[: self._width]):
                return
            yield self._problem("totals_row", row, each)

    def _told_before(self, cells: Sequence[str]) -> str:
        """The code of a row of problems.csv, where what stood around it is gone, or its cells, which the
        first file had spoilt, fit the columns and look whole: until its `problem` is emptied, or totals have
        got another cell."""
        last = len(self._labels) - 1
        text = cells[last] if last < len(cells) else ""
        code = _WAVE.sub("", text).partition(":")[0]
        if code not in NO_ANSWERS:
            return "not_mended" if text and code in codes.of("file") else ""
        word = _word_of(cells[:last])
        mended = code == "totals_row" and not (word in _TOTALS or _holds_totals_word(word))
        return "" if mended else code

    def _names_columns(self, cells: Sequence[str]) -> bool:
        """Whether half of a row or more are the header's names, some in other places: the header of another
        export that was joined to this one. Boxes that were ticked hold their own names."""
        texts = [_bare(cell).casefold() for cell in cells]
        if sum(map(self._names.__contains__, texts)) < 2:  # as in nearly every row
            return False
        key = _key(cells)
        named = [each for each in key if each[1] in self._names]
        return len(named) >= len(key) / 2 and not self._own.issuperset(named)

    def _is_apart(self, row: int, skipped: frozenset[int]) -> bool:
        """Whether blank rows stand between this one and the answer above."""
        between = range(self._before + 1, row)
        return bool(self._before) and any(each not in skipped for each in between)

    def _are_totals(self, cells: Sequence[str], above: Sequence[Sequence[str]]) -> bool:
        """By the word alone where nobody is called so; else also by a gap where each answer has none, or by
        the numbers."""
        cells = cells[: self._width]
        word = _word_of(cells)
        if not word or not (word in _TOTALS or _holds_totals_word(word)):
            return False
        gap = any(at >= len(cells) or not cells[at].strip() for at in self._profile.always)
        if word in _TOTALS and (word not in _NAMES or gap):
            return True
        return self._sum_up(cells, above)

    def _sum_up(self, cells: Sequence[str], above: Sequence[Sequence[str]]) -> bool:
        """Whether all its numbers sum up those above, to the last such row; or, on top of a table of which
        all rows are known, those below."""
        if self._above_this + len(above) > MOST_SUMMED:
            return False
        held = self._recent + list(map(self._numbers_of, above))
        if not held:
            held = [self._numbers_of(each) for each in self._all if not are_totals(each)]
        own = [
            (at, cells[at].strip()) for at in range(1, len(cells)) if _is_number(cells[at].strip())
        ]
        place = {column: at for at, column in enumerate(self._profile.numbers)}
        return bool(own) and all(
            at in place and _sums_up(text, [each[place[at]] for each in held]) for at, text in own
        )

    def _numbers_of(self, cells: Sequence[str]) -> list[str]:
        return [
            cells[at].strip()[:_LONGEST_NUMBER] if at < len(cells) else ""
            for at in self._profile.numbers
        ]

    def _hold(self, cells: Sequence[Sequence[str]]) -> None:
        """Counts the rows above the next one, and holds them as long as they may be summed up."""
        self._above_this += len(cells)
        self._recent += map(self._numbers_of, cells) if self._above_this <= MOST_SUMMED else ()

    def _problem(self, code: str, row: int, cells: Sequence[str], where: str = "") -> Problem:
        at, word = next((at, cell.strip()) for at, cell in enumerate(cells) if cell.strip())
        label = self._labels[at] if at < len(self._labels) else ""
        kind = codes.of("file")[code]
        message = f"{kind.meaning.removesuffix('.')}{where}." if where else kind.meaning
        return Problem(code, message, row, label, word, kind.remedy)


def _together(head: Sequence[tuple[int, Sequence[str]]]) -> list[Sequence[str]]:
    """The first rows without a blank one between them, two at least; none where there are no such rows."""
    found: list[Sequence[str]] = []
    last = 0
    for row, cells in head:
        if are_totals(cells):
            continue
        if found and row > last + 1:
            if len(found) >= _FEWEST:
                break
            found = []
        found.append(cells)
        last = row
    return found if len(found) >= _FEWEST else []


def _width(labels: Sequence[str], empty: frozenset[int]) -> int:
    """How many columns the answers have: what stands behind a blank one is another table."""
    gaps = (at for at, label in enumerate(labels) if at and not label.strip() and at in empty)
    return next(gaps, max(len(labels), 1))


def _key(cells: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """What a row holds, and where, without regard to case and the space around it."""
    return tuple((at, _bare(cell).casefold()) for at, cell in enumerate(cells) if _bare(cell))


def _bare(cell: str) -> str:
    """Without the space around it, and the mark (BOM) that each of several joined files began with."""
    return cell.lstrip("\ufeff").strip()
