"""Who is measured: the importer, what people use instead, and the limit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import data
from benchmarks.workshop import HERE, OURS, Debian, Npm, Own, Tool, Venv

SCRIPTS = HERE / "peers"
BASE = "naive aiohttp, uvloop"
"""Every ratio is against this one."""
OURSELVES = "importer run"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a peer is to do: post `rows` rows to `url`, so many at a time. Its files lie in `folder`."""

    rows: int
    url: str
    concurrency: int
    folder: Path

    @property
    def table(self) -> Path:
        return data.write_csv(self.folder / f"answers-{self.rows}.csv", self.rows)

    @property
    def bodies(self) -> Path:
        return data.write_bodies(self.folder / f"bodies-{self.rows}.jsonl", self.rows)


Command = Callable[[Errand], Sequence[str | Path]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to get rows to an API. `does`: how much of the job it does. `at_most`: the rows it gets
    where it would take too long otherwise. `environment` goes into its process."""

    name: str
    does: str
    tool: Tool
    command: Command
    at_most: int = 1_000_000
    environment: Callable[[Errand], dict[str, str]] = field(default=lambda _: {})


POSTS = "posts ready-made bodies"
WHOLE = "reads, maps, posts, writes results"


def _script(name: str, tool: Tool, errand: Errand, *more: str) -> Sequence[str | Path]:
    arguments = (errand.bodies, errand.url, str(errand.concurrency), *more)
    return (tool.bin / "python", SCRIPTS / f"{name}.py", *arguments)


def _posting(name: str, tool: Tool, *more: str) -> Command:
    return lambda errand: _script(name, tool, errand, *more)


def importer(errand: Errand, *more: str, command: str = "run") -> Sequence[str | Path]:
    """The importer's own command line, with a fresh ledger on the disk."""
    state = errand.folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    mapping = errand.folder / "mapping.yaml"
    mapping.write_text(data.MAPPING)
    sending = ("--rate", "max", "--concurrency", str(errand.concurrency), "--yes")
    return (
        *(OURS / "importer", command, errand.table, "-m", mapping, "--json"),
        *("--state", state, "--out", errand.folder / "out", "--endpoint", errand.url),
        *(sending if command == "run" and not more else more),
    )


def _usual(errand: Errand) -> Sequence[str | Path]:
    script = SCRIPTS / "usual_script.py"
    where = (errand.table, errand.url, str(errand.concurrency), errand.folder / "usual.csv")
    return (OURS / "python", script, *where)


def _csv2http(errand: Errand) -> Sequence[str | Path]:
    """Its own way: every row as it stands, as flat JSON."""
    command = Venv("csv2http").bin / "csv2http"
    return (command, errand.table, errand.url, "-c", str(errand.concurrency), "-t", "60", "-n")


def _newman(errand: Errand) -> Sequence[str | Path]:
    return (
        *(Npm("newman").bin / "newman", "run", SCRIPTS / "newman.json"),
        *("--iteration-data", errand.table, "--env-var", f"url={errand.url}"),
        *("--reporters", "json", "--reporter-json-export", "/dev/null"),
    )


def _k6(errand: Errand) -> Sequence[str | Path]:
    given = {"BODIES": errand.bodies, "URL": errand.url, "CONCURRENCY": errand.concurrency}
    settings = [part for name, value in given.items() for part in ("-e", f"{name}={value}")]
    script = SCRIPTS / "k6.js"
    return (Venv("k6").bin / "k6", "run", "--quiet", "--no-usage-report", *settings, script)


def _curl(errand: Errand) -> Sequence[str | Path]:
    config = errand.folder / f"curl-{errand.rows}.conf"
    posts = [
        f'url = "{errand.url}"\ndata-raw = {_quoted(line)}\n'
        'header = "Content-Type: application/json"\noutput = "/dev/null"\n'
        for line in errand.bodies.read_text(encoding="utf-8").splitlines()
    ]
    config.write_text("next\n".join(posts), encoding="utf-8")
    at_once = ("--parallel-max", str(errand.concurrency))
    return ("curl", "--silent", "--parallel", *at_once, "--config", config)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wrk(errand: Errand) -> Sequence[str | Path]:
    """wrk counts seconds, not rows: what it posted is read off the server."""
    seconds = "5" if errand.rows >= 2_000 else "1"
    connections = ("-t1", "-c", str(errand.concurrency), "-d", seconds)
    return ("wrk", *connections, "-s", SCRIPTS / "wrk.lua", errand.url)


PEERS = (
    Peer("newman", "reads, maps, posts one at a time", Npm("newman"), _newman, 1_000),
    Peer(
        *("httpx, gather", POSTS, Venv("httpx")),
        *(_posting("httpx_gather", Venv("httpx")), 4_000),
    ),
    Peer("csv2http", "reads, posts flat JSON", Venv("csv2http"), _csv2http, 4_000),
    Peer(
        *("requests, threads", POSTS, Venv("requests")),
        *(_posting("requests_threads", Venv("requests")), 10_000),
    ),
    Peer("pandas + aiohttp script", WHOLE, Own(), _usual),
    Peer("k6", POSTS, Venv("k6"), _k6),
    Peer("naive aiohttp", POSTS, Own(), _posting("naive_aiohttp", Own())),
    Peer(BASE, POSTS, Own(), _posting("naive_aiohttp", Own(), "uvloop")),
    Peer("tuned aiohttp", POSTS, Own(), _posting("tuned_aiohttp", Own())),
    Peer("tuned aiohttp, uvloop", POSTS, Own(), _posting("tuned_aiohttp", Own(), "uvloop")),
    Peer(
        *(OURSELVES, "reads, maps, checks, journals, posts, writes results", Own(), importer),
        environment=lambda _: {"SATISMETER_WRITE_KEY": data.WRITE_KEY},
    ),
    Peer(
        *("pyreqwest", POSTS, Venv("pyreqwest")),
        _posting("pyreqwest_workers", Venv("pyreqwest")),
    ),
    Peer("curl --parallel", POSTS, Debian("curl", "curl"), _curl),
    Peer(
        *("wrk", "posts one body over and over: the limit", Debian("wrk", "wrk"), _wrk),
        environment=lambda errand: {"BODY": str(errand.bodies)},
    ),
)


def right_bodies(posted: Sequence[str], expected: Path) -> tuple[int, int]:
    """How many of the bodies that arrived are JSON, and how many different ones say exactly what the
    mapping says."""
    wanted = {_canonical(line) for line in expected.read_text(encoding="utf-8").splitlines()}
    read = [text for text in map(_canonical, posted) if text]
    return len(read), len(wanted & set(read))


def _canonical(line: str) -> str:
    try:
        return json.dumps(json.loads(line), sort_keys=True)
    except ValueError:
        return ""
