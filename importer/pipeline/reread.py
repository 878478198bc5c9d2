"""A job's file, read and mapped once more: what its rows said, for whoever has to compare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from importer import mapping
from importer.checks import check
from importer.errors import UsageError
from importer.loader import open_source
from importer.model import Job, Mapped, Response
from importer.pipeline.rating import questions
from importer.pipeline.stage import source_options
from importer.results.tally import Tally


@dataclass(frozen=True, slots=True)
class Reread:
    """`tally` counted every row; `answers` are those (question ID to value) of the rows that were
    asked for, by `seq`."""

    tally: Tally
    answers: Mapping[int, Mapping[str, object]]


def reread(job: Job, secret: bytes, seqs: Collection[int], file: str = "") -> Reread:
    """Read the file of a job again, or `file` in its place. Raises ImporterError where it is not to
    be had, and UsageError where the file or the mapping is not the one that was imported."""
    document = _mapping(job)
    with open_source(file or _file(job), source_options(document, job.sheet or None)) as source:
        if source.facts.sha256 != job.file_sha256:
            raise UsageError(f"{source.place} has changed since it was imported.")
        compiled = mapping.compile(document, source.header, secret=secret, file=source.place)
        tally = Tally(tuple(questions(document, compiled)), len(source.header))
        answers: dict[int, Mapping[str, object]] = {}
        for chunk in source.chunks():
            mapped = check(compiled.run(chunk))
            answers |= dict(_answers(mapped, tally.rows, seqs))
            tally.add(mapped, chunk)
    return Reread(tally, answers)


def _mapping(job: Job) -> mapping.Document:
    named = str(job.settings.get("mapping") or job.mapping)
    if not named:
        raise UsageError("The job was purged: the ledger no longer knows its mapping.")
    document = mapping.load(named)
    if document.digest != job.mapping_sha256:
        raise UsageError(f"The mapping {named} has changed since the file was imported.")
    return document


def _file(job: Job) -> str:
    if job.file in ("", "-"):
        raise UsageError("The file came from standard input, so it can't be read again.")
    if not Path(job.file).is_file():
        raise UsageError(f"{job.file} is no longer there.", hint="Say where it is with --file.")
    return job.file


def _answers(
    mapped: Collection[Mapped], first: int, seqs: Collection[int]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    for seq, each in enumerate(mapped, first):
        if seq in seqs and isinstance(each, Response):
            listed = orjson.loads(each.body)["answers"]
            yield seq, {answer["id"]: answer["value"] for answer in listed}
