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
    from importer.inference import Waves

_MOST = 12
MARK = "{wave}"
"""As the mapping writes it; `importer.inference.waves` is loaded later."""


def possible() -> bool:
    """Whether there is a person at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def answered(drafted: Draft, wishes: Wishes, given: Mapping[str, Any]) -> Wishes:
    """The wishes, with an answer to each thing that the file doesn't tell. Enter leaves a `?`."""
    if not wishes.campaign:
        wishes = _survey(wishes, given)
    meaning = drafted.meaning
    if not (meaning.users or meaning.email or wishes.person):
        wishes = replace(wishes, person=_person(drafted))
    if drafted.maybe and not drafted.waves:
        wishes = replace(wishes, waves=_waves(drafted.maybe))
    if meaning.answered and len(meaning.answered.readings) > 1:
        wishes = replace(wishes, order=_order(drafted))
    return wishes


def _survey(wishes: Wishes, given: Mapping[str, Any]) -> Wishes:
    """From the project's surveys where they can be read; else by its ID."""
    if options.read_access(given) is None:
        return replace(wishes, campaign=_text("The survey's ID (Enter: later)"))
    known = surveys.surveys(given)
    shown = [f"{each.name} ({each.type}, {each.state})" for each in known]
    chosen = _choice("Which survey do the answers go to?", shown)
    if chosen is None:
        return wishes
    campaign = known[chosen].id
    return replace(wishes, campaign=campaign, asked=surveys.asked_in(given, campaign))


def _person(drafted: Draft) -> str:
    """The column of the person: those whose values differ most come first."""
    columns = sorted(
        (each for each in drafted.columns if each.label.strip() and not each.blank),
        key=lambda each: (-each.profile.distinct, each.index),
    )[:_MOST]
    shown = [" ".join(each.label.split())[:60] for each in columns]
    chosen = _choice("Which column says who answered?", shown)
    return "" if chosen is None else columns[chosen].label


def _waves(found: Waves) -> bool:
    again = ", ".join(list(dict.fromkeys(found.labels.values()))[:3]).replace(MARK, "")
    shown = ["answers of one response", f"{len(found.names)} responses of the same person"]
    return _choice(f"{again}: these columns come again ({found.why}). They are", shown) == 1


def _order(drafted: Draft) -> str:
    dated = drafted.meaning.answered
    readings = dated.readings if dated else ()
    shown = [f"{each.order}: {', '.join(each.formats)}" for each in readings]
    example = readings[0].example if readings else ""
    chosen = _choice(f"How is {example} to be read?", shown)
    return "" if chosen is None else readings[chosen].order


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


def _text(prompt: str) -> str:
    text: str = click.prompt(prompt, default="", show_default=False)
    return text.strip()
