"""Imports that run by themselves: a watched folder, schedules, notices, metrics, a log."""

from __future__ import annotations

from importer.automation.inbox import (
    FORMATS,
    RETRY,
    Arrival,
    Desk,
    Ending,
    Fate,
    FileEnded,
    Inbox,
    Settling,
    Shelves,
    alone,
    arrivals,
    fate,
    forever,
    gravest,
    once,
    scratch,
)
from importer.automation.monitoring import PrivateFile, last_success, metrics, written
from importer.automation.notify import (
    KINDS,
    VARIABLES,
    Notice,
    NotifyTarget,
    Undelivered,
    notify_target,
)

__all__ = [
    "FORMATS",
    "KINDS",
    "RETRY",
    "VARIABLES",
    "Arrival",
    "Desk",
    "Ending",
    "Fate",
    "FileEnded",
    "Inbox",
    "Notice",
    "NotifyTarget",
    "PrivateFile",
    "Settling",
    "Shelves",
    "Undelivered",
    "alone",
    "arrivals",
    "fate",
    "forever",
    "gravest",
    "last_success",
    "metrics",
    "notify_target",
    "once",
    "scratch",
    "written",
]
