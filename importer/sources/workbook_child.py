"""The child process that reads a workbook, so that a hostile one can't harm the importer.

It is started by `isolation.Child`, under limits on memory and time, and writes messages to standard output:
four bytes of length, then JSON. First the opening (sheet, sheets, notes), then batches of
text rows, then `{"end": true}`; or one `{"error": ...}`. A stream without an end is a death.
"""

from __future__ import annotations

import errno
import gc
import os
import struct
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict

import orjson

from importer import system
from importer.errors import SourceError
from importer.sources.isolation import ReadRequest
from importer.sources.sheets import Book, choose_sheet

_OURS = (LookupError, AttributeError, TypeError, AssertionError, struct.error)
"""What a library raises where it doesn't look: its text says nothing to people."""


def main(request: str) -> None:
    """Read as the request (JSON) says; the exit status says nothing, the last message does."""
    wanted = ReadRequest(**orjson.loads(request))
    system.limit(wanted.memory, wanted.seconds)
    system.end_with_stdin()
    warnings.simplefilter("ignore")
    gc.disable()  # rows hold no cycles; looking for them costs a tenth
    try:
        for message in _messages(wanted):
            _send(message)
    except SourceError as error:
        _send({"error": error.message, "hint": error.hint})
    except Exception as error:  # noqa: BLE001  whatever the library raises: it can't read this file
        if isinstance(error, MemoryError) or getattr(error, "errno", 0) == errno.ENOMEM:
            os.abort()  # as a library's own code ends where there is none left: read another way then
        said = "a part of it is missing or broken" if isinstance(error, _OURS) else str(error)
        said = said or type(error).__name__
        _send({"unreadable": said[:300]})


def _messages(wanted: ReadRequest) -> Iterator[dict[str, object]]:
    book = _book(wanted)
    choice = choose_sheet(book, wanted.sheet, wanted.name)
    rows = book.rows(choice.sheet)
    yield {
        "sheet": choice.sheet,
        "sheets": [each.name for each in book.sheets],
        "notes": [*choice.notes, *rows.notes],
        "layout": asdict(rows.layout),
        "since_1904": book.since_1904,
    }
    for batch in rows:
        yield {
            "rows": batch.rows,
            "cells": batch.cells,
            "marks": batch.marks,
            "letters": batch.letters,
        }
    yield {"end": True}


def _book(wanted: ReadRequest) -> Book:
    if wanted.format == "xlsx":
        from importer.sources.engines import XlsxBook

        return XlsxBook(wanted.path, careful=wanted.careful)
    if wanted.format in ("parquet", "sav"):
        from importer.sources import columnar

        if wanted.format == "parquet":
            return columnar.parquet(wanted.path, wanted.name)
        return columnar.spss(wanted.path, wanted.name, wanted.encoding)
    from importer.sources.engines import CalamineBook, OdsBook, XlsBook

    if wanted.format == "ods":
        return OdsBook(wanted.path)
    if wanted.format == "xls":
        with suppress(Exception):  # whatever xlrd raises: it can't read this file
            return XlsBook(wanted.path)
    return CalamineBook(wanted.path)


def _send(message: dict[str, object]) -> None:
    data = orjson.dumps(message)
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()
