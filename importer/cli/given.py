"""What commands are given: each option by its parameter's name, with its type."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict


class GivenAccess(TypedDict, total=False):
    """What reads a survey: the server, the read API's key and project, and how they are got at."""

    endpoint: str
    api_key_file: Path | None
    project: str | None
    proxy: str | None
    ca_file: Path | None


class GivenServer(GivenAccess, total=False):
    """What sends to one: the write key, and the ledger, too."""

    key_file: Path | None
    state: Path | None


class Given(GivenServer, total=False):
    """The options that commands hand on; each command has some of them, as its `--help` says. A span of time
    is in seconds; None is an option that was not given."""

    # what is imported, and how it is shown
    file: str
    mapping: str
    sheet: str | None
    out: Path | None
    payloads: Path | None
    show_values: bool
    xlsx: bool
    again: bool
    workers: int
    dask: str | None
    no_users: bool
    traits: Sequence[str]
    dry_run: bool
    open_page: bool
    save_plan: Path | None
    signed_plan: Path | None
    plan_sha256: str | None
    check_survey: bool
    # how it goes
    limit: int | None
    yes: bool
    rate: str | None
    concurrency: int | None
    durability: str
    accept_empty: bool
    settle: float | None
    timeout: float
    outage: float
    # what is told of it
    as_json: bool
    quiet: bool
    verbose: bool
    log_format: str
    log_file: Path | None
    metrics_file: Path | None
    notify: Sequence[str]
    notify_on: str
    notify_file: Path | None
    fail_on: str
    max_failures: int | None
    # a watched folder
    folder: Path
    patterns: Sequence[str]
    once: bool
    every: float
    settled: float
    keep: bool
    # a job
    job: str
    rows: Sequence[int]
    waves: Sequence[str]
    created: bool
    allow_extra: bool
    # `doctor`
    offline: bool


class GivenToSchedule(TypedDict):
    """The options of `importer schedule`, whose spans are words of a scheduler."""

    source: str
    mapping: str
    kind: str
    at: str | None
    every: str | None
    name: str | None
    state: Path | None
    more: Sequence[str]
    as_json: bool
