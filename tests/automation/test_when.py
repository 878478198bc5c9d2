"""Times, in cron's words and in systemd's."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from croniter import croniter  # type: ignore[import-untyped]  # it has none

from importer.automation.schedule import When
from importer.errors import UsageError


@pytest.mark.parametrize("text", ["24:00", "2", "02:60", "noon", "2:3", "-1:00"])
def test_no_time_of_day(text: str) -> None:
    with pytest.raises(UsageError):
        When.at(text)


@pytest.mark.parametrize("text", ["7min", "45min", "5h", "0min", "90min", "2d", "hourly", "10"])
def test_beats_that_not_every_scheduler_can_keep(text: str) -> None:
    with pytest.raises(UsageError, match="beat"):
        When.each(text)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1min", 1), ("5min", 5), ("15m", 15), ("60min", 60), ("1h", 60), ("6h", 360), ("1d", 1440)],
)
def test_cron_comes_round_in_the_time_asked_for(text: str, minutes: int) -> None:
    start = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
    turns = croniter(When.each(text).cron, start)
    times = [turns.get_next(datetime) for _ in range(5)]

    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps == {timedelta(minutes=minutes)}


def test_cron_daily() -> None:
    turn = croniter(When.at("7:05").cron, datetime(2026, 3, 3, tzinfo=UTC)).get_next(datetime)
    assert (turn.hour, turn.minute) == (7, 5)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("text", ["1min", "15min", "1h", "6h", "1d"])
def test_systemd_comes_round_as_cron_does(text: str) -> None:
    when = When.each(text)
    words = ["systemd-analyze", "calendar", "--iterations=3", "--base-time=2026-03-03 02:30:00 UTC"]
    ended = subprocess.run(
        [*words, f"{when.calendar} UTC"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    found = [line.split("): ")[-1] for line in ended.stdout.splitlines() if "UTC" in line]
    turns = croniter(when.cron, datetime(2026, 3, 3, 2, 30, tzinfo=UTC))
    for _ in range(3):
        assert f"{turns.get_next(datetime):%Y-%m-%d %H:%M:00} UTC" in " ".join(found)
