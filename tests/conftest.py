"""What all rooms share: properties have no deadline; on Windows, tests of what POSIX has are left out."""

import gc
import re
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("calm", deadline=None)  # a machine that is busy is no defect
settings.load_profile("calm")

POSIX = re.compile(
    r"\b(fcntl|resource|pwd|pty|termios|pexpect|preexec(_fn)?|mkfifo|chmod|symlink_to|st_mode|SIGKILL|SIGHUP)\b"
    r"|\bos\.(fork|kill|getuid|geteuid)\b|/(dev|proc)/|\bbash\b"
)
EVERYWHERE = Path(__file__).with_name("systems")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """None leaves the decision to pytest."""
    if sys.platform != "win32" or collection_path.suffix != ".py":
        return None
    own = collection_path.is_relative_to(EVERYWHERE)
    return None if own or not POSIX.search(collection_path.read_text("utf-8")) else True


WAITING = ("workers", "postgres", "web", "trials", "e2e")
"""Rooms whose tests wait for others most of their time, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever waits begins first: the others fill the time, and none is left alone at the end."""
    rooms = {room: turn for turn, room in enumerate(WAITING)}
    items.sort(key=lambda item: rooms.get(item.path.parent.name, len(rooms)))


def pytest_collection_finish() -> None:
    """Eight thousand tests need not be looked through with each search for cycles."""
    gc.freeze()
