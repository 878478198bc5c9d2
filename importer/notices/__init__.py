"""Telling others how an import ended: webhook, Slack, e-mail, a command; metrics; the log as JSON.

All of it is made from a `Notice`, which holds no personal data, no key and no text of a server's.
"""

from importer.notices.log import PrivateFile, written
from importer.notices.metrics import last_success, metrics
from importer.notices.notice import Notice
from importer.notices.targets import KINDS, VARIABLES, Target, Undelivered, target

__all__ = [
    "KINDS",
    "VARIABLES",
    "Notice",
    "PrivateFile",
    "Target",
    "Undelivered",
    "last_success",
    "metrics",
    "target",
    "written",
]
