"""The installed command as a process that tests send signals to, and files with people in them."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from importer.sandbox import Sandbox
from tests.e2e.commands import IMPORTER, Shell


def people(count: int, rows: int = 1, comment: str = "answer") -> str:
    """A CSV file: so many people in turn, each with so many rows, told apart by their comments."""
    lines = [
        f"p{person},{(person + row) % 11},{comment} {row},p{person}@example.com"
        for row in range(rows)
        for person in range(count)
    ]
    return "\n".join(["id,score,comment,email", *lines, ""])


@contextmanager
def started(
    user: Shell,
    *words: object,
    given: Mapping[str, str] | None = None,
    preexec: Callable[[], None] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A command under way; killed at the end, if it still is."""
    with subprocess.Popen(
        [IMPORTER, *map(str, words)],
        cwd=user.folder,
        env={**user.environment, **(given or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=preexec,  # noqa: PLW1509  sets a limit of the child's own, and takes no lock
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Return once it holds; fails after so many seconds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.005)


def killed(
    user: Shell,
    sandbox: Sandbox,
    words: Sequence[object],
    moment: Moment,
    given: Mapping[str, str],
) -> bool:
    """Start a command and SIGKILL it at that moment. False where it had ended by itself."""
    before = len(sandbox.requests)
    until = time.monotonic() + moment.seconds
    with started(user, *words, given=given) as process:
        while process.poll() is None and time.monotonic() < until:
            if moment.posts and len(sandbox.requests) - before >= moment.posts:
                break
            time.sleep(0.002)
        if process.poll() is not None:
            return False
        process.kill()
        process.communicate()
        return True


@dataclass(frozen=True)
class Moment:
    """After so many posts, or so many seconds, whichever comes first."""

    posts: int
    seconds: float

    @classmethod
    def drawn(cls, chance: random.Random, posts: int) -> Moment:
        """While it starts or stages, or after so many posts at most."""
        if chance.random() < 0.3:
            return cls(1, chance.uniform(0.1, 3.0))
        return cls(chance.randint(1, posts), 30.0)


def own_paths(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
