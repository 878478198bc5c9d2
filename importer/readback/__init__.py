"""Reads a project back through the API, v3: its surveys, their questions, the responses stored.

`Reader` is the door; a separate API key and the project's ID open it. Nothing here writes.
"""

from importer.readback.found import Found, Question, Survey
from importer.readback.reader import Reader, ReadError

__all__ = ["Found", "Question", "ReadError", "Reader", "Survey"]
