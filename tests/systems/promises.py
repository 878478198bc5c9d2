"""What `importer.system` promises everywhere. `python -m tests.systems.promises FOLDER` holds it to that."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from importer import resources, system

ENDS = "import sys; sys.path.insert(0, sys.argv[1]); from importer import system; "


def raises(kind: type[OSError], call: Callable[[], object]) -> OSError:
    """The error that the call raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def a_lock_keeps_another_process_out_until_it_ends(folder: Path) -> None:
    path = folder / "held.log"
    path.touch()
    assert not system.is_held(path)
    with path.open("rb+") as file:
        system.hold(file)
        tried = f"system.hold(open({str(path)!r}, 'rb+'))"
        asked = f"sys.exit(system.is_held(__import__('pathlib').Path({str(path)!r})))"
        assert _ended(tried, stderr=subprocess.DEVNULL) == 1
        assert _ended(asked) == 1
    assert _ended(tried) == _ended(asked) == 0


def a_child_holds_what_it_got_as_its_stderr(folder: Path) -> None:
    path = folder / "run.log"
    with path.open("wb") as log:
        system.hold(log)
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"],
            stdin=subprocess.PIPE,
            stderr=log,
            stdout=subprocess.DEVNULL,
            **system.OWN_GROUP,
        )
    assert system.is_held(path)
    child.communicate(b"\n")
    assert not system.is_held(path)


def what_is_held_is_not_swept(folder: Path) -> None:
    path, later = folder / ".draft-1", time.time() + 10
    with path.open("wb") as file:
        system.hold(file)
        raises(OSError, lambda: system.delete_unheld(path, later))
        assert path.exists()
    system.delete_unheld(path, time.time() - 3600)  # too young
    assert path.exists()
    system.delete_unheld(path, later)
    assert not path.exists()


def the_first_to_publish_a_name_has_it(folder: Path) -> None:
    first, second, path = folder / "a", folder / "b", folder / "name"
    first.write_text("first", "utf-8")
    second.write_text("second", "utf-8")
    system.publish(first, path)
    raises(FileExistsError, lambda: system.publish(second, path))
    assert path.read_text("utf-8") == "first"
    assert not first.exists()
    assert not second.exists()


def readers_of_one_descriptor_have_places_of_their_own(folder: Path) -> None:
    path = folder / "table.csv"
    path.write_bytes(bytes(range(256)) * 64)
    descriptor = resources.opened(path)
    one, other = resources.Positioned(descriptor), resources.Positioned(descriptor)
    assert [one.read(2), other.read(3), one.read(2), other.read(1)] == [
        *(b"\0\1", b"\0\1\2", b"\2\3", b"\3")
    ]
    assert system.read_at(descriptor, 4, 256 * 64 - 2) == b"\xfe\xff"
    os.close(descriptor)


def a_file_is_written_on_where_it_was_whatever_is_read_of_it(folder: Path) -> None:
    with system.nameless(folder) as file:
        file.write(b"one two")
        file.flush()
        assert system.read_at(file.fileno(), 3, 0) == b"one"
        file.write(b" three")
        file.flush()
        assert system.read_at(file.fileno(), 100, 0) == b"one two three"


def a_link_is_followed_only_where_it_may_be(folder: Path) -> None:
    file, link = folder / "file", folder / "link"
    file.write_bytes(b"text")
    link.symlink_to(file)
    os.close(system.opened(link, links=True))
    os.close(system.opened(file, links=False))
    assert raises(OSError, lambda: system.opened(link, links=False)).errno == errno.ELOOP
    raises(OSError, lambda: resources.opened(folder))


def a_file_moves_between_folders_and_overwrites_nothing(folder: Path) -> None:
    (folder / "done").mkdir()
    (folder / "elsewhere").symlink_to(folder / "done")
    for name in ("a.csv", "done/b.csv"):
        (folder / name).write_text(name, "utf-8")
    with system.folder(folder) as here:
        with here.inside("done") as there:
            raises(FileExistsError, lambda: here.move("a.csv", there, "b.csv"))
            here.move("a.csv", there, "c.csv")
            assert there.facts("c.csv").st_size == len("a.csv")
        raises(OSError, lambda: here.inside("elsewhere").__enter__())
        raises(OSError, lambda: here.inside("done/b.csv").__enter__())
    found = {path.name: path.read_text("utf-8") for path in (folder / "done").iterdir()}
    assert found == {"b.csv": "done/b.csv", "c.csv": "a.csv"}


def a_temporary_file_is_read_by_a_child_and_then_gone(folder: Path) -> None:
    with system.nameless(folder) as file:
        file.write(b"what a child reads")
        file.flush()
        path = system.reopened(file.fileno(), str(file.name))
        said = subprocess.run(
            [sys.executable, "-c", f"print(open({path!r}).read())"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            **system.inherited(file.fileno()),
        )
        assert said.stdout == "what a child reads\n"
    assert not list(folder.iterdir())


def a_limited_process_ends_in_time(_: Path) -> None:
    started = time.monotonic()
    status = _ended("system.limit(1 << 33, 1)\nwhile True: pass")
    assert status in system.TOO_LONG
    assert time.monotonic() - started < 20


def a_child_ends_with_its_parent(_: Path) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"{ENDS}import time; system.end_with_stdin(); time.sleep(60)",
            _ROOT,
        ],
        stdin=subprocess.PIPE,
    )
    time.sleep(0.5)
    assert child.poll() is None
    assert child.stdin
    child.stdin.close()
    assert child.wait(20) != 0


_ROOT = str(Path(__file__).parents[2])
PROMISES = (
    a_lock_keeps_another_process_out_until_it_ends,
    a_child_holds_what_it_got_as_its_stderr,
    what_is_held_is_not_swept,
    the_first_to_publish_a_name_has_it,
    readers_of_one_descriptor_have_places_of_their_own,
    a_link_is_followed_only_where_it_may_be,
    a_file_moves_between_folders_and_overwrites_nothing,
    a_temporary_file_is_read_by_a_child_and_then_gone,
    a_limited_process_ends_in_time,
    a_child_ends_with_its_parent,
)


def _ended(code: str, stderr: int | None = None) -> int:
    """The status of a process that runs this, with `system` at hand."""
    return subprocess.run(
        [sys.executable, "-c", ENDS + "\n" + code, _ROOT], stderr=stderr, check=False
    ).returncode


if __name__ == "__main__":
    assert system.MODES is ("windows" not in os.environ.get("PYTHONPATH", ""))
    for each in PROMISES:
        place = Path(sys.argv[1]) / each.__name__
        place.mkdir()
        each(place)
        sys.stdout.write(f"{each.__name__}\n")
