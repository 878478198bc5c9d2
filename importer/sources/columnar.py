"""What reads Parquet and SPSS, in the child: pyarrow and pyreadstat, some rows at a time.

Row 0 holds the labels, and records count from 1.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import count, pairwise
from typing import Any

from importer.errors import SourceError
from importer.model import counted
from importer.sources import cells, json_lines, values
from importer.sources.sheets import TOGETHER, Batch, Layout, Sheet
from importer.sources.table import MOST_COLUMNS
from importer.sources.values import Unshowable, shown

# As many threads as cores would each take memory for themselves, and the child has a limit.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
os.environ |= {"ARROW_DEFAULT_MEMORY_POOL": "system"}

Columns = Sequence[tuple[str, Sequence[str]]]
"""Labels, and the cells below each as text."""


class Records:
    """A table of records as the one sheet of a book. `parts` are some rows each."""

    since_1904 = False
    layout = Layout()

    def __init__(
        self, labels: Sequence[str], parts: Iterable[Sequence[Sequence[str]]], notes: Sequence[str]
    ) -> None:
        self._labels, self._parts, self.notes = labels, parts, notes
        self.sheets = (Sheet(""),)

    def has_data(self, _: str) -> bool:
        """Whether there are any columns."""
        return bool(self._labels)

    def rows(self, _: str) -> Records:
        """The labels, and the records below them."""
        return self

    def __iter__(self) -> Iterator[Batch]:
        batch, numbers = Batch(), count(1)
        batch.add(0, list(self._labels))
        for columns in self._parts:
            for row in zip(*columns, strict=True):
                batch.add(next(numbers), list(row))
                if batch.full:
                    yield batch
                    batch = Batch()
        yield batch

    def close(self) -> None:
        """Nothing that outlives the child stays open."""


def _texts(
    name: str, label: str, start: int, found: Sequence[Any], text: Callable[[Any], str] = shown
) -> list[str]:
    """A column's cells, the first of them of record `start`. Raises SourceError, which shows none."""
    try:
        return [text(each) for each in found]
    except Unshowable as error:
        row = start + next(at for at, each in enumerate(found) if _is_none(each, text))
        raise SourceError(
            f"{name}, row {row}, column {label!r}: {error} is no cell.",
            hint="Write it as text, a number or a date, or leave the column out of the file.",
        ) from None


def _is_none(value: object, text: Callable[[Any], str]) -> bool:
    try:
        text(value)
    except Unshowable:
        return True
    return False


# Parquet, by pyarrow. A struct's fields are columns with a dot, as an object's of JSON lines.


def parquet(path: str, name: str) -> Records:
    """The records of a Parquet file. Raises what pyarrow raises where it can't read it."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    pyarrow.set_cpu_count(1)
    file = ParquetFile(path, buffer_size=1 << 20, coerce_int96_timestamp_unit="us")
    labels = [label for each in file.schema_arrow for label, _ in _leaves(each.name, each.type)]
    if len(labels) > MOST_COLUMNS:
        raise SourceError(f"{name} has more than {MOST_COLUMNS:,} columns.")
    return Records(labels, _of_batches(file, name), ())


def _leaves(name: str, kind: Any) -> Iterator[tuple[str, Any]]:
    import pyarrow

    if not pyarrow.types.is_struct(kind):
        yield name, kind
        return
    for at in range(kind.num_fields):
        each = kind.field(at)
        yield from _leaves(f"{name}.{each.name}", each.type)


def _of_batches(file: Any, name: str) -> Iterator[Sequence[Sequence[str]]]:
    start = 1
    for batch in file.iter_batches(batch_size=TOGETHER, use_threads=False):
        named = zip(batch.schema.names, batch.columns, strict=True)
        leaves = (each for label, column in named for each in _flat(label, column))
        yield [_of_arrow(name, label, start, column) for label, column in leaves]
        start += batch.num_rows


def _flat(label: str, column: Any) -> Iterator[tuple[str, Any]]:
    import pyarrow

    if not pyarrow.types.is_struct(column.type):
        yield label, column
        return
    for at, part in enumerate(column.flatten()):
        yield from _flat(f"{label}.{column.type.field(at).name}", part)


def _of_arrow(name: str, label: str, start: int, column: Any) -> list[str]:
    import pyarrow

    types, kind = pyarrow.types, column.type
    if types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if types.is_timestamp(kind):  # nanoseconds would come as pandas has them, or not at all
        column = column.cast(pyarrow.timestamp("us", kind.tz), safe=False)
    elif types.is_duration(kind):
        column = column.cast(pyarrow.duration("us"), safe=False)
    elif types.is_time64(kind):
        column = column.cast(pyarrow.time64("us"), safe=False)
    text: Callable[[Any], str] = shown
    if types.is_float16(kind) or types.is_float32(kind):
        text = _or_blank(values.narrow(kind.bit_width))
    elif types.is_nested(kind):
        text = _or_blank(_listed)
    try:
        found = column.to_pylist()
    except (ValueError, OverflowError):
        raise SourceError(
            f"{name}, column {label!r}: it holds a date that no calendar has, or text that is no UTF-8.",
            hint="Write the column as text, or leave it out of the file.",
        ) from None
    return _texts(name, label, start, found, text)


def _or_blank(text: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: "" if value is None else text(value)


def _listed(value: object) -> str:
    """A list as JSON lines show one."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_listed, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{json_lines.written(str(key))}: {_listed(each)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, bool | int | float):
        return json_lines.written(value)
    return json_lines.written(shown(value))


# SPSS, by pyreadstat. A value stands as its number, and what its label says in a column of its own.

_CELLS = 2_000_000
"""At a time: each part of a file is found by reading what stands before it once more."""
_PADDED = re.compile(r"N(\d+)")
_DATE = re.compile(r"(?:A|E|J|S)?DATE\d.*|(?:MO|Q|WK)YR\d.*")
_MOMENT = re.compile(r"(?:DATETIME|YMDHMS)\d.*")
_TIME = re.compile(r"(?:D|M)?TIME\d.*")
_EPOCH = dt.datetime(1582, 10, 14)  # noqa: DTZ001  SPSS knows no zones
LABEL = " (label)"


def spss(path: str, name: str, encoding: str) -> Records:
    """The cases of a .sav or .zsav file; what is user-missing is blank. Raises what pyreadstat raises."""
    import pyreadstat

    def read(**how: Any) -> Any:
        _rewind(path)
        return pyreadstat.read_sav(path, encoding=encoding or None, **how)

    _, meta = read(metadataonly=True, user_missing=True)
    names: list[str] = meta.column_names
    if len(names) > MOST_COLUMNS:
        raise SourceError(f"{name} has more than {MOST_COLUMNS:,} variables.")
    words = {
        label: found
        for label in names
        if (found := _words(meta.variable_value_labels.get(label, {}), _missing(meta, label)))
    }
    notes = [
        f"What the value labels of {label} say stands in a column of its own, {label + LABEL!r}; those of "
        f"{counted(len(words), 'variable')} do so."
        for label in list(words)[:1]
    ]
    labels = [*names, *(label + LABEL for label in words)]
    kinds = {label: str(meta.original_variable_types.get(label, "")) for label in names}
    parts = _of_cases(read, name, kinds, words)
    return Records(labels, parts, notes)


def _rewind(path: str) -> None:
    """On macOS all who open a descriptor's path share one place in it."""
    if path.startswith("/dev/fd/"):
        os.lseek(int(path.rpartition("/")[2]), 0, os.SEEK_SET)


def _missing(meta: Any, label: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = meta.missing_ranges.get(label, ())
    return found


def _words(labels: Mapping[Any, str], missing: Sequence[Mapping[str, Any]]) -> dict[Any, str]:
    """What values mean, where each of them means something: of a scale whose ends alone have labels there
    is nothing to say that its numbers don't."""
    kept = {
        value: text
        for value, text in labels.items()
        if not any(each["lo"] <= value <= each["hi"] for each in missing)
    }
    numbers = sorted(each for each in kept if isinstance(each, int | float))
    gaps = any(upper - lower > 1 for lower, upper in pairwise(numbers))
    return {} if gaps or len(kept) < 2 else kept


def _of_cases(
    read: Callable[..., tuple[Mapping[str, Sequence[Any]], Any]],
    name: str,
    kinds: Mapping[str, str],
    words: Mapping[str, Mapping[Any, str]],
) -> Iterator[Sequence[Sequence[str]]]:
    most = max(TOGETHER, _CELLS // len(kinds))
    for offset in count(0, most):
        # Its own conversion makes 06:00 of a duration of 30 hours.
        found, _ = read(
            row_offset=offset,
            row_limit=most,
            output_format="dict",
            disable_datetime_conversion=True,
        )
        columns = [
            _texts(name, label, offset + 1, found[label], _show(kind))
            for label, kind in kinds.items()
        ]
        columns += [
            ["" if value is None else named.get(value, "") for value in found[label]]
            for label, named in words.items()
        ]
        yield columns
        if len(columns[0]) < most:
            return


def _show(kind: str) -> Callable[[Any], str]:
    """How numbers of a print format are shown: dates, times, and the zeros in front of format N."""
    if padded := _PADDED.fullmatch(kind):
        return _or_blank(partial(cells.padded, width=int(padded[1])))
    shows = {_DATE: _date, _MOMENT: _moment, _TIME: _clock}
    found = (_or_blank(show) for format_, show in shows.items() if format_.fullmatch(kind))
    return next(found, shown)


def _moment(seconds: float) -> str:
    """A moment; a number that is none of the calendar's is shown as a number."""
    try:
        return values.moment(_EPOCH + dt.timedelta(seconds=seconds))
    except OverflowError:
        return shown(seconds)


def _date(seconds: float) -> str:
    return _moment(seconds).partition("T")[0]


def _clock(seconds: float) -> str:
    return cells.clock(round(seconds * 1000))
