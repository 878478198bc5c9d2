"""The command run within the test's own process: the same from the words to the exit status, without
the second that Python needs to start."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from importer.cli import main
from tests.e2e.commands import IMPORTER, Ended, Shell


@dataclass(frozen=True)
class Here(Shell):
    """A shell whose commands start at once. One that reads standard input is a process all the same."""

    def __call__(self, *words: object, stdin: str | None = None, **more: str) -> Ended:
        if stdin is not None:
            return super().__call__(*words, stdin=stdin, **more)
        out, err = io.StringIO(), io.StringIO()
        with (
            _standing(self.folder, {**self.environment, **more}, [IMPORTER, *map(str, words)]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        status = ended.value.code
        assert isinstance(status, int)
        return Ended(status, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _standing(folder: Path, environment: Mapping[str, str], words: list[str]) -> Iterator[None]:
    """In this folder, environment and command line; afterwards in the former ones."""
    former = Path.cwd(), dict(os.environ), sys.argv
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = words
        yield
    finally:
        os.chdir(former[0])
        os.environ.clear()
        os.environ.update(former[1])
        sys.argv = former[2]
