"""A copy of what 0.1 has written, and the server that it was sent to, at its old address."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from importer.sandbox import API_KEY, PROJECT, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended, Shell, shell
from tests.e2e.here import Here

MADE = Path(__file__).parents[1] / "fixtures_0_1"
FOLDER = MADE / "folder"
PORT = 27391
"""Of the server's address, which is part of each row's identity. Below the ports that systems give away."""
ENDPOINT = f"http://127.0.0.1:{PORT}"
READING = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
WROTE = "/tmp/satismeter-fixture"
"""Where 0.1 has worked."""

JOBS = {
    "plain": "plain",
    "grown": "plain",
    "keyed": "keyed",
    "keyed_changed": "keyed",
    "absent": "forced",
    "waves": "waves",
    "workbook": "workbook",
    "pilot": "plain",
    "killed": "plain",
}
"""Each job's file and its mapping, oldest first."""

Outcomes = dict[tuple[str, str], tuple[str, str]]
"""By a row as Excel numbers it and its wave: the status and the code."""


@dataclass(frozen=True)
class Old:
    """The copy: a user's shell in it, and which of the two state folders is meant."""

    user: Shell
    state: str

    def __call__(self, *words: object, **more: str) -> Ended:
        """A command over the old state."""
        return self.user(*words, "--state", self.state, **more)

    def file(self, job: str) -> str:
        """The job's file."""
        return f"{job}.xlsx" if job == "workbook" else f"{job}.csv"

    def run(self, job: str, *more: object, file: str = "", **given: str) -> Ended:
        """The job's file run once more, without a pause."""
        words = (*self._of(job, file), "--yes", "--rate", "max", "--settle", "0.2")
        return self("run", *words, "--json", *more, **given)

    def plan(self, job: str) -> Ended:
        """What a run would do."""
        return self("plan", *self._of(job, ""), "--json", "--out", "plan-import")

    def _of(self, job: str, file: str) -> tuple[object, ...]:
        mapping = f"mappings/{JOBS[job]}.yaml"
        return (file or self.file(job), "-m", mapping, "--endpoint", ENDPOINT)

    def go_on(self, command: str, job: str, *more: object, **given: str) -> Ended:
        """`resume` or `retry`, without a pause."""
        words = ("--yes", "--rate", "max", "--settle", "0.2", "--json")
        return self(command, number(job), *words, *more, **given)

    def outcomes(self, job: str) -> Outcomes:
        """Status and code of each row, as the ledger has them now."""
        ended = self("results", number(job), "--out", "now")
        assert ended.status == 0, ended.err
        return outcomes(self.user.folder / "now" / "results.csv")


def number(job: str) -> int:
    """The job's number; asking for its name would be a command that opens the ledger."""
    return list(JOBS).index(job) + 1


def outcomes(results: Path) -> Outcomes:
    """Status and code of each row of a results.csv."""
    with results.open(encoding="utf-8", newline="") as file:
        return {
            (line["row"], line.get("wave", "")): (line["status"], line["code"])
            for line in csv.DictReader(file)
        }


def counted(ended: Ended) -> dict[str, int]:
    """The rows by status, but for what there is none of."""
    return {name: number for name, number in ended.document["rows"].items() if number}


def copied(place: Path, state: str) -> Old:
    """The whole folder, for a user of its own."""
    plain = shell(place)
    shutil.copytree(FOLDER, place, dirs_exist_ok=True)
    for path in place.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    _moved(place / state / "ledger.sqlite3", place)
    return Old(Here(plain.folder, plain.environment), state)


def _moved(ledger: Path, place: Path) -> None:
    """Put the copy's place where the ledger names its files: as 0.1 would have, had it run there. Where the
    journal lies in the -wal file, both are copied while the database is open: closing would fold the one
    into the other."""
    wal = ledger.with_name(f"{ledger.name}-wal")
    kept = [ledger, wal] if wal.exists() else []
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(
            "UPDATE jobs SET file = replace(file, ?1, ?2), settings = replace(settings, ?1, ?2)",
            (WROTE, str(place)),
        )
        for each in kept:
            shutil.copy(each, each.with_name(f"{each.name}.kept"))
    for each in kept:
        each.with_name(f"{each.name}.kept").replace(each)


@dataclass(frozen=True)
class Server:
    """The server, with all that 0.1 has sent to it."""

    sandbox: Sandbox

    def posted(self) -> dict[str, int]:
        """Rows posted since it was started, by kind of people: `absent007` is of `absent`."""
        return dict(Counter(each.person.rstrip("0123456789") for each in self.sandbox.posts()))

    def stored_twice(self) -> int:
        """Responses that are there more than once."""
        return sum(times > 1 for times in self.sandbox.copies().values())


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The server at its old address: one at a time on this machine, whoever runs these tests. To its
    duplicate check, what 0.1 has sent is always recent."""
    place = Path(tempfile.gettempdir()) / f"satismeter-fixture-{PORT}.lock"
    settings = SandboxSettings(
        port=PORT, store=folder / "server.sqlite3", duplicate_window=100 * 365 * 86_400
    )
    with FileLock(place, timeout=300, mode=0o666), ExitStack() as stack:
        yield Server(_started(settings, stack))


def _started(settings: SandboxSettings, stack: ExitStack, tries: int = 40) -> Sandbox:
    """A stranger's connection may hold the port for a moment."""
    for _ in range(tries):
        try:
            return stack.enter_context(background(settings))
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"port {PORT} is taken: these tests need it, since ledgers name it")
