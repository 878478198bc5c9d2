"""Rows below the header that are no answers: a header that comes again, totals below the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from importer import codes
from importer.model import Problem

MOST_TOTALS = 10
"""Rows at the end that may be totals."""

_TOTALS = frozenset(
    """
    total|totals|grand total|subtotal|sub-total|sum|average|averages|avg|mean|median|count
    |minimum|maximum|std|std dev|stdev|standard deviation|average score|mean score
    |total responses|response count|nps|csat|nps score|summe|gesamt|gesamtsumme
    |gesamtergebnis|insgesamt|zwischensumme|durchschnitt|mittelwert|mittel|anzahl|ø
    |total général|sous-total|somme|moyenne|médiane|nombre|ensemble|total general|suma
    |promedio|media|mediana|recuento|cuenta|soma|média|contagem|total geral|subtotal geral
    |totale|totale complessivo|somma|conteggio|totaal|eindtotaal|som|gemiddelde|gemiddeld
    |aantal|razem|łącznie|ogółem|suma końcowa|średnia|liczba|celkem|součet|průměr|počet|spolu
    |súčet|priemer|summa|totalsumma|totalt|medelvärde|genomsnitt|medel|antal|i alt|hovedtotal
    |gennemsnit|sum totalt|gjennomsnitt|yhteensä|keskiarvo|lukumäärä|összesen|végösszeg|átlag
    |összeg|medie|ukupno|prosjek|skupaj|итого|всего|общий итог|сумма|среднее|среднее значение
    |количество|разом|усього|всього|середнє|общо|средно|укупно|toplam|genel toplam|ortalama
    |σύνολο|γενικό σύνολο|μέσος όρος|σύνολα|סה"כ|סך הכל|ממוצע|المجموع|الإجمالي|المتوسط|jumlah
    |rata-rata|tổng|tổng cộng|trung bình|รวม|ค่าเฉลี่ย|कुल|औसत|合計|総計|小計|平均|平均値|合计|总计|小计|平均值
    |平均分|總計|总分|합계|총계|총합계|평균
    """.replace("\n    ", "")
    .casefold()
    .split("|")
)
"""What stands before the numbers in the languages of Excel's own totals rows, without regard to case."""
_NUMBER = re.compile(r"[(−+-]?[.,'\u00a0\u202f ]*\d[\d.,'\u00a0\u202f ]*\)? ?[%€$£]?")
_LONGEST = 60
"""Letters: what stands before totals is a word or three."""
_BEHIND = re.compile(r"\s*(?:\([^)]*\)|n\s*=\s*\d+)?\s*[:：=]?$", re.IGNORECASE)


class ForeignRows:
    """Finds them. `above` are the rows that stand above the answers: the header's and the skipped ones."""

    def __init__(self, above: Sequence[Sequence[str]], labels: Sequence[str]) -> None:
        self._labels = labels
        self._above = {key for key in map(_key, above) if len(key) > 1}
        self._first = {next(iter(key))[1] for key in self._above}

    def repeated(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> Iterator[Problem]:
        """The problems of the rows that are such a row once more, in all of its cells."""
        for row, each in zip(rows, cells, strict=True):
            first = each[0].strip() or next(filter(str.strip, each), "")
            if first.strip().casefold() in self._first and _key(each) in self._above:
                yield self._problem("repeated_header", row, each)

    def totals(self, rows: Sequence[int], cells: Sequence[Sequence[str]]) -> Iterator[Problem]:
        """The problems of the last rows, from the end upwards while they are totals."""
        for row, each in zip(
            reversed(rows[-MOST_TOTALS:]), reversed(cells[-MOST_TOTALS:]), strict=True
        ):
            if not are_totals(each):
                return
            yield self._problem("totals_row", row, each)

    def _problem(self, code: str, row: int, cells: Sequence[str]) -> Problem:
        at, word = next((at, cell.strip()) for at, cell in enumerate(cells) if cell.strip())
        label = self._labels[at] if at < len(self._labels) else ""
        kind = codes.of("file")[code]
        return Problem(code, kind.meaning, row, label, word, kind.remedy)


def are_totals(cells: Sequence[str]) -> bool:
    """True for a word for totals or averages with nothing but numbers behind it, and gaps."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) < 2 or len(filled[0]) > _LONGEST:
        return False
    if _BEHIND.sub("", filled[0]).casefold() not in _TOTALS:
        return False
    return all(map(_NUMBER.fullmatch, filled[1:]))


def _key(cells: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """What a row holds, and where, without regard to case and the space around it."""
    return tuple((at, cell.strip().casefold()) for at, cell in enumerate(cells) if cell.strip())
