"""The importer as a library: light, typed, and as docs/library.md says."""

import io
import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from importer import (
    Ended,
    Endpoint,
    Event,
    ExitStatus,
    Plan,
    Rate,
    Secret,
    Settings,
    init,
    inspect,
    jobs,
    load_mapping,
    mark,
    plan,
    resolve,
    resume,
    retry,
    run,
    verify,
    write_results,
)
from importer.errors import UsageError
from importer.sandbox import API_KEY, PROJECT, WRITE_KEY, background
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
    heavy = (
        "{'pandas', 'numpy', 'pyarrow', 'pyreadstat', 'aiohttp', 'pydantic', 'yaml', 'openpyxl', 'orjson',"
        " 'click', 'jinja2'}"
    )
    for line in ("import importer", "import importer.cli; importer.cli.command.get_help"):
        found = python("-c", f"import sys; {line}; print(sorted({heavy} & set(sys.modules)))")
        assert found.stdout.strip() in ("[]", "['click']"), found


def test_only_a_page_needs_templates() -> None:
    rooms = "importer.engine, importer.results.report.verified, importer.automation.schedule"
    found = python("-c", f"import sys, {rooms}; print('jinja2' in sys.modules)")
    assert found.stdout.strip() == "False", found


NOT_OF_A_PLAN = (
    *("pandas", "numpy", "pyarrow", "pyreadstat", "openpyxl", "python_calamine", "xlrd"),
    *("aiohttp", "yarl", "asyncio", "ssl", "smtplib", "concurrent.futures", "multiprocessing"),
    *("cryptography", "filelock", "dotenv", "regex", "xml.etree.ElementTree"),
    *("importer.automation", "importer.discovery", "importer.delivery", "importer.sandbox"),
    *("importer.web", "importer.satismeter.insert", "importer.ledger.postgres", "psycopg"),
)
"""What takes long to import, or what only a run, an account, a workbook or another command needs."""


def test_a_plan_imports_what_it_needs(tmp_path: Path) -> None:
    words = (
        *("plan", str(SAMPLES / "generic_nps.csv"), "-m", str(SAMPLES / "generic_nps.yaml")),
        *("--state", str(tmp_path / "state"), "--out", str(tmp_path / "out"), "--json"),
    )
    found = python(
        "-c",
        f"""
import sys
from importer.cli import main
sys.argv = {["importer", *words]!r}
try:
    main()
finally:
    print(sorted({set(NOT_OF_A_PLAN)!r} & set(sys.modules)), file=sys.stderr)
""",
    )
    assert json.loads(found.stdout)["rows"]["read"] > 0
    assert found.stderr.splitlines()[-1] == "[]", found


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
        if name != "Event":  # a union is of no module
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
            "IMPORTER_ENDPOINT": sandbox.url,
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


def test_the_whole_way_is_gone_by_a_program(tmp_path: Path) -> None:
    script, file, mapping = (
        str(ROOT / "docs" / "examples" / "whole_way.py"),
        tmp_path / "generic_nps.csv",
        tmp_path / "mapping.yaml",
    )
    file.write_bytes((SAMPLES / "generic_nps.csv").read_bytes())
    with background() as sandbox:
        environment = {
            "SATISMETER_WRITE_KEY": WRITE_KEY, "IMPORTER_ENDPOINT": sandbox.url,
            "IMPORTER_STATE": str(tmp_path / "state"), "SATISMETER_API_KEY": API_KEY,
            "SATISMETER_PROJECT": PROJECT,
        }  # fmt: skip
        drafted = python(script, str(file), str(mapping), **environment)
        assert drafted.returncode == ExitStatus.USAGE, drafted.stderr
        assert "version: 1" in mapping.read_text(encoding="utf-8")
        mapping.write_bytes((SAMPLES / "generic_nps.yaml").read_bytes())
        ended = python(script, str(file), str(mapping), **environment)
        stored = len(sandbox.stored())
        assert set(sandbox.copies().values()) == {1}

    assert ended.returncode == ExitStatus.SOME_REFUSED, ended.stderr
    assert "the pilot: 5 created" in ended.stdout
    assert f"the rest: {stored} created in all" in ended.stdout
    assert f"verified: {stored} are as they were sent" in ended.stdout
    assert "0 left of" in ended.stdout


def test_jobs_are_resumed_retried_and_marked(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with pytest.raises(UsageError, match="no ledger"):
        jobs(state)
    with background() as sandbox:
        given = replace(settings(tmp_path, sandbox.url), limit=2)
        run(given)
        (one,) = jobs(str(state))
        assert one.rows["created"] == 2
        assert one.left
        _, summary = resume(Settings.of_job(state, write_key=WRITE_KEY))  # rate, server: as begun
        _, again = retry(Settings.of_job(state, one.job.name, write_key=WRITE_KEY), ("rejected",))
        assert set(sandbox.copies().values()) == {1}

    assert jobs(state)[0].left == 0
    assert (summary.job, again.job) == (one.job.name, one.job.name)
    assert summary.folder == tmp_path / "out"
    with pytest.raises(UsageError, match="created can't be retried"):
        retry(Settings.of_job(state, write_key=WRITE_KEY), ("created",))
    with pytest.raises(UsageError, match=r"not in doubt|has no row"):
        mark(Settings.of_job(state), [1], created=True)
    job, written, ended = write_results(state, out=tmp_path / "anew")
    assert (job.name, ended) == (one.job.name, True)
    assert written.results.parent == tmp_path / "anew"


@pytest.mark.parametrize("wrong", [{"userId": "a"}, io.StringIO("a,b"), 5, None])
def test_what_is_no_path_is_told(wrong: Any) -> None:
    for call in (load_mapping, inspect, init):
        with pytest.raises(UsageError, match="takes text or a path, not a"):
            call(wrong)


def test_everything_is_had_by_a_star() -> None:
    names: dict[str, object] = {}
    exec("from importer import *", names)
    assert set(LIBRARY._PLACES) <= set(names)


def test_a_file_at_an_address_is_fetched_for_a_program_too(tmp_path: Path) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SAMPLES))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/generic_nps.csv?token=x"
        one = replace(settings(tmp_path, "http://127.0.0.1:1"), file=url)
        planned, summary = plan(one)
        server.shutdown()

    assert planned.ready
    assert summary.file == url.partition("?")[0]


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


async def test_everything_works_within_a_running_event_loop(tmp_path: Path) -> None:
    with background() as sandbox:
        one = settings(tmp_path, sandbox.url)
        reading = replace(one, api_key=Secret(API_KEY), project=PROJECT)
        _, pilot = run(replace(one, limit=3))
        _, summary = resume(one)
        _, settled, _ = resolve(reading)
        verified = verify(reading)

        assert pilot.rows["created"] == 3
        assert summary.rows["created"] == len(sandbox.stored()) > 3
        assert settled.created == 0
        assert verified.exit_status == ExitStatus.DONE


def test_a_mapping_can_be_looked_at() -> None:
    document = load_mapping(str(SAMPLES / "generic_nps.yaml"))

    assert [answer.type for answer in document.answers] == ["nps", "text"]


class Counting:
    """Counts what it is told; breaks where it has been told enough."""

    def __init__(self, most: int) -> None:
        self.told = 0
        self._most = most

    def event(self, event: Event) -> None:
        self.told += isinstance(event, Ended)
        if self.told > self._most:
            raise ValueError("a watch that breaks")


def test_who_watches_hears_of_every_row_and_may_break(tmp_path: Path) -> None:
    with background() as sandbox:
        given = settings(tmp_path, sandbox.url)
        counting = Counting(10)
        _, summary = run(replace(given, limit=10), observer=counting)
        assert (counting.told, summary.requests) == (10, 10)
        with pytest.raises(ValueError, match="a watch that breaks"):
            run(given, observer=Counting(2))
        assert set(sandbox.copies().values()) == {1}
