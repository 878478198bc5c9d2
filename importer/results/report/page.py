"""The page: one file that opens from disk, runs nothing and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path

from importer.results.files import whole
from importer.results.report import pictures, sections, verdict
from importer.results.report.facts import Report
from importer.results.report.html import Content, Html, joined, tag

_STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
_SECTIONS = (
    verdict.verdict,
    verdict.account,
    pictures.pictures,
    sections.problems,
    sections.skips,
    sections.duplicates,
    sections.posting,
    sections.columns,
    sections.requests,
    sections.facts,
)


def write(path: Path, report: Report) -> None:
    """Write the page; readable by its owner only."""
    with whole(path) as file:
        file.write(page(report))


def page(report: Report) -> str:
    """The page's HTML."""
    title = f"{'Import' if report.is_run else 'Plan'} of {report.origin.file}"
    made = f"{minute(report.made_at)}, for {report.account.endpoint}"
    return frame(title, made, [section(report) for section in _SECTIONS], _footer(report))


def frame(title: str, beneath: str, sections: Content, footer: Html) -> str:
    """A whole page around its sections; `beneath` stands under the title."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", name="robots", content="noindex"),
        tag("title", title),
        tag("style", Html(_STYLE)),
    )
    top = tag("header", tag("h1", title), tag("p", beneath))
    main = tag("main", top, sections, footer)
    return f"<!doctype html>\n{tag('html', joined([head, tag('body', main)]), lang='en')}\n"


def minute(moment: float) -> str:
    """`2026-03-01 02:30 UTC`, of Unix seconds."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _policy() -> str:
    """Nothing but this very style."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _footer(report: Report) -> Html:
    did = "Written after the run." if report.is_run else "A plan: nothing was sent."
    kept = "Addresses, names and texts are masked." if report.masked else "It shows personal data."
    return tag(
        "footer", tag("p", f"{did} {kept} Made by satismeter-importer {report.origin.version}.")
    )
