"""How a spreadsheet is to be read, where that can't be left to the loader."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What overrules the loader; everything not given is found in the file.

    `sheet`: a name, or a number from 1. `header_rows`: as Excel numbers them; None is the first row
    that is not blank, () is no header at all (columns are then named A, B, ...). `skip_rows`: rows
    that are neither header nor data, such as Qualtrics' second and third row.
    """

    sheet: str | int | None = None
    header_rows: tuple[int, ...] | None = None
    header_join: str = " / "
    skip_rows: tuple[int, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
