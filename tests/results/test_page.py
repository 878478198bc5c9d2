"""The page says what is so, shows nobody's data, and can't be broken out of."""

import base64
import csv
import hashlib
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from importer import engine
from importer.results.report import charts
from tests.results import jobs, made_up

HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'`&\x00\u202e"
VOID = {"meta", "br", "rect", "line", "polyline"}


class Reader(HTMLParser):
    """Every element with its attributes, and that each is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("which", [0, 1], ids=["plan", "run"])
def test_it_is_one_file_that_runs_and_fetches_nothing(pages: tuple[Path, Path], which: int) -> None:
    content = text(pages[which])
    page = Reader(content)

    assert page.open == []
    assert {name for name, _ in page.elements} & {"script", "link", "img", "iframe", "a"} == set()
    attributes = {name for _, given in page.elements for name in given}
    assert attributes & {"style", "src", "href"} == set()
    assert not [name for name in attributes if name.startswith("on")]
    assert len(content) < 200_000


def test_the_policy_allows_this_very_style(pages: tuple[Path, Path]) -> None:
    content = text(pages[0])
    style = content.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policies = [each["content"] for each in Reader(content).named("meta") if "http-equiv" in each]

    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["plan", "run"])
def test_every_picture_says_what_it_shows_and_has_its_figures_behind_it(
    pages: tuple[Path, Path], which: int
) -> None:
    content = text(pages[which])
    for figure in re.findall(r"(?s)<figure.*?</figure>", content):
        pictures = re.findall(r"<svg[^>]*>(.{0,7})", figure)
        hidden = figure.count('aria-hidden="true"')
        assert len([start for start in pictures if start == "<title>"]) + hidden == len(pictures)
        assert "<table>" in figure
    levels = [int(level) for level in re.findall(r"<h(\d)", content)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_nobody_is_named(pages: tuple[Path, Path], tmp_path: Path) -> None:
    source, _ = made_up.write(tmp_path)
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    personal = {row[name] for row in rows for name in ("E-mail", "Name", "Why?")} - {""}
    shown = [page for page in pages if any(each in text(page) for each in personal)]

    assert shown == []


def test_values_are_shown_where_they_are_asked_for(tmp_path: Path) -> None:
    _, summary = engine.plan(jobs.settings(tmp_path, show_values=True))

    assert "pedro.novák@example.com" in text(summary.report)
    assert "This page shows personal data." in text(summary.report)


def test_the_verdict_comes_first(pages: tuple[Path, Path]) -> None:
    planned, ran = map(text, pages)

    assert "448 of 500 rows are ready to be sent. At 10/s that takes 45 s or more." in planned
    assert planned.index("448 of 500") < planned.index("<h2>")
    assert re.search(r"\d+ of 500 rows were accepted by SatisMeter\.", ran)
    assert "Throughput" in ran
    assert "Throughput" not in planned


def test_the_summary_has_the_scores_of_the_page(tmp_path: Path) -> None:
    _, summary = engine.plan(jobs.settings(tmp_path))
    written = json.loads((summary.folder / "plan-summary.json").read_bytes())

    nps, ease = written["scores"]

    assert (nps["type"], nps["answers"], ease["type"]) == ("nps", 448, "csat")
    assert nps["detractors"] + nps["passives"] + nps["promoters"] == 448
    assert f">{'+' if nps['nps'] > 0 else ''}{nps['nps']:.0f} <" in text(summary.report)
    assert written["report"] == str(summary.report)


def test_a_hostile_file_stays_text(tmp_path: Path) -> None:
    settings = jobs.settings(tmp_path, show_values=True)
    source, mapping = Path(settings.file), Path(settings.mapping)
    lines = text(source).splitlines()
    column = HOSTILE.replace("\x00", "").replace('"', '""')
    source.write_text(
        "\n".join(
            [
                f'{lines[0]},"{column}"',
                *(f'{line},"{column}"' for line in lines[1:] if line.count(",") == 10),
            ]
        ),
        encoding="utf-8",
    )
    mapping.write_text(
        text(mapping).replace("name: NPS of 2026", "name: <script>alert(1)</script>"),
        encoding="utf-8",
    )

    _, summary = engine.plan(replace(settings, sheet=None))
    page = Reader(text(summary.report))

    assert page.open == []
    assert {name for name, _ in page.elements} & {"script", "img"} == set()
    assert "&lt;/script&gt;&lt;/style&gt;&lt;img" in text(summary.report)
    assert "\u202e" not in text(summary.report)


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (999, "999"), (2_349, "2.3k"), (9_960, "10k"), (1_200_000, "1.2M")],
)
def test_numbers_above_bars_are_short(number: int, shown: str) -> None:
    assert charts.compact(number) == shown


def test_a_wide_file_with_long_names_makes_no_long_page(tmp_path: Path) -> None:
    settings = jobs.settings(tmp_path)
    source = Path(settings.file)
    wide = [f'"Question {n}: {"very " * 200}long"' for n in range(600)]
    header, *rows = text(source).split("\n", 1)
    source.write_text(",".join([header.strip(), *wide]) + "\n" + rows[0], encoding="utf-8")

    _, summary = engine.plan(settings)

    assert "602 columns that nothing is taken from" in text(summary.report)
    assert "more columns" in text(summary.report)
    assert summary.report.stat().st_size < 200_000
