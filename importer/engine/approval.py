"""Approval: a saved plan is run as it was, or not at all; a job goes on over the same bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from importer import __version__, codes, resources
from importer.engine.findings import LeftOut, are_ranges, outside, ranges
from importer.engine.stage import Plan, campaigns_of, source_options
from importer.errors import UsageError
from importer.ledger import SENDABLE, Ledger
from importer.mapping import Document, load
from importer.model import GONE, Job, counted, moment, place
from importer.results.files import whole
from importer.settings import Settings
from importer.sources import Source, open_source

if TYPE_CHECKING:
    from pandas import DataFrame

    from importer.results.scores import RowNumbers

# A plan that can be signed: saved, approved by somebody, and then run as it was or not at all.
#
# The saved plan holds digests, counts and row numbers; no answer, no person, no key. What is compared
# first are its inputs, so that a change can be named: the file, the sheet, the mapping, the endpoint and
# the campaign. What proves it is one digest over all bodies, which an other hash key, other time zones or
# another importer change as well; and the list of the rows to post, of which a run may post fewer (the
# ledger knows some by then) but never others. How fast, and how many at first, isn't part of it.

FORMAT = 1
"""The version of the saved plan's own shape."""
_SHOWN = 5
_LARGEST = 64 << 20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan was made of. `mapping_sha256` is over the mapping's text, `meaning_sha256` over
    what it says once everything that it extends is merged in."""

    file_sha256: str
    sheet: str
    mapping_sha256: str
    meaning_sha256: str
    endpoint: str
    campaign: str

    @classmethod
    def of(cls, settings: Settings, document: Document, source: Source) -> Inputs:
        return cls(
            file_sha256=source.facts.sha256,
            sheet=source.sheet,
            mapping_sha256=hashlib.sha256(document.written.text.encode()).hexdigest(),
            meaning_sha256=document.digest,
            endpoint=settings.endpoint.url,
            campaign=",".join(campaigns_of(document)),
        )


_NAMES = {
    "file_sha256": "the file is another, or was changed",
    "sheet": "the sheet: {was!r} then, {now!r} now",
    "mapping_sha256": "the mapping's text was changed",
    "meaning_sha256": "the mapping says something else, itself or in what it extends",
    "endpoint": "the endpoint: {was} then, {now} now",
    "campaign": "the campaign: {was} then, {now} now",
}


@dataclass(frozen=True, slots=True)
class ApprovedPlan:
    """A plan as it was saved. `rows` are its counts, `to_post` the Excel rows that a run may post, as
    ranges (`2-40 42`), with waves those of each by its name; `requests_sha256` stands for every body."""

    made: str
    importer: str
    file: str
    mapping: str
    inputs: Inputs
    rows: Mapping[str, int]
    requests_sha256: str
    to_post: str | Mapping[str, str]
    account: LeftOut | None = None
    """What isn't sent of the rows, since persons have it; None where nothing of persons is."""

    @classmethod
    def of(cls, settings: Settings, planned: Plan) -> ApprovedPlan:
        """The plan that was made with these settings."""
        return cls(
            made=moment(),
            importer=__version__,
            file=settings.name,
            mapping=Path(settings.mapping).name,
            inputs=Inputs.of(settings, planned.document, planned.source),
            rows=planned.rows,
            requests_sha256=planned.sealed,
            to_post=planned.to_post,
            account=planned.left_out,
        )

    def write(self, path: Path) -> None:
        """Save it; UsageError where that can't be."""
        facts = asdict(replace(self, account=None))
        del facts["account"]
        if self.account:
            facts["account"] = self.account.document()
        text = orjson.dumps({"format": FORMAT, **facts}, option=orjson.OPT_INDENT_2).decode()
        try:
            with whole(path) as file:
                file.write(text + "\n")
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}.") from error

    @classmethod
    def read(cls, path: Path, sha256: str = "") -> ApprovedPlan:
        """The plan that was saved there; UsageError where there is none, or one of another SHA-256."""
        try:
            content = resources.small(path, _LARGEST)[0]
            if sha256 and hashlib.sha256(content).hexdigest() != sha256.strip().lower():
                raise UsageError(
                    f"{path} is not the plan that was approved: its SHA-256 is another.",
                    **codes.to_do("plan_anew"),
                )
            found = orjson.loads(content)
        except OSError as error:
            raise UsageError(f"The plan {path} can't be read: {error.strerror}.") from error
        except orjson.JSONDecodeError:
            found = None
        if not _is_plan(found):
            raise UsageError(
                f"{path} is no saved plan of this importer.", **codes.to_do("plan_anew")
            )
        del found["format"]
        account = LeftOut.parse(found["account"]) if "account" in found else None
        return cls(**{**found, "inputs": Inputs(**found["inputs"]), "account": account})

    def hold_inputs(self, settings: Settings, document: Document, source: Source) -> None:
        """Refuse a job whose inputs are others; UsageError with all that changed."""
        now = Inputs.of(settings, document, source)
        changed = [
            _NAMES[each.name].format(was=was, now=is_)
            for each in fields(Inputs)
            if (was := getattr(self.inputs, each.name)) != (is_ := getattr(now, each.name))
        ]
        if changed:
            raise self._broken(changed)

    def hold_rows(self, planned: Plan, ledger: Ledger) -> None:
        """Refuse a staged job that would post other bodies, or other rows."""
        if planned.sealed != self.requests_sha256:
            raise self._broken([self._other_bodies()])
        others = list(self._others(planned.job, ledger))
        if others:
            raise self._broken([_other_rows(others)])

    def _others(self, job: Job, ledger: Ledger) -> Iterator[str]:
        planned = {"": self.to_post} if isinstance(self.to_post, str) else self.to_post
        for wave in job.waves or ("",):
            own = (row for row, mine in ledger.sendable(job, wave) if mine)
            yield from (place(row, wave) for row in outside(planned.get(wave, ""), own))

    def _other_bodies(self) -> str:
        if self.importer != __version__:
            return f"the importer: {self.importer} then, {__version__} now, and it makes other requests"
        return (
            "the requests differ, though file, mapping and importer are the same: the hash key is "
            "another one (SATISMETER_HASH_KEY, or hash.key in the --state folder), or the time zones"
        )

    def _broken(self, changed: Sequence[str]) -> UsageError:
        return UsageError(
            f"This is not what was planned on {self.made}; nothing was sent:",
            *(f"  - {each}" for each in changed),
            **codes.to_do("plan_anew"),
        )


def to_post(job: Job, ledger: Ledger, numbers: RowNumbers) -> str | Mapping[str, str]:
    """The Excel rows that a run would post or settle, as ranges; with waves, those of each by its name."""
    if not job.waves:
        rows = chain.from_iterable(map(numbers.of, ledger.seqs(job, SENDABLE)))
        return " ".join(str(e[0]) if len(e) == 1 else f"{e[0]}-{e[-1]}" for e in rows)
    return {
        wave: " ".join(ranges(row for row, _ in ledger.sendable(job, wave))) for wave in job.waves
    }


def _other_rows(rows: Sequence[str]) -> str:
    shown = "; ".join(rows[:_SHOWN]) + (" …" if len(rows) > _SHOWN else "")
    return (
        f"{counted(len(rows), 'row')} would be posted that the plan left out (Excel {shown}): its "
        "ledger knew them as sent; is this another --state folder?"
    )


def _is_plan(found: object) -> bool:
    """Whether it has the shape that `write` gives it."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return False
    inputs = found.get("inputs")
    known = {each.name for each in fields(ApprovedPlan)} | {"format"}
    return (
        set(found) | {"account"} == known
        and _is_account(found.get("account", _NO_ACCOUNT))
        and isinstance(inputs, dict)
        and set(inputs) == {each.name for each in fields(Inputs)}
        and all(isinstance(each, str) for each in inputs.values())
        and all(isinstance(found[name], str) for name in ("made", "importer", "file", "mapping"))
        and isinstance(found["requests_sha256"], str)
        and isinstance(found["rows"], dict)
        and all(map(are_ranges, _listed(found["to_post"])))
    )


_NO_ACCOUNT = {"looked": False, "left_out": []}


def _is_account(found: object) -> bool:
    try:
        return isinstance(found, dict) and bool(LeftOut.parse(found))
    except ValueError:
        return False


def _listed(to_post: object) -> Iterable[object]:
    return to_post.values() if isinstance(to_post, dict) else (to_post,)


# Going on with a job: over the very bytes that it was started with, or not at all.


def hold(job: Job, document: Document, source: Source, *, reading: bool = False) -> None:
    """Raise UsageError where the file, its sheet or the mapping is no longer what the job was started
    with; where it was only to be read, nothing is to be done about that."""
    to_do = {} if reading else codes.to_do("run_anew")
    if source.facts.sha256 != job.file_sha256 or source.sheet != job.sheet:
        raise UsageError(f"{source.place} has changed since job {job.name} was started.", **to_do)
    if document.digest != job.mapping_sha256:
        raise UsageError(f"The mapping has changed since job {job.name} was started.", **to_do)


@contextmanager
def reopened(job: Job, file: str | DataFrame = "") -> Iterator[tuple[Document, Source]]:
    """A job's mapping and its file (or `file` in its place), to be read again as they were. Raises UsageError
    where one of them is not known any more, is gone, or has changed."""
    named = str(job.settings.get("mapping") or job.mapping)
    if not named:
        raise UsageError("The job was purged: the ledger no longer knows its mapping.")
    document = load(named)
    options = source_options(document, job.sheet or None)
    with open_source(
        _file_of(job) if isinstance(file, str) and not file else file, options
    ) as source:
        hold(job, document, source, reading=True)
        yield document, source


def _file_of(job: Job) -> str:
    if job.file in ("", *GONE):
        raise UsageError(
            "The rows came from standard input or a DataFrame, so they can't be read again."
        )
    if not Path(job.file).is_file():
        raise UsageError(f"{job.file} is no longer there.", **codes.to_do("where_is_it"))
    return job.file
