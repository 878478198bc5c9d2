"""50,000 persons against a list of 100,000 users: few requests, and little memory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from importer.sandbox import API_KEY, PROJECT, SandboxSettings, background
from tests.e2e.commands import IMPORTER, shell
from tests.e2e.test_restore import MAPPING
from tests.figures import figure

MOST = 200.0
"""MB that the plan may take."""


@pytest.mark.trial
@pytest.mark.parametrize("page", [None, 5_000])
def test_many_persons(tmp_path: Path, page: int | None) -> None:
    user = shell(tmp_path)
    rows = "\n".join(f"p{n},9,Free,Company {n % 99},{n % 7},yes,2021-03-01" for n in range(50_000))
    user.write("answers.csv", f"id,score,plan,company,seats,active,date\n{rows}\n")
    user.write("mapping.yaml", MAPPING.replace("POLICY", "keep"))
    with background(SandboxSettings(users_page=page)) as sandbox:
        sandbox.put_users(
            (f"p{n}", {"plan": "Gold", "seats": n % 9, "note": "x" * 300})
            for n in range(1_000, 101_000)
        )
        words = ["plan", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json"]
        reads = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
        with (tmp_path / "out").open("wb") as out:
            process = subprocess.Popen(
                [IMPORTER, *words], cwd=tmp_path, env={**user.environment, **reads}, stdout=out
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        asked = len(sandbox.requests)
    megabytes = usage.ru_maxrss / 1024
    seconds = usage.ru_utime + usage.ru_stime
    figure(
        f"50,000 persons, 100,000 users, {page or 'no'} a page: {asked} requests, {megabytes:.0f} MB, "
        f"{seconds:.1f} s of CPU"
    )
    assert process.returncode == 0
    assert (
        asked == (1 if page is None else 100_000 // page) + 3
    )  # is it whole? three are asked for by name
    assert megabytes < MOST
