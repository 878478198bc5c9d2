"""What a job came to, fit to be told to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from importer import codes
from importer.errors import ExitStatus
from importer.model import counted


@dataclass(frozen=True, slots=True)
class Notice:
    """How the import of one file ended. `file` and `mapping` are names without folders; `rows` as in
    summary.json ({} where the file was not read to its end); `causes` are rows by problem code;
    `stopped` is the code of an early stop, `error` the kind of an error, `message` what it said;
    `report` is the page's path on `host`, `next_step` a command to type there; `at` is Unix time."""

    command: str
    file: str
    mapping: str
    exit_status: ExitStatus
    at: float
    seconds: float
    job: str = ""
    campaign: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    stopped: str = ""
    error: str = ""
    message: str = ""
    host: str = ""
    report: str = ""
    next_step: str = ""

    @property
    def well(self) -> bool:
        """Whether everything was done."""
        return self.exit_status == ExitStatus.DONE

    @property
    def trouble(self) -> bool:
        """Whether somebody should know: that another run is at it passes by itself."""
        return self.exit_status not in (ExitStatus.DONE, ExitStatus.BUSY)

    @property
    def meaning(self) -> str:
        """What the exit status says, in some words."""
        return codes.of("exit")[str(int(self.exit_status))].brief

    @property
    def why(self) -> str:
        """Why it failed or stopped early, and what to do; "" where it did neither."""
        stop = codes.of_stop(self.stopped)
        return self.message or (f"{stop.meaning} {stop.remedy}" if stop else "")

    @property
    def title(self) -> str:
        """One line: `answers.csv: done; 20 of 34 rows created`."""
        told = f"{self.file}: {self.meaning}"
        if self.stopped or self.error:
            told += f" ({self.stopped or self.error})"
        if self.rows:
            rows = counted(self.rows["read"], "row")
            told += f"; {self.rows.get('created', 0):,} of {rows} created"
        return told

    @property
    def text(self) -> str:
        """Some lines for people: the title, the rows by status, the most common causes, why it stopped
        or failed, and where to go on."""
        rows = [f"{name}: {n:,}" for name, n in self.rows.items() if n and name != "read"]
        most = sorted(self.causes.items(), key=lambda each: -each[1])[:5]
        lines = [
            self.title,
            ", ".join(rows),
            ", ".join(f"{n:,} × {code}" for code, n in most),
            self.why,
            f"report: {self.report}" if self.report else "",
            f"next: {self.next_step}" if self.next_step else "",
            f"job {self.job}, " * bool(self.job)
            + f"exit status {int(self.exit_status)}"
            + f", on {self.host}" * bool(self.host),
        ]
        return "\n".join(line for line in lines if line)

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "command": self.command,
            "job": self.job or None,
            "file": self.file,
            "mapping": self.mapping,
            "campaign": self.campaign,
            "exit_code": int(self.exit_status),
            "meaning": self.meaning,
            "rows": dict(self.rows),
            "requests": self.requests,
            "causes": dict(self.causes),
            "stopped": self.stopped or None,
            "error": self.error or None,
            "why": self.why or None,
            "host": self.host,
            "report": self.report or None,
            "next": self.next_step or None,
            "seconds": round(self.seconds, 3),
            "at": round(self.at, 3),
        }
