"""Facts that fill every place of the pages, each text of them a text of somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from importer.errors import ExitStatus
from importer.model import Cause
from importer.results.report.facts import Account, Column, Example, Origin, Posting, Report, Slot
from importer.results.report.verified import Difference, Differences, Verified
from importer.results.scores import RatingQuestion, Scores
from importer.results.summary import Summary

_SCORES = (
    Scores(RatingQuestion("q1", "Recommend?", "nps", 0, 10, 0), {3: 1, 8: 20, 10: 1_500}),
    Scores(RatingQuestion("q2", "Ease", "csat", 1, 5, 1, "2026"), {1: 2, 5: 3}),
    Scores(
        RatingQuestion("q3", "Points", "scale", -1_000, 100_000, 2), {-1_000: 3, 99_999: 12_345}
    ),
)
_ROWS = {"read": 1_200, "ready": 700, "invalid": 300, "duplicate": 200}
_RAN = {"read": 1_200, "created": 700, "unknown": 300, "duplicate": 200}


def report(*, ran: bool) -> Report:
    """A plan, or a run."""
    return Report(
        summary=Summary(
            command="run",
            file="a.csv",
            sheet="S",
            mapping="m.yaml",
            job="job-1",
            endpoint="https://api",
            campaign="c",
            rows=_RAN if ran else _ROWS,
            exit_status=ExitStatus.SOME_UNKNOWN,
            seconds=3.0,
            folder=Path("out"),
            problems=Path("problems.csv"),
            duplicates={"dup_same_file": 150, "other": 50},
            warnings=tuple(f"warning `{n}` ok" for n in range(45)),
            requests=1_300,
            stopped="the server said no",
            scores=_SCORES,
            waves=("2025", "2026"),
        ),
        made_at=1_772_332_200.0,
        origin=Origin(
            file="a.csv",
            sheet="S",
            format="csv",
            size=9_999,
            sha256="ab",
            encoding="cp1252",
            encoding_known_by="guessed",
            delimiter=";",
            header_rows=(1, 2),
            samples=("line", "other"),
            mapping="m.yaml",
            mapping_name="name",
            mapping_sha256="cd",
            requests_sha256="ef",
            version="9",
        ),
        account=Account("https://api", "one,two", "Email", 612, ("plan", "name"), "10/s", 120.0),
        causes=(
            Cause("bad_score", "is `11`, no score", 200, "write `0`", "Score", (2, 3_000)),
            Cause("no_person", "nobody", 100, "", "", (7,), "2025"),
            *(Cause("many", "more", 1, "", f"C{n}", (n,)) for n in range(45)),
        ),
        skips={"Status is Test": 1_000},
        months={f"20{year}-{month:02}": month for year in (24, 25, 26) for month in range(1, 13)},
        people={1: 500, 2: 3, 7: 1_000},
        columns=tuple(
            Column(f"A{n}", f"name {n}" if n % 7 else "", n, ("userId", "key") if n % 2 else ())
            for n in range(500)
        ),
        constants={"method": "Email"},
        examples={("bad_score", "Score"): (Example(2, "11"), Example(3_000, ""))},
        unmapped_values={"Plan": {"Trial": 2_000, "": 3}},
        requests=('{\n  "userId": "u"\n}',),
        masked=True,
        posting=_POSTING if ran else None,
    )


_POSTING = Posting(
    (Slot(0, 1.25, 3.0, 9.5), Slot(60, 0, None, None), Slot(120, 100, 4, 1_234)), {1: 5, 2: 1_000}
)


def verified() -> Verified:
    """A comparison with differences."""
    told = tuple(Difference(str(n), f"r{n}", "j***@e", "Ease") for n in range(3))
    return Verified(
        job="job-1",
        file="a.csv",
        campaigns="c",
        endpoint="https://api",
        since=0.0,
        until=9e8,
        made_at=1e9,
        version="9",
        verdict="3 differ.",
        exit_status=ExitStatus.SOME_UNKNOWN,
        found=1_000,
        counts=(("expected", 1_000, "all"),),
        differences=(Differences("Missing", 1_003, told), Differences("None", 0, ())),
        scores=[(each, each) for each in _SCORES],
        unread="",
    )


def spoiled(value: Any, hostile: str) -> Any:
    """The same with `hostile` in every text, and in every name that isn't the program's own."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value and f"{value[:2]}{hostile}{value[2:]}"
    if isinstance(value, Mapping):
        return {spoiled(name, hostile): spoiled(each, hostile) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(spoiled(each, hostile) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    ours = (
        {"rows", "type", "months"}
        if isinstance(value, Summary | RatingQuestion | Report)
        else set()
    )
    return replace(
        value,
        **{
            each.name: spoiled(getattr(value, each.name), hostile)
            for each in fields(value)
            if each.name not in ours
        },
    )
