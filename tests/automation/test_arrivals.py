"""Which files are taken, when, and in what order."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.automation import Arrival, Settling, arrivals, scratch
from importer.errors import SourceError


def put(folder: Path, name: str, changed: int = 1) -> Path:
    path = folder / name
    path.write_text(name)
    os.utime(path, ns=(changed, changed))
    return path


def test_the_one_changed_first_comes_first_then_by_name(tmp_path: Path) -> None:
    for name, changed in (("c.csv", 5), ("b.csv", 9), ("a.csv", 9), ("d.csv", 1)):
        put(tmp_path, name, changed)

    assert [each.name for each in arrivals(tmp_path)] == ["d.csv", "c.csv", "a.csv", "b.csv"]


@pytest.mark.parametrize(
    "name",
    [
        ".~lock.answers.ods#",
        "~$answers.xlsx",
        ".hidden.csv",
        "answers.csv.part",
        "answers.csv.crdownload",
        "answers.csv.TMP",
        "answers.csv~",
    ],
)
def test_names_of_files_that_are_being_made(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    put(tmp_path, "answers.csv")

    assert scratch(name)
    assert [each.name for each in arrivals(tmp_path, ["*"])] == ["answers.csv"]


def test_only_what_can_be_read_or_what_the_pattern_names(tmp_path: Path) -> None:
    for name in ("a.CSV", "b.xlsx", "c.pdf", "d.csv"):
        put(tmp_path, name)

    assert {each.name for each in arrivals(tmp_path)} == {"a.CSV", "b.xlsx", "d.csv"}
    assert {each.name for each in arrivals(tmp_path, ["*.csv", "c*"])} == {
        "a.CSV",
        "c.pdf",
        "d.csv",
    }


def test_folders_and_links_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "folder.csv").mkdir()
    (tmp_path / "in" / "link.csv").symlink_to(put(tmp_path, "elsewhere.csv"))

    assert arrivals(tmp_path / "in") == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        arrivals(tmp_path / "nowhere")


def test_a_file_that_grows_is_not_whole_until_it_rests(tmp_path: Path) -> None:
    settling = Settling(10.0)
    path = put(tmp_path, "a.csv")

    assert settling.whole(arrivals(tmp_path), 0.0) == []
    path.write_text("more")
    assert settling.whole(arrivals(tmp_path), 10.0) == []
    assert settling.whole(arrivals(tmp_path), 19.9) == []
    assert len(settling.whole(arrivals(tmp_path), 20.0)) == 1


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 3)), max_size=30))
def test_what_is_whole_has_not_changed_for_long_enough(looks: list[tuple[float, int]]) -> None:
    settling, now, seen = Settling(10.0), 0.0, list[tuple[float, int]]()
    for pause, size in looks:
        now += pause
        seen.append((now, size))
        whole = settling.whole([Arrival(Path("a.csv"), size, 0, 0)], now)
        same = [at for at, was in reversed(seen) if was == size]
        unbroken = len(same) == len(seen) or all(was == size for at, was in seen if now - at < 10.0)
        assert not whole or unbroken
        if len({was for _, was in seen}) == 1:
            assert bool(whole) == (now - seen[0][0] >= 10.0)


def test_untouched(tmp_path: Path) -> None:
    put(tmp_path, "a.csv")
    (arrival,) = arrivals(tmp_path)
    assert arrival.untouched()

    arrival.path.write_text("longer than before")
    assert not arrival.untouched()

    arrival.path.unlink()
    assert not arrival.untouched()
