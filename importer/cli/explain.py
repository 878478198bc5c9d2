"""`importer explain`: what a code means, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from importer.cli import output
from importer.errors import UsageError


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

    Codes stand in the plan, in results.csv, problems.csv, summary.json and the report.

    \b
    importer explain out_of_range
    importer explain
    """
    known = sorted(explanations(), key=lambda each: (each.given_by, each.code))
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
    """Every code of every room."""
    from importer.checks import CHECKS
    from importer.ledger.codes import CODES as LEDGER
    from importer.loader import DAMAGE
    from importer.loader.source import ROW_PROBLEMS
    from importer.mapping import PROBLEMS
    from importer.sender.codes import CODES as SENDER

    for damage in (*DAMAGE.values(), *ROW_PROBLEMS):
        yield Explanation(damage.code, "the file", damage.meaning, damage.remedy)
    for code, cause in PROBLEMS.items():
        yield Explanation(code, "the mapping", cause.meaning, cause.fix)
    for check in CHECKS:
        yield Explanation(check.code, "the checks", (check.__doc__ or "").strip(), check.fix)
    for given_by, codes in (("the delivery", SENDER), ("the ledger", LEDGER)):
        for code, (meaning, remedy) in codes.items():
            yield Explanation(code, given_by, meaning, remedy)


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
