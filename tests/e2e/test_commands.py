"""What holds for every command: help, speed of help, JSON, silence in pipes."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from importer.cli import command
from tests.e2e.commands import IMPORTER, Shell

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(command.commands)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_and_the_readme_names_it(name: str) -> None:
    one = command.commands[name]
    text = one.get_help(click.Context(one, info_name=f"importer {name}"))

    assert f"importer {name}" in text.split("Options:")[0].split("\n", 1)[1]
    assert f"`importer {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {"schema"}))
def test_every_command_speaks_json(name: str) -> None:
    """`schema` prints nothing but JSON anyway."""
    assert "as_json" in {option.name for option in command.commands[name].params}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    for option in command.commands[name].params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_python_runs_it_as_a_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "importer", "explain", "nonsense"], capture_output=True, check=False
    )

    assert ended.returncode == 2
    assert b"nonsense" in ended.stderr


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "pandas",
        "aiohttp",
        "pydantic",
        "numpy",
        "pyarrow",
        "pyreadstat",
        "yaml",
        "orjson",
        "sqlite3",
        "asyncio",
        "jinja2",
        "secrets",
        "hashlib",
        "tomllib",
        "difflib",
        "socket",
        "json",
        "tempfile",
    )
    code = f"""
import sys
sys.argv = ["importer", "--help"]
from importer.cli import main
try:
    main()
finally:
    print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0
    assert ended.stderr.strip() == "[]"


def test_json_is_one_object_and_nothing_else(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,Great,\n")

    ended = user("plan", "answers.csv", "-m", "mapping.yaml", "--json")

    keys = {"command", "file", "mapping", "rows", "exit_code", "seconds", "results", "problems"}
    assert keys <= set(json.loads(ended.out))
    assert ended.err == ""


def test_an_error_is_an_object_too(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,Great,\n")
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--yes", "--json")

    wrong = user("plan", "nothing.csv", "-m", "mapping.yaml", "--json")
    keyless = user(*words, SATISMETER_WRITE_KEY="")
    unknown = user(*words, "--retries", 3)

    assert [each.status for each in (wrong, keyless, unknown)] == [2, 2, 2]
    assert "no such file" in wrong.document["error"]
    assert "SATISMETER_WRITE_KEY" in keyless.document["hint"]
    assert unknown.document["exit_code"] == 2
    assert "Error: There is no write key." in keyless.err


def test_a_reader_that_goes_away_takes_nothing_from_the_exit_status(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,,\nu2,11,,\n")
    words = [IMPORTER, "plan", "answers.csv", "-m", "mapping.yaml"]
    with subprocess.Popen(
        words,
        cwd=user.folder,
        env=user.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        told = process.stderr.read()

    assert (process.returncode, told) == (3, b"")
    assert (user.folder / "answers-import" / "plan.html").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("more", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["", "unbuffered"])
def test_an_output_that_is_full_is_no_defect(user: Shell, more: dict[str, str]) -> None:
    plain = {name: value for name, value in user.environment.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [IMPORTER, "presets"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=plain | more,
        )
    assert ended.returncode == 5
    assert "Exception" not in ended.stderr
    assert "Standard output can't be written: No space left on device." in ended.stderr


@pytest.mark.parametrize("coding", ["cp1252", "ascii", "koi8-r"])
def test_letters_that_a_terminal_lacks_are_no_defect(user: Shell, coding: str) -> None:
    file = user.write("answers.csv", "id,満足度,😀 é\nu1,10,よい\nu2,9,だめ\n")
    for more in ([], ["--json"]):
        ended = subprocess.run(
            [IMPORTER, "inspect", str(file), "--show-values", *more],
            capture_output=True,
            check=False,
            env={**user.environment, "PYTHONIOENCODING": coding},
        )
        assert (ended.returncode, ended.stderr.count(b"defect")) == (0, 0)
    assert "満足度" in json.dumps(json.loads(ended.stdout.decode(coding)), ensure_ascii=False)


def test_a_mapping_on_standard_output_and_json_are_one_object(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,Great,u1@example.com\n")

    document = user("init", "answers.csv", "-o", "-", "--json").document

    assert document["text"].startswith("# ")
    assert user("init", "answers.csv", "-o", "-").out.rstrip() == document["text"].rstrip()


def test_check_takes_its_arguments_in_both_orders(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,Great,u1@example.com\n")

    ended = user("check", "answers.csv", "mapping.yaml")

    assert ended.status == 0
    assert "mapping.yaml is sound and fits answers.csv." in ended.out


def test_a_sheet_of_a_text_file_is_said(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,10,Great,u1@example.com\n")

    ended = user("plan", "answers.csv", "-m", "mapping.yaml", "--sheet", "Foo")

    assert "has no sheets: that sheet 'Foo' was asked for says nothing" in ended.out


def test_no_colour_in_pipes(user: Shell) -> None:
    user.write("answers.csv", "id,score,comment,email\nu1,11,Great,\n")

    ended = user("plan", "answers.csv", "-m", "mapping.yaml")

    assert "\x1b" not in ended.out + ended.err
    assert ended.out.rstrip().splitlines()[-1].strip().startswith(("Next: ", "importer"))


def test_the_demo_ends_by_itself(user: Shell) -> None:
    ended = user("demo")

    assert ended.status == 0
    assert "The server holds 20 responses; 20 were created." in ended.out
    assert "importer plan YOUR_FILE" in ended.out
