"""The bench's own parts on tiny inputs; nothing here is timed."""

from __future__ import annotations

import json
import socket
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import chart, data, measure, report, server
from benchmarks.peers import BASE, PEERS, Errand, right_bodies
from benchmarks.race import Lap, Track
from benchmarks.server import counted
from importer import mapping
from importer.mapping import load
from importer.model import Response
from importer.sources.source import open_source


def test_the_same_seed_gives_the_same_rows_and_no_two_rows_one_key() -> None:
    assert list(data.rows(50)) == list(data.rows(50))
    assert len({cells[0] for cells in data.rows(500)}) == 500


def test_the_scripts_bodies_are_what_the_mapping_makes(tmp_path: Path) -> None:
    """Otherwise the clients would be compared on different work."""
    table = data.write_csv(tmp_path / "answers.csv", 200)
    document = tmp_path / "mapping.yaml"
    document.write_text(data.MAPPING)
    with open_source(str(table)) as source:
        compiled = mapping.compile(
            load(str(document)), source.header, secret=b"k" * 32, file="answers.csv"
        )
        mapped = [each for chunk in source.chunks() for each in compiled.run(chunk)]
    ours = [json.loads(each.body) for each in mapped if isinstance(each, Response)]
    theirs = [data.body(cells) for cells in data.rows(200)]
    assert ours == [{k: v for k, v in body.items() if k != "writeKey"} for body in theirs]


def test_bodies_that_are_no_json_or_say_something_else_are_found(tmp_path: Path) -> None:
    bodies = data.write_bodies(tmp_path / "bodies.jsonl", 3)
    first, second, _ = bodies.read_text(encoding="utf-8").splitlines()
    assert right_bodies([first, first, second, '{"a": "b\nc"}', '{"a": 1}'], bodies) == (4, 2)


def test_a_command_costs_and_its_failure_says_what_it_printed(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    cost = measure.run([sys.executable, "-c", "print(1)"], log)
    assert cost.cpu > 0
    assert cost.peak_mb > 1
    with pytest.raises(measure.Failed, match=r"exited with 3: no luck"):
        measure.run([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], log)


def test_the_servers_log_is_counted() -> None:
    found = counted("10.050 0.050 200\n10.100 0.050 200\n10.060 0.010 500\n11.250 0.000 200\n")
    assert found.refused == 1
    assert len(found.times) == 3
    assert found.seconds == pytest.approx(1.25)
    assert found.most_within(1.0) == 2


def test_what_another_server_is_asked_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((server.HOST, 0)) as other:
        monkeypatch.setattr(server, "PORT", other.getsockname()[1])
        with pytest.raises(server.Taken, match="end it first"), server.Server(tmp_path).running():
            pass


def test_laps_become_medians_ratios_and_tables() -> None:
    laps = [_lap(BASE, cpu) for cpu in (90.0, 100.0, 130.0)] + [_lap("wrk", 5.0)]
    found = report.standings(laps)
    assert [(each.peer, each.cpu_us, each.least_us, each.most_us) for each in found] == [
        (BASE, 100.0, 90.0, 130.0),
        ("wrk", 5.0, 5.0, 5.0),
    ]
    assert report.ratio("wrk", BASE, found) == pytest.approx(0.05)
    assert report.ratio("absent", BASE, found) is None
    assert "| wrk |" in report.sending(found, PEERS, [])
    assert "50.0%" in report.waiting({Track("late", 32, 100): found})


def test_the_page_keeps_what_stands_around_the_tables() -> None:
    page = f"before {report.BEGIN} old {report.END} after"
    assert report.replaced(page, "new").split() == [
        *("before", *report.BEGIN.split(), "new", *report.END.split(), "after")
    ]


def test_the_chart_is_svg_and_names_everyone() -> None:
    found = report.standings([_lap(BASE, 100.0), _lap("<curl> & co", 30.0)])
    picture = ET.fromstring(chart.svg(found, [BASE], BASE))
    shown = "".join(picture.itertext())
    assert BASE in shown
    assert "<curl> & co" in shown


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: str(peer.name))
def test_every_peer_has_a_command_and_the_files_it_names(peer: object, tmp_path: Path) -> None:
    from benchmarks.peers import SCRIPTS, Peer

    assert isinstance(peer, Peer)
    errand = Errand(3, "http://127.0.0.1:1/at-once", 2, tmp_path)
    command = peer.command(errand)
    assert command
    scripts = [Path(part) for part in command if str(part).startswith(str(SCRIPTS))]
    assert all(script.exists() for script in scripts)
    assert peer.environment(errand) is not None


def _lap(peer: str, cpu_us: float) -> Lap:
    return Lap(peer, rows=100, cpu_us=cpu_us, peak_mb=10.0, per_second=320.0, wall=1.0)
