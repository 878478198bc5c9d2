"""The importer as a library: light, typed, and as docs/library.md says."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from importer import Endpoint, ExitStatus, Plan, Rate, Secret, Settings, load_mapping, run
from importer.engine.observer import NullObserver
from importer.errors import UsageError
from importer.model import Outcome
from importer.sandbox import WRITE_KEY, background
from importer.sources.source import open_source

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_data"
LIBRARY: Any = import_module("importer")
EXAMPLE = str(ROOT / "docs" / "examples" / "import_answers.py")


def python(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def settings(folder: Path, url: str) -> Settings:
    return Settings(
        file=str(SAMPLES / "generic_nps.csv"),
        mapping=str(SAMPLES / "generic_nps.yaml"),
        state=folder / "state",
        out=folder / "out",
        endpoint=Endpoint.parse(url),
        write_key=Secret(WRITE_KEY),
        rate=Rate(None),
        settle=0.1,
    )


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = "{'pandas', 'aiohttp', 'pydantic', 'yaml', 'openpyxl', 'orjson', 'click', 'jinja2'}"
    for line in ("import importer", "import importer.cli; importer.cli.command.get_help"):
        found = python("-c", f"import sys; {line}; print(sorted({heavy} & set(sys.modules)))")
        assert found.stdout.strip() in ("[]", "['click']"), found


def test_only_a_page_needs_templates() -> None:
    rooms = "importer.engine, importer.results.report.verified, importer.automation.schedule"
    found = python("-c", f"import sys, {rooms}; print('jinja2' in sys.modules)")
    assert found.stdout.strip() == "False", found


def test_a_plan_imports_neither_pandas_nor_an_http_client(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from importer import Settings, plan; "
        f"plan(Settings(file={str(SAMPLES / 'generic_nps.csv')!r},"
        f" mapping={str(SAMPLES / 'generic_nps.yaml')!r},"
        f" state=Path({str(tmp_path / 'state')!r}), out=Path({str(tmp_path / 'out')!r}))); "
        "print(sorted({'pandas', 'numpy', 'aiohttp', 'openpyxl'} & set(sys.modules)))"
    )
    found = python("-c", script)
    assert found.stdout.strip() == "[]", found


def test_a_chunk_is_a_frame_of_pandas_where_a_program_likes_one() -> None:
    with open_source(str(SAMPLES / "generic_nps.csv")) as source:
        chunk = next(source.chunks())

    assert [tuple(row) for row in chunk.frame.to_numpy().tolist()] == list(chunk.lines)
    assert list(chunk.frame.index) == list(chunk.rows)
    assert {kind.name for kind in chunk.frame.dtypes} == {"object"}


def test_the_stub_names_what_there_is() -> None:
    stub = (ROOT / "importer" / "__init__.pyi").read_text(encoding="utf-8")
    listed = {
        line.strip(' ",')
        for line in stub.split("__all__ = [")[1].split("]")[0].splitlines()
        if line
    }

    assert listed - {""} == set(LIBRARY._PLACES)
    for name, place in LIBRARY._PLACES.items():
        module, _, attribute = place.partition(":")
        assert f"from {module} import {attribute} as {name}\n" in stub
        assert getattr(LIBRARY, name).__module__.startswith("importer.")
        assert name in dir(LIBRARY)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = LIBRARY.nonsense


def test_each_name_is_documented() -> None:
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")

    assert [name for name in LIBRARY._PLACES if f"`{name}" not in text] == []


def test_the_example_does_what_it_says(tmp_path: Path) -> None:
    copy = tmp_path / "generic_nps.csv"
    with background() as sandbox:
        words = (EXAMPLE, str(copy), str(SAMPLES / "generic_nps.yaml"))
        environment = {
            "SATISMETER_WRITE_KEY": WRITE_KEY,
            "SATISMETER_ENDPOINT": sandbox.url,
            "IMPORTER_STATE": str(tmp_path / "state"),
        }
        missing = python(*words, **environment)
        copy.write_bytes((SAMPLES / "generic_nps.csv").read_bytes())
        ended = python(*words, **environment)
        created = len(sandbox.stored())

    assert missing.returncode == ExitStatus.USAGE
    assert "generic_nps.csv" in missing.stderr
    assert ended.returncode == ExitStatus.SOME_REFUSED, ended.stderr
    assert f"'created': {created}," in ended.stdout
    assert "NPS" in ended.stdout
    assert WRITE_KEY not in ended.stdout + ended.stderr


def test_a_program_may_say_no(tmp_path: Path) -> None:
    def never(planned: Plan) -> bool:
        assert planned.ready
        return False

    with background() as sandbox:
        with pytest.raises(UsageError, match="Nothing was sent"):
            run(settings(tmp_path, sandbox.url), never)
        assert not sandbox.requests


def test_settings_take_paths_or_text(tmp_path: Path) -> None:
    made: dict[str, Any] = {
        "file": Path("a.csv"), "mapping": Path("m.yaml"), "state": str(tmp_path), "out": "out",
        "endpoint": "http://127.0.0.1:1", "rate": "10/s", "write_key": "k", "fail_on": "5%",
    }  # fmt: skip
    told = Settings(**made)

    assert (told.file, told.mapping, told.state, told.folder) == (
        *("a.csv", "m.yaml", tmp_path, Path("out")),
    )
    assert told.endpoint.url == "http://127.0.0.1:1/api/responses"
    assert told.rate == Rate(10)
    assert told.write_key == Secret("k")
    assert told.fail_on.share == 0.05
    assert "k" not in str(told.write_key)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [({"mapping": {"userId": "a"}}, "dict"), ({"file": None}, "NoneType"), ({"rate": 10}, "int")],
)
def test_settings_say_what_they_cannot_take(wrong: dict[str, Any], kind: str) -> None:
    given: dict[str, Any] = {"file": "a.csv", "mapping": "m.yaml", "state": "s", **wrong}
    [name] = wrong
    with pytest.raises(UsageError, match=rf"{name}=.* takes text or a path, not a {kind}"):
        Settings(**given)


async def test_a_run_takes_a_thread_of_its_own_in_asynchronous_code(tmp_path: Path) -> None:
    with background() as sandbox:
        one = settings(tmp_path, sandbox.url)
        with pytest.raises(UsageError, match="event loop"):
            run(one)
        _, summary = await asyncio.to_thread(run, one)

        assert summary.rows["created"] == len(sandbox.stored()) > 0


def test_a_mapping_can_be_looked_at() -> None:
    document = load_mapping(str(SAMPLES / "generic_nps.yaml"))

    assert [answer.type for answer in document.answers] == ["nps", "text"]


class Counting(NullObserver):
    """Counts what it is told; breaks where it has been told enough."""

    def __init__(self, most: int) -> None:
        self.told = 0
        self._most = most

    def ended(self, outcome: Outcome) -> None:
        self.told += 1
        if self.told > self._most:
            raise ValueError("a watch that breaks")


def test_who_watches_hears_of_every_row_and_may_break(tmp_path: Path) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox.url)
        watch = Counting(10)
        _, summary = run(replace(given, limit=10), watch=watch)
        assert (watch.told, summary.requests) == (10, 10)
        with pytest.raises(ValueError, match="a watch that breaks"):
            run(given, watch=Counting(2))
        assert set(sandbox.copies().values()) == {1}
