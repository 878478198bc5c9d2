"""Parquet and SPSS: tables of records whose columns have names, read in a child process with limits."""

from __future__ import annotations

from importlib.util import find_spec

from importer.errors import SourceError, UsageError
from importer.sources.files import Content
from importer.sources.isolation import Message, Unreadable
from importer.sources.table import Facts, SourceOptions
from importer.sources.workbook import WorkbookTable


class _RecordsTable(WorkbookTable):
    """A file of records; row 0 holds the labels. `library` reads it, which `extra` brings."""

    kind = what = library = extra = remedy = ""

    def __init__(self, content: Content, options: SourceOptions) -> None:
        if find_spec(self.library) is None:
            raise UsageError(
                f"{content.name} is {self.what}, and {self.library}, which reads such, isn't installed.",
                hint=f"Install it: pip install 'satismeter-importer[{self.extra}]'",
            )
        self._sheetless = options.sheet is not None
        super().__init__(content, SourceOptions(encoding=options.encoding))

    def _found_format(self) -> str:
        return self.kind

    def _unreadable(self, failure: Unreadable) -> SourceError:
        return SourceError(
            f"{self._content.name} can't be read as {self.what} ({failure}).", hint=self.remedy
        )

    def _facts(self, opening: Message, layout: Message) -> Facts:  # noqa: ARG002  records have no layout
        asked = ("It has no sheets: what was asked of one says nothing.",) * self._sheetless
        return Facts(
            format=self.kind,
            size=self._content.size,
            sha256=self._content.sha256,
            compression=self._content.compression,
            notes=(*opening["notes"], *asked),
        )


class ParquetTable(_RecordsTable):
    """A Parquet file."""

    kind, what, library, extra = "parquet", "a Parquet file", "pyarrow", "parquet"
    remedy = "Write it again with the program that made it, or export it as CSV."


class SpssTable(_RecordsTable):
    """A .sav or .zsav file."""

    kind, what, library, extra = "sav", "an SPSS file", "pyreadstat", "spss"
    remedy = "If its texts are in another encoding than it says, name it; else export it as CSV."
