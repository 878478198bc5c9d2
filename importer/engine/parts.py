"""A part of a file, read, mapped and checked by a worker, wherever that one is.

What goes to a worker are names: of the file, of the mapping, of the part. Its keys come from its own
environment; what it sends back holds what people wrote, and is sealed under the hash key, so that whoever
passes it on reads nothing.
"""

from __future__ import annotations

import gc
import hashlib
import io
import os
import pickle
import platform
import threading
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from importer import __version__, errors
from importer.engine.findings import Findings, PartResult
from importer.engine.stage import fitted, secret_of, source_options
from importer.errors import ImporterError, SourceError, UsageError
from importer.ledger import SENDABLE, Seal, plan_ledger
from importer.mapping import Document, check, load
from importer.model import NEW_OBJECTS, Job, Response
from importer.settings import (
    API_KEY,
    HASH_KEY,
    LEDGER,
    WRITE_KEY,
    Network,
    Secret,
    Settings,
    SharedLedger,
)
from importer.sources import Part, Source, open_source

T = TypeVar("T")

# What a worker is told, and what it answers, whatever the work.


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
        keys = {"hash_key": HASH_KEY, "write_key": WRITE_KEY, "api_key": API_KEY}
        found = {name: os.environ.get(variable, "") for name, variable in keys.items()}
        own = {name: Secret(text) if text else None for name, text in found.items()}
        settings = replace(self.settings, **own)  # type: ignore[arg-type]  # keys
        if settings.shared and (address := os.environ.get(LEDGER)):
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


# A part of a file.

ROWS = 50_000
"""Of one part: some seconds of a worker, some 20 MB of its memory."""


@dataclass(frozen=True, slots=True)
class PartTask:
    """What a worker is told. `job` is how the ledger would write it down, `brief` how much of each row."""

    errand: Errand
    job: Job
    part: Part
    brief: bool

    @property
    def place(self) -> bytes:
        """Bound into the seal, so that no part can take another's place."""
        return f"{self.job.file_sha256} {self.part.start}".encode()


def tasks(settings: Settings, job: Job, source: Source, *, brief: bool) -> Iterator[PartTask]:
    errand = Errand.of(replace(settings, file=job.file))
    for part in source.parts(ROWS):
        yield PartTask(errand, job, part, brief)


def opened(result: bytes | Refused, task: PartTask, secret: bytes) -> PartResult:
    """What a worker has sent. Raises what kept it from its work."""
    if isinstance(result, Refused):
        raise result.error()
    plain = Seal(secret).open_bytes(result, task.place)
    found: PartResult = pickle.loads(plain)  # noqa: S301  it was sealed: nobody else has made it
    requests = zlib.decompress(found.findings.requests)
    return replace(found, findings=replace(found.findings, requests=requests))


def stage_part(task: PartTask) -> bytes | Refused:
    """Read, map and check a part; returns what it came to, sealed."""
    return answered(lambda: _staged(task))


def _staged(task: PartTask) -> bytes:
    settings, secret = task.errand.here()
    with _at_hand(task, settings) as (document, source), ExitStack() as stack:
        stack.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(NEW_OBJECTS)
        compiled = fitted(document, source, secret)
        ledger = stack.enter_context(closing(plan_ledger(settings.ledger, secret)))
        staging = ledger.stage_part(
            ledger.start_job(task.job),
            brief=task.brief,
            show_values=settings.show_values,
            sending=(*settings.statuses, *SENDABLE),
            again=settings.again,
        )
        found = Findings(document, compiled, source.header, part=True)
        seqs, held, first = array("q"), set[int](), 0
        for chunk in source.chunks(part=task.part):
            mapped = check(compiled.run(chunk))
            found.add(mapped, chunk)
            rows = staging.add(mapped)
            found.sample(rows)
            sent = [seq for seq, each in enumerate(mapped, first) if isinstance(each, Response)]
            seqs.extend(sent)
            held.update(set(sent).difference(seq for seq, _ in rows))
            first += len(mapped)
    findings = replace(found.part, requests=zlib.compress(found.part.requests, 1))
    result = PartResult(staging.lines, findings, seqs, held)
    # Without pickle's memory for what it has met: in rows nothing is met twice, and to look for
    # it took ten times as long. (To squeeze them took longer than to hand them on.)
    packed = io.BytesIO()
    pickler = pickle.Pickler(packed, 5)
    pickler.fast = True
    pickler.dump(result)
    return Seal(secret).close_bytes(packed.getvalue(), task.place)


# A worker keeps the file of its last part open: the next one is most likely of the same.

_open: list[tuple[object, Document, Source]] = []
_turn = threading.Lock()


@contextmanager
def _at_hand(task: PartTask, settings: Settings) -> Iterator[tuple[Document, Source]]:
    """The mapping and the file, which have to be what they are where the command was given."""
    key = (settings.source, settings.sheet, task.job.file_sha256, task.job.mapping_sha256)
    with _turn:
        if not _open or _open[0][0] != key:
            while _open:
                _open.pop()[2].close()
            document = load(settings.mapping)
            how = source_options(document, settings.sheet)
            source = open_source(settings.source, how, name=settings.called, links=settings.links)
            _open.append((key, document, source))
            _hold(task, document, source)
        _, document, source = _open[0]
        yield document, source


def _hold(task: PartTask, document: Document, source: Source) -> None:
    for what, name, mine, asked in (
        ("file", source.name, source.facts.sha256, task.job.file_sha256),
        ("mapping", task.job.mapping, document.digest, task.job.mapping_sha256),
    ):
        if mine != asked:
            _open.pop()[2].close()
            raise SourceError(
                f"the {what} {name} is another one than where the command was given.",
                hint="Every worker needs the same file under the same name: on a share, or as a copy.",
            )
