"""What becomes of a file, and in what order of gravity."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from importer.automation import (
    RETRY,
    SHELVES,
    Arrival,
    Ending,
    Fate,
    FileEnded,
    Inbox,
    Shelves,
    alone,
    arrivals,
    check_shelves,
    fate,
    gravest,
    once,
)
from importer.errors import Busy, ExitStatus, ResultsError, UsageError


@pytest.mark.parametrize(
    ("status", "stop", "becomes"),
    [
        (ExitStatus.DONE, "", Fate.DONE),
        (ExitStatus.SOME_REFUSED, "", Fate.DONE),
        (ExitStatus.USAGE, "", Fate.FAILED),
        (ExitStatus.STOPPED, "max_failures", Fate.FAILED),
        (ExitStatus.STOPPED, "all_refused", Fate.FAILED),
        (ExitStatus.STOPPED, "outage", Fate.STAYS),
        (ExitStatus.STOPPED, "", Fate.STAYS),
        (ExitStatus.SOME_UNKNOWN, "", Fate.STAYS),
        (ExitStatus.BUSY, "", Fate.STAYS),
        (ExitStatus.UNEXPECTED, "", Fate.STAYS),
        (ExitStatus.TERMINATED, "", Fate.STAYS),
    ],
)
def test_fate(status: ExitStatus, stop: str, becomes: Fate) -> None:
    assert fate(FileEnded(status, stop)) is becomes


def test_every_exit_status_has_its_gravity() -> None:
    assert gravest([]) == ExitStatus.DONE
    assert all(gravest([ExitStatus.DONE, each]) == each for each in ExitStatus)
    assert gravest([ExitStatus.SOME_REFUSED, ExitStatus.USAGE, ExitStatus.DONE]) == ExitStatus.USAGE


class Desk:
    """Imports nothing; ends as it is told, by file name."""

    def __init__(self, **ends: FileEnded) -> None:
        self.ends = ends
        self.imported: list[str] = []
        self.left: list[str] = []
        self.places: dict[str, Path] = {}

    def importing(self, arrival: Arrival, ending: Ending) -> FileEnded:
        self.imported.append(arrival.path.stem)
        return self.ends.get(arrival.path.stem, FileEnded(ExitStatus.DONE))

    def put(self, arrival: Arrival, ended: FileEnded, place: Path) -> None:
        self.places[arrival.path.stem] = place

    def waiting(self, arrivals: Sequence[Arrival]) -> None:
        self.left = [each.name for each in arrivals]

    def rounded(self, statuses: Sequence[ExitStatus]) -> None:
        """Not asked here."""


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / f"{name}.csv").write_text(name)


def test_one_file_that_fails_stops_no_other(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", "c")
    desk = Desk(a=FileEnded(ExitStatus.USAGE), b=FileEnded(ExitStatus.STOPPED, "max_failures"))

    statuses = once(Inbox(tmp_path, settled=0, shelves=Shelves(tmp_path)), Ending(), desk)

    assert desk.imported == ["a", "b", "c"]
    assert statuses == [ExitStatus.USAGE, ExitStatus.STOPPED, ExitStatus.DONE]
    shelf = {name: place.parent.name for name, place in desk.places.items()}
    assert shelf == {"a": "failed", "b": "failed", "c": "done"}


@pytest.mark.parametrize("stop", ["outage", "unauthorised", ""])
def test_a_trouble_of_all_ends_the_round_and_every_file_stays(tmp_path: Path, stop: str) -> None:
    fill(tmp_path, "a", "b")
    desk = Desk(a=FileEnded(ExitStatus.STOPPED, stop))

    once(Inbox(tmp_path, settled=0, shelves=Shelves(tmp_path)), Ending(), desk)

    assert desk.imported == ["a"]
    assert {each.name for each in tmp_path.iterdir()} == {"a.csv", "b.csv"}


def test_what_could_not_be_finished_is_due_again_after_a_while(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    inbox = Inbox(tmp_path, settled=0)
    ((arrival,), _) = inbox.look(0.0)

    inbox.ended(arrival, Fate.STAYS, 100.0)

    assert inbox.look(100.0 + RETRY - 1)[0] == []
    assert inbox.look(100.0 + RETRY)[0] == [arrival]


def test_a_kept_file_is_due_again_only_once_it_has_changed(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    inbox = Inbox(tmp_path, settled=0)
    ((arrival,), _) = inbox.look(0.0)
    inbox.ended(arrival, Fate.DONE, 0.0)

    assert inbox.look(1e9)[0] == []
    arrival.path.write_text("something else")
    assert len(inbox.look(1e9)[0]) == 1


def test_a_file_that_changed_during_its_import_has_arrived_anew(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    inbox = Inbox(tmp_path, settled=0, shelves=Shelves(tmp_path))
    ((arrival,), _) = inbox.look(0.0)
    arrival.path.write_text("the next export, under the same name")

    assert inbox.ended(arrival, Fate.DONE, 0.0) == arrival.path
    assert len(inbox.look(0.0)[0]) == 1


def test_nothing_on_a_shelf_is_overwritten(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path)
    for content in ("first", "second", "third"):
        (tmp_path / "a.csv").write_text(content)
        shelves.put(arrivals(tmp_path)[0], "done")

    found = {each.name: each.read_text() for each in (tmp_path / "done").iterdir()}
    assert found == {"a.csv": "first", "a-2.csv": "second", "a-3.csv": "third"}


def test_a_file_that_does_not_settle_waits(tmp_path: Path) -> None:
    fill(tmp_path, "a")
    desk = Desk()
    inbox = Inbox(tmp_path, settled=0.3)

    class Growing(Ending):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            fill(tmp_path, "b")

    once(inbox, Growing(), desk)

    assert desk.imported == ["a"]
    assert desk.left == ["b.csv"]


def test_one_watch_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path, tmp_path / "state"):
        with pytest.raises(Busy), alone(tmp_path / "." / "", tmp_path / "state"):
            pass
        with alone(tmp_path / "state", tmp_path / "state"):
            pass
    with alone(tmp_path, tmp_path / "state"):
        pass


@pytest.mark.parametrize("shelf", ["done", "failed", "results"])
def test_a_link_is_no_shelf(tmp_path: Path, shelf: str) -> None:
    """Who may put files there could have them, and their content, put anywhere else."""
    inbox, elsewhere = tmp_path / "in", tmp_path / "elsewhere"
    inbox.mkdir()
    elsewhere.mkdir()
    (inbox / shelf).symlink_to(elsewhere)
    fill(inbox, "a")

    with pytest.raises(UsageError, match="it is a link"):
        check_shelves(inbox, SHELVES)
    with pytest.raises(ResultsError, match="it is a link"):
        Shelves(inbox).put(arrivals(inbox)[0], shelf)
    assert list(elsewhere.iterdir()) == []
    assert (inbox / "a.csv").exists()


def test_a_watched_folder_may_itself_be_a_link_and_have_its_shelves(tmp_path: Path) -> None:
    (tmp_path / "mounted" / "done").mkdir(parents=True)
    (tmp_path / "in").symlink_to("mounted")
    inbox = tmp_path / "in"
    fill(inbox, "a")
    check_shelves(inbox, SHELVES)
    assert Shelves(inbox).put(arrivals(inbox)[0], "done").read_text() == "a"
    assert not (inbox / "failed").exists()


def test_a_file_replaced_at_the_last_moment_goes_back(tmp_path: Path) -> None:
    """Between the last look and the move: the new one was never imported."""
    fill(tmp_path, "a")
    (arrival,) = arrivals(tmp_path)
    (tmp_path / "a.csv").unlink()
    (tmp_path / "a.csv").write_text("another export")

    place = Shelves(tmp_path).put(arrival, "done")

    assert (place, place.read_text()) == (tmp_path / "a.csv", "another export")
    assert list((tmp_path / "done").iterdir()) == []
