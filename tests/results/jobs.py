"""A plan and a run of the made-up export, against a sandbox that refuses and delays now and then."""

from __future__ import annotations

import shutil
from pathlib import Path

from importer import engine
from importer.sandbox import WRITE_KEY, Behaviour, FaultShare, SandboxSettings, background
from importer.settings import Endpoint, Rate, Secret, Settings
from tests.results import made_up

_BUSY = Behaviour(fault="status", status=429, headers={"Retry-After": "0"})
_ODD = Behaviour(fault="status", status=422, body={"errors": [{"title": "traits are not valid"}]})
_MET_BUSY = "00440"
SANDBOX = SandboxSettings(
    latency=0.02, fail=(FaultShare(_ODD, 0.02),), seed=3, script={_MET_BUSY: [_BUSY]}
)
"""One that has its moods."""


def settings(folder: Path, **more: object) -> Settings:
    """Of a job over the made-up export."""
    source, mapping = made_up.write(folder)
    return Settings(file=str(source), mapping=str(mapping), state=folder / "state", **more)  # type: ignore[arg-type]


def both(folder: Path, rate: str) -> tuple[Path, Path]:
    """The page of a plan, and that of a run."""
    planned = folder / "plan.html"
    _, summary = engine.plan(settings(folder))
    shutil.copyfile(summary.report, planned)
    with background(SANDBOX) as sandbox:
        ready = settings(
            folder,
            endpoint=Endpoint.parse(sandbox.url),
            rate=Rate.parse(rate),
            write_key=Secret(WRITE_KEY),
            settle=0.5,
        )
        _, summary = engine.run(ready, lambda _: True)
    return planned, summary.report
