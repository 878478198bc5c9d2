"""`importer plan FILE FILE… / 'exports/*.csv'`: each as if it were the only one, and one exit code."""

from __future__ import annotations

import json
import zipfile

import pytest

from tests.e2e.conftest import user
from tests.e2e.here import Here

__all__ = ["user"]
HEADER = "id,score,comment,email\n"


@pytest.fixture
def exports(user: Here) -> Here:
    """Two exports in a folder; of the second one row is invalid."""
    (user.folder / "exports").mkdir()
    user.write("exports/a.csv", HEADER + "p1,9,good,\np2,8,,\n")
    user.write("exports/b.csv", HEADER + "p3,9,good,\np4,11,,\n")
    return user


def test_each_is_planned_as_if_alone(exports: Here) -> None:
    done = exports("plan", "exports/*.csv", "-m", "mapping.yaml", "--json")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 3
    assert [(each["command"], each["file"], each["exit_code"]) for each in told] == [
        ("plan", "exports/a.csv", 0),
        ("plan", "exports/b.csv", 3),
    ]
    pages = [(exports.folder / f"exports/{name}-import/plan.html").exists() for name in "ab"]
    assert pages == [True, True]
    alone = exports("plan", "exports/b.csv", "-m", "mapping.yaml", "--json")
    assert alone.document["rows"] == told[1]["rows"]


def test_a_table_says_how_each_ended_and_the_next_step_is_its_own(exports: Here) -> None:
    words = ("exports/b.csv", "exports/a.csv", "-m", "mapping.yaml", "--out", "out")
    done = exports("plan", *words)
    assert done.status == 3
    assert (exports.folder / "out" / "a" / "plan.html").exists()
    assert "importer run exports/b.csv -m mapping.yaml --out out/b" in done.out
    table = done.out.partition("2 files\n")[2].split()
    assert table[-4:] == ["exports/b.csv", "3", "exports/a.csv", "0"]


def test_a_pattern_of_one_file_is_that_file(exports: Here) -> None:
    done = exports("plan", "exports/a*.csv", "-m", "mapping.yaml", "--json")
    assert (done.status, done.document["rows"]["ready"]) == (0, 2)


def test_a_name_that_looks_like_a_pattern_is_a_name_where_it_is_there(exports: Here) -> None:
    exports.write("exports/[a].csv", HEADER + "p1,9,good,\n")
    done = exports("plan", "exports/[a].csv", "-m", "mapping.yaml", "--json")
    assert done.document["rows"]["ready"] == 1


def test_what_is_wrong_with_a_file_keeps_no_other_from_its_turn(exports: Here) -> None:
    exports.write("exports/b.csv", "a,b\n1,2\n")
    exports.write("exports/c.csv", HEADER + "p5,9,good,\n")
    done = exports("plan", "exports/*.csv", "missing.csv", "-m", "mapping.yaml", "--json")
    told = [json.loads(line) for line in done.out.splitlines()]
    assert done.status == 2
    assert [each["exit_code"] for each in told] == [0, 2, 0, 2]
    assert "b.csv" in told[1]["error"]
    assert "missing.csv" in told[3]["error"]


def test_quiet_says_nothing_of_files_that_are_well(exports: Here) -> None:
    well = exports("plan", "exports/a.csv", "mapping.csv", "-m", "mapping.yaml", "--quiet")
    assert well.status == 2
    exports.write("exports/b.csv", HEADER + "p3,9,good,\n")
    done = exports("plan", "exports/*.csv", "-m", "mapping.yaml", "--quiet")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_a_member_of_an_archive_is_no_pattern(exports: Here) -> None:
    with zipfile.ZipFile(exports.folder / "all[1].zip", "w") as archive:
        archive.write(exports.folder / "exports" / "a.csv", "a.csv")
    done = exports("plan", "all[1].zip::a.csv", "-m", "mapping.yaml", "--json")
    assert done.document["rows"]["ready"] == 2


def test_what_is_wrong_with_the_mapping_is_said_once(exports: Here) -> None:
    exports.write("mapping.yaml", "version: 1\n")
    done = exports("plan", "exports/*.csv", "-m", "mapping.yaml")
    assert done.status == 2
    assert done.err.count("`answers` is missing") == 1


REFUSED = {
    "nothing matches": (("exports/*.xlsx",), "No file matches exports/*.xlsx."),
    "twice": (("exports/a.csv", "exports/a.csv"), "exports/a.csv is named twice."),
    "a link": (("link.csv", "exports/*.csv"), "link.csv and exports/a.csv are the same file."),
    "one folder": (("exports/a.csv", "exports/a.tsv"), "would both write their results to"),
    "one plan": (("exports/*.csv", "--save", "p.json"), "--save is for one file at a time."),
    "one list": (("exports/*.csv", "--payloads", "p"), "--payloads is for one file at a time."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(exports: Here, case: str) -> None:
    words, said = REFUSED[case]
    (exports.folder / "link.csv").symlink_to(exports.folder / "exports" / "a.csv")
    exports.write("exports/a.tsv", HEADER.replace(",", "\t") + "p1\t9\tgood\t\n")
    done = exports("plan", *words, "-m", "mapping.yaml")
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert not list(exports.folder.rglob("plan.html"))


def test_a_run_of_several_names_what_runs_several(exports: Here) -> None:
    done = exports("run", "exports/a.csv", "exports/b.csv", "-m", "mapping.yaml")
    assert done.status == 2
    assert "importer watch FOLDER --once" in done.err
