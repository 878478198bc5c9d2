"""summary.json: what a job came to, for people and scripts alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer import codes
from importer.errors import ExitStatus
from importer.model import Cause, Problem, counted, utf8
from importer.results.files import whole
from importer.results.scores import Scores


@dataclass(frozen=True, slots=True)
class Overwritten:
    """One example: the row of the file that is sent last, what the person has, and what he gets; both as they
    may be shown."""

    row: int
    before: str
    after: str

    def document(self) -> dict[str, object]:
        return {"row": self.row, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class TraitEffect:
    """What becomes of one trait, in persons that the account knows. `equal`: they have this very value;
    `fills`: they have none; `overwrites`: they have another, and get the file's; `kept`: they have another,
    and keep it. `retypes`: of those overwritten, whose value is of another kind (`"3"` over `3`)."""

    name: str
    keeps: bool
    equal: int = 0
    fills: int = 0
    overwrites: int = 0
    kept: int = 0
    retypes: int = 0
    examples: tuple[Overwritten, ...] = ()

    def document(self, *, examples: bool) -> dict[str, object]:
        return {
            "trait": self.name,
            "existing": "keep" if self.keeps else "overwrite",
            "equal": self.equal,
            "fills": self.fills,
            "overwrites": self.overwrites,
            "kept": self.kept,
            "type_changes": self.retypes,
            "examples": [each.document() for each in self.examples if examples],
        }


@dataclass(frozen=True, slots=True)
class AccountEffect:
    """What a look at the account has found.

    `looked`: whether there was one; else `why` not. `persons` of the rows to send have a userId: `known` to
    the account, or new; `anonymous` are rows of people who have none and can't be looked up. `unsubscribed`
    are of those known. `requests` were made to find out, `users` were listed (0 where each was asked for).
    `left_out`: traits that aren't sent at all, since nobody could look. `held`: rows that aren't sent, since
    the account has changed since their plan was approved. `undecided`: the mapping doesn't say what becomes
    of traits that are there."""

    looked: bool
    why: str = ""
    persons: int = 0
    known: int = 0
    anonymous: int = 0
    unsubscribed: int = 0
    requests: int = 0
    users: int = 0
    traits: tuple[TraitEffect, ...] = ()
    left_out: tuple[str, ...] = ()
    held: int = 0
    undecided: bool = False
    totals: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        kinds = ("equal", "fills", "overwrites", "kept")
        sums = {kind: sum(getattr(each, kind) for each in self.traits) for kind in kinds}
        object.__setattr__(self, "totals", sums)

    @property
    def new(self) -> int:
        return self.persons - self.known

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> AccountEffect:
        """What a `document` says of persons and their traits."""
        if not document["looked"]:
            return cls(looked=False, why=document["why"], left_out=tuple(document["left_out"]))
        kinds = ("equal", "fills", "overwrites", "kept", "type_changes")
        traits = (
            TraitEffect(each["trait"], each["existing"] == "keep", *(each[kind] for kind in kinds))
            for each in document["traits"]
        )
        return cls(
            looked=True,
            persons=document["persons"],
            known=document["known"],
            anonymous=document["anonymous_rows"],
            unsubscribed=document["unsubscribed"],
            traits=tuple(traits),
            held=document["held"],
            requests=document["requests"],
            users=document["users_listed"],
        )

    def document(self, *, examples: bool = True) -> dict[str, object]:
        """`examples`: with some persons' values, as they may be shown."""
        if not self.looked:
            return {"looked": False, "why": self.why, "left_out": list(self.left_out)}
        return {
            "looked": True,
            "persons": self.persons,
            "known": self.known,
            "new": self.new,
            "anonymous_rows": self.anonymous,
            "unsubscribed": self.unsubscribed,
            "traits": [each.document(examples=examples) for each in self.traits],
            "held": self.held,
            "requests": self.requests,
            "users_listed": self.users,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a careful person should know, each in a sentence or two."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[str]:
        names = ", ".join(self.left_out)
        told = f"Nothing was looked at in the account: {self.why}."
        if not self.looked and self.left_out:
            yield (
                f"{told} Whether persons have these traits already isn't known, so they aren't sent at all, "
                f"as the mapping keeps what is there: {names}."
            )
        elif not self.looked:
            yield f"{told} Traits that persons have already may be overwritten, and can't be put back."
        elif self.anonymous and self.left_out:
            rows = counted(self.anonymous, "row is", "rows are")
            yield (
                f"{rows} of people without a userId, who can't be looked up: their traits "
                f"{names} aren't sent, as the mapping keeps what is there."
            )
        if self.undecided:
            yield (
                "The mapping doesn't say what becomes of traits that persons have already: they are "
                f"overwritten. {codes.advice('existing_traits')}"
            )
        if self.held:
            yield (
                f"{counted(self.held, 'row')} would now overwrite what the mapping keeps: the account has "
                "changed since they were approved. They are held, and not sent."
            )


@dataclass(frozen=True, slots=True)
class Summary:
    """A plan or a run, ended. `rows` begins with `read`; the other keys add up to it. `scores` are of
    the rows that are ready, or that were accepted in a run. `waves` are the mapping's, if it has any: then
    each row of the file counts once per wave. `contact`: of a pilot, what the first replies say of each
    assumption on the API: `id`, `found`, `assumed`, and what to `do` where it is contradicted."""

    command: str
    file: str
    sheet: str
    mapping: str
    job: str
    endpoint: str
    campaign: str
    rows: Mapping[str, int]
    exit_status: ExitStatus
    seconds: float
    folder: Path
    results: Path | None = None
    problems: Path | None = None
    workbook: Path | None = None
    """The rows to mend as a workbook, for people."""
    causes: tuple[Cause, ...] = ()
    duplicates: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Those of the warnings that only the posting could give."""
    requests: int = 0
    stopped: str = ""
    scores: tuple[Scores, ...] = ()
    waves: tuple[str, ...] = ()
    contact: tuple[Mapping[str, str], ...] = ()
    account: AccountEffect | None = None
    """What the import does to the account; None where it sends nothing of persons."""

    @property
    def rows_of_file(self) -> int:
        """How many rows were read of the file; without waves these are the rows that are counted."""
        return self.rows["read"] // (len(self.waves) or 1)

    @property
    def report(self) -> Path:
        """The page for people. A plan's is another: that of a run stays."""
        return self.folder / ("plan.html" if self.command == "plan" else "report.html")

    @property
    def place(self) -> Path:
        """Where the document below lies."""
        return self.folder / ("plan-summary.json" if self.command == "plan" else "summary.json")

    def document(self) -> dict[str, object]:
        """The JSON object of `--json` and summary.json."""
        return {
            "command": self.command,
            "file": utf8(self.file),
            "sheet": self.sheet,
            "mapping": utf8(self.mapping),
            "job": self.job,
            "endpoint": self.endpoint,
            "campaign": self.campaign,
            "rows": dict(self.rows),
            **self._waves(),
            "exit_code": int(self.exit_status),
            "seconds": round(self.seconds, 3),
            "results": None if self.results is None else utf8(str(self.results)),
            "problems": None if self.problems is None else utf8(str(self.problems)),
            **({} if self.workbook is None else {"problems_xlsx": utf8(str(self.workbook))}),
            "report": utf8(str(self.report)),
            "scores": [each.document() for each in self.scores],
            "causes": [each.document() for each in self.causes],
            "duplicates": dict(self.duplicates),
            "warnings": list(self.warnings),
            "requests": self.requests,
            "stopped": self.stopped or None,
            **({"contact": [dict(each) for each in self.contact]} if self.contact else {}),
            **({"account": self.account.document()} if self.account else {}),
        }

    def _waves(self) -> dict[str, object]:
        if not self.waves:
            return {}
        return {"rows_of_file": self.rows_of_file, "waves": list(self.waves)}

    def write(self, path: Path) -> None:
        """Write the document as indented JSON."""
        _write(path, self.document())

    @property
    def contact_place(self) -> Path:
        """Where the shapes of a pilot's replies lie; the run of the rest leaves them."""
        return self.folder / "contact.json"

    def write_contact(self, replies: Sequence[Mapping[str, object]]) -> None:
        """Write them, with what they say of the assumptions."""
        said = {"job": self.job, "endpoint": self.endpoint, "campaign": self.campaign}
        assumptions = [dict(each) for each in self.contact]
        _write(self.contact_place, {**said, "replies": list(replies), "assumptions": assumptions})


def _write(path: Path, document: Mapping[str, object]) -> None:
    import orjson

    text = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    with whole(path) as file:
        file.write(text + "\n")


# Problems counted by cause, with the first places of each.

_PLACES = 5


class Causes:
    """Counts problems by code and column; keeps the first rows and the first message of each."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Problem] = {}
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._count: dict[tuple[str, str], int] = {}

    def add(self, problems: Iterable[Problem]) -> None:
        """Count problems by code and column, and keep where the first few of each stand."""
        for problem in problems:
            kind = (problem.code, problem.column)
            self._first.setdefault(kind, problem)
            self._count[kind] = self._count.get(kind, 0) + 1
            rows = self._rows.setdefault(kind, [])
            if len(rows) < _PLACES and problem.row not in rows:
                rows.append(problem.row)

    def join(self, other: Causes) -> None:
        """Count what was counted of the rows that come next."""
        for kind, count in other._count.items():
            self._first.setdefault(kind, other._first[kind])
            self._count[kind] = self._count.get(kind, 0) + count
            rows = self._rows.setdefault(kind, [])
            rows += [each for each in other._rows[kind] if each not in rows][: _PLACES - len(rows)]

    def listed(self) -> tuple[Cause, ...]:
        ordered = sorted(self._count, key=lambda kind: (-self._count[kind], kind))
        return tuple(
            Cause(
                self._first[kind].code,
                self._first[kind].message,
                self._count[kind],
                self._first[kind].fix,
                self._first[kind].column,
                tuple(self._rows[kind]),
            )
            for kind in ordered
        )
