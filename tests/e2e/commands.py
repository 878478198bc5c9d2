"""Runs the installed command as a user does: a process, its two outputs and its exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.sandbox import WRITE_KEY

IMPORTER = str(Path(sys.executable).with_name("importer"))


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON object of `--json`."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """A user's shell: an empty home, a folder to stand in, the write key in the environment."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *words: object, stdin: str | None = None, **more: str) -> Ended:
        ended = subprocess.run(
            [IMPORTER, *map(str, words)],
            cwd=self.folder,
            env={**self.environment, **more},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


def shell(folder: Path) -> Shell:
    """A shell in `folder`, with a home of its own below it."""
    home = folder / "home"
    home.mkdir()
    names = ("PATH", "LANG", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return Shell(folder, {**kept, "HOME": str(home), "SATISMETER_WRITE_KEY": WRITE_KEY})
