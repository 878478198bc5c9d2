"""report.html and verify.html: pages that need nothing but themselves.

`templates` hold all HTML, `page` fills them in; `facts` says what a report knows and how it is said,
`charts` draws it.
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
from importer.results.report.page import prepare, write

__all__ = [
    "Account",
    "Column",
    "Example",
    "Kind",
    "Origin",
    "Posting",
    "Report",
    "Slot",
    "prepare",
    "write",
]
