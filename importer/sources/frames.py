"""A DataFrame of pandas as a source: its columns by place, its cells as `values` shows them.

pandas is there already where anybody has a DataFrame; nothing here is imported before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from importer.errors import SourceError
from importer.model import utf8
from importer.sources import values
from importer.sources.table import HEAD, MOST_COLUMNS, Facts, RowBlock, SourceOptions, in_blocks
from importer.sources.values import Unshowable

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_TOGETHER = 1_000
"""Rows that are made text at a time."""
_BEGIN = b"DataFrame 1\n"
"""Begins the hash. It says how the rest is written, and never changes: a job is known by it."""


class Frame:
    """A DataFrame as it was when it was handed over, whatever becomes of it meanwhile. `name` is what
    messages call it, `sha256` and `size` (bytes) are over its labels and cells as text: a column of
    another type that shows the same is the same.

    An index with a name is read as the first columns, as `reset_index` makes them; one without isn't read.
    Raises SourceError where a cell or a label is no text, number or date.
    """

    def __init__(self, frame: DataFrame, name: str = "", join: str = " / ") -> None:
        self.name = utf8(name or "DataFrame")
        self._join = join
        held = frame.copy()
        self.notes = tuple(self._of_index(held))
        levels = [each for each in held.index.names if each is not None]
        columns = [held.index.get_level_values(each).to_series() for each in _named(held)]
        columns += [held.iloc[:, at] for at in range(held.shape[1])]
        if not columns:
            raise SourceError(f"{self.name} has no columns.", hint="Is it the right DataFrame?")
        if len(columns) > MOST_COLUMNS:
            raise SourceError(f"{self.name} has more than {MOST_COLUMNS:,} columns.")
        self._columns, self._length = columns, len(held)
        self.labels = [self._label(each) for each in (*levels, *held.columns)]
        if not any(map(str.strip, self.labels)):
            raise SourceError(f"{self.name}: none of its columns has a name.")
        hasher, self.size = hashlib.sha256(_BEGIN), 0
        for cells in (self.labels, *(row for _, row in self.rows())):
            text = "".join([f"{len(cell)}:{cell}" for cell in cells]) + "\n"
            data = text.encode("utf-8", "surrogatepass")
            hasher.update(data)
            self.size += len(data)
        self.sha256 = hasher.hexdigest()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows by their place from 1, as text."""
        for start in range(0, self._length, _TOGETHER):
            texts = [
                self._texts(at, each.iloc[start : start + _TOGETHER], start)
                for at, each in enumerate(self._columns)
            ]
            yield from enumerate(map(list, zip(*texts, strict=True)), start + 1)

    def hold(self) -> None:
        """Nobody else has what was copied."""

    def close(self) -> None:
        self._columns = []

    def _texts(self, at: int, series: Series[Any], start: int) -> list[str]:
        try:
            return _shown(series)
        except Unshowable as error:
            row = start + next(row for row, each in enumerate(series, 1) if _is_none(each))
            label = self.labels[at] or f"column {at + 1}"
            raise SourceError(
                f"{self.name}, row {row}, column {label!r}: {error} is no cell.",
                hint="Make text, a number or a date of this column, or leave it out of the DataFrame.",
            ) from None

    def _label(self, label: Hashable) -> str:
        """A label as text; those of several levels joined as a header of several rows is."""
        try:
            if isinstance(label, tuple):
                parts = dict.fromkeys(map(_text, label))
                return self._join.join(each for each in parts if each.strip())
            return _text(label)
        except Unshowable as error:
            raise SourceError(f"{self.name}: {error} can't be the name of a column.") from None

    def _of_index(self, frame: DataFrame) -> Iterator[str]:
        if frame.index.nlevels > 1 and None in frame.index.names:
            raise SourceError(
                f"{self.name}: not every level of its index has a name.",
                hint="Name them (frame.index.names = ...), or drop them: frame.reset_index(drop=True).",
            )
        if frame.index.names == [None] and frame.index.dtype.kind not in "iu":
            yield (
                "The index of the DataFrame has no name, and isn't read. If it holds ids or dates, name it: "
                "frame.index.name = ..."
            )


class FrameTable:
    """The rows of a `Frame`; its labels are row 0."""

    sheet = ""

    def __init__(self, frame: Frame, options: SourceOptions) -> None:
        self._frame = frame
        first = next(in_blocks(frame.rows(), HEAD - 1), RowBlock((), ()))
        self.head = RowBlock((0, *first.rows), (frame.labels, *first.cells))
        asked = options.sheet is not None
        self.facts = Facts(
            format="dataframe",
            size=frame.size,
            sha256=frame.sha256,
            notes=(*frame.notes, *(("A DataFrame has no sheets.",) if asked else ())),
        )

    def width(self, labels: int) -> int:
        """As many as there are labels."""
        return labels

    def blocks(self, size: int) -> Iterator[RowBlock]:
        """All rows, at most `size` at a time."""
        return in_blocks(self._frame.rows(), size)

    def close(self) -> None:
        """The frame stays, for whoever reads it again."""


def _named(frame: DataFrame) -> Sequence[int]:
    return [at for at, each in enumerate(frame.index.names) if each is not None]


def _shown(series: Series[Any]) -> list[str]:
    """A column's cells as text. Raises Unshowable."""
    import pandas

    kind = series.dtype
    if isinstance(kind, pandas.CategoricalDtype):
        texts = list(map(_text, kind.categories))
        return [texts[code] if code >= 0 else "" for code in series.cat.codes]
    if isinstance(kind, pandas.SparseDtype):
        kind = kind.subtype
    bits = {"float32": 32, "float16": 16, "float[pyarrow]": 32, "halffloat[pyarrow]": 16}
    if width := bits.get(str(kind).lower()):
        text = values.narrow(width)
        return [_text(each) if _is_missing(each) else text(float(each)) for each in series]
    return list(map(_text, series))


def _is_missing(value: object) -> bool:
    import pandas

    return value is None or value is pandas.NA or value is pandas.NaT


def _text(value: object) -> str:
    """`values.shown`, for what pandas and numpy have beside Python's own types, too."""
    kind = type(value)
    if kind is str:
        return str(value)
    room = kind.__module__.partition(".")[0]
    if room == "pandas":
        return _of_pandas(value)
    if room == "numpy":
        return _of_numpy(value)
    return values.shown(value)


def _of_pandas(value: Any) -> str:
    import pandas

    if _is_missing(value):
        return ""
    if isinstance(value, pandas.Timestamp):
        return values.moment(value)
    if isinstance(value, pandas.Timedelta):
        return values.shown(value.to_pytimedelta())
    if isinstance(value, pandas.Period | pandas.Interval):
        return str(value)
    return values.shown(value)


def _of_numpy(value: Any) -> str:
    import pandas

    moments: dict[str, Callable[[Any], object]] = {
        "datetime64": pandas.Timestamp,
        "timedelta64": pandas.Timedelta,
    }
    name = type(value).__name__
    if name in ("float32", "float16"):
        return values.narrow(int(name[-2:]))(float(value))
    if name in moments:
        return _text(moments[name](value))
    if name == "ndarray" or not hasattr(value, "item"):
        raise Unshowable(f"a value of type {name}")
    return values.shown(value.item())


def _is_none(value: object) -> bool:
    """Whether a value is no cell."""
    try:
        _text(value)
    except Unshowable:
        return True
    return False
