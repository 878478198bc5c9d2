"""The write key and people's words: nowhere but where they belong."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from importer.sandbox import Behaviour, Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.processes import own_paths, started
from tests.figures import figure

KEY = "canary-key-5d2f6c1e"
READ_KEY = "canary-read-key-9b0a"
MAIL = "canary.jane"
WORDS = "canary words of a person"
TRAIT = "canary-trait-blue"

MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
forceSurvey: true
userId: {column: email, lower: true}
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}
traits:
  email: {column: email, type: email}
  colour: colour
"""

QUOTING = (
    Behaviour("status", 422, body=f"user {MAIL}5@example.com said '{WORDS} 5', key {KEY}"),
    Behaviour("status", 422, body={"error": f"{MAIL}6@example.com: {WORDS} 6 {TRAIT} {KEY}"}),
    Behaviour("close_stored"),
    Behaviour("status", 500, body=f"<h1>{KEY} {MAIL}8@example.com {WORDS} 8</h1>"),
    Behaviour("html_200"),
)


@pytest.fixture
def people(user: Shell) -> Shell:
    """A file of ten people with canaries in every cell; two of its rows can't be sent."""
    rows = [
        f"{MAIL}{n}@example.com,{n if n < 9 else n + 90},{WORDS} {n},{TRAIT}" for n in range(11)
    ]
    user.write("answers.csv", "\n".join(["email,score,comment,colour", *rows, ""]))
    user.write("mapping.yaml", MAPPING)
    return user


@contextmanager
def quoting() -> Iterator[Sandbox]:
    """A server that quotes the key and the person in its errors."""
    script = {f"{MAIL}{n}@example.com": [each] for n, each in enumerate(QUOTING, 5)}
    settings = SandboxSettings(write_key=KEY, api_key=READ_KEY, script=script)
    with background(settings) as sandbox:
        yield sandbox


def process_list() -> set[str]:
    """Every command line on this machine."""
    lines = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.add(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return lines


def watched(process: subprocess.Popen[str]) -> tuple[str, str, set[str]]:
    """Both outputs, and every command line that was seen meanwhile."""
    seen: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            seen.update(process_list())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        out, err = process.communicate(timeout=60)
    finally:
        ended.set()
        watching.join()
    return out, err, seen


def test_a_run_shows_neither_the_key_nor_a_persons_words(people: Shell) -> None:
    with quoting() as sandbox:
        command = (
            *("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes"),
            *("--rate", "max", "--settle", "0.1", "--state", "state", "--out", "out", "--json"),
            *("--log-file", "log.jsonl", "--metrics-file", "m.prom", "--payloads", "bodies.jsonl"),
        )
        given = {
            "SATISMETER_WRITE_KEY": KEY,
            "SATISMETER_API_KEY": READ_KEY,
            "SATISMETER_PROJECT": sandbox.settings.project,
        }
        with started(people, *command, given=given) as process:
            out, err, lines = watched(process)
        rows = json.loads(out)["rows"]
        told = [people(*words, "--state", "state", **given) for words in (
            ("jobs",), ("status",), ("resolve",), ("results",),
            ("retry", "--status", "rejected", "--yes", "--settle", "0.1", "--rate", "max"),
        )]  # fmt: skip
    assert (rows["invalid"], rows["rejected"]) == (2, 2)
    shown = {f"output {n}": each.out + each.err for n, each in enumerate(told)}
    shown |= {"stdout": out, "stderr": err, "process list": "\n".join(lines)}
    files = {path.name: path.read_bytes().decode(errors="replace") for path in _written(people)}
    assert {"ledger.sqlite3", "results.csv", "problems.csv", "report.html", "log.jsonl"} <= set(
        files
    )
    keys = [where for where, text in (shown | files).items() if KEY in text or READ_KEY in text]
    own = {"problems.csv", "bodies.jsonl"}
    private = {where: text for where, text in (shown | files).items() if where not in own}
    words = [
        (where, word)
        for where, text in private.items()
        for word in (MAIL, WORDS, TRAIT)
        if word in text
    ]
    figure("canaries", places=len(shown) + len(files), key_found=len(keys), words_found=len(words))
    assert (keys, words) == ([], [])
    assert "answers.csv" in shown["process list"]


def _written(user: Shell) -> list[Path]:
    given = {"answers.csv", "mapping.yaml"}
    return [path for path in own_paths(user.folder) if path.name not in given]


def test_show_values_shows_them_and_never_the_key(people: Shell) -> None:
    with quoting() as sandbox:
        ended = people(
            *("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes"),
            *("--rate", "max", "--settle", "0.1", "--out", "out", "--show-values"),
            SATISMETER_WRITE_KEY=KEY,
        )
    results = (people.folder / "out" / "results.csv").read_text()
    assert f"{MAIL}1@example.com" in results
    assert KEY not in results + ended.out + ended.err


_DEFECT = """
from importer.satismeter.insert import Client
async def defective(self, body):
    key, whole = self._key.reveal(), body
    raise ZeroDivisionError(repr(whole) + key)
Client.post = defective
"""


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_defect_is_told_without_what_was_handled(people: Shell, debug: str) -> None:
    """The traceback of IMPORTER_DEBUG names places only: here the exception's own text quotes it all."""
    site = people.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_DEFECT)
    with quoting() as sandbox:
        command = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
        given = {"SATISMETER_WRITE_KEY": KEY, "PYTHONPATH": str(site), "IMPORTER_DEBUG": debug}
        with started(people, *command, given=given) as process:
            out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "unexpected ZeroDivisionError" in err
    assert ("Traceback" in err) == bool(debug)
    for canary in (KEY, MAIL, WORDS, TRAIT):
        assert canary not in out + err
