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
LOST = "dup_or_targeting"
"""The code of rows that it holds, too: refused as duplicates of nothing that is known, or by targeting."""


def write(
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
        if line.status in MENDABLE or line.code == LOST:
            wrong.setdefault(at // waves, []).append(line)
    for place, of_row in wrong.items():
        cells = (column[place] for column in chunk.columns)
        yield [*map(safe, cells), safe(_told(of_row, waves))]


def _told(wrong: Sequence[Line], waves: int) -> str:
    """What is wrong with a row: of each of its waves, or once where it is the same with all."""
    told = {line.wave: f"{line.code}: {line.message}" for line in wrong}
    if len(set(told.values())) == 1 and len(wrong) == waves:
        return told[wrong[0].wave]
    return "; ".join(f"wave {wave}: {each}" for wave, each in told.items())
