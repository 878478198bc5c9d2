"""The facts that the rooms hand to one another. Frozen, without I/O, knowing no room."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce
from itertools import chain, count
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

if TYPE_CHECKING:
    from pandas import DataFrame
    from typing_extensions import TypeIs

FRAME = "<DataFrame>"
"""Stands for the file where rows come from a program's DataFrame: it can't be found again, as `-` can't."""
GONE = ("-", FRAME)
"""Files that no later command can read again."""
NEW_OBJECTS = 50_000
"""Objects between two searches for cycles: rows come by the million and hold none. With Python's own number a
plan of 100,000 rows took 10 % more CPU (least of four turns)."""


OK, LOOK, WRONG = "ok", "look", "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its state (ok, look, wrong), what was found, what to do."""

    name: str
    state: str
    found: str
    remedy: str = ""


def is_frame(value: object) -> TypeIs[DataFrame]:
    """Whether it is a DataFrame of pandas, which is not imported for that: who has one has imported it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, getattr(pandas, "DataFrame", ()))


class Status(StrEnum):
    """How a row ended. Every source row has exactly one; `codes.toml` says what each means."""

    CREATED = "created"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    INVALID = "invalid"
    SKIPPED = "skipped"
    ALREADY_SENT = "already_sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    PENDING = "pending"


class Why(StrEnum):
    """Why a run waits, as its observers are told."""

    RATE = "rate"
    RETRY_AFTER = "retry_after"
    CIRCUIT_BREAKER = "circuit_breaker"
    OUTAGE = "outage"
    SETTLING = "settling"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row can't be sent, or what its file has lost.

    `message` holds no text of a person's (numbers of a scale aside): the cell goes into `value`, which
    is masked wherever personal data has no place. `row` is the number that Excel shows; `fix` says
    what to do.
    """

    code: str
    message: str
    row: int
    column: str = ""
    value: str = ""
    fix: str = ""


NO_ANSWERS = frozenset({"repeated_header", "second_table", "totals_row"})
"""The codes of rows that are whole but no answers: a mapping's rule may leave them out."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some rows of one table, read together.

    `columns` hold text only, exactly as it stands in the file, one column per header cell, in file
    order (labels may repeat: go by position); blank cells are "". `rows` are the numbers that Excel
    shows, one per cell of each column. `problems` are rows that can't be trusted (more cells than the
    header, say), by row number: they end as `invalid`. `damage` is what the file had already lost
    (ids as 1.23E+15): warnings, one per cell.
    """

    columns: Sequence[Sequence[str]]
    rows: Sequence[int]
    problems: Mapping[int, Problem] = field(default_factory=dict)
    damage: Sequence[Problem] = ()

    @property
    def lines(self) -> Iterator[tuple[str, ...]]:
        return zip(*self.columns, strict=True)

    @property
    def frame(self) -> DataFrame:
        """The same as a pandas DataFrame of text, for programs that like one: its columns are numbered,
        and its index holds `rows`. The importer itself never makes one: it costs more than all the
        reading."""
        from pandas import DataFrame

        cells = dict(enumerate(map(list, self.columns)))
        return DataFrame(cells, index=list(self.rows), dtype=object)


class Response(NamedTuple):
    """A row, mapped (a tuple, since there is one for every row, and a dataclass takes four times as long to
    make): the body of one request and what tells it from every other.

    `body` is the JSON object that is posted, but for its `writeKey`. `idempotency_key` is what makes the row
    itself across files and runs (the mapping's `key`, else the same bytes as `content`); `content` is
    person, answers and date. Both are canonical bytes, hashed before they are kept. `order` sorts rows
    of one person oldest first ("" where the mapping names no date). `traits` are the traits as they are
    sent, to find rows of one person that disagree. `answers` are those of the body, in the
    mapping's order, None where one is blank: what is counted of them needs no second reading. `wave` names
    the wave of the row that it is of; "" where a mapping has no waves.
    """

    row: int
    user_id: str
    anonymous_id: str
    campaign: str
    body: bytes
    idempotency_key: bytes
    content: bytes
    traits: bytes = b"{}"
    key: str = ""
    order: str = ""
    answers: Sequence[object] = ()
    wave: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that a rule of the mapping leaves out; `rule` is the rule as a person would say it."""

    row: int
    rule: str
    key: str = ""
    wave: str = ""


@dataclass(frozen=True, slots=True)
class Invalid:
    """A row that can't be sent, with everything that is wrong with it."""

    row: int
    problems: tuple[Problem, ...]
    user_id: str = ""
    anonymous_id: str = ""
    key: str = ""
    wave: str = ""


Mapped = Response | Skipped | Invalid
"""What becomes of one row, or of one wave of a row, before anything is sent."""


class QueuedRow(NamedTuple):
    """A row that is to be posted (a tuple, as a response is): its place in the job (`seq`) and whose it is.

    `person` is a hash: rows of one person go one after the other. `doubt` says that an attempt of
    unknown fate was made before. `refused`: an earlier run left it `PERHAPS_ALONE`; `cleared`: and rows of
    the same surveys were accepted since.
    """

    seq: int
    row: int
    person: bytes
    doubt: bool
    refused: bool = False
    cleared: bool = False


PERHAPS_ALONE = ("key_refused", "plan_limit", "wrong_survey")
"""Codes of refusals that every row would get; or one row alone, where others are accepted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt came to. `doubt` says that the attempt may have been stored without our
    knowing; `ms` is the time from the first byte sent to the reply's last."""

    status: Status
    code: str = ""
    message: str = ""
    http_status: int | None = None
    response_id: str = ""
    ms: int | None = None
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One plan or run over one file. Times are Unix seconds; `campaigns` are joined by a comma."""

    id: int
    name: str
    file: str
    file_sha256: str
    sheet: str
    mapping: str
    mapping_sha256: str
    origin: str
    campaigns: str
    settings: Mapping[str, object]
    started_at: float
    staged_at: float | None = None
    ended_at: float | None = None
    exit_status: int | None = None

    @property
    def stopped(self) -> str:
        """Why it stopped early, as `code: message`; "" where it didn't, or is under way again."""
        return str(self.settings.get("stopped") or "")

    @property
    def waves(self) -> tuple[str, ...]:
        """The names of the mapping's waves, in their order; none where it has no waves. A row of the file
        is as many rows of the job, one after the other."""
        named = self.settings.get("waves")
        return tuple(map(str, named)) if isinstance(named, list | tuple) else ()

    def wave(self, seq: int) -> str:
        """The wave of the row at that place; "" where there are no waves."""
        waves = self.waves
        return waves[seq % len(waves)] if waves else ""


class Line(NamedTuple):
    """One row of a job, or one wave of a row, as the results show it."""

    seq: int
    row: int
    key: str
    user_id: str
    anonymous_id: str
    status: str
    code: str
    message: str
    column: str
    value: str
    http_status: int | None
    attempts: int
    response_id: str
    sent_at: float | None
    ms: int | None
    wave: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Problems of one kind: how many, what to do, and the first rows that have it; `wave` is that of the
    first row, where no column tells it."""

    code: str
    message: str
    count: int
    fix: str = ""
    column: str = ""
    rows: tuple[int, ...] = ()
    wave: str = ""

    @property
    def where(self) -> str:
        """`row 5, 7`, `row 5 …` where there are more, `row 5, wave 2022`."""
        rows = ", ".join(map(str, self.rows))
        wave = f", wave {self.wave}" if self.wave else ""
        return f"row {rows}{wave}{' …' if self.count > len(self.rows) else ''}"

    def document(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "count": self.count,
            "fix": self.fix,
            "column": self.column,
            "rows": list(self.rows),
            **({"wave": self.wave} if self.wave else {}),
        }


def free_name(base: str, taken: Container[str], joint: str = "_") -> str:
    """The name, or the first of `name_2`, `name_3`, … that is not taken."""
    numbered = (f"{base}{joint}{number}" for number in count(2))
    return next(each for each in chain((base,), numbered) if each not in taken)


def slug(text: str) -> str:
    """A name that every shell and scheduler takes as it is: lower-case letters of a to z, digits and
    hyphens, at most 40."""
    plain = normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "import"


HALVES = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON and Python's texts may hold, and no UTF-8."""


def utf8(text: str) -> str:
    """A name with U+FFFD for each byte that is no UTF-8: databases and JSON take no such."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def place(row: int, wave: str) -> str:
    """`row 5`, or `row 5, wave 2022`."""
    return f"row {row}, wave {wave}" if wave else f"row {row}"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2 rows`, `13,954 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(seconds: float | None = None) -> str:
    """A time since 1970 (now, where there is none) as `2026-11-29T06:55:18Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def since_1970(text: str, otherwise: float) -> float:
    """An ISO 8601 date or moment as Unix seconds, without a zone in UTC; `otherwise` where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def same_json(one: object, other: object) -> bool:
    """Whether two JSON values are the same: `3` is `3.0`, and neither `"3"` nor `true`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same_json(each, other[name]) for name, each in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return json_kind(one) == json_kind(other) and one == other


def json_kind(value: object) -> str:
    """A JSON value's type in plain words; all numbers are of one."""
    if isinstance(value, bool):
        return "true or false"
    kinds = {str: "text", int: "number", float: "number", list: "list", dict: "object"}
    return kinds.get(type(value), "nothing")


def duration(seconds: float) -> str:
    """`45 s`, `1 min 20 s`, `1 h 20 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def letter(position: int) -> str:
    """A column's letter as Excel shows it: 0 is A, 25 is Z, 26 is AA."""
    before, last = divmod(position, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def column_of(letters: str) -> int:
    """The position, from 0, of the column that Excel shows so: A is 0, AA is 26."""
    return reduce(lambda found, each: found * 26 + ord(each) - ord("A") + 1, letters, 0) - 1


DETRACTORS = range(7)
"""0 to 6; 9 and 10 are promoters, 7 and 8 passives (Bain & Company, "Net Promoter System")."""
PROMOTERS = range(9, 11)


def nps(counts: Mapping[int, int]) -> float | None:
    """Per cent of promoters less per cent of detractors, -100 to 100, of how often each score was given; None
    without an answer."""
    answers = sum(counts.values())
    if not answers:
        return None
    promoters = sum(count for score, count in counts.items() if score in PROMOTERS)
    detractors = sum(count for score, count in counts.items() if score in DETRACTORS)
    return 100 * (promoters - detractors) / answers
