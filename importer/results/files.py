"""Files that are whole or not there: written beside their place, synced, then renamed; 0600."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import IO

from importer.errors import ResultsError, UsageError


def folder(path: Path) -> Path:
    """Make the folder that a job writes into; UsageError where that can't be."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"The folder {path} can't be made: {error.strerror}.",
            hint="Name another with --out DIR.",
        ) from error
    return path


_RECORD = ".written.json"
"""What was written into the folder: the newest job, and the SHA-256 of each file by its name."""
_OF_A_JOB = ("results.csv", "problems.csv", "report.html", "summary.json", "verify.html")


def begin(folder: Path, job: str) -> None:
    """The files of this job are about to be written. Those of an earlier one go into a folder of its
    name, but for what a person has changed, which stays where it lies."""
    record = _record(folder)
    if record.get("job", job) != job:
        former = folder / record["job"]
        former.mkdir(exist_ok=True, mode=0o700)
        for path in (folder / name for name in _OF_A_JOB):
            if path.exists() and (path.suffix != ".csv" or _sha256(path) == record.get(path.name)):
                path.replace(former / path.name)
        _write_record(former, record)
    _write_record(folder, {**record, "job": job})


def of_job(folder: Path, job: str) -> Path:
    """Where the files of this job lie: in the folder, or in one of its name where a later job has
    taken the folder."""
    return folder if _record(folder).get("job", job) == job else folder / job


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
    """What can't be read is not known, and then nothing there counts as ours."""
    try:
        return dict(json.loads((folder / _RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


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
            draft.chmod(mode)
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def told() -> Iterator[None]:
    """Turn the system's errors while results are written into ours."""
    try:
        yield
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        raise ResultsError(
            f"The results{place} can't be written: {error.strerror}.",
            hint="Every outcome is in the ledger. Make room, or name another folder with --out, and "
            "run the same command again: it posts nothing twice and writes the results.",
        ) from error
