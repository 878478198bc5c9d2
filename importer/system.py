"""What Linux, macOS and Windows do differently, and nothing else: no other file of the house asks which of
them it runs on, or uses what one of them lacks. docs/systems.md says what is weaker where."""

from __future__ import annotations

import errno
import io
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

FAR = 1 << 40
"""The byte that Windows locks: there a lock on what is written would keep every reader out."""

OUT_OF_TIME = 75
"""The status with which a limited process ends itself where the system has no limit on time."""


def ask_to_end(pid: int) -> None:
    """Tell a process that was started with `OWN_GROUP` to end as soon as nothing is lost. Raises OSError;
    on Windows for a process of another console, too."""
    os.kill(pid, ENDING)


def anothers(facts: os.stat_result) -> bool:
    """Whether a file belongs to neither this user nor root."""
    return MODES and facts.st_uid not in (0, user())


def boottime() -> float | None:
    """Seconds since some moment, also those of a suspended machine; None where no clock counts them."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)  # macOS has it run on in sleep
    if sys.platform == "win32":
        import ctypes

        return float(ctypes.windll.kernel32.GetTickCount64()) / 1000
    return None


def steady() -> float:
    """Seconds since some moment, which nobody can set; those of a suspension included where `boottime` is."""
    found = boottime()
    return time.monotonic() if found is None else found


def end_with_stdin() -> None:
    """End this process once nobody holds the other end of standard input, a pipe: whoever started it is gone.
    Ctrl-C is for them, too, and they end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_stdin()


def _end_in_a_thread() -> None:
    """A library's call that keeps the interpreter to itself comes to its end first."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(0, 1):
                """Nothing is ever sent: what comes is the end."""
        os._exit(1)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


if sys.platform == "win32":
    import msvcrt
    import subprocess

    MODES = False
    """Whether a file's mode and owner say who may read and write it."""
    OWN_GROUP: Mapping[str, Any] = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    """What `Popen` needs for a process that no Ctrl-C of this terminal reaches."""
    ENDING: int = signal.CTRL_BREAK_EVENT
    HANGUPS: tuple[signal.Signals, ...] = (signal.SIGBREAK,)
    """Signals that count as SIGTERM; see `shutdown`."""
    NO_MEMORY = frozenset({0xC0000005, 0xC0000017, 0xC00000FD, 0xC0000409})
    """Exit statuses of a process that found no memory, or died of a library: access violation, no memory,
    stack overflow, abort."""
    TOO_LONG = frozenset({OUT_OF_TIME})

    def user() -> int:
        """Files have no user's number here."""
        return 0

    def opened(path: str | Path, *, links: bool) -> int:
        """A descriptor for reading, which no child inherits. Raises OSError; ELOOP for a link without
        `links`: what was opened must be what the name itself stands for."""
        descriptor = os.open(path, os.O_RDONLY | os.O_BINARY | os.O_NOINHERIT)
        if not links and not os.path.samestat(os.lstat(path), os.fstat(descriptor)):
            os.close(descriptor)
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        return descriptor

    def await_writer(_: int) -> None:
        """No shell hands over a pipe by a name."""

    _reading = threading.Lock()

    def read_at(descriptor: int, size: int, at: int) -> bytes:
        """At most `size` bytes from byte `at` on. All who read this descriptor read by this; a file that is
        written goes on where it was."""
        with _reading:
            before = os.lseek(descriptor, 0, os.SEEK_CUR)
            os.lseek(descriptor, at, os.SEEK_SET)
            try:
                return os.read(descriptor, size)
            finally:
                os.lseek(descriptor, before, os.SEEK_SET)

    def hold(file: IO[bytes] | IO[str]) -> None:
        """Lock an open file until it is closed. Raises BlockingIOError where another process has."""
        descriptor = file.fileno()
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(error.errno, error.strerror) from error
        finally:
            os.lseek(descriptor, at, os.SEEK_SET)

    def is_held(path: Path) -> bool:
        """Whether a process has this file open: one that is can't be renamed, be it to its own name. A child
        that inherited it as its stderr has. Raises OSError where there is none."""
        try:
            path.replace(path)
        except PermissionError:
            return True
        return False

    def let_go(file: IO[bytes]) -> None:
        """Before its folder is deleted: no file that is open can be."""
        file.close()

    def delete_unheld(path: Path, before: float) -> None:
        """Delete a file that is unchanged since `before` (Unix time). One that is open can't be: OSError."""
        facts = path.lstat()
        if stat.S_ISREG(facts.st_mode) and facts.st_mtime <= before:
            path.unlink()

    def publish(draft: Path, path: Path) -> None:
        """Give a whole file its name. Raises FileExistsError where it is taken; the draft is gone anyway."""
        try:
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)

    def leave_no_core() -> None:
        """There are none, unless an administrator has asked for them."""

    def limit(memory: int, seconds: int) -> None:  # noqa: ARG001  the same call everywhere
        """End this process after so many `seconds` of processor time. Its memory is not limited here."""

        def watch() -> None:
            while time.process_time() < seconds:
                time.sleep(0.1)
            os._exit(OUT_OF_TIME)

        threading.Thread(target=watch, name="limit", daemon=True).start()

    def inherited(_: int) -> Mapping[str, Any]:
        """What `Popen` needs for a child that opens the file of this descriptor by `reopened`."""
        return {}

    def reopened(descriptor: int, name: str) -> str:  # noqa: ARG001
        """The path by which a child opens this file anew. Nobody can put another in its place meanwhile:
        Windows neither renames nor deletes what is open."""
        return name

    class _Deleted(io.BufferedRandom):
        """Goes when it is closed: Python's own could not be opened by another process."""

        def __init__(self, place: Path | None) -> None:
            import tempfile

            descriptor, path = tempfile.mkstemp(dir=place)
            raw = io.FileIO(descriptor, "r+")
            raw.name = path
            super().__init__(raw)

        def close(self) -> None:
            super().close()
            with suppress(OSError):  # closed before, and gone
                Path(self.name).unlink()

    def nameless(place: Path | None = None) -> IO[bytes]:
        """A file, in `place` or where temporary files lie, for what is read once more. It has a name here: a
        process that is killed leaves it behind, for its user's eyes only."""
        return _Deleted(place)

    def utf8_output() -> None:
        """What is written into a file or a pipe is UTF-8, and not the code page of this Windows."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(encoding="utf-8")

    def _end_with_stdin() -> None:
        signal.signal(signal.SIGBREAK, signal.SIG_IGN)
        _end_in_a_thread()

    class Folder:
        """A folder that others put files into. Windows opens no folders: names are looked up at each call,
        and links and junctions refused then."""

        def __init__(self, place: Path) -> None:
            self._place = place

        @contextmanager
        def inside(self, name: str) -> Iterator[Folder]:
            """A folder in it. Raises OSError where that is a link or no folder."""
            facts = self.facts(name)
            reparse = facts.st_file_attributes & stat.FILE_ATTRIBUTE_REPARSE_POINT
            if reparse or not stat.S_ISDIR(facts.st_mode):
                raise OSError(errno.ENOTDIR, "it is a link or a file, and no folder")
            yield Folder(self._place / name)

        def facts(self, name: str) -> os.stat_result:
            """Of what the name itself stands for."""
            return (self._place / name).lstat()

        def move(self, name: str, there: Folder, target: str) -> None:
            """Raises FileExistsError: nothing is overwritten."""
            (self._place / name).rename(there._place / target)

    @contextmanager
    def folder(place: Path) -> Iterator[Folder]:
        """The folder at `place`, be it by a link. Raises OSError."""
        if not place.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        yield Folder(place)

else:
    import fcntl
    import resource

    MODES = True
    OWN_GROUP: Mapping[str, Any] = {"start_new_session": True}
    ENDING: int = signal.SIGTERM
    HANGUPS: tuple[signal.Signals, ...] = (signal.SIGHUP,)
    NO_MEMORY = frozenset({-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV})
    TOO_LONG = frozenset({-signal.SIGXCPU, OUT_OF_TIME})

    def user() -> int:
        """The number of the user as whom this process acts."""
        return os.geteuid()

    def opened(path: str | Path, *, links: bool) -> int:
        """A descriptor for reading, at once, be it of a pipe that nobody writes into. Raises OSError; ELOOP
        for a link without `links`."""
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(path, flags | (0 if links else os.O_NOFOLLOW))

    def await_writer(descriptor: int) -> None:
        """Let reading wait for what is written into this pipe."""
        os.set_blocking(descriptor, True)

    def read_at(descriptor: int, size: int, at: int) -> bytes:
        """At most `size` bytes from byte `at` on."""
        return os.pread(descriptor, size, at)

    def hold(file: IO[bytes] | IO[str]) -> None:
        """Lock an open file until it is closed, by children that inherited it, too. Raises BlockingIOError
        where another process has."""
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def is_held(path: Path) -> bool:
        """Whether a process, or a child that inherited it, holds this file. Raises OSError for none."""
        descriptor = opened(path, links=False)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def let_go(_: IO[bytes]) -> None:
        """What is open can be deleted, and stays locked until then."""

    def delete_unheld(path: Path, before: float) -> None:
        """Delete a file that is unchanged since `before` (Unix time). Raises OSError where it is held."""
        with os.fdopen(opened(path, links=False), "rb") as file:
            hold(file)
            facts = os.fstat(file.fileno())
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime <= before:
                path.unlink()

    def publish(draft: Path, path: Path) -> None:
        """Give a whole file its name. Raises FileExistsError where it is taken; the draft is gone anyway."""
        try:
            os.link(draft, path)
        finally:
            draft.unlink()

    def leave_no_core() -> None:
        """A crash writes no memory to the disk, no other process reads it (Linux: PR_SET_DUMPABLE)."""
        import ctypes

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)

    def limit(memory: int, seconds: int) -> None:
        """End this process after so many `seconds` of processor time, and give it no more than `memory`
        bytes: macOS knows that limit, and refuses to set it. No core dump, which would hold answers."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # The first limit is told from a lack of memory by its signal; the second would be a bare SIGKILL.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or memory < hard:
            with suppress(*(() if sys.platform == "linux" else (ValueError, OSError))):
                resource.setrlimit(resource.RLIMIT_AS, (memory, hard))

    def inherited(descriptor: int) -> Mapping[str, Any]:
        """What `Popen` needs for a child that opens the file of this descriptor by `reopened`."""
        return {"pass_fds": (descriptor,)}

    def reopened(descriptor: int, name: str) -> str:  # noqa: ARG001
        """The path by which a child that inherited `descriptor` opens it, whatever its name leads to by
        then. (On macOS all who do so share one place in the file.)"""
        return f"/dev/fd/{descriptor}"

    def nameless(place: Path | None = None) -> IO[bytes]:
        """A file, in `place` or where temporary files lie, for what is read once more. It has no name, so
        that even a process that is killed leaves nothing behind."""
        import tempfile

        return tempfile.TemporaryFile(dir=place)

    def utf8_output() -> None:
        """It is what the user's locale says: UTF-8 since long."""

    def _end_with_stdin() -> None:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        if sys.platform != "linux":
            _end_in_a_thread()
            return
        # The system sends SIGIO, which ends this process even in the middle of a library's call.
        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)

    class Folder:
        """A folder that others put files into, held open: whatever its name leads to by then, this is it."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        @contextmanager
        def inside(self, name: str) -> Iterator[Folder]:
            """A folder in it. Raises OSError where that is a link, no folder, or another's than this."""
            if not stat.S_ISDIR(self.facts(name).st_mode):
                raise OSError(errno.ENOTDIR, "it is a link or a file, and no folder")
            with _folder(name, self._descriptor, os.O_NOFOLLOW) as there:
                owner = os.fstat(there).st_uid
                if owner not in (user(), 0, os.fstat(self._descriptor).st_uid):
                    raise OSError(errno.EPERM, "it is another user's")
                yield Folder(there)

        def facts(self, name: str) -> os.stat_result:
            """Of what the name itself stands for."""
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)

        def move(self, name: str, there: Folder, target: str) -> None:
            """Raises FileExistsError: nothing is overwritten."""
            taken = os.O_CREAT | os.O_EXCL | os.O_WRONLY
            os.close(os.open(target, taken, 0o600, dir_fd=there._descriptor))
            os.replace(name, target, src_dir_fd=self._descriptor, dst_dir_fd=there._descriptor)

    @contextmanager
    def folder(place: Path) -> Iterator[Folder]:
        """The folder at `place`, be it by a link. Raises OSError."""
        with _folder(place) as descriptor:
            yield Folder(descriptor)

    @contextmanager
    def _folder(place: str | Path, within: int | None = None, more: int = 0) -> Iterator[int]:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | more
        descriptor = os.open(place, flags, dir_fd=within)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
