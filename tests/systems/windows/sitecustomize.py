"""Gives this interpreter what Windows has and takes away what it lacks, as far as another system can play it:
`importer.system` is imported as on Windows, with locks and signals behind it that work alike; modules and
functions of POSIX are gone for everybody who comes later; what is open is neither renamed nor deleted.

An interpreter with this folder in its PYTHONPATH imports it when it starts."""

import importlib.abc
import importlib.machinery
import os
import stat
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

HIDDEN = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty", "uvloop")
GONE_OF_OS = (
    *("O_ASYNC", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_SYNC"),
    *("chown", "fchmod", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getpgid"),
    *("getpgrp", "getsid", "getuid", "killpg", "lchown", "link", "mkfifo", "nice", "posix_fadvise"),
    *("posix_spawn", "pread", "preadv", "pwrite", "pwritev", "sched_getaffinity", "sched_yield"),
    *("sendfile", "set_blocking", "setsid", "sync", "sysconf", "uname", "wait3", "wait4"),
)
GONE_SIGNALS = ("SIGHUP", "SIGIO", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGXCPU", "SIGALRM")
SYSTEM = "importer.system"


def play() -> None:
    """From here on this is Windows. The libraries that know what they run on are imported before."""
    import asyncio.unix_events
    import fcntl
    import multiprocessing.util
    import shutil
    import signal
    import subprocess
    import tempfile  # noqa: F401
    import uuid  # noqa: F401

    import aiohttp  # noqa: F401
    import click  # noqa: F401
    import filelock._unix
    import numpy as np  # noqa: F401
    import platformdirs.unix  # noqa: F401

    del multiprocessing
    shutil._use_fd_functions = shutil._USE_CP_SENDFILE = False  # type: ignore[attr-defined]
    _play_files(fcntl)
    _play_signals(signal)
    _play_loops(asyncio.unix_events)
    _play_processes(subprocess)
    own = types.ModuleType("os")
    vars(own).update(vars(os))
    filelock._unix.os = own  # type: ignore[attr-defined]  # on Windows it has another half
    for name in HIDDEN:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in GONE_OF_OS:
        if hasattr(os, name):
            delattr(os, name)


def _play_signals(signal: types.ModuleType) -> None:
    vars(signal).update(SIGBREAK=signal.SIGUSR1, CTRL_BREAK_EVENT=signal.SIGUSR1)
    for name in GONE_SIGNALS:
        delattr(signal, name)
    kill, harsh = os.kill, signal.SIGKILL

    def other_kill(pid: int, number: int) -> None:
        """Ctrl-Break goes to a process's group; any other signal ends it."""
        kill(pid, number if number in (0, signal.CTRL_BREAK_EVENT) else harsh)

    os.kill = other_kill


def _play_loops(events: types.ModuleType) -> None:
    def refuse(*_: object) -> None:
        raise NotImplementedError

    for name in ("add_signal_handler", "add_reader", "add_writer"):
        setattr(events._UnixSelectorEventLoop, name, refuse)


def _play_processes(subprocess: types.ModuleType) -> None:
    subprocess.CREATE_NEW_PROCESS_GROUP = 0x200  # type: ignore[attr-defined]
    start = subprocess.Popen.__init__

    def other_start(self: object, *words: object, creationflags: int = 0, **more: object) -> None:
        refused = {"pass_fds", "preexec_fn", "start_new_session", "process_group"} & more.keys()
        if refused:
            raise ValueError(f"{refused} are not supported on Windows platforms")
        start(self, *words, start_new_session=creationflags == 0x200, **more)

    subprocess.Popen.__init__ = other_start


class _Facts:
    """Of what a name itself stands for, with Windows' attributes beside them."""

    def __init__(self, facts: os.stat_result) -> None:
        self._facts, self.st_file_attributes = facts, 0x400 * stat.S_ISLNK(facts.st_mode)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._facts, name)


def _play_files(fcntl: types.ModuleType) -> None:
    vars(stat)["FILE_ATTRIBUTE_REPARSE_POINT"] = 0x400
    os.O_BINARY = os.O_NOINHERIT = 0  # type: ignore[attr-defined]
    _play_looking()
    _play_moving()
    msvcrt = types.ModuleType("msvcrt")
    msvcrt.LK_NBLCK = 2  # type: ignore[attr-defined]

    def locking(descriptor: int, mode: int, size: int) -> None:
        """Of the process, and of bytes: as Windows locks, and POSIX's other locks do."""
        assert mode == 2
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, size, 0, os.SEEK_CUR)
        except BlockingIOError as error:
            raise PermissionError(13, "Permission denied") from error

    msvcrt.locking = locking  # type: ignore[attr-defined]
    _Importing.msvcrt = msvcrt


def _play_looking() -> None:
    real_open, real_stat = os.open, os.stat

    def other_open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: None = None) -> int:
        _hold_plain(dir_fd)
        if stat.S_ISDIR(_mode(real_stat, path)):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags, mode)

    def other_stat(path: Any, *, dir_fd: None = None, follow_symlinks: bool = True) -> Any:
        _hold_plain(dir_fd)
        facts = real_stat(path, follow_symlinks=follow_symlinks)
        return facts if follow_symlinks else _Facts(facts)

    os.open, os.stat = other_open, other_stat  # type: ignore[assignment]


def _mode(look: Callable[[Any], os.stat_result], path: Any) -> int:
    try:
        return look(path).st_mode
    except OSError:
        return 0


def _hold_plain(dir_fd: object) -> None:
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")


def _play_moving() -> None:
    real_replace, real_rename, real_unlink = os.replace, os.rename, os.unlink

    def replace(source: Any, target: Any) -> None:
        _hold_closed(source, target)
        real_replace(source, target)

    def rename(source: Any, target: Any) -> None:
        _hold_closed(source, target)
        if Path(target).exists() or Path(target).is_symlink():
            raise FileExistsError(17, "File exists", target)
        real_rename(source, target)

    def unlink(path: Any, *, dir_fd: None = None) -> None:
        _hold_plain(dir_fd)
        _hold_closed(path)
        real_unlink(path)

    os.replace, os.rename = replace, rename  # type: ignore[assignment]
    os.unlink = os.remove = unlink  # type: ignore[assignment]


def _hold_closed(*paths: Any) -> None:
    """Raise PermissionError where a process has one of them open, as Linux tells it."""
    there = {os.path.realpath(each) for each in paths if Path(each).exists()}
    for process in Path("/proc").glob("[0-9]*") if there else ():
        if there & _open_in(process):
            raise PermissionError(13, "The process cannot access the file: it is in use")


def _open_in(process: Path) -> set[str]:
    """What it has open, by its folder in /proc; nothing where it has ended or is another's."""
    found = set()
    with suppress(OSError):
        for name in os.listdir(process / "fd"):  # noqa: PTH208  a Path for each would take too long
            with suppress(OSError):
                found.add(os.readlink(f"{process}/fd/{name}"))  # noqa: PTH115
    return found


class _Importing(importlib.abc.MetaPathFinder):
    """Plays Windows from the first import of `importer` on."""

    msvcrt: types.ModuleType
    _playing = False

    def find_spec(
        self, name: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name == "importer" and not self._playing:
            self._playing = True
            play()
        if name != SYSTEM:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        assert spec
        assert spec.loader
        run = spec.loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            sys.platform, former = "win32", sys.platform
            sys.modules["msvcrt"] = self.msvcrt
            try:
                run(module)
            finally:
                sys.platform = former
                del sys.modules["msvcrt"]

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, _Importing())
assert Path(__file__).parent.name == "windows"
