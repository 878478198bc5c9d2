"""Drafts: what is kept of an import below the state folder: choices, upload, mapping, plan, results."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from threading import Lock
from typing import Any
from unicodedata import normalize

from filelock import FileLock

from importer import resources
from importer.discovery import Wishes
from importer.errors import Busy, UsageError
from importer.ledger import prepare
from importer.results.files import whole
from importer.settings import Settings

KEPT_FOR = 24 * 3600.0
"""Seconds after the last touch that an upload is kept, and what was written of it."""
LARGEST = 1 << 30
"""Bytes of an upload."""
MEANWHILE = "Another tab has changed this import meanwhile; what you sent was not taken."
_SPARE = 64 << 20
"""Bytes that stay free on the disk; after as many it is looked at again."""
_SAVING = Lock()
_ID = re.compile(r"[0-9a-f]{16}")
_MAPPING = "mapping.yaml"


@dataclass(frozen=True, slots=True)
class Draft:
    """An import, as far as it has come. `name` is what the person calls the file, `file` where it lies,
    `ours` that this is a copy which goes again. `revision` counts the changes that a form may have missed.

    How to read it: `sheet`, `header` (None: as found), `encoding`, `delimiter`, and `preset` and `waves`, as
    in `discovery.Wishes`. All else that was chosen is in the mapping beside; `labels` is the fingerprint of
    the header that it was drafted for. `own`: the name of a mapping that was brought instead.
    `planned`: the plan was made of all this; `approved`: the saved plan's SHA-256, once it was approved;
    `rehearsed`: that of the plan that was rehearsed.
    `mended`: the copy of the file with the cells that were mended in the page; "" where none were.
    Of the last run: `pid` on `host`, its process; `began`, its start (Unix seconds); `before`, the rows that
    were unsent then; `goal`, those of them that it sends; `again`, the status of the rows that it sends once
    more. `got`: the results that were downloaded."""

    id: str
    name: str
    file: str
    ours: bool
    sha256: str
    revision: int = 0
    sheet: str = ""
    header: tuple[int, ...] | None = None
    encoding: str = ""
    delimiter: str = ""
    preset: str = ""
    waves: bool = False
    labels: str = ""
    own: str = ""
    planned: bool = False
    approved: str = ""
    rehearsed: str = ""
    mended: str = ""
    pid: int = 0
    host: str = ""
    began: float = 0.0
    before: int = 0
    goal: int = 0
    again: str = ""
    got: tuple[str, ...] = ()

    def wishes(self, **more: Any) -> Wishes:
        own = {each.name for each in fields(self)} & {each.name for each in fields(Wishes)}
        return Wishes(**{name: getattr(self, name) for name in own}, **more)


@cache
def _shape() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Draft)


@dataclass(frozen=True, slots=True)
class Drafts:
    """The drafts of a state folder, each in a folder of its own (0700) that is named by its random ID."""

    state: Path
    largest: int = LARGEST

    @property
    def root(self) -> Path:
        return self.state / "web" / "drafts"

    def folder(self, id_: str) -> Path:
        return self.root / id_

    def path(self, draft: Draft, name: str) -> Path:
        return self.folder(draft.id) / name

    def mapping(self, draft: Draft) -> Path:
        return self.path(draft, _MAPPING)

    def plan(self, draft: Draft) -> Path:
        return self.path(draft, "plan.json")

    def out(self, draft: Draft) -> Path | None:
        """Where results go: beside a file of the person's own, as with the command (None), else here."""
        if draft.ours:
            return self.path(draft, "results")
        mended = self.sent(draft) != draft.file
        return Settings(file=draft.file, mapping="", state=self.state).folder if mended else None

    def sent(self, draft: Draft) -> str:
        """The file that is planned and sent: that which was mended in the page, where one was."""
        return draft.mended if draft.mended and Path(draft.mended).is_file() else draft.file

    def mended(self, draft: Draft) -> Path:
        """The folder of the next mended file; the one before is left until then."""
        place = self.path(draft, f"mended-{draft.revision + 1}").resolve()
        place.mkdir(exist_ok=True, mode=0o700)
        return place

    def load(self, id_: str) -> Draft | None:
        """One draft; None where there is none of that ID, or it can't be read."""
        if not _ID.fullmatch(id_):
            return None
        try:
            draft: Draft = _shape().validate_json(
                resources.small(self.folder(id_) / "draft.json")[0]
            )
        except (OSError, ValueError):
            return None
        return draft

    def all(self) -> list[Draft]:
        """All that can be read, the one touched last first."""
        found = [(self._touched(each.name), self.load(each.name)) for each in self._folders()]
        return [draft for _, draft in sorted(found, key=lambda pair: -pair[0]) if draft]

    def save(self, draft: Draft, **changes: Any) -> Draft:
        """Write it down with these changes, and those made meanwhile; returns it as it is now. Raises Busy
        where `revision` is among them and another hand, of this wizard or another, was first."""
        with _SAVING, FileLock(self.state / "web" / "saving.lock", mode=0o600):
            now = self.load(draft.id) or draft
            if "revision" in changes and now.revision != draft.revision:
                raise Busy(MEANWHILE, hint="Load the page anew, and go on from how it is now.")
            changed = replace(now, **changes)
            with whole(self.folder(draft.id) / "draft.json") as file:
                file.write(_shape().dump_json(changed, indent=1).decode() + "\n")
        return changed

    def change(self, draft: Draft, **changes: Any) -> Draft:
        """Write down another choice: what was planned before is out of date."""
        changes = {"planned": False, "approved": "", **changes}
        return self.save(draft, revision=draft.revision + 1, **changes)

    def adopt(self, path: Path) -> Draft:
        """The draft of a file that stays where it lies. Raises UsageError."""
        try:
            with os.fdopen(resources.opened(path), "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UsageError(f"{path} can't be read: {error.strerror}.") from error
        place = str(path.resolve())
        known = (each for each in self.all() if (each.file, each.sha256) == (place, sha256))
        return next(known, None) or self._new(path.name, place, sha256)

    async def take(self, name: str, pieces: AsyncIterator[bytes]) -> Draft:
        """The draft of an upload, which is streamed into a file under a name of ours. The same bytes as those
        of an earlier draft go there, so that it can go on. Raises UsageError, and keeps nothing then."""
        prepare(self.state)
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        # A file's name as a browser gives it, without folders.
        name = PurePosixPath(PureWindowsPath(name).name).name[:200]
        fresh = self.root / f".upload-{secrets.token_hex(8)}"
        try:
            sha256 = await self._stream(fresh, pieces, name)
            draft = next((each for each in self.all() if each.ours and each.sha256 == sha256), None)
            if draft is None:
                draft = self._new(name, "", sha256)
                place = self.folder(draft.id) / "upload" / _safe(name)
                draft = self.save(draft, file=str(place.resolve()))
            Path(draft.file).parent.mkdir(exist_ok=True, mode=0o700)
            fresh.replace(draft.file)
            return self.save(draft)
        except OSError as error:
            raise UsageError(
                f"The file can't be kept: {error.strerror}.", hint="Make room on the disk."
            ) from error
        finally:
            fresh.unlink(missing_ok=True)

    async def _stream(self, path: Path, pieces: AsyncIterator[bytes], name: str) -> str:
        hasher, size = hashlib.sha256(), 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async for piece in pieces:
                size += len(piece)
                if size > self.largest:
                    raise UsageError(
                        f"{name} is larger than {self.largest >> 20:,} MB.",
                        hint="Start `importer web FILE` with it: then no copy is made.",
                    )
                if size % _SPARE <= len(piece) and shutil.disk_usage(path.parent).free < 2 * _SPARE:
                    raise UsageError(f"There is no room on the disk for {name}.", hint="Make some.")
                hasher.update(piece)
                file.write(piece)
        if not size:
            raise UsageError(
                f"{name} is empty." if name else "No file was chosen.", hint="Choose another."
            )
        return hasher.hexdigest()

    def _new(self, name: str, file: str, sha256: str) -> Draft:
        prepare(self.state)
        id_ = secrets.token_hex(8)
        self.folder(id_).mkdir(parents=True, mode=0o700)
        return self.save(Draft(id_, name, file, not file, sha256))

    def there(self, draft: Draft) -> bool:
        return Path(draft.file).is_file()

    def forget(self, draft: Draft) -> None:
        """Remove the draft, its upload and what was written of it. A file of the person's own stays."""
        shutil.rmtree(self.folder(draft.id), ignore_errors=True)

    def drop_upload(self, draft: Draft) -> None:
        if draft.ours:
            Path(draft.file).unlink(missing_ok=True)
        for place in self.folder(draft.id).glob("mended-*"):
            _remove(place, set())

    def goes_at(self, draft: Draft) -> float:
        """When the upload and what was written of it go by themselves (Unix seconds)."""
        return self._touched(draft.id) + KEPT_FOR

    def sweep(self, busy: frozenset[int] = frozenset()) -> None:
        """Remove what nobody has touched for `KEPT_FOR`; not of those whose run (`pid`) is under way. Of an
        import that was sent, the mapping and the choices stay: with the same file it can go on."""
        for place in self._folders():
            draft = self.load(place.name)
            if self._touched(place.name) + KEPT_FOR > time.time() or (draft and draft.pid in busy):
                continue
            sent = draft is not None and draft.began > 0
            _remove(place, keeping={"draft.json", "plan.json", _MAPPING} if sent else set())

    def _folders(self) -> Iterator[Path]:
        with suppress(OSError):
            yield from self.root.iterdir()

    def _touched(self, id_: str) -> float:
        """A draft is touched whenever something is written of it: a choice, a plan, a run's end."""
        moments = [0.0]
        with suppress(OSError):
            moments.append(self.folder(id_).stat().st_mtime)
            moments += [each.stat().st_mtime for each in self.folder(id_).iterdir()]
        return max(moments)


def _remove(place: Path, keeping: set[str]) -> None:
    """A folder with all that is in it, but for these; or what is left of an upload that broke off."""
    if place.is_dir() and keeping:
        for each in place.iterdir():
            if each.name not in keeping:
                _remove(each, set())
    elif place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def _safe(name: str) -> str:
    """The same in letters, digits, `_`, `-` and `.` alone: the job is then called as the command calls it."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w.]+", "-", plain).strip("-.")[-80:] or "answers"
