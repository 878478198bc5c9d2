"""What is printed is interpreted as its scheduler would: every word arrives as it was, none says more.

cron, systemd, GitHub and Kubernetes are modelled by what their manuals and sources say; shells, Python and
Jinja2 are the real ones.
"""

import ast
import json
import re
import subprocess
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jinja2.sandbox import SandboxedEnvironment

from importer.automation.schedule import RENDERED, Task, When
from importer.cli import command
from importer.errors import UsageError

HONEST = (
    *(
        "answers.csv",
        "two words",
        "it's",
        'say "hi"',
        "ümläuts 日本 👩‍👩‍👧.csv",
        "100%",
        "5% of 'all'",
    ),
    *(
        "$HOME",
        "cost $5",
        "a&b",
        "a;b|c>d",
        "{{curly}}",
        "{one}",
        "tail\\x",
        "a\\",
        "#1",
        "- dash",
        "x: y",
    ),
    *(
        "*",
        "!bang",
        "@at",
        "~",
        "null",
        "yes",
        "1.5",
        "[x]",
        "a, b",
        "a #b",
        "-n",
        "--yes",
        "`tick`",
        "?",
    ),
)
HOSTILE = (
    *("${{ github.token }}", "${${{ secrets.X }}}", "$${{ 1 }}", "}} ${{ '}}' }}"),
    *("$(SATISMETER_WRITE_KEY)", "$$(SATISMETER_WRITE_KEY)", "a$$b", "$$$", "$$$(X)$"),
    *(
        "{% endraw %}{{ conn.satismeter.password }}",
        "{%- endraw -%}{{ conn }}",
        "{%+endraw%}{{ 7*7 }}",
    ),
    *("{# gone #}", "' }}{{ 7*7 }}{{ '", "\\' }}{{ 7*7 }}", "x.sh", "{{ x }}.bash"),
    *("a\\%b", "a\\\\b", "a\\\\%b", "%%\\", "\\%\\%; touch PWNED #"),
    *(
        "$(touch PWNED)",
        "'; touch PWNED; '",
        '"; touch PWNED; "',
        "%h %i %%h",
        "${PATH} $PATH $$PATH",
    ),
    *("' + __import__('os').system('touch PWNED') + '", ";", "|", "&&"),
)
UNSEEN = (
    *(
        "x\n* * * * * touch PWNED\n#",
        "x\r",
        "tab\there",
        "bell\x07",
        "esc\x1b[31m",
        "nul\x00",
        "del\x7f",
    ),
    *(
        "c1\x9b",
        "nel\x85",
        "line\u2028end",
        "paragraph\u2029end",
        "bidi\u202evsc",
        "\u2066x",
        "\udcff",
    ),
)
SECRET = "s3cret"


def task(word: str, folder: Path, *, source: bool = True) -> Task:
    """A job with the word in every place; its program tells how it was called."""
    program = folder / "told"
    program.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    program.chmod(0o755)
    return Task(
        name="nightly",
        source=Path("/srv") / word if source else Path("/srv/in"),
        folder=not source,
        mapping=f"/srv/{word}.yaml",
        when=When.at("02:30"),
        program=str(program),
        state=Path(f"/state {word}"),
        more=("--notify", word, f"--x={word}"),
    )


def ran(shell: str, line: str, folder: Path) -> list[str]:
    ended = subprocess.run(
        [shell, "-c", line],
        cwd=folder, env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True, check=True,
    )  # fmt: skip
    assert ended.stderr == b""
    assert not (folder / "PWNED").exists()
    log = folder / ".satismeter-nightly.log"
    told: list[str] = json.loads(ended.stdout or log.read_bytes())
    return told


def cron(text: str, folder: Path, *, frees_backslashes: bool) -> list[str]:
    """The one line that is no comment; `%` ends it and a backslash takes `%` (in some crons, itself
    too) its meaning, as in `do_command.c`."""
    (line,) = [each for each in text.split("\n") if each and not each.startswith("#")]
    told, escaped = "", False
    for character in line.split(" ", 5)[5]:
        if escaped and (character == "%" or (frees_backslashes and character == "\\")):
            told, escaped = told[:-1] + character, False
        elif escaped:
            told, escaped = told + character, False
        elif character == "%":
            break
        else:
            told, escaped = told + character, character == "\\"
    return ran("/bin/sh", told, folder)[:-2]


def systemd(text: str) -> list[str]:
    """systemd.syntax(7), systemd.service(5), systemd.unit(5): words, then %, then $."""
    lines = text.replace("\\\n", " ").split("\n")
    assert all(re.match(r"$|#|\[|[A-Z][A-Za-z]+=", line) for line in lines)
    (command,) = [line[10:] for line in lines if line.startswith("ExecStart=")]
    words = re.findall(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+', command)
    assert ";" not in words
    plain = [_unquoted(word) for word in words]
    assert plain[-2:] == ["--key-file", "/run/write-key"]
    return [plain[0], *(_environment(word) for word in plain[1:-2])]


def _unquoted(word: str) -> str:
    quoted = word.startswith('"')
    assert quoted or not re.search(r"[\\'\"]", word)
    inner = re.sub(r"\\([\\\"])", r"\1", word[1:-1]) if quoted else word
    return re.sub(r"%(.)", lambda found: {"%": "%", "d": "/run"}[found[1]], inner)


def _environment(word: str) -> str:
    return re.sub(
        r"\$(\$|\{\w+\}|\w+)", lambda found: "$" if found[1] == "$" else f"<{found[1]}>", word
    )


def github(text: str, folder: Path) -> list[str]:
    """Names and `run` are templates: `${{ … }}` is evaluated, strings in it are in single quotes."""
    document = yaml.load(text, yaml.BaseLoader)
    (step,) = document["jobs"]["import"]["steps"]
    assert "${{" not in document["name"] + step["name"]
    found = re.sub(
        r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}", lambda each: _expression(each[1]), step["run"]
    )
    return ran("/bin/bash", found, folder)


def _expression(inner: str) -> str:
    literal = re.fullmatch(r" *'([^']*)' *", inner)
    return literal[1] if literal else SECRET


def airflow(text: str, folder: Path) -> list[str]:
    """The file is run, with an Airflow that takes note; then the command is rendered and run."""
    given: dict[str, Any] = {}

    class Dag:
        def __init__(self, **_: object) -> None: ...
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    names = ("airflow", "airflow.operators", "airflow.operators.bash")
    modules = {name: types.ModuleType(name) for name in names}
    vars(modules["airflow"])["DAG"] = Dag
    vars(modules["airflow.operators.bash"])["BashOperator"] = lambda **words: given.update(words)
    kept = {name: sys.modules.get(name) for name in names}
    sys.modules.update(modules)
    try:
        assert len(ast.parse(text).body) == 4
        exec(compile(text, "dag.py", "exec"), {})
    finally:
        for name, module in kept.items():
            sys.modules.pop(name)
            if module:
                sys.modules[name] = module
    assert not given["bash_command"].endswith((".sh", ".bash"))  # Airflow would look for that file
    secret = types.SimpleNamespace(satismeter=types.SimpleNamespace(password=SECRET))
    environment = SandboxedEnvironment(cache_size=0)
    assert (
        environment.from_string(given["env"]["SATISMETER_WRITE_KEY"]).render(conn=secret) == SECRET
    )
    line = environment.from_string(given["bash_command"]).render(conn=secret)
    return ran("/bin/bash", line, folder)


def k8s(text: str) -> list[str]:
    """`third_party/forked/golang/expansion/expand.go`: `$$` is `$`, `$(NAME)` is a variable's value."""
    _, job = yaml.safe_load_all(text)
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    known = {"SATISMETER_WRITE_KEY": SECRET}
    return [
        re.sub(
            r"\$(?:\$|\(([^)]*)\))",
            lambda found: "$" if found[1] is None else known.get(found[1], found[0]),
            word,
        )
        for word in (*container["command"], *container["args"])
    ]


READ: dict[str, Callable[[str, Path], list[str]]] = {
    "cron": lambda text, folder: cron(text, folder, frees_backslashes=False),
    "cron of old": lambda text, folder: cron(text, folder, frees_backslashes=True),
    "github": github,
    "airflow": airflow,
}


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("word", HONEST + HOSTILE)
def test_the_command_is_called_with_these_very_words(kind: str, word: str, tmp_path: Path) -> None:
    one = task(word, tmp_path)

    assert READ[kind](RENDERED[kind.removesuffix(" of old")](one), tmp_path) == list(one.local[1:])


@pytest.mark.parametrize("word", HONEST + HOSTILE)
def test_systemd_reads_these_very_words(word: str, tmp_path: Path) -> None:
    one = task(word, tmp_path, source=False)

    assert systemd(RENDERED["systemd"](one)) == list(one.local)


@pytest.mark.parametrize("word", HONEST + HOSTILE)
def test_a_pod_is_called_with_these_very_words(word: str, tmp_path: Path) -> None:
    one = task(word, tmp_path)
    inside = (
        "run",
        f"/import/data/{word}",
        "-m",
        f"/import/{word}.yaml",
        "--state",
        "/import/state",
    )

    told = ["importer", *inside, "--yes", "--notify", word, f"--x={word}"]

    assert k8s(RENDERED["k8s"](one)) == told


def test_an_empty_word_is_a_word(tmp_path: Path) -> None:
    one = replace(task("in", tmp_path), more=("--name", "", "end"))

    assert systemd(RENDERED["systemd"](one)) == list(one.local)


@pytest.mark.parametrize("kind", RENDERED)
def test_a_title_or_a_state_is_no_more_than_a_comment(kind: str, tmp_path: Path) -> None:
    honest, hostile = (RENDERED[kind](task(word, tmp_path)) for word in ("x", "#'\"$(x) [y]: &z"))

    assert len(honest.splitlines()) == len(hostile.splitlines())
    assert [line for line in honest.splitlines() if line.startswith("#")] == [
        line.replace("#'\"$(x) [y]: &z", "x") for line in hostile.splitlines() if line[:1] == "#"
    ]


@pytest.mark.parametrize("word", UNSEEN)
@pytest.mark.parametrize("place", ["source", "mapping", "state", "program", "more"])
def test_unseen_characters_are_refused_in_every_word(word: str, place: str, tmp_path: Path) -> None:
    value: dict[str, Any] = {
        "source": Path("/srv") / word,
        "state": Path("/srv") / word,
        "more": ("--name", word),
    }

    with pytest.raises(UsageError) as raised:
        replace(task("in", tmp_path), **{place: value.get(place, word)})

    assert raised.value.message.isprintable()
    assert raised.value.message.isascii()


@pytest.mark.parametrize("kind", RENDERED)
def test_a_file_whose_name_has_a_line_break_is_refused(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "x\n* * * * * touch PWNED\n#.csv"
    source.write_text("id,score\nu,1\n")
    mapping = Path(__file__).parents[2] / "sample_data" / "generic_nps.yaml"

    ended = CliRunner().invoke(
        command, ["schedule", str(source), "-m", str(mapping), "--as", kind], standalone_mode=False
    )

    assert isinstance(ended.exception, UsageError)
    assert ended.exception.exit_status == 2
    assert r"x\n* * * * * touch PWNED\n#.csv" in ended.exception.message
    assert ended.stdout == ""


@pytest.mark.parametrize("name", ["x\ny", "../x y", "X_y", "%x $(y)"])
@pytest.mark.parametrize("kind", RENDERED)
def test_a_task_is_called_what_every_scheduler_takes(kind: str, name: str, tmp_path: Path) -> None:
    one = task("in", tmp_path)

    assert RENDERED[kind](replace(one, name=name)) == RENDERED[kind](replace(one, name="x-y"))
