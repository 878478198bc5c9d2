"""How the fixtures were made: once, by the importer of commit 7b919b5. Never run it with a later one: the
whole use of these files is that later code did not write them.

    python tests/fixtures_0_1/make.py IMPORTER

IMPORTER is the command of an environment in which that commit is installed. It works in
/tmp/satismeter-fixture, so that no path of a developer's gets into the ledger, and by a clock that is set
back to 2 March 2026, so that rows in doubt are old whenever the tests run.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

WORK = Path("/tmp/satismeter-fixture")
HERE = Path(__file__).parent
PORT = 27391
ENDPOINT = f"http://127.0.0.1:{PORT}"
BEGAN = 1772442000
"""2026-03-02 09:00 UTC, in Unix seconds."""
EACH = 64
"""Rows in each status, at least."""
SCORE, COMMENT = "79593580-95a7-11ed-8974-9b5d06700b8d", "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"

CLOCK = f"""
import socket, time
_time, _gmtime = time.time, time.gmtime
time.time = lambda: _time() - {time.time() - BEGAN!r}
time.gmtime = lambda seconds=None: _gmtime(time.time() if seconds is None else seconds)
socket.gethostname = lambda: "fixture"
"""

PLAIN = f"""\
version: 1
name: Neither a key nor waves
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {{id: {SCORE}, column: score, type: nps}}
  - {{id: {COMMENT}, column: comment, type: text}}
traits:
  email: {{column: email, type: email}}
source:
  skip_if:
    - {{column: score, in: [skip]}}
"""
MAPPINGS = {
    "plain": PLAIN,
    "forced": PLAIN.replace("Neither a key", "Forced, without a key") + "forceSurvey: true\n",
    "keyed": PLAIN.replace("Neither a key nor", "With a key, and no")
    + "key: answer\nforceSurvey: true\n",
    "waves": f"""\
version: 1
name: Two waves in each row
campaign: 5d2f6c1e9b0a4c0017a3e1b2
forceSurvey: true
waves: ["2024", "2025"]
userId: id
answers:
  - {{id: {SCORE}, column: "NPS {{wave}}", type: nps}}
  - {{id: {COMMENT}, column: "Why {{wave}}", type: text}}
traits:
  respondedAt: {{column: "Answered {{wave}}", type: date, format: "%d.%m.%Y", timezone: Europe/Prague}}
""",
    "workbook": f"""\
version: 1
name: A workbook, and people without an id
extends: generic_nps
campaign: 5d2f6c1e9b0a4c0017a3e1b2
questions: {{score: {SCORE}, comment: {COMMENT}}}
source: {{sheet: Answers}}
userId: Customer
anonymousId: {{hash: [E-mail, Answered], prefix: "made:"}}
answers:
  - {{id: score, column: NPS, type: nps}}
  - {{id: comment, column: Why, type: text}}
traits:
  email: {{column: E-mail, type: email}}
  revenue: {{column: Revenue, type: number}}
  respondedAt: {{column: Answered, type: date, timezone: Europe/Prague}}
""",
}

Rows = list[tuple[object, ...]]
HEADER = ("id", "score", "comment", "email")


def who(kind: str) -> list[str]:
    """So many invented people of one kind."""
    return [f"{kind}{number:03d}" for number in range(EACH)]


def line(person: str, score: object, comment: str = "") -> tuple[object, ...]:
    """A row of the plain files."""
    return (person, score, comment or f"said by {person}", f"{person}@example.com")


def table(name: str, header: Sequence[str], rows: Rows) -> None:
    """A CSV file in the folder."""
    with (WORK / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def in_turn(*several: Rows) -> Rows:
    """One of each in turn: many rows without a reply, one after the other, would be an outage."""
    return [row for rows in zip(*several, strict=True) for row in rows]


def plain_rows() -> Rows:
    """Accepted, refused, in doubt, invalid, left out, doubled in the file and by the API."""
    accepted = [line(person, number % 11) for number, person in enumerate(who("created"))]
    refused = [line(person, 7) for person in who("rejected")]
    rows = in_turn(accepted, refused, [line(person, 8) for person in who("doubt")])
    rows += [line(person, 11) for person in who("invalid")]
    rows += [line(person, "skip") for person in who("skipped")]
    rows += accepted[: EACH // 2]
    rows += [line(person, 1, "another answer") for person in who("created")[: EACH // 2]]
    return rows


def files() -> None:
    """Every file and mapping."""
    (WORK / "mappings").mkdir()
    for name, text in MAPPINGS.items():
        (WORK / "mappings" / f"{name}.yaml").write_text(text)
    table("plain.csv", HEADER, plain_rows())
    table("grown.csv", HEADER, plain_rows() + [line(f"new{number}", 9) for number in range(10)])
    keyed: Rows = [(f"a{n}", *line(each, 9)) for n, each in enumerate(who("keyed"))]
    lost: Rows = [(f"d{n}", *line(each, 5)) for n, each in enumerate(who("lostreply"))]
    held: Rows = [(f"e{n}", *line(each, 4, "behind")) for n, each in enumerate(who("lostreply"))]
    table("keyed.csv", ("answer", *HEADER), in_turn(keyed, lost) + held)
    changed = [(*row[:3], "changed since", *row[4:]) for row in keyed]
    table("keyed_changed.csv", ("answer", *HEADER), changed)
    near = [line(each, 3) for each in who("near")]
    absent = in_turn(near, [line(each, 2) for each in who("absent")])
    table("absent.csv", HEADER, absent + [line(each, 6) for each in who("found")[:4]])
    table(
        "waves.csv",
        ("id", *(f"{what} {year}" for year in (2024, 2025) for what in ("NPS", "Why", "Answered"))),
        [
            (each, 9, "", "12.03.2024", n % 12, "why", "18.03.2025")
            for pair in zip(who("wave"), who("wavelost"), strict=True)
            for n, each in enumerate(pair, int(pair[0][-3:]))
        ],
    )
    table("pilot.csv", HEADER, [line(f"pilot{number:03d}", 10) for number in range(EACH + 10)])
    killed = [line(f"before{number:03d}", 10) for number in range(300)]
    killed += in_turn(*([line(each, 9) for each in who(kind)] for kind in ("hung", "hungstored")))
    table("killed.csv", HEADER, killed + [line(f"after{number:03d}", 10) for number in range(100)])
    workbook()


def workbook() -> None:
    """Numbers, true dates, text; every fourth person without an id."""
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active
    book.active.title = "Read me"
    sheet = book.create_sheet("Answers")
    sheet.append(["Customer", "NPS", "Why", "E-mail", "Answered", "Revenue"])
    for number, each in enumerate(who("book")):
        moment = datetime(2026, 1, 5, 8, 30) + timedelta(days=number, minutes=number)  # noqa: DTZ001  a cell has none
        customer = (
            None if number % 4 == 3 else (4_000_000 + number if number % 2 else f"00{number}")
        )
        why = f"Žluťoučký kůň {number}" if number % 3 else None
        sheet.append([customer, number % 11, why, f"{each}@example.com", moment, 12.5 * number])
        if number % 2:
            sheet.cell(row=number + 2, column=5).number_format = "dd/mm/yyyy hh:mm"
    book.save(WORK / "workbook.xlsx")


def environment() -> dict[str, str]:
    """An empty home, the sandbox's keys, and the clock."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(WORK / "home"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(WORK / "clock"),
        "SATISMETER_WRITE_KEY": "sandbox-write-key",
    }


READING = {
    "SATISMETER_API_KEY": "sandbox-api-key",
    "SATISMETER_PROJECT": "5d2f6b8a9b0a4c0017a3e0a1",
}


@contextmanager
def server(command: str, **script: Sequence[object]) -> Iterator[None]:
    """The sandbox with this script: a kind of people, and what all of them meet."""
    steps = {person: what for kind, what in script.items() for person in who(kind)}
    (WORK / "script.json").write_text(json.dumps(steps))
    words = ("sandbox", "--port", PORT, "--store", "server.sqlite3", "--script", "script.json")
    with subprocess.Popen(
        [command, *map(str, words)], cwd=WORK, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == ENDPOINT
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def importer(command: str, *words: object, status: int, **more: str) -> None:
    """One command, which ends as it should."""
    ended = subprocess.run(
        [command, *map(str, words), "--state", "state"],
        cwd=WORK,
        env={**environment(), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"importer {' '.join(map(str, words))}: {ended.returncode}")  # noqa: T201  what a script says
    assert ended.returncode == status, (ended.stdout, ended.stderr)


def posting(name: str, mapping: str, *more: object) -> tuple[object, ...]:
    """The words of a run over a file of the folder."""
    fixed = ("run", name, "-m", f"mappings/{mapping}.yaml", "--endpoint", ENDPOINT, "--yes")
    return (*fixed, "--rate", "max", "--settle", "0.3", *more)


def planned(command: str, name: str, mapping: str, status: int) -> None:
    """A saved plan."""
    words = ("plan", name, "-m", f"mappings/{mapping}.yaml", "--endpoint", ENDPOINT)
    saved = f"plans/{Path(name).stem}.json"
    importer(command, *words, "--out", "plan-import", "--save", saved, status=status)


def jobs(command: str) -> None:
    """Every job but the one that is killed."""
    (WORK / "plans").mkdir()
    for name, mapping, status in (("plain.csv", "plain", 3), ("pilot.csv", "plain", 0)):
        planned(command, name, mapping, status)
    refused: Mapping[str, object] = {"status": 422, "body": {"errors": [{"title": "Not for you"}]}}
    with server(command, rejected=[refused], doubt=["close_stored"], lostreply=["close_stored"]):
        importer(command, *posting("plain.csv", "plain"), status=4)
        importer(command, *posting("grown.csv", "plain"), status=4)
        importer(command, *posting("keyed.csv", "keyed"), status=4)
        importer(command, *posting("keyed_changed.csv", "keyed"), status=0)
    with server(command, absent=["close_read"], found=["close_stored"]):
        importer(command, *posting("absent.csv", "forced"), status=4)
        importer(command, "resolve", "--settle", "0", status=0, **READING)
    with server(command, wavelost=["ok", "truncated_body"]):
        importer(command, *posting("waves.csv", "waves", "--limit", 230), status=4)
        importer(command, *posting("workbook.xlsx", "workbook"), status=0)
        importer(command, *posting("pilot.csv", "plain", "--limit", 10), status=0)
    for name in (
        "plain",
        "grown",
        "keyed",
        "keyed_changed",
        "absent",
        "waves",
        "workbook",
        "pilot",
    ):
        found = sqlite3.connect(WORK / "state" / "ledger.sqlite3").execute(
            "SELECT name FROM jobs WHERE name LIKE ?", (f"%-{name}",)
        )
        importer(command, "results", found.fetchone()[0], status=0)


def journalled() -> tuple[int, int]:
    """Rows whose attempt has ended, and rows whose attempt has not, by the journal."""
    ended, open_ones = set(), set()
    with closing(sqlite3.connect(WORK / "state" / "ledger.sqlite3")) as connection:
        for (entries,) in connection.execute("SELECT entries FROM journal ORDER BY id"):
            for entry in json.loads(entries):
                if isinstance(entry, int):
                    open_ones.add(entry)
                else:
                    open_ones.discard(entry[0])
                    ended.add(entry[0])
    return len(ended), len(open_ones)


def killed(command: str) -> None:
    """The last job: SIGKILL while 64 rows and more are under way. `killed/` is what that leaves, `state/` the
    same once a later command has carried the journal over."""
    with server(command, hung=["hang"], hungstored=["hang_stored"]):
        words = posting("killed.csv", "plain", "--concurrency", 100)
        with subprocess.Popen(
            [command, *map(str, words), "--state", "state"],
            cwd=WORK,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            for _ in range(600):
                time.sleep(0.05)
                if journalled() == (300, 100):
                    break
            print(f"killed with {journalled()} rows ended and under way")  # noqa: T201  what a script says
            process.kill()
    shutil.copytree(WORK / "state", WORK / "killed", ignore=shutil.ignore_patterns("*-shm"))
    importer(command, "jobs", status=0)


def main() -> None:
    """Make the folder, and copy what is to be kept beside this file."""
    command = str(Path(sys.argv[1]).absolute())
    shutil.rmtree(WORK, ignore_errors=True)
    (WORK / "clock").mkdir(parents=True)
    (WORK / "home").mkdir()
    (WORK / "clock" / "sitecustomize.py").write_text(CLOCK)
    files()
    jobs(command)
    killed(command)
    for name in ("home", "clock", "plan-import"):
        shutil.rmtree(WORK / name)
    (WORK / "script.json").unlink()
    shutil.copytree(WORK, HERE / "folder")


if __name__ == "__main__":
    main()
