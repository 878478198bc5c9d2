"""The wizard as a process that is killed while a run is on."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

from importer.ledger import reading
from importer.sandbox import SandboxSettings, background
from tests.e2e.commands import shell
from tests.e2e.processes import started, wait_until
from tests.web.serving import CAMPAIGN, QUESTIONS

ROWS = 120


@dataclass
class Site:
    """A browser without script, over urllib: its cookies, and the page that it is on."""

    origin: str
    text: str = ""
    address: str = ""
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
        )
    )

    def get(self, path: str, **form: str) -> str:
        """The page at this path; with `form`, what it answers to that."""
        known = dict(re.findall(r'name="(csrf|revision|seal)" value="([^"]*)"', self.text))
        data = urllib.parse.urlencode({**known, **form}).encode() if form else None
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": self.origin}
        asked = urllib.request.Request(self.origin + path, data, headers)
        with self.opener.open(asked, timeout=60) as reply:
            self.text, self.address = reply.read().decode(), reply.url
        return self.text


def created(state: Path) -> int:
    with reading(state) as ledger:
        jobs = ledger.jobs() if ledger else []
        return ledger.progress(jobs[0]).get("created", 0) if ledger and jobs else 0


def ended(state: Path) -> bool:
    with reading(state) as ledger:
        return ledger is not None and ledger.jobs()[0].ended_at is not None


def test_its_run_goes_on_to_the_last_row_and_the_next_wizard_shows_it(tmp_path: Path) -> None:
    user, state = shell(tmp_path), tmp_path / "state"
    rows = "".join(f"p{n},{n % 11}\n" for n in range(ROWS))
    file = user.write("people.csv", f"id,score\n{rows}")
    mapping = (
        f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\nsending: {{rate: 60/s}}\n"
        f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
    )
    with background(SandboxSettings(latency=0.05)) as sandbox:
        words = ("web", file, "--no-open", "--json", "--state", state, "--endpoint", sandbox.url)
        with started(user, *words) as process:
            assert process.stdout
            link = json.loads(process.stdout.readline())["url"]
            site = Site(link.partition("/open")[0])
            path = re.findall(r'url=([^"]+)/read"', site.get(link.removeprefix(site.origin)))[0]
            site.get(f"{path}/match")
            site.get(f"{path}/own", text=mapping)
            site.get(f"{path}/match", go="next")
            wait_until(lambda: "can be sent" in site.get(f"{path}/plan"))
            site.get(f"{path}/approve", go="approve")
            site.get(f"{path}/start", rows="rest")
            wait_until(lambda: created(state) >= 5)
            assert created(state) < ROWS
            process.kill()
            process.wait()
        wait_until(lambda: ended(state), 60)
        assert created(state) == len(sandbox.stored()) == ROWS
        assert len(sandbox.requests) == ROWS
        with started(user, *words) as process:
            assert process.stdout
            link = json.loads(process.stdout.readline())["url"]
            site = Site(link.partition("/open")[0])
            again = re.findall(r'url=([^"]+)/read"', site.get(link.removeprefix(site.origin)))[0]
            assert again == path
            assert "Every row has its outcome" in site.get(f"{path}/run")
    assert (tmp_path / "people-import" / "results.csv").exists()
