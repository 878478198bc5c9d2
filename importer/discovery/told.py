"""What a person has said on a page of cards, as changes of the choices; and what is wrong at which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from importer.discovery import changes
from importer.discovery.changes import table_of
from importer.discovery.column import Column
from importer.discovery.draft import Draft
from importer.discovery.match import NOBODY, OTHER, OUT, TYPES, Card, Field, Matching
from importer.discovery.score import fits, kind
from importer.mapping.document import METHODS, looks_like_id
from importer.mapping.errors import OPEN
from importer.mapping.transforms.date_formats import is_timezone
from importer.satismeter import SurveyQuestion

NO_ID = "That doesn't look like an ID: 24 hex digits, or a UUID (8-4-4-4-12 hex digits)."
NO_COLUMN = "The file has no column of that name."
NO_ZONE = "There is no such time zone. UTC, UTC+02:00 and Europe/Prague are some."

Form = Mapping[str, str]


def told(before: Matching, form: Form) -> tuple[Draft, dict[str, str]]:
    """The draft with what a form says, and what is wrong by the name of the field. What is wrong is not
    taken. A field that the form doesn't have is left as it is."""
    hand = _Hand(before, form)
    hand.survey()
    for card in before.cards[1:-4]:
        hand.answer(card)
    hand.person()
    hand.when()
    hand.traits(before.cards[-2])
    hand.key()
    return hand.draft, hand.wrong


class _Hand:
    """Takes one thing after the other."""

    def __init__(self, before: Matching, form: Form) -> None:
        self.before, self.form, self.draft = before, form, before.draft
        self.wrong: dict[str, str] = {}

    def _said(self, name: str) -> str | None:
        """What was typed; None where the form has no such field."""
        said = self.form.get(name)
        return None if said is None else said.strip().strip("\"'")

    def _column(self, name: str, other: str) -> Column | None:
        said, table = self._said(name) or "", table_of(self.draft)
        if said == OTHER:
            label = self.form.get(other, "").strip()
            found = [each for each in table.columns if each.label.strip() == label]
            if not found:
                self.wrong[other] = NO_COLUMN
            return found[0] if found else None
        return next((each for each in table.columns if said == f"c{each.index}"), None)

    def survey(self) -> None:
        campaign, choices = self._said("campaign"), self.draft.choices
        if campaign and not looks_like_id(campaign) and campaign != choices.campaign:
            self.wrong["campaign"] = NO_ID
        elif campaign is not None and (campaign or OPEN) != choices.campaign:
            self.draft = self.draft.changed(replace(choices, campaign=campaign or OPEN))
        if (method := self._said("method")) in METHODS:
            self.draft = self.draft.changed(replace(self.draft.choices, method=method))
        for number, each in enumerate(table_of(self.draft).apart if "left" in self.form else ()):
            if (out := f"left.{number}" in self.form) != changes.left_out(self.draft, each):
                self.draft = changes.with_left_out(self.draft, each, out)

    def answer(self, card: Card) -> None:
        key = card.id
        asked = next((each for each in self.before.asked if each.id == key), None)
        self._where(card, asked)
        at = replace(self.before, draft=self.draft).answer(key)
        if at is None:
            return
        self._type(key, at, asked)
        best = self._said(f"best.{key}")
        if best in {"high", "low"} and best != changes.best_said(
            self.draft, self.draft.choices.answers[at]
        ):
            self.draft = changes.with_best(self.draft, at, best)
        self._values(card, at)
        if asked is None:
            self._question(key, at)

    def _where(self, card: Card, asked: SurveyQuestion | None) -> None:
        name = f"column.{card.id}"
        said, shown = self._said(name), _value(card, name)
        if said is None or said == shown:
            return
        column = self._column(name, f"{OTHER}.{card.id}")
        if column is None and said != OUT:
            return
        at = self.before.answer(card.id)
        if asked is not None:
            self.draft = changes.with_column(self.draft, asked, column)
        elif column is not None and at is not None:
            self.draft = changes.with_other_column(self.draft, at, column)

    def _type(self, key: str, at: int, asked: SurveyQuestion | None) -> None:
        type_ = self._said(f"type.{key}")
        cell = self.draft.choices.answers[at].cell
        moved = self._said(f"column.{key}") != _value(self._card(key), f"column.{key}")
        if type_ not in TYPES or type_ == cell.type or moved:
            type_ = cell.type
        if asked and not fits(type_, asked):
            self.wrong[f"column.{key}"] = (
                f"Its values are read as {type_}, and the survey asks for {kind(asked)}: choose another "
                "column, or how its answers are read."
            )
        elif type_ != cell.type:
            self.draft = changes.with_type(self.draft, at, type_)

    def _card(self, key: str) -> Card | None:
        return next((each for each in self.before.cards if each.id == key), None)

    def _question(self, key: str, at: int) -> None:
        id_, now = self._said(f"question.{key}"), self.draft.choices.answers[at].question
        if id_ is None:
            return
        if self.form.get(f"{OUT}.{key}"):
            said = None
        elif id_ and not looks_like_id(id_) and id_ != now:
            self.wrong[f"question.{key}"] = NO_ID
            return
        else:
            said = id_ or OPEN
        if said != now:
            self.draft = changes.with_question(self.draft, at, said)

    def _values(self, card: Card, at: int) -> None:
        becomes, none = dict[str, str](), list[str]()
        for each in card.values:
            if (
                f"value.{each.name}" not in self.form
                or self.form.get(f"text.{each.name}") != each.text
            ):
                continue
            typed = self.form[f"value.{each.name}"].strip()
            if self.form.get(f"none.{each.name}"):
                if not each.skipped:
                    none.append(each.text)
                continue
            if each.skipped or typed != each.becomes:
                becomes[each.text] = typed
        if becomes or none:
            self.draft = changes.with_values(self.draft, at, becomes, none)

    def person(self) -> None:
        said, shown = self._said("person"), _value(self._card("person"), "person")
        if not said or said == shown:
            return
        column = self._column("person", f"{OTHER}.person")
        if column is not None or said == NOBODY:
            self.draft = changes.with_person(self.draft, column)

    def when(self) -> None:
        said, shown = self._said("date"), _value(self._card("when"), "date")
        if said and said != shown:
            self.draft = changes.with_date(self.draft, self._column("date", f"{OTHER}.date"))
            return
        order = self._said("order")
        if order and order != changes.order_said(self.draft):
            self.draft = changes.with_order(self.draft, order)
        zone, now = self._said("zone"), _value(self._card("when"), "zone")
        if zone is not None and zone != now:
            if zone and not is_timezone(zone):
                self.wrong["zone"] = NO_ZONE
            else:
                self.draft = changes.with_zone(self.draft, zone)

    def traits(self, card: Card) -> None:
        if "traits" not in self.form:
            return
        shown = [each.name.removeprefix("trait.") for each in card.fields]
        names = [each for each in shown if self.form.get(f"trait.{each}")]
        if names != [each for each, field in zip(shown, card.fields, strict=True) if field.value]:
            self.draft = changes.with_traits(self.draft, names)

    def key(self) -> None:
        said = self._said("key")
        if said is None or said == _value(self._card("key"), "key"):
            return
        column = self._column("key", f"{OTHER}.key")
        self.draft = changes.with_key(self.draft, [column] if column else [])


def _value(card: Card | None, name: str) -> str:
    fields: Sequence[Field] = card.fields if card else ()
    return next((each.value for each in fields if each.name == name), "")


def as_typed(card: Card, typed: Mapping[str, str], wrong: Mapping[str, str], stale: bool) -> Card:
    """The card with what was typed into it, what is wrong with that, and what another hand has saved."""

    def field(each: Field) -> Field:
        if each.kind == "told":
            return each
        said = typed.get(each.name, "" if each.kind == "check" else each.value)
        before = dict(each.choices).get(each.value, each.value) or "nothing"
        said_wrong = wrong.get(each.name, "") or wrong.get(
            f"other.{each.name.partition('.')[2]}", ""
        )
        return replace(
            each,
            value=said,
            wrong=said_wrong if each.name.startswith("column.") else wrong.get(each.name, ""),
            before=before if stale and said != each.value else "",
        )

    values = [
        replace(
            each,
            becomes=typed.get(f"value.{each.name}", each.becomes),
            skipped=bool(typed.get(f"none.{each.name}"))
            if f"value.{each.name}" in typed
            else each.skipped,
        )
        for each in card.values
    ]
    return replace(card, fields=list(map(field, card.fields)), values=values)
