"""What a worker is told, and what it answers, whatever the work: names go there, errors come back as data."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from importer import __version__, errors
from importer.engine.stage import secret_of
from importer.errors import ImporterError, SourceError, UsageError
from importer.settings import API_KEY, HASH_KEY, WRITE_KEY, Network, Secret, Settings, SharedLedger

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Errand:
    """`settings` hold no key. `mark` is a hash by which a worker sees that its hash key is the same."""

    settings: Settings
    mark: str
    version: str = __version__

    @classmethod
    def of(cls, settings: Settings) -> Errand:
        """As it can be sent to another host: paths are whole, keys are left out."""
        told = replace(
            settings,
            mapping=str(settings.kept["mapping"]),
            state=settings.state.resolve(),
            out=settings.out and settings.out.resolve(),
            called=settings.name,
            write_key=None,
            api_key=None,
            hash_key=None,
            network=Network(),
        )
        return cls(told, mark_of(secret_of(settings)))

    def here(self) -> tuple[Settings, bytes]:
        """The settings with this process' own keys, and the secret of its hashes. Raises UsageError where it
        can't do the work as it was meant."""
        if self.version != __version__:
            raise UsageError(
                f"this worker has version {__version__} of the importer, and was asked by {self.version}.",
                hint="Install the same version on all hosts.",
            )
        keys = {
            "hash_key": HASH_KEY,
            "write_key": WRITE_KEY,
            "api_key": API_KEY,
        }
        found = {name: os.environ.get(variable, "") for name, variable in keys.items()}
        own = {name: Secret(text) if text else None for name, text in found.items()}
        settings = replace(self.settings, **own)  # type: ignore[arg-type]  # keys
        if settings.shared and (address := os.environ.get("IMPORTER_LEDGER")):
            settings = replace(settings, shared=SharedLedger(address))  # as it is reached from here
        secret = secret_of(settings)
        if mark_of(secret) != self.mark:
            raise UsageError(
                "this worker has another hash key, so its hashes would know no row again.",
                hint=f"Set {HASH_KEY} in its environment as it is where the command is given.",
            )
        return settings, secret


def mark_of(secret: bytes) -> str:
    """Tells hash keys apart, and nothing of them."""
    return hashlib.blake2b(b"worker", key=secret, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a worker did not do it: the name of an ImporterError, or "" for a defect, and what it says."""

    kind: str
    lines: tuple[str, ...]
    hint: str = ""

    def error(self) -> ImporterError:
        """To be raised by whoever has asked."""
        kind = getattr(errors, self.kind, ImporterError)
        simple = kind in (SourceError, UsageError, errors.LedgerError, errors.Busy)
        return (kind if simple else ImporterError)(*self.lines, hint=self.hint)


def answered(work: Callable[[], T]) -> T | Refused:
    """Do it. Nothing is raised: what carries an exception from host to host writes it into logs, and one that
    isn't ours may quote a cell."""
    try:
        return work()
    except ImporterError as error:
        told = (f"On {platform.node()}: {error.lines[0]}", *error.lines[1:])
        return Refused(type(error).__name__, told, error.hint)
    except Exception as error:  # noqa: BLE001  told, as its kind and place
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        return Refused("", (f"A worker met an unexpected {type(error).__name__} ({where}).",))
