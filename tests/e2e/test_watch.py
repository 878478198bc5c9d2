"""A watched folder, end to end: order, shelves, kills, signals, exit statuses."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from importer.automation import Arrival
from importer.sandbox import Behaviour, Sandbox, SandboxSettings, background
from tests.automation.servers import web
from tests.e2e.commands import IMPORTER, Ended, Shell
from tests.e2e.processes import wait_until

HEADER = "id,score,comment,email\n"


def rows(first: int, end: int) -> str:
    return HEADER + "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(first, end))


@pytest.fixture
def inbox(user: Shell) -> Path:
    folder = user.folder / "in"
    folder.mkdir()
    return folder


def words(sandbox: Sandbox, *more: object) -> list[str]:
    fixed = ("watch", "in", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--rate", "max")
    return [*fixed, "--settle", "0.3", "--settled", "0.1", *map(str, more)]


def once(user: Shell, sandbox: Sandbox, *more: object) -> Ended:
    return user(*words(sandbox, "--once", *more))


def shelves(inbox: Path) -> dict[str, list[str]]:
    """Names by shelf; those not on one stand under "". Results aside."""
    found: dict[str, list[str]] = {}
    for path in sorted(inbox.rglob("*.csv")):
        shelf = str(path.parent.relative_to(inbox))
        if not shelf.startswith("results"):
            found.setdefault("" if shelf == "." else shelf, []).append(path.name)
    return found


def test_each_file_once_and_an_error_of_one_stops_no_other(
    user: Shell, sandbox: Sandbox, inbox: Path
) -> None:
    (inbox / "a.csv").write_text(rows(0, 10))
    (inbox / "b.csv").write_text("nothing,of,use\n1,2,3\n")
    (inbox / "c.csv").write_text(rows(5, 15) + "p99,99,,\n")
    (inbox / "d.csv.part").write_text(rows(0, 99))

    first = once(user, sandbox)
    again = once(user, sandbox)

    assert (first.status, again.status) == (2, 0)
    assert "b.csv" in first.err
    assert shelves(inbox) == {"done": ["a.csv", "c.csv"], "failed": ["b.csv"]}
    assert len(sandbox.stored()) == 15
    why = inbox / "failed" / "b.csv.error.txt"
    assert why.read_text() in first.err.replace("Error: ", "")
    assert 'no column "id"' in why.read_text()
    assert why.stat().st_mode & 0o777 == 0o600
    assert len(list(inbox.glob("results/*/summary.json"))) == 2
    assert len(sandbox.posts()) == 15


def swapped_after_hashing(monkeypatch: pytest.MonkeyPatch, swap: Callable[[Path], object]) -> None:
    """Once, between the look at what a file holds and its import."""
    hashing = Arrival.sha256
    left = [swap]

    def sha256(arrival: Arrival) -> str:
        found = hashing(arrival)
        if left:
            left.pop()(arrival.path)
        return found

    monkeypatch.setattr(Arrival, "sha256", sha256)


def test_a_file_replaced_between_two_looks_loses_no_row(
    user: Shell, sandbox: Sandbox, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash that the ledger keeps is of the rows that were read: no other file counts as known."""
    (inbox / "a.csv").write_text(rows(0, 5))
    user.write("new.csv", rows(5, 9))
    swapped_after_hashing(monkeypatch, (user.folder / "new.csv").replace)

    once(user, sandbox)
    assert shelves(inbox) == {"": ["a.csv"]}  # it has arrived anew
    once(user, sandbox)
    (inbox / "old.csv").write_text(rows(0, 5))
    assert once(user, sandbox).status == 0

    assert shelves(inbox) == {"done": ["a.csv", "old.csv"]}
    assert sorted(each.user_id for each in sandbox.stored()) == [f"p{n}" for n in range(9)]


def test_a_link_put_in_a_files_place_is_not_followed(
    user: Shell, sandbox: Sandbox, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "a.csv").write_text(rows(0, 5))
    user.write("secret.csv", rows(5, 9))

    def swap(path: Path) -> None:
        path.unlink()
        path.symlink_to("../secret.csv")

    swapped_after_hashing(monkeypatch, swap)
    ended = once(user, sandbox)

    assert (ended.status, len(sandbox.requests)) == (2, 0)
    assert "it is a link" in ended.err


def test_results_are_not_written_through_a_link(user: Shell, sandbox: Sandbox, inbox: Path) -> None:
    (user.folder / "elsewhere").mkdir()
    (inbox / "results").symlink_to("../elsewhere")
    (inbox / "a.csv").write_text(rows(0, 5))

    ended = once(user, sandbox)

    assert (ended.status, len(sandbox.requests)) == (2, 0)
    assert "results can't be used: it is a link" in ended.err
    assert list((user.folder / "elsewhere").iterdir()) == []


def test_kept_files_are_remembered_by_what_they_hold(
    user: Shell, sandbox: Sandbox, inbox: Path
) -> None:
    (inbox / "a.csv").write_text(rows(0, 10))

    once(user, sandbox, "--keep")
    (inbox / "a.csv").rename(inbox / "renamed.csv")
    again = once(user, sandbox, "--keep")
    (inbox / "renamed.csv").write_text(rows(0, 12))
    grown = once(user, sandbox, "--keep", "--json")

    assert "imported before" in again.err
    assert grown.document["rows"]["created"] == 2
    assert shelves(inbox) == {"": ["renamed.csv"]}
    assert len(sandbox.posts()) == 12


def test_the_ledger_knows_where_a_file_went(user: Shell, sandbox: Sandbox, inbox: Path) -> None:
    (inbox / "a.csv").write_text(rows(0, 3))
    once(user, sandbox, "--state", "state")

    with sqlite3.connect(user.folder / "state" / "ledger.sqlite3") as ledger:
        ((file,),) = ledger.execute("SELECT file FROM jobs").fetchall()
    assert Path(file) == inbox / "done" / "a.csv"


def test_a_key_that_is_refused_leaves_every_file_where_it_is(
    user: Shell, sandbox: Sandbox, inbox: Path
) -> None:
    (inbox / "a.csv").write_text(rows(0, 10))
    (inbox / "b.csv").write_text(rows(10, 20))

    refused = user(*words(sandbox, "--once"), SATISMETER_WRITE_KEY="wrong")
    then = once(user, sandbox)

    assert (refused.status, then.status) == (5, 0)
    assert "b.csv" not in refused.out
    assert shelves(inbox) == {"done": ["a.csv", "b.csv"]}
    assert {each.user_id for each in sandbox.stored()} == {f"p{n}" for n in range(20)}


def test_a_row_that_is_refused_alone_keeps_no_other_file_waiting(user: Shell, inbox: Path) -> None:
    """It is the last of its file, so that only the next one shows whose fault it is."""
    for number, name in enumerate("abc"):
        (inbox / f"{name}.csv").write_text(rows(10 * number, 10 * number + 10))
    refused = [Behaviour("status", 403)] * 9
    with background(SandboxSettings(script={"p9": refused})) as sandbox:
        words = ("--state", "state", "--concurrency", 1)
        first = once(user, sandbox, *words)
        with closing(sqlite3.connect(user.folder / "state" / "ledger.sqlite3")) as ledger, ledger:
            ledger.execute("UPDATE rows SET sent_at = sent_at - 60 WHERE status = 'pending'")
        second = once(user, sandbox, *words)
        assert len(sandbox.stored()) == 29
    assert (first.status, second.status) == (4, 3)
    assert shelves(inbox) == {"done": ["a.csv", "b.csv", "c.csv"]}


def test_a_file_that_the_key_stops_halfway_lets_the_next_one_try(user: Shell, inbox: Path) -> None:
    """Two refused rows may be one file's; the next file shows that they were."""
    for number, name in enumerate("ab"):
        (inbox / f"{name}.csv").write_text(rows(10 * number, 10 * number + 10))
    refused = [Behaviour("status", 403)] * 9
    with background(SandboxSettings(script={"p4": refused, "p5": refused})) as sandbox:
        first = once(user, sandbox, "--concurrency", 1)
        second = once(user, sandbox, "--concurrency", 1)
        assert len(sandbox.stored()) == 18
    assert (first.status, second.status) == (5, 3)
    assert shelves(inbox) == {"done": ["a.csv", "b.csv"]}


def test_a_wrong_mapping_is_no_files_fault(user: Shell, sandbox: Sandbox, inbox: Path) -> None:
    (inbox / "a.csv").write_text(rows(0, 3))
    user.write("mapping.yaml", "campain: x\n")

    ended = once(user, sandbox)

    assert ended.status == 2
    assert shelves(inbox) == {"": ["a.csv"]}


def test_two_watches_of_one_folder(user: Shell, sandbox: Sandbox, inbox: Path) -> None:
    with started(user, words(sandbox)) as first:
        wait_until(lambda: bool(first.poll()) or holds_a_lock(user))
        assert once(user, sandbox).status == 75


def holds_a_lock(user: Shell) -> bool:
    return any(user.folder.rglob("inbox-*.lock"))


class started:  # noqa: N801  reads as a word
    """The command in the background; killed at the end, if it still runs."""

    def __init__(self, user: Shell, words: list[str]) -> None:
        self.process = subprocess.Popen(
            [IMPORTER, *words],
            cwd=user.folder,
            env=dict(user.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox that takes its time, so that there is a middle to be killed in."""
    with background(SandboxSettings(latency=0.03)) as running:
        yield running


def test_five_overlapping_exports_and_two_kills_give_each_response_once(
    user: Shell, slow: Sandbox, inbox: Path
) -> None:
    for number in range(5):
        (inbox / f"export-{number}.csv").write_text(rows(40 * number, 40 * number + 80))

    for killed_at in (30, 110):
        with started(user, words(slow)) as watch:
            wait_until(lambda enough=killed_at: len(slow.posts()) >= enough)  # type: ignore[misc]
            watch.kill()
    ended = once(user, slow)

    assert ended.status in (0, 4), ended.err
    assert set(slow.copies().values()) == {1}
    assert {each.user_id for each in slow.stored()} == {f"p{n}" for n in range(240)}


def test_sigterm_ends_between_two_rows_and_the_next_start_goes_on(
    user: Shell, slow: Sandbox, inbox: Path
) -> None:
    (inbox / "a.csv").write_text(rows(0, 200))
    with started(user, words(slow)) as watch:
        wait_until(lambda: len(slow.posts()) >= 20)
        watch.send_signal(signal.SIGTERM)
        assert watch.wait(timeout=10) == 143
    assert shelves(inbox) == {"": ["a.csv"]}
    assert 20 <= len(slow.stored()) < 200

    ended = once(user, slow)

    assert ended.status == 0
    assert set(slow.copies().values()) == {1}
    assert len(slow.stored()) == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_nothing_is_done_is_a_good_end(
    user: Shell, sandbox: Sandbox, inbox: Path, number: signal.Signals
) -> None:
    (inbox / "a.csv").write_text(rows(0, 3))
    with started(user, words(sandbox)) as watch:
        wait_until(lambda: shelves(inbox) == {"done": ["a.csv"]})
        watch.send_signal(number)
        assert watch.wait(timeout=5) == 0


def test_a_file_that_comes_later_is_found(user: Shell, sandbox: Sandbox, inbox: Path) -> None:
    with started(user, words(sandbox, "--every", "0.2")):
        wait_until(lambda: holds_a_lock(user))
        (inbox / "late.csv").write_text(rows(0, 3))
        wait_until(lambda: shelves(inbox) == {"done": ["late.csv"]})

    assert len(sandbox.stored()) == 3


def test_the_log_has_a_line_per_step_each_with_the_job(
    user: Shell, sandbox: Sandbox, inbox: Path
) -> None:
    (inbox / "a.csv").write_text(rows(0, 3))

    ended = once(user, sandbox, "--log", "json", "--log-file", "log.jsonl")

    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert [line["event"] for line in lines] == ["starting", "planned", "sending", "finished"]
    assert len({line["job"] for line in lines[1:]}) == 1
    text = (user.folder / "log.jsonl").read_text()
    assert len(text.splitlines()) == 4
    assert not any(word in text for word in ("p1", "example.com", "write-key"))


def test_what_goes_wrong_before_the_first_file_is_told_too(
    user: Shell, sandbox: Sandbox, inbox: Path
) -> None:
    told = ("--notify", "webhook", "--metrics-file", "importer.prom")
    with web() as server:
        where = {"IMPORTER_NOTIFY_WEBHOOK": server.url}
        no_key = user(*words(sandbox, "--once", *told), SATISMETER_WRITE_KEY="", **where)
        inbox.rename(inbox.with_name("gone"))
        no_folder = user(*words(sandbox, "--once", *told), **where)

    assert (no_key.status, no_folder.status) == (2, 2)
    assert [notice["error"] for notice in server.got] == ["UsageError", "SourceError"]
    assert (
        'importer_exit_code{mapping="mapping.yaml"} 2'
        in (user.folder / "importer.prom").read_text()
    )
