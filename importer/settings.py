"""Everything a job is told, in one frozen value. Made once, by the command line or by a program."""

from __future__ import annotations

import ipaddress
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from importer import system
from importer.errors import UsageError
from importer.model import FRAME, GONE, is_frame, utf8

if TYPE_CHECKING:
    from pandas import DataFrame

WRITE_KEY = "SATISMETER_WRITE_KEY"
API_KEY = "SATISMETER_API_KEY"
HASH_KEY = "SATISMETER_HASH_KEY"
"""The variables of the environment that have these keys."""
LEDGER = "IMPORTER_LEDGER"
"""The one that names a shared ledger."""
DEFAULT_ENDPOINT = "https://app.satismeter.com/api/responses"

_SECONDS = {
    **dict.fromkeys(("s", "sec", "second"), 1),
    **dict.fromkeys(("m", "min", "minute"), 60),
    **dict.fromkeys(("h", "hour"), 3600),
}


class Secret:
    """A value that no log, repr, traceback or `dataclasses.asdict` shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    @classmethod
    def parse(cls, text: str, what: str = "key") -> Secret:
        """A key as somebody has typed or pasted it; `what` names it."""
        system.leave_no_core()
        if any(not 32 < ord(letter) < 127 for letter in text):
            raise UsageError(
                f"The {what} holds a space or a letter that no key has; copy it again."
            )
        return cls(text)

    def reveal(self) -> str:
        """The value itself, for the one place that needs it."""
        return self._value

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second; None is as fast as the server takes them."""

    per_second: float | None

    @classmethod
    def parse(cls, text: str) -> Rate:
        """`10/s`, `600/min`, `1000/h` or `max`."""
        if text.strip().lower() == "max":
            return cls(None)
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*([a-z]+)\s*", text.lower())
        if not found or found[2] not in _SECONDS or float(found[1]) <= 0:
            raise UsageError(f"{text!r} is not a rate.", hint="Write 10/s, 600/min, 1000/h or max.")
        return cls(float(found[1]) / _SECONDS[found[2]])

    def __str__(self) -> str:
        return "max" if self.per_second is None else f"{self.per_second:g}/s"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where responses are posted: the whole URL of the insert call."""

    url: str

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """A URL with or without the path; https, or http on this machine only, since the body
        carries the write key."""
        parts = split_url(text.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{text!r} is not a web address.", hint=f"Such as {DEFAULT_ENDPOINT}")
        if parts.username or parts.password:
            raise UsageError("The endpoint must not hold a user name or password.")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise UsageError(
                f"{text} would send the write key unencrypted.",
                hint="Use https; http is for this machine only (127.0.0.1, localhost).",
            )
        path = parts.path.rstrip("/") or "/api/responses"
        return cls(f"{parts.scheme}://{parts.netloc}{path}")

    @property
    def origin(self) -> str:
        """Scheme, host and port: what the ledger tells servers apart by."""
        return server_of(self.url)

    def __str__(self) -> str:
        return self.url


def server_of(url: str) -> str:
    """Scheme, host and port of a URL, as all spellings of one server have them: `https://H.:443/x` is
    `https://h`. One that is no address (0.1 wrote such down) is as it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    host = (parts.hostname or "").rstrip(".")
    host = f"[{host}]" if ":" in host else host
    usual = port is None or port == {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"


_PLACE = re.compile(r"([^\[\]:@\\\s]*|\[[0-9A-Fa-f:.]+(%\w+)?\])(:\d{0,5})?")


def split_url(text: str) -> SplitResult:
    """The parts of a URL. Raises UsageError, which quotes nothing of it, where its host or port can't be
    one: what one program takes for the host there, another takes for a part of its name."""
    try:
        parts = urlsplit(text)
        user, _, place = parts.netloc.rpartition("@")
        bad = parts.port == 0 or "\\" in user or not _PLACE.fullmatch(place)
        if place.startswith("["):
            ipaddress.IPv6Address(parts.hostname or "")
    except ValueError:
        bad = True
    if bad:
        raise UsageError(
            "The host or the port of this address can't be one.", hint=f"Such as {DEFAULT_ENDPOINT}"
        )
    return parts


def is_remote(file: str) -> bool:
    """Whether FILE is an address and no path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", file) is not None


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Network:
    """The way to servers: a proxy, and the authorities that vouch for them."""

    proxy: Secret | None = None
    """An HTTP proxy's URL for every server but this machine. None: HTTPS_PROXY, HTTP_PROXY, NO_PROXY."""
    ca_file: Path | None = None
    """PEM certificates of authorities that are trusted besides the system's."""


@dataclass(frozen=True, slots=True)
class FailOn:
    """The share of refused rows (invalid, rejected or failed; with `duplicates`, those that the API
    refused as such, too) above which a run ends with status 3: 0 is any row, 1 is none."""

    share: float = 0.0
    duplicates: bool = False

    @classmethod
    def parse(cls, text: str) -> FailOn:
        """`any`, `none`, or a share of the rows read such as `5%` or `0.5%`; `duplicate` alone, or
        beside one of them and a comma."""
        words = [each.strip() for each in text.lower().split(",")]
        others = [each for each in words if each != "duplicate"] or ["any"]
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", others[0])
        share = {"any": 0.0, "none": 1.0}.get(others[0], float(found[1]) / 100 if found else 2.0)
        if len(others) > 1 or share > 1:
            raise UsageError(
                f"{text!r} is no share of rows.",
                hint="Write any, none, or 5%; `duplicate` or `5%,duplicate` counts duplicates as well.",
            )
        return cls(share, "duplicate" in words)

    def hit(self, refused: int, duplicates: int, read: int) -> bool:
        """Whether so many refused rows, and duplicates by the API's word, are too many."""
        return refused + (duplicates if self.duplicates else 0) > self.share * read


def path_text(value: object, what: str) -> str:
    """Text or a path, as text; UsageError for an open file, a dict or whatever else `what` was given."""
    if not isinstance(value, str | PathLike):
        raise UsageError(
            f"{what} takes text or a path, not a {type(value).__name__}.",
            hint="Give the path of a file, or a DataFrame of pandas: docs/library.md.",
        )
    return str(value)


@dataclass(frozen=True, slots=True)
class SharedLedger:
    """A ledger in PostgreSQL that hosts share: `postgresql://HOST/DB` or `service=NAME`, no password."""

    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """One job. Only `file`, `mapping` and `state` are needed for a plan, `write_key` too for a run.

    At run time paths may be text or the other way round, and so may endpoint, rate, `fail_on` and keys;
    `file` may be a DataFrame, which is then the `frame`. UsageError for anything else.
    """

    file: str
    """The spreadsheet's path; `-` is standard input."""
    mapping: str
    """The mapping's path, or a preset's name."""
    state: Path
    """The folder of the ledger and its secret."""
    shared: SharedLedger | None = None
    """The ledger in its place, where hosts share one; wants a `hash_key`."""
    out: Path | None = None
    """Where results go; None: a folder named after the file, beside it."""
    frame: DataFrame | None = field(default=None, repr=False, compare=False)
    """The rows, where a program has them in memory; `file` is then `model.FRAME`."""
    copy: Path | None = None
    """Where a remote file was fetched to; it is read in place of `file`, which is then its address."""
    called: str = ""
    """What messages call the file. "": the last part of its path."""
    links: bool = True
    """Whether the file may be a link. In a folder that others put files into it may not."""
    sheet: str | int | None = None
    """Overrules the mapping's `source.sheet`."""
    endpoint: Endpoint = field(default_factory=lambda: Endpoint.parse(DEFAULT_ENDPOINT))
    write_key: Secret | None = None
    hash_key: Secret | None = None
    """Keys every hash in place of the state folder's own secret, so that machines agree."""
    rate: Rate | None = None
    """None: the mapping's `sending.rate`, else 10/s."""
    concurrency: int | None = None
    """Requests in flight at most. None: the mapping's `sending.concurrency`, else 8."""
    network: Network = field(default_factory=Network)
    """How the servers are got at: posts, the read API, a remote file, notices."""
    limit: int | None = None
    """A pilot: post this many rows at most, leave the rest pending."""
    payloads: Path | None = None
    """Where every body goes, one JSON a line, its key masked."""
    save_plan: Path | None = None
    """Where a plan is saved, so that it can be approved."""
    signed_plan: Path | None = None
    plan_sha256: str = ""
    """What the saved plan's SHA-256 has to be: that of the file which was approved. "" takes any."""
    """The saved plan that a run has to keep to, or not to begin."""
    show_values: bool = False
    """Show e-mail addresses and free text in results and messages."""
    xlsx: bool = False
    """Write results.xlsx and problems.xlsx too. The latter is written anyway where the file is a workbook."""
    job: str = ""
    """Go on with the job of this name, whatever other jobs there are; "" finds it by the file."""
    statuses: tuple[str, ...] = ("pending", "failed")
    """Which of its rows are posted; a retry names others."""
    api_key: Secret | None = None
    """For the read API: rows of unknown fate are settled by what the survey holds."""
    project: str = ""
    """The project's ID, which the read API wants."""
    look_at_users: bool = True
    """Look at the account's users before the first post, where the API key and the project are known."""
    workers: int = 1
    """Processes that read, map and check the file; more than one need Dask (`[dask]`)."""
    dask: str = ""
    """Or: the scheduler of a Dask cluster that is there, whose workers do it."""
    again: bool = False
    """Send also what other jobs seem to have sent, by another key, date or set of answers."""
    check_survey: bool = False
    """Read the survey before the first post, and send no row that it holds already."""
    durability: str = "full"
    """`full` survives a power cut, `process` a crash of the program only."""
    accept_empty: bool = False
    """Take an empty 200 as an acknowledgement."""
    settle: float | None = None
    """Seconds to wait before a row of unknown fate is asked about again. None: 60, or twice the
    time-out if that is longer: the server has ended its work by then."""
    timeout: float = 30.0
    """Seconds without a byte from the server before an attempt is given up."""
    outage: float = 900.0
    """Seconds to wait through an outage before the run stops."""
    fail_on: FailOn = field(default_factory=FailOn)
    """When refused rows make the exit status 3."""
    max_failures: int | None = None
    """Stop once more rows than this are invalid, rejected, failed, or refused as duplicates of nothing
    that is known; before the first request where the file alone has more."""
    drain: float = 10.0
    """Seconds that the rows in flight get after the first signal."""

    def __post_init__(self) -> None:
        if is_frame(self.file):
            object.__setattr__(self, "frame", self.file)
            object.__setattr__(self, "file", FRAME)
        for name, (kind, make) in _MADE.items():
            value: object = getattr(self, name)
            if isinstance(value, kind) or (
                value is None and name not in {"file", "mapping", "state"}
            ):
                continue
            object.__setattr__(self, name, make(path_text(value, f"Settings({name}=...)")))

    @classmethod
    def of_job(cls, state: str | PathLike[str], job: str = "", **more: Any) -> Settings:
        """For a job that was begun: its name or number, "" for the newest; `more` as in `Settings`."""
        return cls(**{"file": "", "mapping": "", "state": state, "job": job, **more})

    @property
    def source(self) -> str | DataFrame:
        """What is opened: a path, or the rows in memory."""
        if self.file == FRAME and self.frame is not None:
            return self.frame
        return str(self.copy or self.file)

    @property
    def ledger(self) -> Path | SharedLedger:
        """Where the ledger is: in the state folder, or shared."""
        return self.shared or self.state

    @property
    def several(self) -> bool:
        """Whether several processes read the file, which they can only where a name leads to it."""
        return (self.workers > 1 or bool(self.dask)) and self.file not in GONE

    @property
    def name(self) -> str:
        """The file's name as messages show it."""
        if self.called:
            return utf8(self.called)
        if self.file == FRAME:
            return FRAME.strip("<>")
        path = urlsplit(self.file).path if "://" in self.file else self.file
        return "standard input" if path == "-" else utf8(Path(path).name)

    @property
    def reads(self) -> bool:
        """Whether the survey can be read back."""
        return self.api_key is not None and bool(self.project)

    @property
    def settling(self) -> float:
        """Seconds to wait before a row of unknown fate is asked about again."""
        if self.settle is not None:
            return self.settle
        # in a shared ledger who is asleep may have the lease of a row for as long
        return max(60.0, 2 * self.timeout + (30.0 if self.shared else 0.0))

    @property
    def folder(self) -> Path:
        """Where this job writes: `out`, else a folder beside the file, else one here."""
        if self.out is not None:
            return self.out
        stem = "stdin" if self.file == "-" else self.name.split(".")[0]
        elsewhere = self.file in GONE or "://" in self.file
        return Path("." if elsewhere else Path(self.file).parent) / f"{stem}-import"

    @property
    def kept(self) -> dict[str, object]:
        """What a later command needs to go on with the job; never a key."""
        path = Path(self.mapping)
        return {
            "out": str(self.folder.resolve()),
            "endpoint": self.endpoint.url,
            "mapping": str(path.resolve()) if path.is_file() else self.mapping,
            "sheet": self.sheet,
            "rate": None if self.rate is None else str(self.rate),
            "concurrency": self.concurrency,
            "accept_empty": self.accept_empty,
            "show_values": self.show_values,
            **({"xlsx": True} if self.xlsx else {}),
            "project": self.project,
            "host": platform.node(),
        }


_MADE: Mapping[str, tuple[type, Callable[[str], object]]] = {
    **dict.fromkeys(("file", "mapping"), (str, str)),
    **dict.fromkeys(("state", "out", "copy", "payloads", "save_plan", "signed_plan"), (Path, Path)),
    **dict.fromkeys(("write_key", "hash_key", "api_key"), (Secret, Secret)),
    "endpoint": (Endpoint, Endpoint.parse),
    "rate": (Rate, Rate.parse),
    "shared": (SharedLedger, SharedLedger),
    "fail_on": (FailOn, FailOn.parse),
}
"""What a field is, and how it is made of text."""
