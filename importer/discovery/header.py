"""A sheet as it stands: where its header rows are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.discovery import lexicon
from importer.mapping.text import folded

if TYPE_CHECKING:
    from importer.sources import Source


MOST_ROWS = 50_000
"""As many rows are looked at; a column's kind is clear long before."""
HEAD = 200
"""A header stands among these."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Rows that are not blank: `cells[i]` is the row that Excel numbers `rows[i]`; all have one width.

    `whole` says whether that is the whole file.
    """

    rows: Sequence[int]
    cells: Sequence[Sequence[str]]
    whole: bool = True

    @property
    def width(self) -> int:
        """Cells of the longest of the first rows."""
        return max(map(len, self.cells[:HEAD]), default=0)

    def at(self, row: int) -> Sequence[str]:
        """The cells of a row by Excel's number; blank where the row is."""
        head = dict(zip(self.rows[:HEAD], self.cells[:HEAD], strict=True))
        return head.get(row, [""] * self.width)

    def below(self, row: int, skipped: Sequence[int] = ()) -> list[Sequence[str]]:
        pairs = zip(self.rows, self.cells, strict=True)
        return [cells for number, cells in pairs if number > row and number not in skipped]


def read_grid(source: Source) -> Grid:
    """The first `MOST_ROWS` rows of a source that was opened with `header_rows=()`."""
    named = source.facts.named
    rows, cells = [0] * named, list[Sequence[str]]([source.header] * named)
    for chunk in source.chunks():
        rows += chunk.rows
        cells += chunk.lines
        if len(rows) >= MOST_ROWS:
            return Grid(rows[:MOST_ROWS], cells[:MOST_ROWS], whole=False)
    return Grid(rows, cells)


# What a cell is by its shape alone: enough to tell a header from the values below it.

_SHAPES = (
    ("number", re.compile(r"[-+]?\d+(?:[.,]\d+)?%?")),
    ("date", re.compile(r"\d{1,4}[-/. ](?:\d{1,2}|[A-Za-z]{3,9})[-/. ,]{1,2}\d{2,4}\b.*")),
    ("e-mail", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("code", re.compile(r"(?=.*\d)[A-Za-z0-9_-]{8,}")),
    ("address", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")),
)
_MOSTLY = 0.8


def shape(cell: str) -> str:
    """`number`, `date`, `e-mail`, `code`, `address`; "" for other text and for blanks."""
    text = cell.strip()
    return next((name for name, pattern in _SHAPES if pattern.fullmatch(text)), "")


_NOTHING = frozenset(("none", "null", "nan", "nil"))


def _says(cell: str) -> bool:
    """Whether a cell says anything: a mark for "no answer" has no shape."""
    text = folded(cell)
    said = text not in lexicon.texts("no_answer") and text not in _NOTHING
    return said and any(map(str.isalnum, text))


def column_shape(cells: Sequence[str]) -> str:
    """The shape that most of a column's filled cells have; "" where they have none in common."""
    filled = [cell for cell in cells if _says(cell)]
    if not filled:
        return ""
    most, count = Counter(map(shape, filled)).most_common(1)[0]
    return most if count >= _MOSTLY * len(filled) else ""


# Where the header rows of a sheet are: none to five, with titles, question texts and import ids.

FIRST = 5
_FULL = 0.5
_IMPORT_ID = re.compile(r"\{\s*['\"]ImportId['\"]")
_TAG = re.compile(r"#[a-z]\w*([+ ].*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows as Excel numbers them: `header` make the names (joined, where there are two), `skipped` are
    neither header nor data, `texts` (0: none) says the questions in words, `ids` (0: none) Qualtrics'
    import ids. `reason` is for people."""

    header: tuple[int, ...]
    skipped: tuple[int, ...] = ()
    texts: int = 0
    ids: int = 0
    reason: str = ""

    @property
    def last(self) -> int:
        return max((*self.header, *self.skipped), default=0)


@dataclass(frozen=True, slots=True)
class ToolRows:
    """What a tool writes above its answers: the row that it was known by, how many rows name the columns
    together, and how many hold texts below them."""

    row: int
    header: int = 1
    texts: int = 0


def layout(grid: Grid, tool: ToolRows | None = None) -> Layout:
    """The header rows; `tool`: what is known of them by the tool that wrote the file."""
    if grid.rows[:1] == [0]:
        return Layout((0,), reason="its columns have names of their own")
    at = grid.rows.index(tool.row) if tool else _first(grid)
    if at is None:
        return Layout((), reason="the first row is like those below it: there is no header")
    first = grid.rows[at]
    if at + 1 < len(grid.rows) and _completes(grid, at, tool):
        second = grid.rows[at + 1]
        return Layout(
            (first, second), reason=f"rows {first} and {second} name the columns together"
        )
    after = _above_data(grid, at, tool)
    if not after:
        return Layout((first,), reason=f"row {first} names the columns")
    ids = next((row for row in after if _share(grid.at(row), _IMPORT_ID)), 0)
    texts = after[0] if after[0] != ids and not _share(grid.at(after[0]), _TAG) else 0
    reason = f"row {first} names the columns; {_said(grid, after)}"
    return Layout((first,), after, texts, ids, reason)


def _said(grid: Grid, rows: Sequence[int]) -> str:
    shown = " and ".join(map(str, rows))
    word, what = ("row", "holds") if len(rows) == 1 else ("rows", "hold")
    tags = any(_share(grid.at(row), _TAG) for row in rows)
    more = " and import ids" if any(_share(grid.at(row), _IMPORT_ID) for row in rows) else ""
    return f"{word} {shown} {what} {'tags' if tags else 'texts' + more}, no answers"


def _first(grid: Grid) -> int | None:
    """The index of the first header row; None where there is none."""
    if grid.cells and _counts_on(grid.cells[0], grid.cells[1 : 1 + FIRST]):
        return 0
    wide = max(map(_filled, grid.cells[:HEAD]), default=0)
    full = next(
        (i for i, cells in enumerate(grid.cells[:HEAD]) if _filled(cells) > _FULL * wide), 0
    )
    if full and _spans(grid, full):
        return full if _names_alone(grid, full) else full - 1
    below = grid.cells[full + 1 : full + 2]
    if below and _known_names(below[0]) > 1 and not _known_names(grid.cells[full]):
        full += 1  # two cells above a narrow table are a title still
    if not full and _recurs(grid, full):
        return None
    if not _is_data(grid, full):
        return full
    above = full - 1  # names of half the columns are no title, where answers follow at once
    near = full and grid.rows[above] == grid.rows[full] - 1 and _filled(grid.cells[above]) > 1
    return above if near and not _is_data(grid, above) else None


_NOTIONS: tuple[lexicon.Name, ...] = ("user", "email", "score", "comment", "response", "answered")


def _known_names(cells: Sequence[str]) -> int:
    return sum(any(lexicon.is_called(each, cell) for each in _NOTIONS) for cell in cells)


def _spans(grid: Grid, full: int) -> bool:
    """Whether the row above holds labels that span columns of the full one, and is no title."""
    above, cells = grid.cells[full - 1], grid.cells[full]
    adjacent = grid.rows[full - 1] == grid.rows[full] - 1
    far = any(cell.strip() for cell in above[2:])
    return (
        adjacent
        and far
        and _filled(above) > 1
        and not _is_data(grid, full - 1, skip=full)
        and (not _is_data(grid, full) and _gaps(above, cells) > 0)
    )


def _names_alone(grid: Grid, full: int) -> bool:
    """Whether the full row names its columns by itself, each by another name, and the row above only heads
    groups of them (`Customer`, over id, name and address)."""
    above, cells = grid.cells[full - 1], grid.cells[full]
    fits, misfits = _fitting(grid, full)
    labels = [folded(cell) for cell in cells if cell.strip()]
    known = _known_names(cells) > max(1, _known_names(above))
    alone = not fits and len(misfits) > 1 and known and len(set(labels)) == len(labels)
    return alone and not _completes(grid, full - 1, None)


def _above_data(grid: Grid, at: int, tool: ToolRows | None) -> tuple[int, ...]:
    """The rows right below the first header row that are no data either."""
    following = range(at + 1, min(at + FIRST, len(grid.rows)))
    for i in reversed(following):
        if _share(grid.cells[i], _IMPORT_ID) or _share(grid.cells[i], _TAG):
            return tuple(grid.rows[at + 1 : i + 1])
    most = tool.texts if tool and tool.texts else FIRST - 1
    count = 0
    while (
        at + 1 + count < len(grid.rows) - 1
        and count < most
        and _is_label(grid, at + 1 + count, by_tool=bool(tool and tool.texts))
    ):
        count += 1
    return tuple(grid.rows[at + 1 : at + 1 + count])


def _completes(grid: Grid, at: int, tool: ToolRows | None) -> bool:
    """Whether the row below fills the gaps of a header: the two together name the columns.

    Blanks alone don't say so, and a first response is no header: a cell that is written like those below it
    is a value. Cells that repeat the names above them are none, nor is the rest of their row. Else some cell
    must be one that only SurveyMonkey writes there; or, in a gap of row 1, one of an open field or a choice,
    where columns that row 1 names alone are blank in row 2. Where no tool is known, all of the row must be
    such cells. A tool with one header row has no second.
    """
    if tool and tool.header < 2:
        return False
    upper, lower = grid.cells[at], grid.cells[at + 1]
    below = grid.cells[at + 2 : at + 2 + HEAD]
    columns = [[row[i] for row in below] for i in range(len(lower))]
    filled = [i for i, cell in enumerate(lower) if cell.strip()]
    if _repeats(upper, lower, below):
        return True
    choices = {i for i in filled if {cell.strip() for cell in columns[i]} <= {"", lower[i].strip()}}
    if any(_is_value(lower[i], columns[i]) for i in filled if i not in choices):
        return False
    marks = [i for i in filled if folded(lower[i]) in lexicon.texts("answer_mark")]
    gaps = [i for i in filled if not upper[i].strip()]
    if len(marks) > 1 or (marks and (gaps or marks == filled)):
        return True
    named_alone = any(up.strip() and not low.strip() for up, low in zip(upper, lower, strict=True))
    if not named_alone:
        return _names_each_gap(upper, gaps, lower, below)
    beside = {i for i in filled if folded(lower[i]) in lexicon.texts("beside_mark")}
    chosen = {i for i in choices if 0 < sum(map(bool, map(str.strip, columns[i]))) < len(below)}
    told = any(i in beside or i in chosen for i in gaps)
    return told and (bool(tool) or set(filled) <= beside | choices)


def _is_value(cell: str, below: Sequence[str]) -> bool:
    """Whether a cell has the shape of those below it."""
    wanted = column_shape(below)
    return bool(wanted) and shape(cell) == wanted


_SEVERAL = 5


def _repeats(upper: Sequence[str], lower: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether some of the row's cells repeat the names above them, which no answer does, and others don't."""
    filled = [i for i, cell in enumerate(lower) if cell.strip()]
    same = [i for i in filled if lower[i].strip() == upper[i].strip()]
    never = [i for i in same if all(row[i].strip() != lower[i].strip() for row in below)]
    return len(never) >= 2 and len(same) < len(filled) and len(below) >= _FEW_ROWS


_FEW_ROWS = 3


def _names_each_gap(
    upper: Sequence[str], gaps: Sequence[int], lower: Sequence[str], below: Sequence[Sequence[str]]
) -> bool:
    """Whether the row fills nearly every gap of the header above it, and several with a choice's name: the
    one text that its column has, or one that isn't among the few of its column (yes, no). A row of answers
    fills only those that were chosen, with what others answer too."""
    blank = sum(not cell.strip() for cell in upper)
    columns = {i: Counter(row[i].strip() for row in below if row[i].strip()) for i in gaps}
    chosen = [i for i in gaps if columns[i].keys() <= {lower[i].strip()}]
    marked = [i for i in gaps if columns[i] and lower[i].strip() not in columns[i]]
    few = [i for i in marked if columns[i].total() >= _SEVERAL * len(columns[i])]
    named = len(chosen) >= _SEVERAL or (len(few) >= _SEVERAL and len(few) * 2 > len(gaps))
    return len(gaps) > 0.9 * blank and named


def _gaps(upper: Sequence[str], lower: Sequence[str]) -> int:
    return sum(not up.strip() and bool(low.strip()) for up, low in zip(upper, lower, strict=True))


def _is_label(grid: Grid, at: int, *, by_tool: bool) -> bool:
    """Whether a row differs in shape from what stands below it, in two columns at least and throughout.
    Where no tool writes such a row, it has to ask: a person may answer in words where others give numbers."""
    fits, misfits = _fitting(grid, at)
    if len(misfits) < 2 or fits:
        return False
    cells = grid.cells[at]
    asking = sum(lexicon.is_question(cells[i]) for i in misfits)
    marked = sum(cell.strip().endswith(("?", "？", "؟")) for cell in cells)
    return by_tool or asking * 2 >= len(misfits) or marked > 1


def _is_data(grid: Grid, at: int, skip: int = 0) -> bool:
    """Whether a row has the shapes of what stands below it."""
    fits, misfits = _fitting(grid, at, skip)
    return fits > len(misfits)


def _counts_on(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row numbers the columns, as pandas does where they have no names: 0, 1, 2 ..., which no row
    below does; the first may be blank, above the numbers of the rows."""
    named = cells[1:] if not cells[0].strip() else cells
    own = [str(n) for n in range(len(named))] == [cell.strip() for cell in named]
    numbers = [int(cell) if cell.strip().isdecimal() else -1 for cell in named]
    rises = len(numbers) >= _SEVERAL and numbers[0] > -1 and sorted(set(numbers)) == numbers
    return (rises or (own and named is not cells)) and all(
        [*row[-len(named) :]] != sorted(set(row[-len(named) :])) for row in below if len(named) > 1
    )


def _recurs(grid: Grid, at: int) -> bool:
    """Whether each of its cells comes again among others in its column, not only as the row comes again."""
    below = list(zip(*grid.cells[at + 1 : at + 1 + HEAD], strict=True))
    filled = [i for i, cell in enumerate(grid.cells[at]) if cell.strip()]
    same = sum(row == tuple(grid.cells[at]) for row in zip(*below, strict=True))
    again = [
        below[i].count(grid.cells[at][i]) for i in filled if below and len({*below[i]} - {""}) > 1
    ]
    return 1 < len(filled) == len(again) and min(again) > same


def _fitting(grid: Grid, at: int, skip: int = 0) -> tuple[int, list[int]]:
    """In how many columns of one shape the row's cell has that shape, and in which it doesn't."""
    below = grid.cells[max(at, skip) + 1 : at + 1 + HEAD]
    fits, misfits = 0, []
    for i, cell in enumerate(grid.cells[at]):
        wanted = column_shape([row[i] for row in below]) if _says(cell) else ""
        if wanted and shape(cell) == wanted:
            fits += 1
        elif wanted:
            misfits.append(i)
    return fits, misfits


def _share(cells: Sequence[str], pattern: re.Pattern[str]) -> bool:
    """Whether at least half of the filled cells match, and two of them."""
    filled = [cell for cell in cells if cell.strip()]
    found = sum(bool(pattern.match(cell.strip())) for cell in filled)
    return found >= 2 and found * 2 >= len(filled)


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)
