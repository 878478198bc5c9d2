"""report.html: a plan or a run on one page that needs nothing but itself.

`facts` says what the page knows, `sections` what it tells, `charts` draws, `html` escapes.
"""

from importer.results.report.facts import (
    Account,
    Column,
    Example,
    Kind,
    Origin,
    Posting,
    Report,
    Slot,
)
from importer.results.report.page import write

__all__ = ["Account", "Column", "Example", "Kind", "Origin", "Posting", "Report", "Slot", "write"]
