"""What a verification tells people: its verdict, its counts and its page."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import importer
from importer.engine.record import folder_of
from importer.engine.verify import NAMED, Seen, Verification
from importer.errors import ExitStatus, ImporterError
from importer.ledger import Expected
from importer.model import counted
from importer.results import files
from importer.results.report import verified
from importer.results.report.verified import Difference, Differences, Verified


@dataclass(frozen=True, slots=True)
class Page:
    """Where the page lies; None where it couldn't be written: then `unwritten` says why."""

    path: Path | None = None
    unwritten: str = ""


def write_verify_page(found: Verification) -> Page:
    """Write verify.html into the job's folder. That it can't be takes away nothing of what was found."""
    try:
        path = files.folder(folder_of(found.job, None)) / "verify.html"
        with files.wrap_os_errors():
            verified.write(path, _facts(found))
    except ImporterError as error:
        return Page(unwritten=error.message)
    return Page(path)


def verdict(found: Verification) -> str:
    if found.exit_status == ExitStatus.DONE:
        return "What is in SatisMeter is what was sent."
    all_of_them = counted(found.expected, "response")
    compared = found.comparison
    if found.exit_status == ExitStatus.SOME_UNKNOWN:
        unsure = len(compared.unsettled) + compared.uncompared
        return f"No difference was found, but {unsure:,} of {all_of_them} can't be compared."
    differ = len(compared.missing) + len(compared.altered)
    more = len(compared.doubled) + (0 if found.allow_extra else len(compared.extra))
    told = [f"{differ:,} of {all_of_them} {'differs' if differ == 1 else 'differ'}"] * bool(differ)
    if more:
        there = "is" if more == 1 else "are"
        told.append(f"{counted(more, 'response')} beyond those sent {there} in the survey")
    return f"{', and '.join(told)}."


def counts(found: Verification) -> list[tuple[str, int, str]]:
    """Name, number and meaning of each count that isn't 0; what was expected and is the same always."""
    compared = found.comparison
    lines = [
        ("expected", found.expected, "accepted by this job or an earlier one, or of unknown fate"),
        ("same", len(compared.same), "in the survey, with the same person and answers"),
        ("missing", len(compared.missing), "accepted, and not in the survey"),
        ("altered", len(compared.altered), "there with other answers, or as another person"),
        ("unsettled", len(compared.unsettled), "of unknown fate, and not in the survey"),
        (
            "uncompared",
            compared.uncompared,
            "anonymous, or of a long text whose file can't be read: nothing to go by",
        ),
        ("doubled", len(compared.doubled), "responses beyond those"),
        ("extra", len(compared.extra), "responses that are no row's"),
        ("other jobs", compared.others, "responses that other jobs sent"),
    ]
    return [line for line in lines if line[1] or line[0] in ("expected", "same")]


def _facts(found: Verification) -> Verified:
    return Verified(
        job=found.job.name,
        file=Path(found.job.file).name,
        campaigns=found.job.campaigns,
        endpoint=found.job.origin,
        since=found.since,
        until=found.until,
        made_at=time.time(),
        version=importer.__version__,
        verdict=verdict(found),
        exit_status=found.exit_status,
        found=found.found,
        counts=tuple(counts(found)),
        differences=tuple(_differences(found)),
        scores=found.scores,
        unread=found.unread,
    )


def _differences(found: Verification) -> Iterator[Differences]:
    compared = found.comparison
    yield _rows("Missing: accepted, and not in the survey", found, compared.missing)
    yield Differences(
        "Altered: there with other answers, or as another person",
        len(compared.altered),
        tuple(
            _pair(row, seen, ", ".join(found.altered[row.seq]))
            for row, seen in compared.altered[:NAMED]
        ),
    )
    yield Differences(
        "Doubled: there more often than they were sent",
        len(compared.doubled),
        tuple(_pair(row, seen, seen.created) for row, seen in compared.doubled[:NAMED]),
    )
    allowed = " (allowed)" if found.allow_extra else ""
    yield Differences(
        f"Extra: no row's{allowed}",
        len(compared.extra),
        tuple(Difference("", seen.id, seen.user, seen.created) for seen in compared.extra[:NAMED]),
    )
    yield _rows("Of unknown fate, and not in the survey", found, compared.unsettled)


def _rows(title: str, found: Verification, rows: Sequence[Expected]) -> Differences:
    named = tuple(Difference(_row(row), "", found.users.get(row.seq, "")) for row in rows[:NAMED])
    return Differences(title, len(rows), named)


def _pair(row: Expected, seen: Seen, told: str) -> Difference:
    return Difference(_row(row), seen.id, seen.user, told)


def _row(row: Expected) -> str:
    return f"{row.row}, wave {row.wave}" if row.wave else str(row.row)
