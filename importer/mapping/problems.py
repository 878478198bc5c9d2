"""Why a row can't be sent: every code of this room, its meaning and its remedy, told once."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cause:
    """What a code means, and what to do about it (`fix`)."""

    meaning: str
    fix: str


_CAUSES = {
    "ambiguous_date": Cause(
        "Two of the column's date formats fit, with different days.",
        "Leave the one format that the file uses in `format:`.",
    ),
    "bad_campaign": Cause(
        "The row names no survey.",
        "Fill the column that `campaign:` reads, or write the survey's ID there.",
    ),
    "bad_date": Cause(
        "The cell doesn't fit the column's date format, or its year can't be.",
        'Name the format in `format:`, for example "%d.%m.%Y"; "no date" marks go into `na:`.',
    ),
    "bad_email": Cause(
        "The cell isn't an e-mail address.",
        "Correct the cell, list it in `na:`, or send it as `type: text`.",
    ),
    "bad_id": Cause(
        "The id holds a control character, an invisible mark, or more than an address.",
        "Correct the cell; `parse: visible` and `parse: address` take out what doesn't belong there.",
    ),
    "bad_key": Cause(
        "The key stands for nothing (n/a, 0, NULL), or Excel has overwritten it (1.23E+15): different "
        "responses would count as one.",
        "Export again with that column as text, or leave `key` out: then person, answers and date tell "
        "rows apart.",
    ),
    "bad_method": Cause(
        "The cell is none of In-App, Mobile and Email.",
        "Map it in `method: {column: ..., values: {...}}`.",
    ),
    "bad_number": Cause(
        "The cell isn't a number.",
        'Say `decimal: ","` or `thousands: "."` where the file writes so; '
        "`parse: leading_int` reads `10 - Very likely`.",
    ),
    "bad_order": Cause(
        "The cell of `repeats: order_by:` is neither an ISO date nor a number.",
        "Name its format: `order_by: {column: ..., type: date, format: ...}`.",
    ),
    "blank_key": Cause(
        "All columns of the mapping's `key` are blank.",
        "Fill them, or leave `key` out: then person, answers and date tell rows apart.",
    ),
    "broken_text": Cause(
        "The text holds a NUL or half a character: it was damaged before it got here.",
        "Export the file again, or correct the cell.",
    ),
    "damaged_id": Cause(
        "Excel has overwritten the id (1.23E+15, #REF!), or dressed it as a number (4711.0, 12,120).",
        "Export again and keep that column as text, or name another column first in `userId`.",
    ),
    "dummy_id": Cause(
        "The id is a stand-in (anonymous, null, 0, n/a, {{user_id}}), which would make many people one.",
        "Name a second column in `userId`, or give `anonymousId: {hash: [...]}`.",
    ),
    "missing_answer": Cause(
        "An answer that the mapping requires is blank.",
        "Fill the cell, or leave such rows out with `skip_if: [{column: ..., blank: true}]`.",
    ),
    "no_answers": Cause(
        "None of the answers is filled.",
        "Leave such rows out with `skip_if: [{column: ..., blank: true}]`.",
    ),
    "no_person": Cause(
        "The row says neither who answered nor gives anything to tell people apart.",
        "Name another column in `userId`, or give `anonymousId: {hash: [...]}`.",
    ),
    "not_boolean": Cause(
        "The cell is neither yes nor no.",
        "Map it: `values: {Subscribed: true, Left: false}`.",
    ),
    "not_whole": Cause(
        "The answer isn't a whole number, and the API takes whole numbers only.",
        "Say how to round: `round: half_up`, `half_even`, `floor` or `ceil`.",
    ),
    "nonexistent_time": Cause(
        "The clocks went forward over this local time: it never was.",
        "Correct the cell, or name the right `timezone:`.",
    ),
    "number_too_big": Cause(
        "The number has more digits than JSON readers keep.",
        "Send it as `type: text`.",
    ),
    "out_of_range": Cause(
        "The answer lies outside of the question's scale.",
        "Correct the cell, map it with `values:`, or `rescale:` the column.",
    ),
    "slow_pattern": Cause(
        "A `matches:` pattern of the mapping took too long on this cell.",
        "Simplify the pattern: nested repeats like (a+)+ explode.",
    ),
    "unmapped_value": Cause(
        "The cell stands in no line of the mapping's `values:`.",
        'Add it to `values:`, or say `"*": keep` (pass it on) or `"*": skip` (leave it out).',
    ),
}
PROBLEMS = MappingProxyType(_CAUSES)
"""Every code that a mapped row's problems may have."""


class Unfit(Exception):
    """A transform can't take a value. `message` holds no cell text."""

    def __init__(self, code: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix or PROBLEMS[code].fix
