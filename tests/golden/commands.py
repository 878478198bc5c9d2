"""What the commands make of every sample: `--json`, results.csv, problems.csv, report.html and summary.json.

A plan, and a run to a sandbox that refuses the second person's first request (422) and stores the fourth's
without an answer. One request at a time, so that the server's count of responses is the order of the rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import orjson

from importer.resources import SAMPLES
from importer.sandbox import Behaviour, SandboxSettings, background
from tests import golden
from tests.e2e.commands import Ended, shell
from tests.e2e.here import Here
from tests.golden import normal

HASH_KEY = "the same in every golden"
RUN = ("--rate", "max", "--concurrency", 1, "--settle", 0.1, "--yes")
MET = ((1, Behaviour("status", 422)), (3, Behaviour("close_stored")))
"""Who of the persons, in the order of their rows, meets what, once."""


def produced(name: str, folder: Path) -> dict[str, bytes]:
    """The files of a sample's folder `commands`, as the commands make them now, in an empty folder."""
    file, mapping = golden.sample(name), SAMPLES / f"{name}.yaml"
    for each in (file, mapping):
        shutil.copy(each, folder)
    plain = shell(folder)
    user = Here(folder, {**plain.environment, "SATISMETER_HASH_KEY": HASH_KEY})
    source = (file.name, "-m", mapping.name, "--state", "state")
    ended = {
        "inspect": user("inspect", file.name, "--json"),
        "check": user("check", mapping.name, file.name, "--json"),
    }
    user("plan", *source, "--out", "asked", "--payloads", "bodies.jsonl")
    with background(SandboxSettings(script=_script(folder / "bodies.jsonl"))) as sandbox:
        to = ("--endpoint", sandbox.url, "--json")
        ended["plan"] = user("plan", *source, *to, "--out", "plan")
        ended["run"] = user("run", *source, *to, "--out", "run", *RUN)
    ended["status"] = user("status", "--state", "state", "--json")
    return {
        "exit-statuses.json": _statuses(ended),
        **{
            f"{command}.json": normal.document(each.out, str(folder)).encode()
            for command, each in ended.items()
        },
        **_written(folder, "plan"),
        **_written(folder, "run"),
    }


def kept(name: str) -> dict[str, bytes]:
    """The same as it was accepted."""
    return {path.name: path.read_bytes() for path in _folder(name).iterdir()}


def write(name: str, files: dict[str, bytes]) -> None:
    """Accept what is made now."""
    shutil.rmtree(_folder(name), ignore_errors=True)
    _folder(name).mkdir()
    for file, content in files.items():
        (_folder(name) / file).write_bytes(content)


def _folder(name: str) -> Path:
    return golden.FOLDER / name / "commands"


def _script(bodies: Path) -> dict[str, tuple[Behaviour, ...]]:
    every = map(orjson.loads, bodies.read_bytes().splitlines())
    people = list(dict.fromkeys(body.get("userId") or body["anonymousId"] for body in every))
    return {people[place]: (behaviour,) for place, behaviour in MET}


def _statuses(ended: Mapping[str, Ended]) -> bytes:
    statuses = {command: each.status for command, each in ended.items()}
    return orjson.dumps(statuses, option=orjson.OPT_INDENT_2) + b"\n"


def _written(folder: Path, command: str) -> dict[str, bytes]:
    """The files that a command has written, as `run-results.csv`. A workbook holds when it was made: it is
    looked at cell by cell elsewhere (tests/results/test_problems.py)."""
    return {
        f"{command}-{path.name.removeprefix('plan-')}": _normal(path, str(folder))
        for path in (folder / command).iterdir()
        if not path.name.startswith(".") and path.suffix != ".xlsx"
    }


def _normal(path: Path, folder: str) -> bytes:
    content = path.read_bytes()
    if path.name == "results.csv":
        return normal.results(content.decode()).encode()
    if path.suffix == ".json":
        return normal.document(content.decode(), folder).encode()
    if path.suffix == ".html":
        return normal.page(content.decode()).encode()
    return content  # problems.csv: what was wrong with the file's rows, in the file's own encoding
