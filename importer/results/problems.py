"""problems.csv: the rows that could not be sent, with their original cells and a column `problem`.

The rows above the data stand as they do in the source, so that the same mapping reads the file once it
is mended.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
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
    """Write the file anew; returns its rows. `lines` are all of the job's, in file order; `preamble`
    the source's rows above its data, the last of them the header."""
    count = 0
    with whole(path, encoding) as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        for number, row in enumerate(preamble, 1):
            label = PROBLEM_COLUMN if number == len(preamble) or any(row) else ""
            writer.writerow([*map(safe, row), label])
        for chunk in chunks:
            for cells in _mendable(chunk, lines):
                writer.writerow(cells)
                count += 1
    return count


def _mendable(chunk: Chunk, lines: Iterator[Line]) -> Iterator[list[str]]:
    here = list(itertools.islice(lines, len(chunk.rows)))
    for place, line in enumerate(here):
        if line.status in MENDABLE:
            cells = (column[place] for column in chunk.columns)
            yield [*map(safe, cells), safe(f"{line.code}: {line.message}")]
