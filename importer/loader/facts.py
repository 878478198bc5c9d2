"""What was found in a file before its rows are read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class KnownBy(StrEnum):
    """How sure an encoding is."""

    BOM = "bom"
    """The file says so in its first bytes."""
    UTF_8 = "utf-8"
    """The whole file is valid UTF-8, which other text hardly ever is."""
    GUESSED = "guessed"
    """The most plausible reading; look at the samples."""
    GIVEN = "given"
    """The user said so."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A file as it was found. Rows are numbered as Excel shows them, from 1.

    `format`: csv, xlsx, xls, xlsb or ods. `size` (bytes) and `sha256` are those of the file as it
    lies there, before anything is unpacked. `encoding` (a Python codec) and `delimiter` are "" for
    workbooks, `sheets` is empty for text. `encoding_samples` are lines that show a guessed encoding
    at work, and `encoding_lines` their numbers in the text. `notes` are sentences for the user.
    """

    format: str
    size: int
    sha256: str
    compression: str = ""
    encoding: str = ""
    encoding_known_by: KnownBy | None = None
    encoding_samples: tuple[str, ...] = ()
    encoding_lines: tuple[int, ...] = ()
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    header_rows: tuple[int, ...] = ()
    first_data_row: int = 0
    notes: tuple[str, ...] = ()
