"""What `importer init` asks a person on a terminal; off a terminal it asks nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from importer.cli import options, output, surveys

if TYPE_CHECKING:
    from importer.drafting import Draft, Wishes
    from importer.inference import Column, Waves
    from importer.inference.dates import Reading

_MOST = 12
_WIDE = 60
MARK = "{wave}"
"""As the mapping writes it; `importer.inference.waves` is loaded later."""


def possible() -> bool:
    """Whether there is a person at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def answered(drafted: Draft, wishes: Wishes, given: Mapping[str, Any]) -> Wishes:
    """The wishes, with an answer to each thing that the file doesn't tell. Enter leaves a `?`."""
    output.say("What the file doesn't tell, you may. Enter leaves a question for later.")
    if not wishes.campaign:
        wishes = _survey(wishes, given)
    if not wishes.asked:
        wishes = replace(wishes, ids=_questions(drafted))
    meaning = drafted.meaning
    if not (meaning.users or meaning.email or wishes.person):
        wishes = _person(drafted, wishes)
    if drafted.maybe and not drafted.waves:
        wishes = replace(wishes, waves=_waves(drafted.maybe))
    if meaning.answered and len(meaning.answered.readings) > 1:
        wishes = replace(wishes, order=_order(drafted))
    return wishes


def _survey(wishes: Wishes, given: Mapping[str, Any]) -> Wishes:
    """From the project's surveys where they can be read; else by its ID."""
    if options.read_access(given) is None:
        output.say()
        output.say(
            "The survey that the answers go to: its ID stands in SatisMeter under Settings >"
        )
        output.say(
            "Integrations > API keys. With SATISMETER_API_KEY set, you could choose from a list."
        )
        return replace(wishes, campaign=_id("Survey ID (Enter: later)"))
    known = surveys.surveys(given)
    shown = [f"{each.name} ({each.type}, {each.state})" for each in known]
    chosen = _choice("Which survey do the answers go to?", shown)
    if chosen is None:
        return wishes
    campaign = known[chosen].id
    return replace(wishes, campaign=campaign, asked=surveys.asked_in(given, campaign))


def _questions(drafted: Draft) -> dict[str, str]:
    """The IDs of the questions for the score and its comment, by the names that the draft gives them."""
    meaning = drafted.meaning
    found = {}
    if meaning.score or meaning.comment:
        output.say()
        output.say("`importer surveys --questions` lists the questions' IDs; it takes an API key.")
    for question in (meaning.score, meaning.comment):
        if question is not None:
            name, label = meaning.names[question.index], _short(question.columns[-1].label)
            output.say()
            output.say(
                f"The {name}, column {label} ({question.kind}): which question of the survey is it?"
            )
            found[name] = _id("Question ID (Enter: later; false: leave this answer out)")
    return {name: text for name, text in found.items() if text}


def _person(drafted: Draft, wishes: Wishes) -> Wishes:
    """The column of the person, of those that may be ids: the values that differ most come first."""
    columns = sorted(_candidates(drafted), key=lambda each: (-each.profile.distinct, each.index))[
        :_MOST
    ]
    stand_in = drafted.moment or drafted.meaning.response
    if not columns and stand_in:
        return wishes
    shown = [_short(each.label) for each in columns]
    nobody = "none: the answers are anonymous, and each row is a person of its own"
    chosen = _choice("Which column says who answered?", [*shown, nobody])
    if chosen is None:
        return wishes
    anonymous = chosen == len(columns)
    return replace(wishes, person="" if anonymous else columns[chosen].label, anonymous=anonymous)


def _candidates(drafted: Draft) -> list[Column]:
    """Columns that may be ids: not ratings, not the date, not what is personal for its own sake."""
    meaning = drafted.meaning
    rated = {each.index for asked in meaning.questions if asked.scale for each in asked.columns}
    other = {each.column.index for each in (meaning.answered, meaning.signed_up) if each}
    other |= {each.index for each in meaning.private}
    return [
        each for each in drafted.columns if each.index not in rated | other and _may_be_id(each)
    ]


def _may_be_id(column: Column) -> bool:
    """Whether it has a name, is filled in most rows, and hardly a value comes twice."""
    profile = column.profile
    return (
        bool(column.label.strip())
        and profile.filled * 2 > profile.rows
        and profile.distinct > 0.8 * profile.filled
    )


def _short(label: str) -> str:
    line = " ".join(label.split())
    return line if len(line) <= _WIDE else f"{line[: _WIDE - 1]}…"


def _waves(found: Waves) -> bool:
    again = ", ".join(list(dict.fromkeys(found.labels.values()))[:3]).replace(MARK, "")
    shown = ["answers of one response", f"{len(found.names)} responses of the same person"]
    return _choice(f"{again}: these columns come again ({found.why}). They are", shown) == 1


def _order(drafted: Draft) -> str:
    dated = drafted.meaning.answered
    readings = dated.readings if dated else ()
    example = readings[0].example if readings else ""
    shown = [f"{each.order}: {_day(each, example)}" for each in readings]
    chosen = _choice(f"How is {example} to be read?", shown)
    return "" if chosen is None else readings[chosen].order


def _day(reading: Reading, example: str) -> str:
    """The day of a value, in words."""
    when = reading.moment(example)
    return f"{when.day} {when:%B %Y}" if when else ", ".join(reading.formats)


def _choice(question: str, choices: Sequence[str]) -> int | None:
    """The index of the chosen line; None for Enter."""
    output.say()
    output.say(question)
    for number, choice in enumerate(choices, 1):
        output.say(f"  {number:>2}  {choice}")
    while True:
        text = _text("Number (Enter: later)")
        if not text:
            return None
        if text.isdigit() and 1 <= int(text) <= len(choices):
            return int(text) - 1
        output.say(f"A number from 1 to {len(choices)}, please.")


def _id(prompt: str) -> str:
    from importer.mapping.crosschecks import looks_like_id

    text = _text(prompt)
    if text and text.lower() != "false" and not looks_like_id(text):
        output.say(
            "That doesn't look like an ID (24 hex digits, or a UUID); it is taken as it stands."
        )
    return text


def _text(prompt: str) -> str:
    text: str = click.prompt(prompt, default="", show_default=False)
    return text.strip()
