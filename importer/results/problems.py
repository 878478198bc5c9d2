"""problems.csv: the rows that could not be sent, with their original cells and a column `problem`.

The rows above the data stand as they do in the source, so that the same mapping reads the file once it
is mended.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from importer.guard import PROBLEM_COLUMN, safe
from importer.model import Chunk, Line, Status
from importer.results.files import whole

MENDABLE = (Status.INVALID, Status.REJECTED, Status.FAILED)
"""What the file holds: rows that are surely not stored."""


def write(
    path: Path,
    preamble: Sequence[Sequence[str]],
    chunks: Iterable[Chunk],
    lines: Iterator[Line],
    *,
    delimiter: str,
    encoding: str,
) -> int:
    """Write the file anew; returns its rows. `lines` are all of the job's, in file order (with waves, a row
    has several); `preamble` the source's rows above its data, the last of them the header."""
    count = 0
    rows = (list(waves) for _, waves in itertools.groupby(lines, attrgetter("row")))
    with whole(path, encoding) as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        for number, row in enumerate(preamble, 1):
            label = PROBLEM_COLUMN if number == len(preamble) or any(row) else ""
            writer.writerow([*map(safe, row), label])
        for chunk in chunks:
            for cells in _mendable(chunk, rows):
                writer.writerow(cells)
                count += 1
    return count


def _mendable(chunk: Chunk, rows: Iterator[list[Line]]) -> Iterator[list[str]]:
    """The chunk's rows that are to be mended; `rows` are the lines of each row."""
    here = itertools.islice(rows, len(chunk.rows))
    for place, lines in enumerate(here):
        wrong = [line for line in lines if line.status in MENDABLE]
        if wrong:
            cells = (column[place] for column in chunk.columns)
            yield [*map(safe, cells), safe(_told(wrong, len(lines)))]


def _told(wrong: Sequence[Line], waves: int) -> str:
    """What is wrong with a row: of each of its waves, or once where it is the same with all."""
    told = {line.wave: f"{line.code}: {line.message}" for line in wrong}
    if len(set(told.values())) == 1 and len(wrong) == waves:
        return told[wrong[0].wave]
    return "; ".join(f"wave {wave}: {each}" for wave, each in told.items())
