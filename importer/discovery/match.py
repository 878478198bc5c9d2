"""What a person is asked to match, card by card: the survey, its questions and their columns, who answered,
when, what is stored. A card shows the choices as they are; `told` takes what was said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from importer.discovery import changes
from importer.discovery.answers import answer_note, question_of
from importer.discovery.changes import RATINGS, question_at, table_of
from importer.discovery.choices import Answer
from importer.discovery.column import Column
from importer.discovery.draft import Draft, candidates, ends_in_words, in_words
from importer.discovery.proposal import matches, wanted
from importer.discovery.questions import Question
from importer.discovery.scales import Best
from importer.discovery.score import Matched, fits
from importer.discovery.sections import used
from importer.mapping import Document, blocks, typed
from importer.mapping.blocks import DATED_BY
from importer.mapping.document import METHODS
from importer.mapping.errors import OPEN
from importer.mapping.ids import is_damaged, is_dummy
from importer.mapping.steps import steps
from importer.model import counted, letter
from importer.privacy import Show, masked
from importer.satismeter import Survey, SurveyQuestion

NOBODY = "nobody"
OUT = "out"
OTHER = "other"
_MOST = 12
"""Candidates of a list; any other column is named in the field beside it."""
_MOST_VALUES = 40
_SAMPLES = 3
TYPES = (*RATINGS, "choice", "text")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that may be said. `choices` are (value, label); without them it is typed; `kind` says how it
    is shown. `wrong` is what is wrong with what was typed, `before` what another hand has saved meanwhile."""

    name: str
    label: str
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    kind: str = "select"
    note: str = ""
    wrong: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What belongs together: `told` says how sure it is and why, `open` what is still to be said; `values`
    are the texts of a column, each with what it becomes."""

    id: str
    title: str
    told: str = ""
    fields: Sequence[Field] = ()
    values: Sequence[Value] = ()
    notes: Sequence[str] = ()
    open: str = ""
    main: bool = True


@dataclass(frozen=True, slots=True)
class Value:
    """A text of the file, how many rows hold it, and what it becomes now; `unmapped`: nothing, so that its
    rows are invalid. `name` is that of its field; `skipped`: it is no answer."""

    name: str
    text: str
    count: int
    becomes: str
    unmapped: bool
    skipped: bool


@dataclass(frozen=True)
class Matching:
    """A draft beside a survey. `document` is its mapping as it would be read now, where it can be; `show` is
    how a value is shown."""

    draft: Draft
    surveys: Sequence[Survey] = ()
    asked: Sequence[SurveyQuestion] = ()
    document: Document | None = None
    show: Show = masked

    @cached_property
    def cards(self) -> list[Card]:
        campaign = self.draft.choices.campaign
        value = "" if campaign == OPEN else campaign
        named = [(each.id, f"{each.name} ({each.type}, {each.state})") for each in self.surveys]
        if named and value and value not in dict(named):
            named.append((value, value))
        where = "" if named else "Its ID: SatisMeter, Settings > Integrations > API keys."
        said = Field(
            "campaign", "Survey", value, [("", "Choose…"), *named] if named else (), note=where
        )
        methods = [(each, each) for each in METHODS]
        method = Field("method", "It was asked by", self.draft.choices.method, methods)
        missing = "which survey the answers go to" if not value else ""
        return [
            Card("survey", "The survey", fields=(said, method, *self._left_out()), open=missing),
            *self._answered(),
            self._person(),
            self._when(),
            self._traits(),
            self._key(),
        ]

    def _left_out(self) -> Iterator[Field]:
        for number, each in enumerate(table_of(self.draft).apart):
            label = f"Leave out {counted(each.rows, 'row')}: {each.column.label} is {each.named}"
            ticked = "yes" if changes.left_out(self.draft, each) else ""
            yield Field(f"left.{number}", label, ticked, kind="check", note=f"Guessed: {each.why}.")

    @property
    def unused(self) -> list[str]:
        table, choices = table_of(self.draft), self.draft.choices
        sent = tuple(each for each in choices.answers if each.question is not None)
        taken = used(table, replace(choices, answers=sent)) | set(map(table.at, choices.key))
        left = (each for each in table.columns if not each.blank and each.index not in taken)
        return [each.label.strip() or "(no name)" for each in left]

    def answer(self, key: str) -> int | None:
        """Which of the answers a card is of."""
        found = enumerate(self.draft.choices.answers)
        if self.asked:
            return next((at for at, each in found if each.question == key), None)
        return next((at for at, each in found if key == _key_of(each)), None)

    # the cards

    def _answered(self) -> list[Card]:
        """Of the survey's questions; where it can't be read, of the file's answers; none as long as one of
        several surveys is to be chosen."""
        if not self.asked:
            choosing = self.surveys and self.draft.choices.campaign == OPEN
            return [] if choosing else list(self._answers())
        cards = list(self._questions())
        if all(self.answer(each.id) is None for each in cards):
            cards[0] = replace(cards[0], open="a column for at least one of the questions")
        return cards

    def _questions(self) -> Iterator[Card]:
        matched = {each.asked.id: each for each in self._matches.values()}
        for asked in self.asked:
            at = self.answer(asked.id)
            answer = self.draft.choices.answers[at] if at is not None else None
            column = self._column(answer)
            why = matched.get(asked.id)
            told = ""
            if answer:
                found = question_of(table_of(self.draft), answer.cell)
                same = why and found and self._matches.get(found.index) == why
                told = f"{why.sure}: {why.why}" if why and same else "as you said"
            fields = [self._column_field(asked.id, asked, column, out=True)]
            kinds = [each for each in TYPES if fits(each, asked)]
            yield self._card(asked.id, asked.label or asked.id, told, fields, kinds, at)

    def _answers(self) -> Iterator[Card]:
        """One for each answer of the file, where the survey can't be read: its ID is typed."""
        table, titles = table_of(self.draft), set[str]()
        for at, answer in enumerate(self.draft.choices.answers):
            found = question_of(table, answer.cell)
            column = self._column(answer)
            key = _key_of(answer)
            title = ((found.text or found.columns[-1].label) if found else key) or key
            if title in titles and column:
                title = f"{title} (column {letter(column.index)})"
            titles.add(title)
            id_ = answer.question or ""
            label = f"The question’s ID of “{title}” in SatisMeter"
            left = "yes" if answer.question is None else ""
            fields = [
                Field(f"question.{key}", label, "" if id_ == OPEN else id_, kind="text"),
                Field(f"{OUT}.{key}", "Leave this answer out", left, kind="check"),
            ]
            if column:
                fields.append(self._column_field(key, None, column, out=False))
            main = answer.question is not None or (found is not None and wanted(table, found))
            told = answer_note(table, answer, found).partition("; ")[0]
            yield replace(self._card(key, title, told, fields, TYPES, at), main=main)

    def _card(
        self,
        key: str,
        title: str,
        told: str,
        fields: list[Field],
        kinds: Sequence[str],
        at: int | None,
    ) -> Card:
        if at is None:
            return Card(key, title, "no column answers it", fields)
        answer = self.draft.choices.answers[at]
        missing = "the question’s ID" if answer.question == OPEN else ""
        kinds = list(dict.fromkeys((*kinds, answer.cell.type)))
        named = [(k, _KINDS.get(k, k)) for k in kinds]
        fields.append(Field(f"type.{key}", "Its answers are", answer.cell.type, named))
        found = question_of(table_of(self.draft), answer.cell)
        if answer.question is not None and found and found.scale and answer.cell.type in RATINGS:
            said = changes.best_said(self.draft, answer)
            if found.scale.best != Best.HIGH or said != "high":
                high, low = ends_in_words(found.scale)
                ends = [("high", f"{high} is the best"), ("low", f"{low}, as {low[0]} is the best")]
                note = found.scale.signs
                fields.append(
                    Field(f"best.{key}", "Which end is the best?", said, ends, "radio", note)
                )
                missing = missing or ("which end of the scale is the best" if not said else "")
        values = list(self._values(key, at, answer)) if answer.question is not None else []
        unmapped = sum(each.count for each in values if each.unmapped)
        note = f"{counted(unmapped, 'row')} would be invalid: their text isn’t understood yet."
        return Card(key, title, told, fields, values, [note] if unmapped else [], missing)

    def _column(self, answer: Answer | None) -> Column | None:
        if answer is None:
            return None
        table = table_of(self.draft)
        found = question_of(table, answer.cell)
        if answer.cell.columns:
            return table.column(answer.cell.columns[0])
        return found.columns[0] if found else None

    def _column_field(
        self, key: str, asked: SurveyQuestion | None, column: Column | None, *, out: bool
    ) -> Field:
        table = table_of(self.draft)

        def rank(column: Column) -> tuple[bool, bool, bool, int]:
            found = self._kinds[column.index]
            hit = self._matches.get(found.index)
            same = bool(hit and asked and hit.asked.id == asked.id)
            fit = asked is None or fits(found.kind, asked)
            main = found in (table.meaning.score, table.meaning.comment)
            return not same, not fit, not main, column.index

        best = sorted((each for each in table.columns if not each.blank), key=rank)[:_MOST]
        if column and column.index not in {each.index for each in best}:
            best.insert(0, column)
        choices = [(_at(each), self._said(each)) for each in best]
        if out:
            choices.insert(0, (OUT, "No answer in this file"))
        choices.append((OTHER, "Another column, named below"))
        return Field(f"column.{key}", "Column", _at(column) if column else OUT, choices)

    @cached_property
    def _matches(self) -> Mapping[int, Matched]:
        return matches(table_of(self.draft))

    @cached_property
    def _kinds(self) -> Mapping[int, Question]:
        table = table_of(self.draft)
        return {each.index: question_at(table, each) for each in table.columns if not each.blank}

    def _said(self, column: Column) -> str:
        """A column in a list: its name, how full it is, its first values."""
        profile = column.profile
        shown = " | ".join(self.show(each)[:40] for each in profile.samples(_SAMPLES))
        beside = len(self._kinds[column.index].columns) - 1 if column.index in self._kinds else 0
        also = f" and {counted(beside, 'column')} more, one answer" if beside else ""
        return f"{column.label or '(no name)'}{also}: {profile.filled:,} filled, {shown}"

    def _values(self, key: str, at: int, answer: Answer) -> Iterator[Value]:
        """The texts of a column and what each becomes, where one is mapped or isn't understood; those that
        aren't understood first."""
        column, block = self._column(answer), self._block(at)
        if column is None or block is None or answer.cell.type == "text":
            return
        counts = column.profile.counts
        read = {text: _becomes(block, text) for text in list(counts)[:5_000]}
        mapped = {*answer.cell.values} - {"*"} | {*answer.cell.na}
        if answer.cell.type != "choice" and not mapped and all(ok for _, ok in read.values()):
            return
        if answer.cell.type == "choice" and len(counts) > _MOST_VALUES and not mapped:
            return
        order = sorted(counts, key=lambda text: (read.get(text, ("", True))[1], -counts[text]))
        for number, text in enumerate(order[:_MOST_VALUES]):
            becomes, ok = read.get(text, ("", True))
            skipped = text in answer.cell.na
            yield Value(f"{key}.{number}", text, counts[text], becomes, not ok, skipped)

    def _block(self, at: int) -> blocks.Answer | None:
        answers = self.document.answers if self.document else ()
        return answers[at] if at < len(answers) else None

    def _person(self) -> Card:
        table, choices = table_of(self.draft), self.draft.choices
        first = choices.people[0] if choices.people else None
        column = table.column(first.columns[0]) if first and first.columns else None
        best = candidates(self.draft)[:_MOST]
        if column and column.index not in {each.index for each in best}:
            best.insert(0, column)
        nobody = (NOBODY, "None: the answers are anonymous, and each row is a person of its own")
        value = _at(column) if column else NOBODY if choices.anonymous is not None else ""
        listed = [(_at(each), self._said(each)) for each in best]
        listed = [("", "Choose…"), *listed, (OTHER, "Another column, named below"), nobody]
        kept = "As it is in the mapping" if first and not column else ""
        if kept:
            listed, value = [(_KEPT, kept), *listed], _KEPT
        notes = [_about_ids(each) for each in [column] if each]
        others = [
            found.label
            for each in choices.people[1:]
            for ref in each.columns
            if (found := table.column(ref))
        ]
        if others:
            notes.append(f"Where it is blank: {', '.join(others)}.")
        if choices.anonymous is not None:
            notes.append("Rows without one get a stable stand-in, made of their own cells.")
        missing = "which column says who answered" if not value else ""
        field = Field("person", "Which column says who answered?", value, listed)
        return Card("person", "Who answered", fields=[field], notes=notes, open=missing)

    def _when(self) -> Card:
        table, cell = table_of(self.draft), self.draft.choices.traits.get(DATED_BY)
        column = table.column(cell.columns[0]) if cell and cell.columns else None
        dated = [each for each in table.columns if table.readings(each)][:_MOST]
        listed = [(OUT, "No date in this file"), *((_at(each), self._said(each)) for each in dated)]
        value = _at(column) if column else OUT if cell is None else _KEPT
        if value not in dict(listed):
            listed.append((value, column.label if column else "As it is in the mapping"))
        fields = [Field("date", "Which column is the date of the answer?", value, listed)]
        found, missing = changes.dated(self.draft), ""
        if found and cell and len(found.readings) > 1:
            # A value that is another day in each reading.
            texts = found.column.profile.counts
            apart = (
                text for text in texts if len({each.moment(text) for each in found.readings}) > 1
            )
            example = next(apart, found.readings[0].example)
            ways = [
                (each.order, f"{in_words(each, example)} ({each.order})") for each in found.readings
            ]
            said = changes.order_said(self.draft)
            note = "Both fit every value of this column, so only you can know."
            fields.append(Field("order", f"“{example}” is", said, ways, "radio", note))
            missing = "how the dates are read" if not said else ""
        elif found and found.readings[0].order:
            told = f"{found.readings[0].order}, by the whole column"
            fields.append(Field("", "Read as", told, kind="told"))
        if cell and not (found and cell.timezone == ""):
            zone = "" if cell.timezone == OPEN else cell.timezone
            where = "Of times that name none: UTC, Europe/Prague, UTC+02:00."
            fields.append(Field("zone", "Time zone", zone, kind="text", note=where))
            missing = missing or ("the time zone of the dates" if cell.timezone == OPEN else "")
        notes = [
            "SatisMeter dates responses by their arrival; the original date goes along as respondedAt."
        ]
        return Card("when", "When", fields=fields, notes=notes, open=missing)

    def _traits(self) -> Card:
        chosen, table = self.draft.choices.traits, table_of(self.draft)
        personal = {each.index for each in table.meaning.private}
        fields = []
        for name, cell in {**chosen, **changes.possible_traits(table), **chosen}.items():
            column = table.column(cell.columns[0]) if cell.columns else None
            said = self._said(column) if column else "as it is in the mapping"
            note = "Personal. " if column and column.index in personal else ""
            if name != DATED_BY:
                value = "yes" if name in chosen else ""
                fields.append(Field(f"trait.{name}", name, value, kind="check", note=note + said))
        order = sorted(fields, key=lambda each: not each.value)
        return Card("traits", "More about the person", fields=order)

    def _key(self) -> Card:
        table, key = table_of(self.draft), self.draft.choices.key
        unique = [
            each
            for each in table.columns
            if each.profile.filled == table.rows and not each.profile.repeats and each.label.strip()
        ][:_MOST]
        found = table.column(key[0]) if len(key) == 1 else None
        listed = [
            ("", "The person, the answers and the date"),
            *((_at(e), self._said(e)) for e in unique),
        ]
        value = _at(found) if found else _KEPT if key else ""
        if value not in dict(listed):
            listed.append((value, found.label if found else "As it is in the mapping"))
        note = "What is sent once is never sent twice, whatever the file is called."
        field = Field("key", "What makes a row itself?", value, listed, note=note)
        return Card("key", "The same row again", fields=[field])


_KEPT = "kept"
_KINDS = {
    "nps": "a rating of 0 to 10 (NPS)",
    "csat": "a rating of 1 to 5 (CSAT)",
    "ces": "a rating of 1 to 7 (CES)",
    "scale": "a rating on a scale of its own",
    "choice": "a choice",
    "text": "free text",
}


def _key_of(answer: Answer) -> str:
    return answer.name or answer.question or ""


def _at(column: Column | None) -> str:
    return f"c{column.index}" if column else ""


def _becomes(block: blocks.Answer, text: str) -> tuple[str, bool]:
    """What `values` and `parse` make of a text, before any change of scale; whether the run can read it."""
    done = list(steps(block, typed(block), text))
    if not done or (done[-1].result is None and not done[-1].problem):
        return "", True
    if done[-1].problem:
        return "", False
    said = (block.values or {}).get(text)
    parsed = [each.result for each in done if each.what.startswith("parse")]
    return said.text if said else str(parsed[-1]) if parsed else text, True


def _about_ids(column: Column) -> str:
    """How many rows have no id, share one, or have one that a spreadsheet has damaged."""
    profile = column.profile
    damaged = sum(count for text, count in profile.counts.items() if is_damaged(text))
    stand_ins = sum(count for text, count in profile.counts.items() if is_dummy(text))
    said = [
        f"{profile.distinct:,} different",
        f"{profile.rows - profile.filled:,} blank",
        f"{profile.filled - profile.distinct:,} come again",
        f"{damaged:,} damaged by a spreadsheet" if damaged else "",
        f"{stand_ins:,} stand-ins for an id" if stand_ins else "",
    ]
    return f"{column.label}: {', '.join(filter(None, said))}. Leading zeros are kept."
