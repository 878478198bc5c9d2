"""What the parent asks of the child that reads a workbook."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """A sheet of a workbook (`sheet`: name, number from 1, or None to choose), and the limits of reading
    it: `memory` in bytes, `seconds` of processor time. `careful`: by openpyxl, whatever the probe says.
    `name` is for messages."""

    path: str
    name: str
    format: str
    sheet: str | int | None
    memory: int
    seconds: int
    careful: bool = False
