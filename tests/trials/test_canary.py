"""A write key and a person's values that shine: where they may stand, and where they may not."""

from __future__ import annotations

import gzip
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from importer.sandbox import Behaviour, SandboxSettings, background
from tests.e2e.commands import IMPORTER, Shell
from tests.figures import figure
from tests.trials.job import Job

KEY = "canary-KEY-4f1d9c"
PERSONAL = ("canary.mail", "Canarina", "CANARYTEXT")
"""In the e-mail addresses, the names and the comments."""

MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}
traits:
  email: {column: email, type: email}
  name: name
"""


def lines() -> Iterator[str]:
    yield "id,score,comment,email,name"
    for n in range(30):
        score = 77 if n == 29 else n % 11
        email = "canary.mail at home" if n == 28 else f"canary.mail{n}@example.com"
        yield f"p{n},{score},a CANARYTEXT {n},{email},Canarina {n}"


def quoting(status: int, n: int) -> Behaviour:
    """A server that quotes what it was sent, key and all."""
    text = f"key {KEY}: a CANARYTEXT {n} of Canarina {n} <canary.mail{n}@example.com> is refused"
    return Behaviour("status", status, body={"error": text, "writeKey": KEY})


def server() -> SandboxSettings:
    return SandboxSettings(
        write_key=KEY,
        script={
            "p5": (quoting(422, 5),),
            "p6": (Behaviour("close_stored"),),
            "p7": (Behaviour("html_200"),),
            "p8": (quoting(500, 8),),
        },
        latency=0.02,
    )


def found(path: Path, words: tuple[str, ...]) -> list[str]:
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    return [f"{path.name}: {word}" for word in words if word.lower().encode() in content.lower()]


def written(folder: Path) -> list[Path]:
    """Every file below the folder but the user's own."""
    own = {"answers.csv", "mapping.yaml", "job.out", "broken.yaml"}
    return [path for path in folder.rglob("*") if path.is_file() and path.name not in own]


def test_a_run_shows_neither_the_key_nor_a_persons_values(user: Shell) -> None:
    user.write("mapping.yaml", MAPPING)
    user.write("answers.csv", "\n".join(lines()) + "\n")
    with background(server()) as sandbox:
        options = ("--state", "state", "--settle", 30, "--rate", "max", "--concurrency", 1)
        shell = Shell(user.folder, {**user.environment, "SATISMETER_WRITE_KEY": KEY})
        more = ("--log-file", "run.log", "--payloads", "bodies.jsonl", "--metrics-file", "m.prom")
        job = Job(shell, sandbox, (*options, *more))
        process = job.start()
        arguments = b""
        while process.poll() is None and len(sandbox.posts()) < 28:
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes() or arguments
            time.sleep(0.01)
        seen = {path: found(path, (KEY,)) for path in written(user.folder)}
        time.sleep(0.3)
        process.terminate()
        out, _ = process.communicate(timeout=30)
        (user.folder / "run.out").write_text(out)
        rest = shell(*job.words[1:], "--settle", "0.2", "--log", "json", IMPORTER_DEBUG="1")
        (user.folder / "again.out").write_text(rest.out)
        (user.folder / "again.err").write_text(rest.err)
        shown = shell("run", "answers.csv", *job.words[3 : -len(options) - len(more) - 1], *options)
        (user.folder / "people.out").write_text(shown.out)
        (user.folder / "people.err").write_text(shown.err)
        assert len(sandbox.stored()) >= 25

    assert process.returncode == 143
    files = written(user.folder)
    names = {path.name for path in files}
    assert names >= {
        *("ledger.sqlite3", "results.csv", "report.html", "summary.json", "problems.csv"),
        *("run.log", "bodies.jsonl", "m.prom", "job.err", "run.out", "people.out"),
    }
    assert any(name.endswith("-wal") for path in seen for name in [path.name])
    key = [hit for path in files for hit in found(path, (KEY,))]
    key += [hit for hits in seen.values() for hit in hits]
    theirs = {"problems.csv", "bodies.jsonl"}
    personal = [hit for path in files if path.name not in theirs for hit in found(path, PERSONAL)]
    figure(
        "canaries",
        files=len(files),
        of_the_key=len(key),
        of_personal_values=len(personal),
        in_the_process_list=arguments.count(KEY.encode()),
    )
    assert key == []
    assert personal == []
    assert arguments
    assert KEY.encode() not in arguments


def test_results_that_can_not_be_written(user: Shell) -> None:
    """Something stands where results.csv belongs; it is told without what was being handled."""
    user.write("mapping.yaml", MAPPING)
    user.write("answers.csv", "\n".join(lines()) + "\n")
    (user.folder / "answers-import" / "results.csv" / "in the way").mkdir(parents=True)
    with background(server()) as sandbox:
        job = Job(user, sandbox, ("--rate", "max", "--state", "state", "--settle", 0))
        environment = {**user.environment, "SATISMETER_WRITE_KEY": KEY, "IMPORTER_DEBUG": "1"}
        process = Job(Shell(user.folder, environment), sandbox, job.options).start()
        out, _ = process.communicate(timeout=60)
    errors = (user.folder / "job.err").read_text(encoding="utf-8")
    assert process.returncode == 5
    assert "results.csv" in errors
    assert "can't be written: Is a directory" in errors
    assert "Every outcome is in the ledger" in errors
    for word in (KEY, *PERSONAL):
        assert word not in errors
        assert word not in out
    assert (user.folder / "state" / "ledger.sqlite3").exists()


def test_a_defects_traceback_shows_places_only(user: Shell) -> None:
    """A module of the standard library is broken on purpose: one that the mapping's rows go through."""
    user.write("mapping.yaml", MAPPING)
    user.write("answers.csv", "\n".join(lines()) + "\n")
    user.write("orjson.py", _BROKEN)
    environment = {
        "SATISMETER_WRITE_KEY": KEY,
        "IMPORTER_DEBUG": "1",
        "PYTHONPATH": str(user.folder),
    }
    process = subprocess.run(
        [IMPORTER, "run", "answers.csv", "-m", "mapping.yaml", "--yes", "--state", "state"],
        cwd=user.folder,
        env={**user.environment, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert "unexpected RuntimeError at" in process.stderr
    assert process.stderr.count("line") > 3, "IMPORTER_DEBUG=1 shows the places"
    for word in (KEY, *PERSONAL):
        assert word not in process.stderr
        assert word not in process.stdout


_BROKEN = """
def dumps(value, *more, **others):
    raise RuntimeError(f"can't write {value!r} {others}")

loads = dumps
JSONDecodeError = JSONEncodeError = ValueError

def __getattr__(name):
    return 1
"""
