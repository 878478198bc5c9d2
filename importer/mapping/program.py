"""What a row goes through: the compiled mapping as plain facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from importer.mapping.readings import One, Reading
from importer.mapping.skipping import Skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One question. The values of `reading` are answers as the API takes them: `{"id", "value"}`."""

    id: str
    required: bool
    reading: Reading


@dataclass(frozen=True, slots=True)
class Program:
    """Where everything in a response comes from. `order` is the row's date: of `repeats: order_by:`, else
    of the trait `respondedAt`, else nothing.

    `wave` is "" where a mapping has no waves; `own` are the places of the answers that tell whether the wave
    took place: those that aren't taken from the very columns that all waves read."""

    skips: Sequence[Skip]
    campaign: Reading
    method: Reading
    user: Reading
    anonymous: Reading
    answers: Sequence[Asked]
    rating: Reading
    traits: Sequence[tuple[str, Reading]]
    order: Reading
    key: Sequence[One]
    force: bool
    wave: str = ""
    own: Sequence[int] = ()
