"""What varies from run to run, replaced in this one place, so that all else is compared as it is.

- JSON: the port, the job's date and time, the test's folder; `seconds`, `started_at`, `ended_at` and `host`.
- results.csv: `sent_at` and `ms`; of `response_id` the seconds at its beginning. The server's count stays.
- report.html: the port, the job's date and time, the minute it was made, the version; the style, with its
  digest in the policy; what stands in the pictures of throughput and latency.

A page is read and written anew, so that another template engine may give the same golden: each block
element on a line of its own, attributes sorted, characters escaped in one way, white space beside block
elements left out. White space beside inline elements is kept (as one space): it shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser

Attributes = Sequence[tuple[str, str | None]]

_INLINE = frozenset({"a", "abbr", "b", "br", "code", "em", "small", "span", "strong", "sub", "sup"})
_VOID = frozenset({"br", "circle", "line", "meta", "path", "polyline", "rect"})
_TIMED = frozenset({"Throughput", "Latency"})
"""Pictures that show times alone."""

_PORT = re.compile(r"(?<=http://127\.0\.0\.1:)\d+")
_JOB = re.compile(r"\b\d{8}-\d{6}(?=-\w)")
_TIMES = re.compile(r'(?<="seconds": )[\d.]+|(?<="started_at": )"[^"]*"|(?<="ended_at": )"[^"]*"')
_HOST = re.compile(r'(?<="host": )"[^"]*"')
_SENT = re.compile(r",(?:[0-9a-f]{8}(?=0{8}))?(?P<count>[0-9a-f]{16})?,[\d-]{10}T[\d:.]+Z,\d+\r\n")
_MADE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC(?=, for http)")
_VERSION = re.compile(r"(?<=satismeter-importer )\d+(?:\.\w+)*")
_POLICY = re.compile(r"(?<=sha256-)[\w+/=]+")


def document(text: str, folder: str) -> str:
    """A JSON document; `folder` is where the command stood."""
    named = _JOB.sub("DATE-TIME", _PORT.sub("PORT", text)).replace(folder, "FOLDER")
    return _HOST.sub('"HOST"', _TIMES.sub("0", named))


def results(text: str) -> str:
    """results.csv."""
    return _SENT.sub(lambda found: f",{found['count'] or ''},SENT_AT,MS\r\n", text)


def page(text: str) -> str:
    """report.html."""
    reader = _Page()
    reader.feed(text)
    reader.close()
    lines = "\n".join([*reader.lines, ""])
    for pattern, word in (
        *((_PORT, "PORT"), (_JOB, "DATE-TIME"), (_MADE, "MINUTE")),
        *((_VERSION, "VERSION"), (_POLICY, "DIGEST")),
    ):
        lines = pattern.sub(word, lines)
    return lines


class _Page(HTMLParser):
    """`lines` are the page's block elements, and what stands between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._line = ""
        self._within: list[str] = []
        self._hidden = False

    def handle_decl(self, decl: str) -> None:
        self._block(f"<!{decl.lower()}>")

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = "".join(f' {name}="{escape(value or "")}"' for name, value in sorted(attrs))
        self._markup(tag, f"<{tag}{given}>")
        if tag not in _VOID:
            self._within.append(tag)

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._within.pop() == tag, f"</{tag}> closes what is not open"
        timed = tag == "h3" and self._line.strip() in _TIMED
        self._hidden &= tag != "figure"
        self._markup(tag, f"</{tag}>")
        self._hidden |= timed

    def handle_data(self, data: str) -> None:
        if "style" not in self._within:
            kept = data if "pre" in self._within else re.sub(r"\s+", " ", data)
            self._line += escape(kept)

    def _markup(self, tag: str, markup: str) -> None:
        if tag in _INLINE:
            self._line += markup
        else:
            self._block(markup)

    def _block(self, markup: str) -> None:
        text = self._line if markup == "</pre>" else re.sub(" +", " ", self._line).strip()
        self._line = ""
        if not self._hidden:
            self.lines += [*filter(None, [text]), markup]
