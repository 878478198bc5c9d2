"""A rehearsal: the very run, against a made-up SatisMeter on this machine, with a ledger of its own."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from importer.engine import start
from importer.engine.observer import NULL_OBSERVER, Observer
from importer.engine.stage import campaigns_of
from importer.errors import UsageError
from importer.mapping import Document, load
from importer.results.summary import Summary
from importer.sandbox import WRITE_KEY, SandboxQuestion, SandboxSettings, background
from importer.settings import Endpoint, Rate, Secret, Settings

_SETTLE = 1.0
"""Seconds; nothing is in doubt there for long."""
_GLANCE = 0.2


def rehearse(
    settings: Settings,
    folder: Path,
    observer: Observer = NULL_OBSERVER,
    cancelled: Callable[[], bool] = lambda: False,
) -> Summary:
    """Do all that `run` does, as fast as it goes, and let nothing leave this machine: neither the write key
    nor the ledger of `settings` is used. What an earlier rehearsal left in `folder` goes first. Once it is
    `cancelled` it ends early. Raises as `run` does; UsageError where rows go to several surveys."""
    document = load(settings.mapping)
    campaigns = campaigns_of(document)
    if len(campaigns) != 1 or campaigns == ("*",):
        raise UsageError(
            "Rows go to several surveys, and the made-up SatisMeter has but one.",
            hint="Send ten rows first instead.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    made = SandboxSettings(campaign=campaigns[0], questions=tuple(_questions(document)))
    with background(made) as sandbox:
        own = dataclasses.replace(
            settings,
            state=folder / "state",
            shared=None,
            out=folder / "results",
            endpoint=Endpoint.parse(sandbox.url),
            write_key=Secret(WRITE_KEY),
            api_key=None,
            project="",
            rate=Rate(None),
            settle=_SETTLE,
            limit=None,
            save_plan=None,
            signed_plan=None,
            plan_sha256="",
        )
        with start(own, observer=observer) as run:
            while True:
                try:
                    return run.wait(_GLANCE)
                except TimeoutError:
                    if cancelled():
                        run.stop("cancelled", now=True)


def _questions(document: Document) -> Iterator[SandboxQuestion]:
    """Those that the mapping answers, in any wave, with their scales."""
    for wave in document.by_wave:
        for answer in wave.answers:
            id_ = wave.question(answer.id)
            if id_:
                scale = (answer.min or 0, answer.max or 0) if answer.type == "scale" else None
                yield SandboxQuestion(id_, answer.id, answer.type, scale)
