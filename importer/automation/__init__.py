"""Imports that run by themselves: a watched folder, schedules, notices, metrics, a log."""

from __future__ import annotations

from importer.automation.inbox import FORMATS as FORMATS
from importer.automation.inbox import RETRY as RETRY
from importer.automation.inbox import SHELVES as SHELVES
from importer.automation.inbox import Arrival as Arrival
from importer.automation.inbox import Desk as Desk
from importer.automation.inbox import Ending as Ending
from importer.automation.inbox import Fate as Fate
from importer.automation.inbox import FileEnded as FileEnded
from importer.automation.inbox import Inbox as Inbox
from importer.automation.inbox import Settling as Settling
from importer.automation.inbox import Shelves as Shelves
from importer.automation.inbox import alone as alone
from importer.automation.inbox import arrivals as arrivals
from importer.automation.inbox import check_shelves as check_shelves
from importer.automation.inbox import fate as fate
from importer.automation.inbox import forever as forever
from importer.automation.inbox import gravest as gravest
from importer.automation.inbox import once as once
from importer.automation.inbox import scratch as scratch
from importer.automation.monitoring import PrivateFile as PrivateFile
from importer.automation.monitoring import metrics as metrics
from importer.automation.monitoring import written as written
from importer.automation.notify import KINDS as KINDS
from importer.automation.notify import VARIABLES as VARIABLES
from importer.automation.notify import Notice as Notice
from importer.automation.notify import NotifyTarget as NotifyTarget
from importer.automation.notify import Undelivered as Undelivered
from importer.automation.notify import notify_target as notify_target
