"""Every command in README and docs, and in the help of the commands, as it is written there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest

from importer.cli import command
from importer.sandbox import API_KEY, PROJECT, Sandbox
from tests.e2e.commands import Shell
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def fenced(page: Path) -> Iterator[str]:
    """The commands in a page's blocks of code, each in one line."""
    within = False
    for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line.strip().startswith("```"):
            within = not within
        elif within and re.match(r"(\w+=\S+ )*importer [a-z]", line.strip()):
            yield line.strip()


def helped() -> Iterator[tuple[str, str]]:
    """The examples in the help of each command."""
    for name, one in command.commands.items():
        for line in (one.help or "").splitlines():
            if line.strip().startswith("importer "):
                yield name, re.split(r"\s{2,}", line.strip())[0]


WRITTEN = [(page.name, line) for page in PAGES for line in fenced(page)]


def words(line: str) -> list[str]:
    """Without what is the shell's: variables before it, a pipe or a file behind it."""
    own = re.sub(r"^(\w+=\S+ )*importer | [|>] .*", "", line)
    return shlex.split(own, comments=True)


@pytest.mark.parametrize(("where", "line"), [*WRITTEN, *helped()])
def test_each_is_what_its_command_takes(where: str, line: str) -> None:
    name, *more = words(line)

    command.commands[name].make_context(name, more, resilient_parsing=False).close()


@pytest.fixture
def user(user: Shell, sandbox: Sandbox) -> Here:
    """A folder that holds what the pages speak of; server, keys and ledger come from the environment."""
    rows: list[list[str | int]] = [["id", "score", "comment", "email"]]
    rows += [[f"p{n}", n % 11, "", ""] for n in range(12)]
    for name in ("answers.csv", "inbox/a.csv", "archive/answers.csv"):
        (user.folder / name).parent.mkdir(exist_ok=True)
        user.write(name, "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.worksheets[0].title = "Responses"
    book.save(user.folder / "answers.xlsx")
    told = {
        "IMPORTER_ENDPOINT": sandbox.url, "IMPORTER_STATE": str(user.folder / "state"),
        "IMPORTER_RATE": "max", "IMPORTER_SETTLED": "0s", "SATISMETER_API_KEY": API_KEY,
        "SATISMETER_PROJECT": PROJECT, "IMPORTER_NOTIFY_SLACK": sandbox.url,
    }  # fmt: skip
    return Here(user.folder, {**user.environment, **told})


ENDLESS = {"watch", "sandbox", "demo", "web"}
"""Run by tests of their own, since they wait for a signal or bring a server of their own: unless `--once`."""


ELSEWHERE = {"shared-ledger.md", "dask.md"}
"""Their commands want a PostgreSQL or a cluster: `tests/postgres` and `tests/workers` try the same there."""


@pytest.mark.parametrize(
    "page", [each for each in PAGES if each.name not in ELSEWHERE], ids=lambda page: page.name
)
def test_each_runs_as_it_is_written(user: Here, page: Path) -> None:
    """In the order of the page; who is asked says yes. What was sent before, and a job of another name, end
    well too, or in words: never in a defect."""
    user("run", "answers.csv", "-m", "mapping.yaml", "--yes", "--limit", 1)
    for line in fenced(page):
        name, *more = words(line)
        if name in ENDLESS and "--once" not in more:
            continue
        if name in {"run", "resume", "retry"} and "--yes" not in more:
            more.append("--yes")
        if "20260301" in line:
            more = [
                user("status", "--json").document["job"] if "20260301" in x else x for x in more
            ]
        if name == "init":
            (user.folder / "mapping.yaml").unlink()
        ended = user(name, *more)
        assert ended.status in {0, 3}, f"{line}\n{ended.out}\n{ended.err}"
        if name == "init":  # as a person fills it in
            user.write("mapping.yaml", MAPPING)
