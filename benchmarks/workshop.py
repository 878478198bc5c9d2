"""Sets up what the bench needs, each tool in a folder of its own under `benchmarks/.work`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import server

HERE = Path(__file__).parent
WORK = HERE / ".work"
OURS = Path(sys.executable).parent
"""The importer's own environment; the aiohttp scripts run in it, so that all have one version."""


class Absent(Exception):
    """A tool that can't be had here; says why."""


@dataclass(frozen=True, slots=True)
class Venv:
    """A Python environment that holds one package."""

    package: str

    @property
    def bin(self) -> Path:
        return WORK / self.package / "bin"

    def install(self) -> str:
        """The package's version."""
        if not (self.bin / "python").exists():
            _do([sys.executable, "-m", "venv", str(WORK / self.package)])
        pip = [str(self.bin / "python"), "-m", "pip", "--disable-pip-version-check"]
        shown = subprocess.run(
            [*pip, "show", self.package], capture_output=True, text=True, check=False
        )
        if shown.returncode:
            _do([*pip, "install", "--quiet", self.package])
            shown = subprocess.run(
                [*pip, "show", self.package], capture_output=True, text=True, check=False
            )
        return shown.stdout.split("Version: ")[1].split()[0]


@dataclass(frozen=True, slots=True)
class Npm:
    """A folder of npm's that holds one package."""

    package: str

    @property
    def bin(self) -> Path:
        return WORK / "npm" / "node_modules" / ".bin"

    def install(self) -> str:
        """The package's version."""
        if not shutil.which("npm"):
            raise Absent("npm is not installed")
        if not (self.bin / self.package).exists():
            folder = WORK / "npm"
            folder.mkdir(exist_ok=True)
            _do(["npm", "install", "--silent", "--no-fund", "--no-audit", self.package], folder)
        return _first_line([str(self.bin / self.package), "--version"])


@dataclass(frozen=True, slots=True)
class Debian:
    """A program of a Debian package."""

    program: str
    package: str

    @property
    def bin(self) -> Path:
        return Path(shutil.which(self.program) or self.program).parent

    def install(self) -> str:
        """The program's version."""
        if not shutil.which(self.program):
            apt(self.package)
        return _first_line([self.program, "--version"], statuses=(0, 1))


@dataclass(frozen=True, slots=True)
class Own:
    """The importer's environment, which is there already."""

    @property
    def bin(self) -> Path:
        return OURS

    def install(self) -> str:
        """The version of aiohttp in it."""
        from importlib.metadata import version

        return version("aiohttp")


Tool = Venv | Npm | Debian | Own


def install_server() -> None:
    """nginx with its echo module; Absent where it is missing and can't be installed."""
    if packages := server.missing():
        apt(packages)


def apt(packages: str) -> None:
    """Install Debian packages."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Absent(f"needs root: apt-get install {packages}")
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        _do(["apt-get", "update", "-qq"])
    _do(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages.split()])


def _do(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Absent(f"{' '.join(command[:4])} … failed: {done.stderr.strip()[-300:]}")


def _first_line(command: Sequence[str], statuses: Sequence[int] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        raise Absent(f"{command[0]} does not run: {done.stderr.strip()[-300:]}")
    return (done.stdout or done.stderr).strip().splitlines()[0][:40]
