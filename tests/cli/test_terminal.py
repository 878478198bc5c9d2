"""Names are anybody's: none of them moves a cursor, ends a line of ours, or begins one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import importer
from importer.automation import Notice
from importer.cli import output
from importer.errors import ExitStatus, ImporterError, MappingError, Mistake
from importer.privacy import UNSEEN, json_escaped, visible
from importer.sandbox import Sandbox, background
from tests.e2e.commands import Ended, shell
from tests.e2e.here import Here

EVIL = "x\x1b]0;T\x07\x1b[31mE\x9b1m\u202ey\u2028z\rw\nError: all lost"
SHOWN = r"x\x1b]0;T\x07\x1b[31mE\u009b1m\u202ey\u2028z\rw\nError: all lost"
HONEST = (
    "Müller & Söhne – 日本 👩‍👩‍👧.csv",
    "می‌خواهم",
    "a\\b",
    "NBSP\u00a0here",
    "soft\u00adhyphen",
)

MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: ID
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: Score, type: nps}
"""
ROWS = 'ID,Score,"{name}"\nu1,9,a\nu2,8,b\nu3,99,c\n'


def test_what_nobody_sees_is_shown_and_honest_text_stays() -> None:
    assert visible(EVIL) == SHOWN
    assert visible("\udcff\udc9b\ud83d") == r"\xff\x9b\ud83d"
    for text in HONEST:
        assert visible(text) == text


def test_lines_notes_and_tables_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(EVIL)
    output.say(f"{output.style(EVIL, bold=True)} {EVIL}")
    output.note(EVIL)
    output.heading(EVIL)
    output.next_step(EVIL)
    output.table((EVIL, "rows"), [(EVIL, 1)])
    output.failure(EVIL, EVIL, hint=EVIL)
    printed = "".join(capsys.readouterr())
    assert not unseen(printed)
    assert printed.count(SHOWN) == 11
    assert "\nError: all lost" not in printed


def unseen(printed: str) -> list[str]:
    return UNSEEN.findall(printed.replace("\n", ""))


def test_only_our_own_colours_are_colours() -> None:
    styled = output.style("a\x1b[31mb", fg="red")
    line = output._line(f"{styled}\x1b[31m")
    assert line == "\x1b[31ma\\x1b[31mb\x1b[0m\\x1b[31m"


def test_json_is_the_same_to_a_parser(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"file": EVIL, "ok": "ü"})
    output.emit_line({"file": "n\udcff.csv"})
    printed = capsys.readouterr().out
    assert not unseen(printed)
    whole, _, line = printed.rpartition("\n{")
    assert json.loads(whole) == {"file": EVIL, "ok": "ü"}
    assert json.loads("{" + line) == {"file": "n\ufffd.csv"}
    assert json.loads(json_escaped(json.dumps([EVIL], ensure_ascii=False))) == [EVIL]


def test_a_notice_has_its_own_lines_only() -> None:
    notice = Notice("run", EVIL, "m", ExitStatus.USAGE, 0.0, 0.0, message=f"{SHOWN}\nhint")
    assert not unseen(notice.title + notice.text)
    assert len(notice.text.splitlines()) == 4


def test_a_mistakes_further_lines_are_no_messages() -> None:
    error = MappingError(
        "m.yaml\nError: x", "a: 1", [Mistake(0, 0, "no\nError: y", "do\nError: z")]
    )
    assert [line for line in error.lines if line.startswith("Error")] == []
    assert ImporterError("a\nb").lines == ("a\nb",)


@pytest.fixture
def user(tmp_path: Path) -> Here:
    one = shell(tmp_path)
    one.write("m.yaml", MAPPING)
    return Here(one.folder, one.environment)


NAMES = (f"{EVIL}.csv", "n\udcff\udcfe.csv", "-x;touch PWNED;$(touch PWNED) '.csv")


@pytest.mark.parametrize("name", NAMES, ids=["controls", "not UTF-8", "shell"])
def test_a_files_name_is_harmless_in_every_command(user: Here, name: str) -> None:
    file = user.folder / name
    file.write_text(ROWS.format(name="Note \x1b[31m\x9b31m"), encoding="utf-8")
    with zipfile.ZipFile(user.folder / "two.zip", "w") as archive:
        for member in ("a\x1b[31m.csv", "b\x9b.csv"):
            archive.writestr(member, "ID,Score\nu1,9\n")
    with background() as sandbox:
        to = ("--endpoint", sandbox.url, "--state", "state", "--out", "out")
        ended = [
            user(*words)
            for words in (
                ("inspect", file),
                ("inspect", file, "--json"),
                ("inspect", "two.zip"),
                ("init", file, "--no-input", "-o", "new.yaml"),
                ("check", "m.yaml", file),
                ("preview", file, "-m", "m.yaml"),
                ("plan", file, "-m", "m.yaml", *to, "--save", "plan.json"),
                ("run", file, "-m", "m.yaml", *to, "--yes", "--log-file", "log"),
                ("run", file, "-m", "m.yaml", *to, "--yes", "--json"),
                ("jobs", "--state", "state"),
                ("jobs", "--state", "state", "--json"),
                ("status", "--state", "state"),
                ("results", "--state", "state"),
                ("resume", "--state", "state", "--yes"),
                ("purge", "--older-than", "0", "--state", "state"),
                ("schedule", file, "-m", "m.yaml", "--as", "cron"),
                ("plan", f"{file}.none", "-m", "m.yaml"),
                ("plan", file, "-m", f"{file}.yaml"),
                ("plan", file, "-m", "m.yaml", f"--sheet={EVIL}"),
                (f"in{EVIL}",),
            )
        ]
        stored = len(sandbox.stored())
    assert stored == 2
    for each in ended:
        assert each.status != ExitStatus.UNEXPECTED, each.err
        assert unseen(each.out + each.err) == []
        assert not [line for line in _lines(each) if line.startswith("Error: all lost")]
    assert not unseen((user.folder / "log").read_text(encoding="utf-8"))
    assert not unseen((user.folder / "new.yaml").read_text(encoding="utf-8"))
    _paste(user, [line for each in ended for line in _lines(each)])


def _lines(ended: Ended) -> list[str]:
    return (ended.out + ended.err).splitlines()


def _paste(user: Here, lines: list[str]) -> None:
    """Every line to type, pasted into a shell, names the very file and starts nothing else."""
    user.write("importer", '#!/bin/sh\nfor each; do [ -e "$each" ] && touch "$PWD/named"; done\n')
    (user.folder / "importer").chmod(0o700)
    path = f"{user.folder}:{os.environ['PATH']}"
    typed = [
        found[1] for line in lines if (found := re.match(r"(?:Next: |      )(importer .*)", line))
    ]
    assert len(typed) > 6
    for line in typed:
        subprocess.run(["bash", "-c", line], cwd=user.folder, env={"PATH": path}, check=False)
    assert (user.folder / "named").exists()
    assert not (user.folder / "PWNED").exists()


def test_a_watched_name_is_harmless(user: Here, sandbox: Sandbox) -> None:
    inbox = user.folder / "inbox"
    inbox.mkdir()
    for name in NAMES[:2]:
        (inbox / name).write_text(ROWS.format(name="Note"), encoding="utf-8")
    (inbox / f"bad{NAMES[0]}").write_text("nothing\n", encoding="utf-8")
    (inbox / f"bad{NAMES[1]}").write_text("nothing\n", encoding="utf-8")
    to = ("--endpoint", sandbox.url, "--state", "state", "--log-file", "log", "--settled", "0")
    ended = user("watch", "inbox", "-m", "m.yaml", "--once", *to)
    assert len(sandbox.stored()) == 2
    assert unseen(ended.out + ended.err) == []
    assert "\nError: all lost" not in ended.out + ended.err
    assert "defect" not in ended.err


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


ELSEWHERE = re.compile(
    r"\bclick\.(?:echo|secho|style|echo_via_pager)\(|\bprint\(|sys\.std(?:out|err)\.(?:write|buffer)"
    r"|\berror\.show\((?!file)"  # click's own errors
)
ALLOWED = {
    "cli/output.py": "the sink itself",
    "automation/monitoring.py": "the log can't be written: through `visible`",
    "sources/workbook_child.py": "a pipe to its parent",
}


def test_nothing_reaches_a_terminal_elsewhere() -> None:
    package = Path(importer.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if ELSEWHERE.search(path.read_text(encoding="utf-8"))
    }
    assert found <= ALLOWED.keys()
