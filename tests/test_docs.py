"""The docs name what there is."""

from pathlib import Path

import pytest

from importer import codes

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("said_by", ["status", "file", "delivery", "ledger", "stop", "exit"])
def test_each_status_exit_code_and_code_is_documented(said_by: codes.SaidBy) -> None:
    text = (DOCS / "statuses.md").read_text(encoding="utf-8")
    for code, told in codes.of(said_by).items():
        assert f"| `{code}` | {told.meaning} | {told.remedy} |" in text


@pytest.mark.parametrize(
    "path", [*DOCS.glob("*.md"), *DOCS.parent.glob("*.md")], ids=lambda p: p.name
)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [part.split(")")[0].split("#")[0] for part in text.split("](")[1:]]
    local = [link for link in links if link and "://" not in link]
    assert [link for link in local if not (path.parent / link).exists()] == []
