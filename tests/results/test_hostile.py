"""Whatever stands in a file, a mapping or a reply: it stays text, in every place of both pages."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest

from importer.results.report import page, verified
from tests.results import every

TEMPLATES = Path(page.__file__).with_name("templates")
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</p></section></main><script>alert(1)</script>",
    "</style><style>*{background:url(//evil.example)}</style>",
    "</title></svg><svg onload=alert(1)>",
    "]]><!-- --><![CDATA[",
    '" onmouseover="alert(1)" x="',
    "' autofocus onfocus='alert(1)",
    "`</code><b>`",
    "&lt;b&gt; &#60;i&#62; &amp;",
    "{{ 7 * 7 }}{% raw %}{# gone #}",
    "{{ report.__class__.__mro__ }}",
    "%(x)s %s {0} {}",
    "a\x00b\x1b[31m\x7f\x9b\u202edcba\u2066\ud800",
)
PAGES = {
    "plan": lambda spoil: page.page(spoil(every.report(ran=False))),
    "run": lambda spoil: page.page(spoil(every.report(ran=True))),
    "verify": lambda spoil: verified.page(spoil(every.verified())),
}


class Skeleton(HTMLParser):
    """The elements of a page with their attributes, where they end, and all of its text."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[object] = []
        self.text = ""
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shape = tag in {"rect", "text", "line", "polyline"}  # as long as the text has room
        self.tags.append((tag, [name for name, _ in attrs] if shape else attrs))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_pi = unknown_decl = handle_comment


def plain(hostile: str) -> Any:
    """Text of the same length that harms nobody."""
    return lambda facts: every.spoiled(facts, "".join("`" if c == "`" else "x" for c in hostile))


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_it_changes_no_element_and_no_attribute(kind: str, hostile: str) -> None:
    found = Skeleton(PAGES[kind](lambda facts: every.spoiled(facts, hostile)))
    honest = Skeleton(PAGES[kind](plain(hostile)))

    assert found.tags == honest.tags
    assert not set(found.text) & set("\x00\x1b\x7f\x9b\u202e\u2066\ud800")


@pytest.mark.parametrize("kind", PAGES)
def test_it_is_shown_as_it_stands(kind: str) -> None:
    shown = "<b>&amp; \"quoted\" 'n' {{ 7 * 7 }} 100%"

    found = Skeleton(PAGES[kind](lambda facts: every.spoiled(facts, shown)))

    assert found.text.count(shown) > 20


def test_a_backtick_without_its_partner_is_only_that() -> None:
    content = page.page(every.spoiled(every.report(ran=False), "` <i>"))

    assert "<code>" in page.page(every.report(ran=False))
    assert "<p>No` &lt;i&gt;body</p>" in content


def test_no_template_takes_text_for_markup_or_leaves_a_word_out() -> None:
    environment = page._environment()
    text = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.jinja"))

    assert environment.autoescape is True
    assert environment.undefined is jinja2.StrictUndefined
    assert text.count("|safe") == 1
    assert "{{ style|safe }}" in text
    assert "autoescape" not in text
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ report.nothing }}").render(report=every.report(ran=False))
