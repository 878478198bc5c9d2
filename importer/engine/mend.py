"""Single rows: those that a mapping refuses, as cells to be changed, and the file written anew with them; and
one row's way into its body, step by step."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from importer.engine.record import writable
from importer.engine.stage import fitted, source_options
from importer.errors import SourceError, UsageError
from importer.mapping import Compiled, Document, Trace, check, trace
from importer.mapping import compile as compile_mapping
from importer.mapping.usage import lineage
from importer.model import NO_ANSWERS, Chunk, Invalid, Mapped, Problem
from importer.privacy import PROBLEM_COLUMN, safe
from importer.results import files
from importer.sources.source import Source, open_source

LONGEST = 2_000
"""Letters of a cell that is changed by hand; a longer one is mended in the file."""
_MOST_LETTERS = 40_000
"""Of the cells of one page."""

Changes = Mapping[int, Mapping[int, str]]
"""What cells become: by the row (as Excel numbers it), then by the column's position from 0."""
Problems = Mapping[int, Sequence[Problem]]
"""What is wrong, by the row."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One that the mapping uses: its column's position and label, its text, what is wrong with it."""

    position: int
    label: str
    text: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Faulty:
    """A row that can't be sent; `problems` are those of no single column."""

    row: int
    cells: tuple[Cell, ...]
    problems: tuple[Problem, ...] = ()

    def typed(self, texts: Mapping[int, str], left: Sequence[Problem]) -> Faulty:
        """With what was typed into its cells, and what is wrong with that; as it was where nothing was."""
        if not texts:
            return self
        cells = (
            replace(each, text=texts.get(each.position, each.text), problems=_of(each.label, left))
            for each in self.cells
        )
        return replace(
            self, cells=tuple(cells), problems=_of_none([each.label for each in self.cells], left)
        )


@dataclass(frozen=True, slots=True)
class Mender:
    """A file and its mapping. It looks at the rows below `after` that the mapping refuses for this reason,
    where one is named. Rows that the file itself has spoilt are none of them: their cells can't be trusted.
    All that reads raises SourceError and MappingError."""

    file: str
    document: Document
    sheet: str | int | None = None
    after: int = 0
    code: str = ""
    column: str = ""

    def faulty(self, most: int = 25) -> tuple[list[Faulty], bool]:
        """The first of these rows, and whether there are more."""
        found: list[Faulty] = []
        letters = 0
        with self._source() as source:
            compiled = fitted(self.document, source, b"")  # the hashes' key doesn't matter here
            # The columns that the mapping reads, in the order of a body.
            used = list(dict.fromkeys(at for each in lineage(compiled) for at in each.positions))
            for chunk in source.chunks():
                if chunk.rows[-1] <= self.after:
                    continue
                for at, problems in _wrong(compiled, chunk).items():
                    if chunk.rows[at] <= self.after or not any(map(self._asked, problems)):
                        continue
                    labels = {place: source.label(place) for place in used}
                    one = Faulty(
                        chunk.rows[at],
                        tuple(
                            Cell(place, label, chunk.columns[place][at], _of(label, problems))
                            for place, label in labels.items()
                        ),
                        _of_none(labels.values(), problems),
                    )
                    letters += sum(min(LONGEST, len(each.text)) for each in one.cells)
                    if len(found) == most or (found and letters > _MOST_LETTERS):
                        return found, True
                    found.append(one)
        return found, False

    def _asked(self, problem: Problem) -> bool:
        return self.code in ("", problem.code) and self.column in ("", problem.column)

    def changes(self, typed: Changes) -> dict[int, dict[int, str]]:
        """Of what was typed into the cells of these rows, that which is another text than theirs."""
        changed = (
            (row.row, each.position, text.strip())
            for row in self.faulty()[0]
            for each in row.cells
            if (text := typed.get(row.row, {}).get(each.position)) is not None
            and len(each.text) <= LONGEST
            and _as_sent(text) != _as_sent(each.text)
        )
        found: dict[int, dict[int, str]] = {}
        for row, position, text in changed:
            found.setdefault(row, {})[position] = text
        return found

    def mend(self, changes: Changes, folder: Path) -> tuple[Path | None, Problems]:
        """Write the file with these changes into a folder, so that it reads as this one does but for them:
        the same rows, by the same numbers. Where a changed row is still refused nothing is written: what is
        wrong, by row. Raises UsageError where the file can't be written so."""
        with self._source() as source:
            compiled, left = fitted(self.document, source, b""), dict[int, tuple[Problem, ...]]()
            for chunk in source.chunks():
                if not changes.keys().isdisjoint(chunk.rows):
                    wrong = _wrong(compiled, _changed(chunk, changes))
                    rows = ((chunk.rows[at], each) for at, each in wrong.items())
                    left |= {row: each for row, each in rows if row in changes}
            if left:
                return None, left
            ending = ".xlsx" if source.facts.sheets else ".csv"
            place = folder / f"{Path(self.file).name.split('.')[0]}{ending}"
            try:
                self._write(source, changes, place)
            except UnicodeError:
                raise _unwritable(source) from None
        # What was written reads as it should, or goes again: no other value may be sent.
        with self._source() as former, self._source(str(place)) as now:
            same = (former.header, former.facts.since_1904) == (now.header, now.facts.since_1904)
            try:
                same = same and all(
                    _cells(_changed(one, changes)) == _cells(other)
                    for one, other in zip(former.chunks(), now.chunks(), strict=True)
                )
            except (ValueError, SourceError):
                same = False
            if not same:
                place.unlink()
                raise _unwritable(former)
        return place, {}

    def _source(self, file: str = "") -> Source:
        return open_source(file or self.file, source_options(self.document, self.sheet))

    def _write(self, source: Source, changes: Changes, to: Path) -> None:
        facts = source.facts
        delimiter, encoding = facts.delimiter or ",", writable(facts.encoding)
        table = to.with_suffix(".csv")
        with files.wrap_os_errors(), files.whole(table, encoding) as file:
            writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
            for cells in _rows(source, changes):
                "".join(cells).encode(encoding)  # `whole` would write a `?` instead
                writer.writerow(cells)
        if facts.sheets:
            to.unlink(missing_ok=True)
            files.write_workbook(
                to,
                table,
                delimiter=delimiter,
                encoding=encoding,
                sheets=facts.sheets,
                at=source.sheet,
            )
            table.unlink()


def _as_sent(text: str) -> str:
    """A browser changes line ends, and what no field can hold, of a cell's text. That is no change."""
    return re.sub(r"[\s\x00-\x1f\x7f\ufffd\ud800-\udfff]+", " ", text)


def _unwritable(source: Source) -> UsageError:
    return UsageError(
        f"{source.place} can't be written anew so that it reads the same.",
        hint="Download the rows to mend, mend them there, and choose that file as another import.",
    )


def _wrong(compiled: Compiled, chunk: Chunk) -> dict[int, tuple[Problem, ...]]:
    """What is wrong with the chunk's rows, by their place in it, all waves together; but for those that the
    file has spoilt."""
    waves, found = len(compiled.programs), defaultdict[int, dict[Problem, None]](dict)
    for number, each in enumerate(check(compiled.run(chunk))):
        at = number // waves
        if isinstance(each, Invalid) and chunk.rows[at] not in chunk.problems:
            found[at].update(dict.fromkeys(each.problems))
    return {at: tuple(problems) for at, problems in found.items()}


def _of(label: str, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(each for each in problems if each.column == label)


def _of_none(labels: Collection[str], problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(each for each in problems if each.column not in labels)


def _changed(chunk: Chunk, changes: Changes) -> Chunk:
    columns = [list(column) for column in chunk.columns]
    for at, row in enumerate(chunk.rows):
        for place, text in changes.get(row, {}).items():
            columns[place][at] = text
    return Chunk(columns, chunk.rows, chunk.problems)


def _cells(chunk: Chunk) -> tuple[object, ...]:
    return list(chunk.rows), [tuple(each) for each in chunk.columns], set(chunk.problems)


def _rows(source: Source, changes: Changes) -> Iterator[Sequence[str]]:
    """All of the file's rows by their numbers: blank ones as blank lines, so that the numbers stay. A row
    that the file has spoilt gets a cell too many: it stays one that can't be trusted."""
    guard = safe if source.header[-1:] == (PROBLEM_COLUMN,) else str
    number = len(source.preamble)
    for above in source.preamble:
        yield list(map(guard, above))
    for chunk in source.chunks():
        for row, cells in zip(chunk.rows, _changed(chunk, changes).lines, strict=True):
            for _ in range(number + 1, row):
                yield []
            number = row
            told = chunk.problems.get(row)
            spoilt = told is not None and told.code not in NO_ANSWERS
            yield [*map(guard, cells), *(["-"] if spoilt else [])]


# A preview: one row as the mapping has it, each step of its reading, and the body.


@dataclass(frozen=True, slots=True)
class Previewed:
    """A row (as Excel numbers it), or one wave of it; `cells` are the file's own. `before` and `after` are
    the rows beside it, as far as they are known without reading on (0: there is none before)."""

    row: int
    wave: str
    traces: tuple[Trace, ...]
    mapped: Mapped
    cells: Sequence[str]
    before: int = 0
    after: int = 0


def preview(source: Source, document: Document, row: int | None = None) -> list[Previewed]:
    """The row as each wave has it; the first that holds something, where none is asked for. No other row is
    mapped. Raises UsageError where there is none, and MappingError where the mapping doesn't fit the file."""
    # A preview hashes with no secret: its anonymous ids are examples.
    compiled = compile_mapping(
        document,
        source.header,
        secret=b"preview",
        file=source.place,
        since_1904=source.facts.since_1904,
    )
    chunk, before, after = _chunk(source, row)
    cells, epoch = [cell for (cell,) in chunk.columns], source.facts.since_1904
    traces = (trace(wave, source.header, cells, since_1904=epoch) for wave in document.by_wave)
    rows = zip(document.by_wave, traces, compiled.run(chunk), strict=True)
    return [
        Previewed(chunk.rows[0], wave.wave, tuple(steps), each, cells, before, after)
        for wave, steps, each in rows
    ]


def _chunk(source: Source, row: int | None) -> tuple[Chunk, int, int]:
    """The one row, as a chunk, and the numbers of those beside it; the first that holds something, where none
    is asked for."""
    last = 0
    for chunk in source.chunks():
        wanted, before = chunk.rows[0] if row is None else row, last
        last = chunk.rows[-1]
        if wanted in chunk.rows:
            at = list(chunk.rows).index(wanted)
            one = Chunk([(column[at],) for column in chunk.columns], [wanted], chunk.problems)
            after = chunk.rows[at + 1] if at + 1 < len(chunk.rows) else wanted + 1
            return one, chunk.rows[at - 1] if at else before, after
        if row is not None and row < last:
            break
    if row is None:
        raise UsageError(f"{source.place} has no rows below its header.")
    raise UsageError(
        f"Row {row} of {source.place} holds no answer: it is blank, a header row, or beyond the end.",
        hint=f"Its first row is {source.facts.first_data_row}. Rows count as in Excel, from 1.",
    )
