"""What each column of a file is: by what it is called, held against what is in it.

`columns` counts the values, `understand` says what they are. Pure: no file is read here. Whatever is
found says whether it is sure, guessed or not known, and by what it was told.
"""

from __future__ import annotations

from importer.inference.column import Column, Sure, columns
from importer.inference.meaning import Dated, Found, Meaning, understand
from importer.inference.properties import Property
from importer.inference.questions import Named, Question
from importer.inference.roles import Role, named
from importer.inference.waves import Waves, first_wave, waves

__all__ = [
    "Column",
    "Dated",
    "Found",
    "Meaning",
    "Named",
    "Property",
    "Question",
    "Role",
    "Sure",
    "Waves",
    "columns",
    "first_wave",
    "named",
    "understand",
    "waves",
]
