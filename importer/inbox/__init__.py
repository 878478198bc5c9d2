"""A watched folder: which files have arrived whole, in what order, and where they go when done.

The room knows files, not imports: what is done with one is a function that it is given.
"""

from importer.inbox.arrivals import FORMATS, Arrival, Settling, arrivals, scratch
from importer.inbox.ending import Ending
from importer.inbox.inbox import RETRY, Ended, Fate, Inbox, fate, gravest
from importer.inbox.rounds import Desk, forever, once
from importer.inbox.shelves import Shelves, alone

__all__ = [
    "FORMATS",
    "RETRY",
    "Arrival",
    "Desk",
    "Ended",
    "Ending",
    "Fate",
    "Inbox",
    "Settling",
    "Shelves",
    "alone",
    "arrivals",
    "fate",
    "forever",
    "gravest",
    "once",
    "scratch",
]
