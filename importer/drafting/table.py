"""Everything that the sections of a draft are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.drafting.claims import Claims
from importer.drafting.yaml import flow_map, scalar, shown
from importer.inference import Column, Meaning
from importer.inference.waves import MARK, Waves
from importer.loader import Facts, SourceOptions
from importer.loader.header import letter, read_header
from importer.loader.table import Block
from importer.masking import Show, masked
from importer.model import counted
from importer.recognition import Grid, Layout, Match
from importer.recognition.grid import HEAD

if TYPE_CHECKING:
    from importer.drafting.draft import Wishes
    from importer.loader import Source


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A file with all that was found out about it."""

    name: str
    sheet: str
    facts: Facts
    labels: Sequence[str]
    rows: int
    whole: bool
    tool: Match | None
    layout: Layout
    claims: Claims
    meaning: Meaning
    wishes: Wishes
    maybe: Waves | None = None
    waves: Waves | None = None

    def selector(self, column: Column) -> dict[str, str]:
        """How a mapping names the column: by its name, by which of equal names, or by its letter."""
        if self.waves and self.is_waved(column):
            return _in_waves(self.waves, self.waves.labels[column.index])
        label = self.labels[column.index]
        if not label.strip() or len(label) > 450 or "\0" in label or not _encodes(label):
            return {"letter": letter(column.index)}
        exact = [i for i, each in enumerate(self.labels) if each == label]
        if len(exact) > 1:
            return {"column": scalar(label), "nth": str(exact.index(column.index) + 1)}
        return {"column": scalar(label)}

    def is_waved(self, column: Column) -> bool:
        """Whether each wave has its own such column."""
        return self.waves is not None and column.index in self.waves.labels

    def ref(self, column: Column) -> str:
        """The column where a name or a map may stand."""
        pairs = self.selector(column)
        return pairs["column"] if pairs.keys() == {"column"} else flow_map(pairs)

    def plain_name(self, column: Column) -> bool:
        """Whether its name alone selects it."""
        return self.selector(column).keys() == {"column"}

    def samples(self, column: Column, most: int = 3, show: Show = masked) -> str:
        """How full the column is, and some values; masked, but for choices."""
        profile = column.profile
        of = counted(self.rows, "row")
        full = "all rows" if profile.filled == self.rows else f"{profile.filled:,} of {of}"
        return f"{full}: {shown(profile.samples(most), show)}"


def table(
    source: Source,
    grid: Grid,
    found: Layout,
    labels: Sequence[str],
    match: Match | None,
    claimed: Claims,
    meaning: Meaning,
    wishes: Wishes,
) -> Table:
    """What the sections are written from."""
    rows = len(grid.below(found.last, found.skipped))
    return Table(
        name=source.name,
        sheet=source.sheet,
        facts=source.facts,
        labels=labels,
        rows=rows,
        whole=grid.whole,
        tool=match,
        layout=found,
        claims=claimed,
        meaning=meaning,
        wishes=wishes,
    )


def _in_waves(waves: Waves, label: str) -> dict[str, str]:
    """The column of whichever wave: its mark in the name, or which of the equal names it is."""
    if waves.equal:
        return {"column": scalar(label), "nth": f'"{MARK}"'}
    return {"column": scalar(label)}


def labels_of(grid: Grid, found: Layout) -> list[str]:
    """The labels just as the loader makes them of these header rows."""
    block = Block(grid.rows[:HEAD], [list(cells) for cells in grid.cells[:HEAD]])
    labels = read_header(block, SourceOptions(header_rows=found.header), "").labels
    return [*labels, *[""] * (grid.width - len(labels))]


def _encodes(label: str) -> bool:
    return all(not 0xD800 <= ord(char) <= 0xDFFF for char in label)
