"""The docs name what there is."""

from pathlib import Path

import pytest

from importer.errors import ExitStatus
from importer.model import Status

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("status", list(Status))
def test_each_status_is_documented(status: Status) -> None:
    assert f"| `{status}` |" in (DOCS / "statuses.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("status", list(ExitStatus))
def test_each_exit_code_is_documented(status: ExitStatus) -> None:
    table = (DOCS / "statuses.md").read_text(encoding="utf-8").split("## Exit codes")[1]
    codes = {code.strip() for line in table.splitlines() for code in line.split("|")[1:2]}
    assert any(str(int(status)) in code.split(", ") for code in codes)


@pytest.mark.parametrize(
    "path", [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    local = [link for link in links if link and "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []
