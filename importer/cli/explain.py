"""`importer explain`: what a code means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import click

from importer import codes
from importer.cli import output
from importer.errors import UsageError

_GIVEN_BY: Mapping[codes.SaidBy, str] = {
    "status": "the status of a row",
    "file": "the file",
    "mapping": "the mapping",
    "checks": "the checks",
    "delivery": "the delivery",
    "ledger": "the ledger",
    "stop": "a run that stops early",
    "exit": "the exit code",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code: where it comes from, what it means, what to do."""

    code: str
    given_by: str
    meaning: str
    remedy: str


@click.command("explain")
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(code: str | None, as_json: bool) -> None:
    """Say what CODE means and what to do about it; without CODE, list them all.

    Codes stand in the plan, in results.csv, problems.csv, summary.json and the report. Statuses and exit
    codes are explained as well.

    \b
    importer explain out_of_range
    importer explain created
    importer explain 75
    importer explain
    """
    known = list(explanations())
    found = [each for each in known if code in {None, each.code}]
    if not found:
        raise _unknown(str(code), known)
    if as_json:
        output.emit({"command": "explain", "codes": [asdict(each) for each in found]})
    elif code is None:
        _list(known)
    else:
        for each in found:
            output.say(f"{click.style(each.code, bold=True)} ({each.given_by})")
            output.say(f"  {each.meaning}")
            output.say(f"  → {each.remedy}")


def explanations() -> Iterator[Explanation]:
    """Every code, status and exit code, as `codes.toml` has them."""
    for said_by, given_by in _GIVEN_BY.items():
        for code, each in codes.of(said_by).items():
            yield Explanation(code, given_by, each.meaning, each.remedy)


def _list(known: list[Explanation]) -> None:
    for given_by in dict.fromkeys(each.given_by for each in known):
        output.heading(f"Said by {given_by}")
        output.table(
            ("code", "means"),
            [(each.code, each.meaning) for each in known if each.given_by == given_by],
        )
    output.next_step("importer explain CODE   # what to do about it")


def _unknown(code: str, known: list[Explanation]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(code, [each.code for each in known], n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "`importer explain` lists them all."
    return UsageError(f"No code is called {code!r}.", hint=hint)
