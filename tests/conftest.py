"""What all rooms share: properties have no deadline; on Windows, tests of what POSIX has are left out."""

import re
import sys
from pathlib import Path

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
