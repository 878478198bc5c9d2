"""Transforms to numbers: ratings and numeric traits."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from importer.mapping.text import TransformError, trimmed
from importer.mapping.transforms.date_formats import months
from importer.mapping.transforms.registry import transform

if TYPE_CHECKING:
    from importer.mapping.blocks import Answer, Numeric, Trait


_PLAIN = re.compile(r"[+-]?[0-9]{1,15}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?")
_LEADING = re.compile(r"[+-]?([0-9]+)(?:([.,])([0-9]+))?")


@cache
def _goes_on() -> re.Pattern[str]:
    """After a number: there is more of it (`10:30`, `1e3`, `5 000`, `9 ½`, `1’234`, `1O`), it is a share
    (`9 %`), or it begins a range or a list (`9-10`, `7 to 8`, `9; 10`, `9 5`)."""
    return re.compile(
        r"\d|[.,:/eEhH'’‘`´·٫٬_]\d|[eE][+-]\d|\s+\d|\s*[%٪％¼-¾⅐-⅞]"
        r"|\s*(?:[-–—−~～〜;,|+&、،]|\.{2,}|…)\s*\d+(?!\d|\s*%)"
        r"|\s+(?:to|or|and|bis|oder|und|à|a|ou|et|y|o|e|tot|en|do|i|lub|až|nebo|till|til|och|eller|og|tai|ja|ve|veya|până"
        r"|или|и|до|або|та|και|ή|إلى|أو|או|עד|ถึง|หรือ|đến|से)\s+\d"
        r"|\s*(?:至|到|或|か|から|또는|에서|부터)\s*\d|[OoIl](?!\w)"
    )


_OF = re.compile(r"/([0-9]+)(?![0-9./-])")
_MINUS = "-−–‒‐‑－﹣"
_SIGNED = re.compile(rf"(?:(?:^\s*[{_MINUS}]\s*|(?<=[\s(\[:=])[{_MINUS}]))?\d+")
_MONTHS = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mrz|mär|mai|okt|dez|janv|févr"
    r"|mars|avr|juin|juil|août|sept|déc|ene|abr|ago|dic|gen|mag|giu|lug|set|ott|fev|out|mrt|mei|maj|sty|lut|kwi|cze"
    r"|lip|sie|wrz|paź|lis|gru|янв|фев|мар|апр|май|мая|июн|июл|авг|сен|окт|ноя|дек"
    r"|oca|şub|nis|haz|tem|ağu|eyl|eki|kas|ara|ian|iun|iul|febr|márc|ápr|máj|jún|júl|szept|led|úno|bře|kvě|čvn|čvc|srp"
    r"|zář|říj|ιαν|φεβ|μαρ|απρ|μα[ϊι]|ιουν|ιουλ|αυγ|σεπ|οκτ|νοε|δεκ|січ|лют|бер|кві|тра|чер|лип|сер|вер|жов|лис|гру"
    r"|tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu|sij|velj|ožu|svi|kol|ruj"
    r"|يناير|فبراير|مارس|أبريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر)"
)


@cache
def _dated() -> re.Pattern[str]:
    """What Excel makes of a range such as `1-3` (`3-Jan`, `Oct-09`, `9.loka`), and whole dates with words."""
    return re.compile(
        rf"[0-9]{{1,2}}[-./\s]{{1,2}}(?:de )?({_MONTHS}|[^\W\d_]{{3,}})\.?(?:(?:[-./,\s]|\sde\s)+[0-9].*)?"
        rf"|{_MONTHS}\.?[-./ ]{{1,2}}[0-9]{{2,4}}|[0-9]{{1,2}}-[ก-๎]{{1,3}}\.[ก-๎]\."
        r"|[0-9]{1,2}[月월](?:\s*[0-9]{1,2}[日일])?",
        re.IGNORECASE | re.DOTALL,
    )


@cache
def _not_one() -> re.Pattern[str]:
    """Beside a number: a fraction, a bound, a share, a minus behind or brackets around (as bookkeepers write
    what is negative), or a letter where a digit should stand."""
    return re.compile(
        rf"[¼-¾⅐-⅞²³¹⁰-₉①-⓿❶-➓]|^\s*[<>≤≥]\s*\d|\b[OoIl]\d|\d[OoIl]\b|\d\s*[%٪％]|\d\s*[{_MINUS}]\s*$"
        r"|^\s*\(\d+\)\s*$"
    )


EXACT = 2**53
"""Above this, JSON readers that hold numbers as doubles lose digits (RFC 8259, section 6)."""


@transform("parse")
def leading_int(text: str) -> str:
    """The whole number that the text begins with: `10 - Very likely`, `10/10` and `10.0` are 10. Of `9.5`
    all of it is taken; a range (`9-10`), a date (`3-Mar`) and a longer number (`1.000`) are a problem."""
    written = trimmed(text)
    found = _LEADING.match(written)
    if not found:
        raise TransformError("bad_number", "the text doesn't begin with a whole number")
    rest = written[found.end() :]
    of = _OF.match(rest)
    out_of = of is not None and not found[3] and int(found[1][:9]) <= int(of[1][:9])
    if not out_of and (_goes_on().match(rest) or rest[:1].isnumeric() or _is_date(written)):
        raise TransformError(
            "bad_number", "the text begins with more than one number, or with a date"
        )
    if found[3] is None or (not found[3].strip("0") and len(found[3]) < 3):
        return written[: found.end(1)]
    if len(found[3]) == 3 and found[1].strip("0"):
        raise TransformError(
            "bad_number", "three digits behind the mark: a fraction, or thousands?"
        )
    return found[0]


@transform("parse")
def only_int(text: str) -> str:
    """The one whole number in the text, with its sign: `Score: 9 (promoter)` is 9. Two numbers are a
    problem, and so is a date (`3-Mar`)."""
    found = _SIGNED.findall(text)
    if len(found) != 1:
        raise TransformError("bad_number", f"the text holds {len(found)} numbers, not one")
    odd = _is_date(trimmed(text)) or _not_one().search(text)
    digits = str(found[0]).lstrip(f"{_MINUS} \t")
    if odd or not digits.isascii():
        raise TransformError("bad_number", "this isn't a whole number")
    return digits if digits == found[0] else f"-{digits}"


def _is_date(text: str) -> bool:
    """Whether it is a day with a month's name: what is behind a number may be any word."""
    found = _dated().fullmatch(text)
    word = found[1] if found else None
    return found is not None and (
        word is None
        or word.casefold() in months()
        or re.fullmatch(_MONTHS, word, re.IGNORECASE) is not None
    )


_SCALED = ("rescale", "round", "decimal", "thousands")


@transform("answer", *_SCALED)
def nps(text: str, how: Answer) -> int:
    """A whole number from 0 to 10."""
    return _rating(text, how, (0, 10))


@transform("answer", *_SCALED)
def csat(text: str, how: Answer) -> int:
    """A whole number from 1 to 5."""
    return _rating(text, how, (1, 5))


@transform("answer", *_SCALED)
def ces(text: str, how: Answer) -> int:
    """A whole number from 1 to 7."""
    return _rating(text, how, (1, 7))


@transform("answer", "min", "max", *_SCALED)
def scale(text: str, how: Answer) -> int:
    """A whole number from `min` to `max`, which the mapping gives."""
    return _rating(text, how, (how.min or 0, how.max or 0))


@transform("trait", "decimal", "thousands")
def number(text: str, how: Trait) -> int | float:
    """A number. `decimal: ","` and `thousands: "."` say how the file writes it; whole ones are sent whole."""
    value = _fraction(text, how)
    if abs(value) > EXACT:
        raise TransformError("number_too_big", "the number has more than 15 digits")
    return int(value) if value.denominator == 1 else float(value)


def _rating(text: str, how: Answer, ends: tuple[int, int]) -> int:
    if how.rescale is None and _PLAIN.fullmatch(text):
        value = int(text)
    else:
        value = _whole(_rescaled(_fraction(text, how), how), how)
    low, high = ends
    if not low <= value <= high:
        bound = f"below {low}" if value < low else f"above {high}"
        article = "an" if how.type == "nps" else "a"
        said = f"{_shown(Fraction(value))} is {bound}; {article} {how.type} answer is {low}-{high}"
        raise TransformError("out_of_range", said)
    return value


def _rescaled(value: Fraction, how: Answer) -> Fraction:
    if how.rescale is None:
        return value
    (a, b), (c, d) = (map(_exactly, ends) for ends in (how.rescale.source, how.rescale.to))
    if not min(a, b) <= value <= max(a, b):
        raise TransformError(
            "out_of_range",
            f"{_shown(value)} is outside of {_shown(a)}-{_shown(b)}, the scale to rescale",
        )
    return c + (value - a) * (d - c) / (b - a)


def _whole(value: Fraction, how: Answer) -> int:
    if value.denominator == 1:
        return int(value)
    if how.round is None:
        after = " after rescaling" if how.rescale else ""
        raise TransformError("not_whole", f"{_shown(value)}{after} isn't a whole number")
    return _ROUNDINGS[how.round](value)


_ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "half_up": lambda value: math.floor(value + Fraction(1, 2)),
    "half_even": round,
    "floor": math.floor,
    "ceil": math.ceil,
}
ROUNDINGS = tuple(_ROUNDINGS)
"""The names that `round:` knows. `half_up`: 2.5 is 3, and -2.5 is -2."""


def _fraction(text: str, how: Numeric) -> Fraction:
    written = trimmed(text)
    if how.thousands:
        written = _without_groups(written, how.thousands, how.decimal)
    if how.decimal == ",":
        written = written.replace(".", "?").replace(",", ".")
    if not _NUMBER.fullmatch(written):
        raise TransformError("bad_number", "this isn't a number")
    return Fraction(written)


def _without_groups(text: str, mark: str, decimal: str) -> str:
    """Thousands stand in groups of three; `1.5` with `thousands: "."` is no number."""
    spaced = re.sub(r"[\u00a0\u202f\u2009]", " ", text)
    whole, point, rest = spaced.partition(decimal)
    groups = whole.split(mark)
    if groups[1:] and not re.fullmatch(r"[+-]?[0-9]{1,3}", groups[0]):
        raise TransformError("bad_number", "more than three digits, or none, before the thousands")
    if any(len(group) != 3 for group in groups[1:]):
        raise TransformError("bad_number", "the thousands don't stand in groups of three")
    return "".join(groups) + point + rest


def _exactly(number: float) -> Fraction:
    return Fraction(str(number))


def _shown(value: Fraction) -> str:
    whole = value.denominator == 1 and abs(value) < 10**6
    return str(int(value)) if whole else f"{float(value):.4g}"
