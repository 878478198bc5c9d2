"""A clock that jumps back and forth by months: waits stay what they are, and nothing is sent twice."""

from __future__ import annotations

import time

from importer.sandbox import Behaviour, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.processes import people
from tests.e2e.test_run import results

JUMPING = """
import random, time
real, chance = time.time, random.Random(5)
time.time = lambda: real() + chance.choice([-9e6, -3600.0, 0.0, 0.0, 3600.0, 9e6])
"""


def test_a_clock_that_jumps_does_no_harm(user: Shell) -> None:
    user.write("answers.csv", people(60))
    site = user.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(JUMPING)
    stored, lost = Behaviour("close_stored"), Behaviour("close_read")
    script = {f"p{n}": [stored if n % 2 else lost] for n in range(5, 15)}
    with background(SandboxSettings(script=script)) as sandbox:
        words = (
            *("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes"),
            *("--rate", "max", "--settle", "1", "--json"),
        )
        start = time.monotonic()
        ended = [user(*words, PYTHONPATH=str(site)) for _ in range(3)]
        took = time.monotonic() - start
        assert {each.status for each in ended} <= {0, 4}, ended
        assert set(sandbox.copies().values()) == {1}
        told = {line["userId"]: line["status"] for line in results(user)}
        stored_ids = {each.user_id for each in sandbox.stored()}
    assert took < 30
    assert {
        who for who, status in told.items() if status in ("created", "already_sent")
    } <= stored_ids
    assert len(told) == 60
