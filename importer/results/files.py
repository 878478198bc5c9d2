"""The files of a job, whole or not there: results.csv, a line per row, and problems.csv, the rows to mend."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain, count, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from importer import codes, resources, system
from importer.errors import ResultsError, UsageError
from importer.model import HALVES, NO_ANSWERS, Chunk, Line, Status
from importer.privacy import PROBLEM_COLUMN, UNSEEN, safe

# Files that are whole or not there: written beside their place, synced, then renamed; 0600.


def folder(path: Path) -> Path:
    """Make the folder that a job writes into; UsageError where that can't be."""
    try:
        for each in (*reversed(path.parents), path):  # `parents=True` would make them for everybody
            if not each.is_dir():
                each.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"The folder {path} can't be made: {error.strerror}.", **codes.to_do("other_folder")
        ) from error
    resources.sweep(path, _DRAFTS)
    return path


_DRAFTS = re.compile(
    r"\.(\.written\.json|(plan|report|verify)\.html|((plan-)?problems|results)(-\d+)?\.csv"
    r"|((plan-)?summary|contact)\.json)\.[0-9a-f]{8}"
)
"""What `whole` writes into before a job's file takes its place."""


_RECORD = ".written.json"
"""What was written into the folder: the newest job, and the SHA-256 of each file by its name."""
_OF_A_JOB = (
    *("results.csv", "problems.csv", "report.html", "summary.json", "verify.html"),
    *("results.xlsx", "problems.xlsx", "contact.json"),
)
_MENDED = {".csv", ".xlsx"}
"""What people work on."""


def begin(folder: Path, job: str) -> None:
    """The files of this job are about to be written. Those of an earlier one go into a folder of its
    name, but for what a person has changed, which stays where it lies."""
    record = _record(folder)
    if record.get("job", job) != job:
        former = folder / record["job"]
        former.mkdir(exist_ok=True, mode=0o700)
        for path in (folder / name for name in _OF_A_JOB):
            if path.exists() and (
                path.suffix not in _MENDED or _sha256(path) == record.get(path.name)
            ):
                path.replace(former / path.name)
        _write_record(former, record)
    _write_record(folder, {**record, "job": job})


def of_job(folder: Path, job: str) -> Path:
    """Where the files of this job lie: in the folder, or in one of its name once a later job has taken it."""
    return folder if _record(folder).get("job", job) == job else folder / job


def written(folder: Path, job: str) -> list[Path]:
    place = of_job(folder, job)
    found = (each for pattern in _OF_A_JOB for each in place.glob(pattern.replace(".", "*.")))
    return sorted(each for each in found if each.is_file())


def free(path: Path) -> Path:
    """`path`, or the next name (`problems-2.csv`) where the file isn't, or no longer, as the importer
    has written it: what a person mended is never overwritten."""
    record = _record(path.parent)
    names = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(
        each
        for each in chain((path,), names)
        if not each.exists() or _sha256(each) == record.get(each.name)
    )


def remember(path: Path) -> None:
    """This file was written by the importer, as it is now."""
    _write_record(path.parent, {**_record(path.parent), path.name: _sha256(path)})


def _record(folder: Path) -> dict[str, str]:
    """What can't be read is not known, and then nothing there counts as ours. The job's name is that of a
    folder: anything else that somebody wrote there is none."""
    try:
        found = dict(json.loads(resources.small(folder / _RECORD)[0]))
    except (OSError, ValueError, TypeError):
        return {}
    record = {name: text for name, text in found.items() if isinstance(text, str)}
    if "job" in record and (
        UNSEEN.search(record["job"]) or not re.fullmatch(r"[^./\\][^/\\]{0,200}", record["job"])
    ):
        del record["job"]
    return record


def _write_record(folder: Path, record: Mapping[str, str]) -> None:
    with whole(folder / _RECORD) as file:
        json.dump(record, file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole(path: Path, encoding: str = "utf-8", mode: int = 0o600) -> Iterator[IO[str]]:
    """A text file that takes its place only once it is complete and on the disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="", errors="replace") as file:
            with suppress(OSError):  # no such locks here; then nobody sweeps, either
                system.hold(file)
            draft.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


IN_THE_LEDGER = (
    "Every outcome is in the ledger; the same command writes the results, and posts none twice."
)


@contextmanager
def wrap_os_errors() -> Iterator[None]:
    """Turn the system's errors while results are written into ours."""
    try:
        yield
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        raise ResultsError(
            f"The results{place} can't be written: {error.strerror}.",
            hint=f"Make room, or name another folder with --out. {IN_THE_LEDGER}",
        ) from error


# results.csv: one line per source row, in file order; with waves, one per row and wave.

COLUMNS = (
    *("row", "sheet", "key", "userId", "anonymousId", "status", "code", "message", "column"),
    *("value", "http_status", "attempts", "response_id", "sent_at", "ms"),
)


def write_outcomes(path: Path, lines: Iterable[Line], sheet: str) -> int:
    """Write the file anew; returns the number of lines. The same ledger gives the same bytes. Lines end
    as RFC 4180 has it: only then does the csv module quote a cell that holds a bare CR. Where rows have
    waves, a column `wave` comes second."""
    rows, table, every = 0, safe(sheet), iter(lines)
    first = list(islice(every, 1))
    waves = any(line.wave for line in first)
    with whole(path) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(_with(COLUMNS, "wave") if waves else COLUMNS)
        for line in chain(first, every):
            cells = _cells(line, table)
            writer.writerow(_with(cells, safe(line.wave)) if waves else cells)
            rows += 1
    return rows


def _with(cells: tuple[object, ...], wave: str) -> tuple[object, ...]:
    return (cells[0], wave, *cells[1:])


def _cells(line: Line, sheet: str) -> tuple[object, ...]:
    """The csv module writes None as an empty cell."""
    return (
        *(line.row, sheet, safe(line.key), safe(line.user_id), safe(line.anonymous_id)),
        *(line.status, line.code, safe(line.message), safe(line.column), safe(line.value)),
        *(line.http_status, line.attempts, safe(line.response_id), _time(line.sent_at), line.ms),
    )


def _time(seconds: float | None) -> str:
    """UTC, ISO 8601, to the millisecond."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


# problems.csv: the rows that could not be sent, with their original cells and a column `problem`.
#
# The rows above the data stand as they do in the source, so that the same mapping reads the file once it
# is mended.

MENDABLE = (Status.INVALID, Status.REJECTED, Status.FAILED)
"""What the file holds: rows that are surely not stored."""
ERASED = "erased"
"""The code of a forgotten person's rows, which it doesn't."""
LOST = "dup_or_targeting"
"""The code of rows that it holds, too: refused as duplicates of nothing that is known, or by targeting."""


def write_problem_rows(
    path: Path,
    preamble: Sequence[Sequence[str]],
    chunks: Iterable[Chunk],
    lines: Iterator[Line],
    *,
    delimiter: str,
    encoding: str,
    waves: int = 1,
) -> int:
    """Write the file anew; returns its rows. `lines` are all of the job's, in file order, `waves` of them for
    each row; `preamble` the source's rows above its data, the last of them the header."""
    count = 0
    with whole(path, encoding) as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        for number, row in enumerate(preamble, 1):
            label = PROBLEM_COLUMN if number == len(preamble) or any(row) else ""
            writer.writerow([*map(safe, row), label])
        for chunk in chunks:
            for cells in _mendable(chunk, lines, waves):
                writer.writerow(cells)
                count += 1
    return count


def _mendable(chunk: Chunk, lines: Iterator[Line], waves: int) -> Iterator[list[str]]:
    here = list(itertools.islice(lines, len(chunk.rows) * waves))
    wrong: dict[int, list[Line]] = {}
    for at, line in enumerate(here):
        if (line.status in MENDABLE and line.code != ERASED) or line.code == LOST:
            wrong.setdefault(at // waves, []).append(line)
    for place, of_row in wrong.items():
        cells = (column[place] for column in chunk.columns)
        # With a NUL for half a character: UTF-8 has none, and as `?` the cell would pass for a
        # whole one where the file is imported without being mended.
        yield [*(safe(HALVES.sub("\0", cell)) for cell in cells), safe(_told(of_row, waves))]


def _told(wrong: Sequence[Line], waves: int) -> str:
    """What is wrong with a row: of each of its waves, or once where it is the same with all."""
    told = {line.wave: f"{line.code}: {line.message}{_clear(line.code)}" for line in wrong}
    if len(set(told.values())) == 1 and len(wrong) == waves:
        return told[wrong[0].wave]
    return "; ".join(f"wave {wave}: {each}" for wave, each in told.items())


def _clear(code: str) -> str:
    """What is asked of whoever mends a row that its file had spoilt: here it looks whole."""
    return (
        " Once the row is mended, clear this cell."
        if code in codes.of("file").keys() - NO_ANSWERS
        else ""
    )


# The same as workbooks, for people: every cell is text, so that Excel leaves `00121` and `=1+1` as they are.

_MOST_ROWS = 1_048_576
"""Rows that a sheet of Excel has."""
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_workbook(
    path: Path, table: Path, *, delimiter: str, encoding: str, sheets: Sequence[str], at: str
) -> Path | None:
    """A CSV file of ours as a workbook of text cells: on the sheet called `at` of `sheets`, so that a
    mapping which names its sheet, or its number, finds it. None where it has more rows than a sheet can."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    pages = {name: book.create_sheet(name) for name in sheets or (at,)}
    page = pages.get(at) or next(iter(pages.values()))
    with table.open(encoding=encoding, newline="") as file:
        for number, row in enumerate(csv.reader(file, delimiter=delimiter), 1):
            if number > _MOST_ROWS:
                return None
            cells = [WriteOnlyCell(page, _escaped(cell)) for cell in row]
            for cell in cells:
                cell.data_type = "s"  # nothing is a formula
                cell.number_format = "@"  # and what a person types beside it stays text, too
            page.append(cells)
    place = free(path)
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(0o600)
        book.save(draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
    remember(place)
    return place


def _escaped(cell: str) -> str:
    """What XML can't hold, as Excel writes it (ECMA-376 part 1, 22.9.2.19)."""
    return _NOT_IN_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", cell)


# The outcomes of a job as a DataFrame, for programs that count on.

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = ("key", "userId", "anonymousId", "code", "message", "column", "value", "response_id")
_NUMBERS = ("http_status", "ms")


def outcomes_frame(lines: Iterable[Line], sheet: str) -> DataFrame:
    """The columns of results.csv, one row for each of its lines, in file order: ids and keys as text
    (`00121` stays, a blank one is ""), `status` a category in the order of `Status`, `sent_at` in UTC to the
    millisecond, numbers that may be missing as Int64. Nothing is guarded against Excel here."""
    import pandas

    table = [
        (
            *(line.row, line.wave, sheet, line.key, line.user_id, line.anonymous_id, line.status),
            *(line.code, line.message, line.column, line.value, line.http_status, line.attempts),
            *(line.response_id, line.sent_at, line.ms),
        )
        for line in lines
    ]
    cells = zip(*table, strict=True) if table else [()] * (len(COLUMNS) + 1)
    columns = dict(zip(map(str, _with(COLUMNS, "wave")), cells, strict=True))
    series = {name: pandas.Series(cells, dtype=object) for name, cells in columns.items()}
    frame = pandas.DataFrame(series)
    kinds = pandas.CategoricalDtype([each.value for each in Status], ordered=True)
    sent = [
        None if each is None else datetime.fromtimestamp(each, UTC) for each in columns["sent_at"]
    ]
    frame = frame.astype(
        {
            **dict.fromkeys(("sheet", "wave", *_TEXTS), "string"),
            **dict.fromkeys(_NUMBERS, "Int64"),
            **dict.fromkeys(("row", "attempts"), "int64"),
            "status": kinds,
        }
    )
    moments = pandas.to_datetime(pandas.Series(sent, dtype=object), utc=True)
    frame["sent_at"] = moments.dt.floor("ms").astype("datetime64[ms, UTC]")
    return frame if any(columns["wave"]) else frame.drop(columns="wave")
