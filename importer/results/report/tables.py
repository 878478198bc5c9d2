"""Tables: those of the page, and those behind its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from importer.results.report.html import Content, Html, tag

Cells = Sequence[Content | int]


def table(caption: str, header: Sequence[str], rows: Iterable[Cells]) -> Html:
    """A table; the first cell of a row heads it, whole numbers stand right."""
    body = [list(row) for row in rows]
    numeric = [all(isinstance(row[i], int) for row in body) for i in range(len(header))]
    classes = ["number" if right and body else None for right in numeric]
    head = [
        tag("th", label, scope="col", class_=class_)
        for label, class_ in zip(header, classes, strict=True)
    ]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", head)),
            tag("tbody", [tag("tr", _cells(row, classes)) for row in body]),
        ),
        class_="scroll",
    )


def _cells(row: Cells, classes: Sequence[str | None]) -> Iterable[Html]:
    for number, (cell, class_) in enumerate(zip(row, classes, strict=True)):
        shown = f"{cell:,}" if isinstance(cell, int) else cell
        if number:
            yield tag("td", shown, class_=class_)
        else:
            yield tag("th", shown, scope="row", class_=class_)


def behind(caption: str, header: Sequence[str], rows: Iterable[Cells]) -> Html:
    """The figures of a picture, for those who can't see it or want them exactly."""
    return tag("details", tag("summary", "As a table"), table(caption, header, rows))
