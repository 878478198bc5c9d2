"""What a file and its mapping look like to a person: how it was read, what is yet to be said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

from importer import engine, resources
from importer.discovery import Draft as Drafted
from importer.discovery import choices_of, draft, sheet_of_answers
from importer.discovery.changes import table_of
from importer.discovery.draft import carried, reread
from importer.errors import ImporterError, MappingError, Mistake, UsageError
from importer.mapping.load import is_path, written_out
from importer.mapping.yaml import YamlText, read_yaml
from importer.results.files import whole
from importer.sources import Facts, Inspection, SourceOptions, open_source
from importer.sources.inspect import inspect, other_readings
from importer.web.drafts import Draft, Drafts

# How the file was read.

_HEAD = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was read. `head` are its first rows that aren't blank, by Excel's numbers. `readings` are
    lines of the text by encoding, where it is a guess, the one that was taken first. `refused`: why there are
    no answers in it, or why no mapping can be drafted; then `drafted` is None."""

    facts: Facts
    sheet: str
    head: Sequence[tuple[int, tuple[str, ...]]]
    header: tuple[int, ...]
    why: str
    found: Inspection
    readings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drafted: Drafted | None = None
    refused: ImporterError | None = None


def read(one: Draft) -> Reading:
    """Read the file whole, as the draft says. Raises SourceError where it is no table."""
    options = SourceOptions(
        sheet=one.sheet or None,
        header_rows=(),
        encoding=one.encoding or None,
        delimiter=one.delimiter or None,
    )
    drafted, refused = None, None
    wishes = one.wishes()
    with (
        open_source(one.file, options) as opened,
        sheet_of_answers(opened, options, wishes) as source,
    ):
        options = replace(options, sheet=source.sheet or None)
        head = [
            pair
            for chunk in islice(source.chunks(_HEAD), 1)
            for pair in zip(chunk.rows, chunk.lines, strict=True)
        ]
        head[:0] = [(0, source.header)] * source.facts.named
        try:
            drafted = draft(source, wishes)
        except ImporterError as error:
            refused = error
    header = drafted.layout.header if drafted else one.header
    skipped = drafted.layout.skipped if drafted else ()
    with open_source(one.file, replace(options, header_rows=header, skip_rows=skipped)) as source:
        return Reading(
            facts=source.facts,
            sheet=source.sheet,
            head=head,
            header=source.facts.header_rows,
            why=drafted.layout.reason if drafted else "",
            found=inspect(source),
            readings=other_readings(one.file, source.facts, one.encoding),
            drafted=drafted,
            refused=refused,
        )


# The mapping's text, and what is wrong with it.


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping: its text, what is wrong with it (line 0: with the whole), how it has the file read, and
    the traits that it stores of a person."""

    text: str
    mistakes: Sequence[Mistake] = ()
    trouble: str = ""
    reads: str = ""
    traits: Sequence[str] = ()

    @property
    def sound(self) -> bool:
        """Whether a plan can be made of it."""
        return not (self.mistakes or self.trouble)


def written(drafts: Drafts, one: Draft, text: str) -> None:
    """Keep the mapping's text. Raises UsageError where that can't be."""
    try:
        with whole(drafts.mapping(one)) as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"The mapping can't be kept: {error.strerror}.", hint="Make room on the disk."
        ) from error


def brought(drafts: Drafts, one: Draft, text: str, name: str) -> None:
    """Keep a mapping that was brought. Raises UsageError where it builds on a file: which one, that would be
    for its sender to say, and what is wrong there would be quoted on the page."""
    with suppress(MappingError):
        tree = read_yaml(YamlText(name, text)).data
        base = tree.get("extends") if isinstance(tree, dict) else None
        if isinstance(base, str) and is_path(base):
            raise UsageError(
                f"{name} builds on the file {base}, which is not looked for here.",
                hint="Put both into one mapping, or use `importer run` in a terminal.",
            )
    written(drafts, one, text)


def checked(drafts: Drafts, one: Draft) -> Checked:
    """The mapping as it lies there, and whether it fits the file."""
    path = drafts.mapping(one)
    try:
        text = resources.small(path)[0].decode("utf-8-sig", "replace")
        document, _, _ = engine.check(str(path), one.file, sheet_of(one))
    except MappingError as error:
        return Checked(text, error.mistakes)
    except (ImporterError, OSError) as error:
        return Checked(text if path.exists() else "", trouble=getattr(error, "message", str(error)))
    block = document.source
    rows = block.header_rows or ((block.header_row,) if block.header_row else ())
    header = f"row {' and '.join(map(str, rows))}" if rows else "the first row that is not blank"
    said = [f"its header is {header}", *([f"sheet {block.sheet}"] if block.sheet else [])]
    said += [f"as {block.encoding}"] if block.encoding else []
    return Checked(text, reads=", ".join(said), traits=list(document.traits))


def chosen(drafts: Drafts, one: Draft, found: Drafted) -> Drafted:
    """The draft of the file with the choices of the mapping that lies there, whoever has written it. Raises
    MappingError where that is no YAML."""
    path = drafts.mapping(one)
    if not path.exists():
        return found
    tree, text = written_out(path)
    return found.changed(reread(table_of(found), tree, text))


def kept_on(drafts: Drafts, one: Draft, found: Drafted) -> None:
    """Write the mapping of a file that is read otherwise now: with what was chosen before, where its columns
    are still there."""
    written(drafts, one, carried(chosen(drafts, one, found), found).text)


def as_its_mapping_reads(drafts: Drafts, one: Draft) -> Draft:
    """The draft of a brought mapping, read as that says; another as it is."""
    if not one.own:
        return one
    try:
        reads = choices_of(written_out(drafts.mapping(one))[0]).reads
    except MappingError:
        return one
    return replace(
        one,
        sheet=one.sheet or reads.sheet,
        header=reads.header if reads.header is not None else one.header,
        encoding=reads.encoding or one.encoding,
        delimiter=reads.delimiter or one.delimiter,
    )


def sheet_of(one: Draft) -> str | None:
    """The sheet that overrules the mapping's: a brought mapping says for itself how a file is read, but for
    what was chosen."""
    return one.sheet or None if one.own else None
