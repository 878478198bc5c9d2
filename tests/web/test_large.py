"""A large file in the wizard: its memory, and the size of its pages."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.commands import shell
from tests.e2e.processes import started, wait_until
from tests.web.serving import CAMPAIGN, QUESTIONS
from tests.web.test_killed import Site

MOST_MEMORY = 150 << 20
MOST_PAGE = 200_000
MAPPING = (
    f"version: 1\ncampaign: {CAMPAIGN}\nuserId: id\n"
    f"answers: [{{id: {QUESTIONS['score']}, column: score, type: nps}}]\n"
)


def highest(pid: int) -> int:
    """The most memory that a process has had (bytes)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
@pytest.mark.parametrize(
    "rows", [3_000, pytest.param(50_000, marks=pytest.mark.trial)], ids=["small", "large"]
)
def test_a_large_file_of_rows_to_mend_stays_small(tmp_path: Path, rows: int) -> None:
    user = shell(tmp_path)
    cells = "".join(f"p{n},no number {n},{'a word or two ' * (n % 9)}\n" for n in range(rows))
    file = user.write("people.csv", f"id,score,comment\n{cells}")
    words = ("web", file, "--no-open", "--json", "--state", tmp_path / "state")
    with started(user, *words) as process:
        assert process.stdout
        link = json.loads(process.stdout.readline())["url"]
        site = Site(link.partition("/open")[0])
        [path] = re.findall(r'url=([^"]+)/read"', site.get(link.removeprefix(site.origin)))
        sizes = {"read": len(site.get(f"{path}/read")), "match": len(site.get(f"{path}/match"))}
        sizes["row"] = len(site.get(f"{path}/row", row=str(rows)))
        site.get(f"{path}/match")
        site.get(f"{path}/own", text=MAPPING)
        site.get(f"{path}/match", go="next")
        wait_until(lambda: f"0 of {rows:,} rows can be sent" in site.get(f"{path}/plan"), 120)
        sizes["plan"] = len(site.text)
        sizes["mend"] = len(site.get(f"{path}/mend"))
        assert "The next rows" in site.text
        assert {name: size for name, size in sizes.items() if size > MOST_PAGE} == {}
        assert highest(process.pid) < MOST_MEMORY
