"""What a file and its mapping look like to a person: how it was read, what is yet to be said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice

from importer import engine, resources
from importer.discovery import Draft as Drafted
from importer.discovery import (
    Question,
    candidates,
    draft,
    ends_in_words,
    in_words,
    sheet_of_answers,
    unsure_of_person,
)
from importer.discovery.survey_match import fits, match_questions
from importer.errors import ImporterError, MappingError, Mistake, UsageError
from importer.mapping import preset
from importer.mapping.document import looks_like_id
from importer.mapping.load import is_path
from importer.mapping.yaml import YamlText, read_yaml
from importer.model import counted
from importer.privacy import masked
from importer.results.files import whole
from importer.satismeter import Survey, SurveyQuestion
from importer.sources import Facts, Inspection, KnownBy, SourceOptions, open_source
from importer.sources.inspect import inspect
from importer.web.drafts import Draft, Drafts

# How the file was read.

_HEAD = 12
_CODECS = ("cp1252", "mac_roman", "cp1250", "cp1251", "iso8859_2", "cp852", "cp437", "shift_jis")
_MOST_READINGS = 4


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


def read(one: Draft, asked: Sequence[SurveyQuestion] = ()) -> Reading:
    """Read the file whole, as the draft says. Raises SourceError where it is no table."""
    options = SourceOptions(
        sheet=one.sheet or None,
        header_rows=(),
        encoding=one.encoding or None,
        delimiter=one.delimiter or None,
    )
    drafted, refused = None, None
    wishes = one.wishes(asked=tuple(asked))
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
            readings=_readings(one, source.facts),
            drafted=drafted,
            refused=refused,
        )


def _readings(one: Draft, facts: Facts) -> Mapping[str, Sequence[str]]:
    """The lines that show a guessed encoding at work, as other encodings have them."""
    if one.encoding:
        with open_source(one.file, SourceOptions(header_rows=())) as source:
            guess = source.facts
    else:
        guess = facts
    if guess.encoding_known_by != KnownBy.GUESSED:
        return {}
    lines = [each.encode(guess.encoding, "replace") for each in guess.encoding_samples]
    found: dict[str, Sequence[str]] = {}
    for codec in dict.fromkeys((facts.encoding, guess.encoding, *_CODECS)):
        shown = [each.decode(codec, "replace") for each in lines]
        if shown not in found.values() and (codec == facts.encoding or _plausible(shown)):
            found[codec] = shown
    return dict(list(found.items())[:_MOST_READINGS])


def _plausible(lines: Sequence[str]) -> bool:
    return all(each.isprintable() and "\N{REPLACEMENT CHARACTER}" not in each for each in lines)


# What only a person can know: fields that fill in the draft.

LEFT_OUT = "false"
NOBODY = "nobody"
_COLUMN = "column:"
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A question to the person. `choices` are (value, label); without them it is typed. `main`: the mapping
    isn't whole without it. `wrong` is what is wrong with what was typed."""

    name: str
    label: str
    note: str = ""
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    main: bool = True
    wrong: str = ""


def fields(
    one: Draft, reading: Drafted, surveys: Sequence[Survey], asked: Sequence[SurveyQuestion]
) -> Iterator[Field]:
    """All that may be asked about a draft: the survey, each question, the person, how dates are read."""
    named = [(each.id, f"{each.name} ({each.type}, {each.state})") for each in surveys]
    yield Field(
        "campaign",
        "Survey",
        "Its ID: SatisMeter, Settings > Integrations > API keys.",
        one.campaign,
        [("", "Choose…"), *named] if named else (),
    )
    meaning = reading.meaning
    matched = match_questions(meaning.questions, asked, meaning.score, meaning.comment)
    for each in meaning.questions:
        name = meaning.names[each.index]
        wanted = meaning.score is None or each in (meaning.score, meaning.comment)
        told = one.ids.get(name) or (matched[each.index].asked.id if each.index in matched else "")
        yield Field(
            f"question.{name}",
            f"{each.columns[-1].label or name}",
            _said(each, name),
            told or ("" if wanted else LEFT_OUT),
            _questions(each, asked) if asked else (),
            main=wanted or told not in {"", LEFT_OUT},
        )
        scale, sent = each.scale, each == meaning.score or told not in {"", LEFT_OUT}
        if scale and sent and (name in one.best or scale.best == "not known"):
            choices = [("", "Choose…"), *zip(("high", "low"), ends_in_words(scale), strict=True)]
            label = f"{each.columns[-1].label}: which number is the best?"
            yield Field(f"best.{name}", label, scale.signs, one.best.get(name, ""), choices)
    yield from _about_people(one, reading)
    yield from _about_dates(one, reading)


def _said(question: Question, name: str) -> str:
    counts = question.columns[-1].profile.counts
    samples = " | ".join(masked(each) for each in islice(counts, _SHOWN))
    return f"{name}: {question.kind}, {question.sure}: {question.why}. {samples}"


def _questions(question: Question, asked: Sequence[SurveyQuestion]) -> Sequence[tuple[str, str]]:
    fitting = [each for each in asked if fits(question.kind, each)]
    return [
        ("", "Choose…"),
        (LEFT_OUT, "Leave this answer out"),
        *((each.id, f"{each.label} ({each.type})") for each in fitting),
    ]


def _about_people(one: Draft, reading: Drafted) -> Iterator[Field]:
    if not (one.person or one.anonymous or unsure_of_person(reading)):
        return
    found = [(f"{_COLUMN}{each.label}", each.label) for each in candidates(reading)]
    value = NOBODY if one.anonymous else f"{_COLUMN}{one.person}" if one.person else ""
    if value.startswith(_COLUMN) and value not in dict(found):
        found.append((value, one.person))
    guess = "" if one.person or not reading.people else reading.people[0].column.label
    nobody = (NOBODY, "None: the answers are anonymous, and each row is a person of its own")
    column = reading.moment or (
        reading.meaning.response.column if reading.meaning.response else None
    )
    note = f"Without one, {column.label} tells people apart." if column else ""
    first = ("", f"As guessed: {guess}" if guess else "Choose…")
    asked = "Which column says who answered?"
    yield Field("person", asked, note, value, [first, *found, nobody])


def _about_dates(one: Draft, reading: Drafted) -> Iterator[Field]:
    answered = reading.meaning.answered
    if answered and len(answered.readings) > 1:
        example = answered.readings[0].example
        shown = [
            (each.order, f"{in_words(each, example)} ({each.order})") for each in answered.readings
        ]
        yield Field(
            "order",
            f"“{example}” is",
            "A date of the answers.",
            one.order,
            [("", "Choose…"), *shown],
        )
    elif one.order:
        yield Field(
            "order", "Dates are read", "", one.order, [("", "Ask again"), (one.order, one.order)]
        )
    maybe = reading.maybe
    if maybe and not maybe.sure:
        several = counted(len(maybe.names), "response")
        yield Field(
            "waves",
            "Columns come again: each row holds",
            maybe.why,
            "yes" if one.waves else "",
            [("", "answers of one response"), ("yes", f"{several} of the same person")],
        )


def answered(
    one: Draft, form: Mapping[str, str], asked: Sequence[SurveyQuestion]
) -> tuple[dict[str, object], dict[str, str]]:
    """What a form says, as changes of the draft; and by field what is wrong with it."""
    known, wrong = {each.id for each in asked}, dict[str, str]()
    ids, best = dict(one.ids), dict(one.best)
    for field_, typed in form.items():
        kind, _, name = field_.partition(".")
        value = typed.strip().strip("\"'")
        if kind == "best" and value in {"high", "low", ""}:
            best[name] = value
        if kind == "question":
            ids[name] = LEFT_OUT if form.get(f"out.{name}") else value
            if ids[name] == LEFT_OUT or not value:
                continue
            if asked and value not in known:
                ids[name] = ""  # of another survey
            elif not asked and not looks_like_id(value):
                wrong[field_] = _NO_ID
    campaign = form.get("campaign", one.campaign).strip().strip("\"'")
    if campaign and not looks_like_id(campaign):
        wrong["campaign"] = _NO_ID
    person = form.get("person", "")
    changes: dict[str, object] = {
        "campaign": campaign,
        "ids": {name: value for name, value in ids.items() if value},
        "best": {name: value for name, value in best.items() if value},
        "person": person.removeprefix(_COLUMN) if person.startswith(_COLUMN) else "",
        "anonymous": person == NOBODY,
        "order": form.get("order", ""),
        "waves": form.get("waves") == "yes",
        "personal": bool(form.get("personal")),
        "preset": form.get("preset", one.preset),
    }
    if changes["preset"]:
        preset(str(changes["preset"]))
    return changes, wrong


_NO_ID = "That doesn't look like an ID: 24 hex digits, or a UUID (8-4-4-4-12 hex digits)."


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
    def wrong(self) -> Mapping[int, Sequence[Mistake]]:
        """The mistakes by their line."""
        found: dict[int, list[Mistake]] = {}
        for each in self.mistakes:
            found.setdefault(each.line, []).append(each)
        return found

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


def sheet_of(one: Draft) -> str | None:
    """The sheet that overrules the mapping's: a brought mapping says for itself how a file is read, but for
    what was chosen."""
    return one.sheet or None if one.own else None
