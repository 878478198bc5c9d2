"""The log: standard `logging`, and JSON lines of it."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import re
import time
from pathlib import Path

import pytest

from importer import Endpoint, Secret, Settings, logs, run
from importer.automation import PrivateFile, written
from importer.delivery.circuit_breaker import CircuitBreaker
from importer.delivery.rate_limit import RateLimiter
from importer.engine.observer import Ended, Logged, Sending, Waiting
from importer.model import Status, Why
from importer.resources import SAMPLES
from importer.sandbox import background

log = logging.getLogger("importer.somewhere")


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_has_the_file_the_job_and_the_figures() -> None:
    out = io.StringIO()
    with written([logging.StreamHandler(out)]), logs.about("answers.csv"):
        log.info("starting", extra={"event": "starting"})
        logs.JOB.set("job-1")
        log.warning("%d rows", 7, extra={"event": "settling", "rows": 7})
    log.warning("after the end")

    first, second = lines(out)
    assert list(first) == ["time", "level", "event", "job", "pid", "file"]
    assert (first["level"], first["event"], first["job"]) == ("info", "starting", None)
    assert (second["job"], second["file"], second["rows"]) == ("job-1", "answers.csv", 7)
    assert second["level"] == "warning"
    assert str(second["time"]).endswith("Z")


def test_what_was_about_one_file_is_not_about_the_next() -> None:
    out = io.StringIO()
    with written([logging.StreamHandler(out)]):
        with logs.about("a.csv"):
            logs.JOB.set("job-1")
        with logs.about("b.csv"):
            log.info("starting", extra={"event": "starting"})
    assert [(line["file"], line["job"]) for line in lines(out)] == [("b.csv", None)]


def test_a_log_of_many_rows_has_few_lines() -> None:
    out, now = io.StringIO(), [0.0]
    with written([logging.StreamHandler(out)]):
        watch = Logged(lambda: now[0])
        watch.event(Sending(100, "job"))
        for _ in range(100):
            now[0] += 0.5
            watch.event(Ended(7, "", Status.CREATED, ""))
        watch.event(Waiting(Why.SETTLING, time.time() + 60, 1))

    events = [line["event"] for line in lines(out)]
    assert events == ["sending", *["progress"] * 5, "settling"]
    assert lines(out)[-2]["ended"] == {"created": 100}
    assert lines(out)[-1]["wait"] == pytest.approx(60, abs=1)


def test_a_log_file_is_its_owners_and_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with written([PrivateFile(path)]):
        log.info("one", extra={"event": "one"})
        path.rename(tmp_path / "log.1")
        log.info("two", extra={"event": "two"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["event"] == "two"
    assert json.loads((tmp_path / "log.1").read_text())["event"] == "one"


def test_a_full_disk_is_told_once_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with written([PrivateFile(Path("/dev/full"))]):
        log.info("one", extra={"event": "one"})
        log.info("two", extra={"event": "two"})
    told = capsys.readouterr().err
    assert told.count("The log /dev/full can't be written: ") == 1
    assert "Traceback" not in told


def test_a_folder_that_is_gone_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gone" / "log.jsonl"
    path.parent.mkdir()
    with written([PrivateFile(path)]):
        log.info("one", extra={"event": "one"})
        path.unlink()
        path.parent.rmdir()
        log.info("two", extra={"event": "two"})
    assert "can't be written" in capsys.readouterr().err


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [vars(each)["event"] for each in caplog.records if "event" in vars(each)]


def test_an_outage_is_logged_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    breaker = CircuitBreaker(threshold=2)
    with caplog.at_level(logging.INFO, "importer"):
        for _ in range(5):
            breaker.record_failure()
        breaker.record_success()
        breaker.record_success()
    assert events(caplog) == ["away", "back"]


def test_a_pause_that_many_replies_bring_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    rate_limiter = RateLimiter(10, clock=lambda: 100.0)
    for _ in range(5):
        rate_limiter.pause(30)
    rate_limiter.pause(90)
    assert events(caplog) == ["pausing", "pausing"]
    assert [vars(each)["wait"] for each in caplog.records] == [30, 90]


def test_a_program_hears_of_a_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(
        file=str(SAMPLES / "generic_nps.csv"),
        mapping=str(SAMPLES / "generic_nps.yaml"),
        state=tmp_path / "state",
        out=tmp_path / "out",
        write_key=Secret("not-the-key"),
        settle=0.1,
    )
    with caplog.at_level(logging.INFO, "importer"), background() as sandbox:
        _, summary = run(dataclasses.replace(settings, endpoint=Endpoint.parse(sandbox.url)))
    assert summary.stopped.startswith("key_refused")
    assert events(caplog) == ["planned", "sending", "stopping"]
    assert vars(caplog.records[-1])["stopped"] == "key_refused"
    assert "not-the-key" not in caplog.text
    assert "example.com" not in caplog.text


def test_a_library_is_quiet_unless_it_is_asked(capfd: pytest.CaptureFixture[str]) -> None:
    handlers = logging.getLogger("importer").handlers
    assert any(isinstance(each, logging.NullHandler) for each in handlers)
    log.error("nobody hears it")
    assert capfd.readouterr() == ("", "")


def test_each_event_is_documented() -> None:
    sources = [path.read_text() for path in Path(logs.__file__).parent.rglob("*.py")]
    said = {event for text in sources for event in re.findall(r"\"event\": \"(\w+)\"", text)}
    docs = (Path(__file__).parents[1] / "docs" / "scheduling.md").read_text(encoding="utf-8")
    table = docs.split("## Metrics and logs")[1].split("| --- |")[1:]
    rows = [line.split("|")[1] for part in table for line in part.splitlines() if "|" in line[:1]]
    told = {event for row in rows for event in re.findall(r"`(\w+)`", row)}
    assert len(said) > 8
    assert said <= told
