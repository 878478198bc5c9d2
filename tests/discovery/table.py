"""The table of `docs/init.md`: what `init` finds in the real files, right or wrong."""

from __future__ import annotations

from pathlib import Path

from importer.discovery import Draft
from tests.discovery.drafts import at, drafted
from tests.discovery.reading import REAL_READ, Read

DOCUMENT = Path(__file__).parents[2] / "docs" / "init.md"
BEGIN, END = "<!-- found: begin -->", "<!-- found: end -->"
_FACTS = ("tool", "header rows", "person", "score", "comment", "date")


def found(draft: Draft) -> dict[str, object]:
    """What a draft says, in the words of `Read`."""
    meaning = draft.meaning
    people = [each.column for each in meaning.users]
    people += [meaning.email.column] if meaning.email else []
    people += [meaning.response.column] if meaning.response and not people else []
    answered = meaning.answered
    hashed = not people and draft.moment is not None
    people += [draft.moment] if draft.moment and not people else []
    return {
        "tool": draft.tool.name if draft.tool else "",
        "header": draft.layout.header,
        "skipped": draft.layout.skipped,
        "person": tuple(map(at, people)),
        "score": at(meaning.score.columns[-1]) if meaning.score else "",
        "kind": meaning.score.kind if meaning.score else "",
        "comment": at(meaning.comment.columns[0]) if meaning.comment else "",
        "date": at(answered.column) if answered else "",
        "format": ", ".join(answered.readings[0].formats) if answered else "",
        "hashed": hashed,
    }


def written() -> str:
    """The table, and how many of its facts are right."""
    right = total = 0
    lines = [f"| file | {' | '.join(_FACTS)} |", f"| --- {'| --- ' * len(_FACTS)}|"]
    for read in REAL_READ:
        cells = _cells(read, found(drafted(read.path)))
        right += sum(cell.startswith("✓") for cell in cells)
        total += len(cells)
        lines.append(f"| {read.file.rpartition('/')[2]} | {' | '.join(cells)} |")
    share = f"{right} of {total} facts are right ({right / total:.0%}), with no edit by hand."
    return "\n".join([*lines, "", share])


def _cells(read: Read, said: dict[str, object]) -> list[str]:
    want = {name: getattr(read, name) for name in said}
    rows = "+".join(map(str, read.header)) + (
        f", without {' and '.join(map(str, read.skipped))}" if read.skipped else ""
    )
    person = f"{'hash of ' if read.hashed else ''}{', '.join(read.person)}"
    facts = (
        (("tool",), read.tool or "none"),
        (("header", "skipped"), rows),
        (("person", "hashed"), person),
        (("score", "kind"), f"{read.score} ({read.kind})" if read.score else "none"),
        (("comment",), read.comment or "none"),
        (("date", "format"), f"{read.date} `{read.format}`" if read.date else "none"),
    )
    return [
        f"✓ {text}"
        if all(said[name] == want[name] for name in names)
        else f"✗ {text}; said {', '.join(str(said[name]) for name in names)}"
        for names, text in facts
    ]


def kept() -> str:
    """The table as the document has it."""
    return DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def write() -> None:
    """Put the table into the document anew."""
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{written()}\n{END}{after}", encoding="utf-8")
