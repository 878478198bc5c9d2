"""`importer init`: the mapping of a file, drafted; what only a person knows is asked on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from importer.cli import inspect, options, output
from importer.cli.inspect import asked_in
from importer.cli.output import next_command
from importer.errors import UsageError
from importer.privacy import in_line, short

if TYPE_CHECKING:
    from importer.cli.given import GivenAccess
    from importer.discovery import Column, Dated, Draft, Question, Waves, Wishes
    from importer.sources import Source


# What `importer init` asks a person on a terminal; off a terminal it asks nothing.

_MOST = 12
_WIDE = 60
MARK = "{wave}"
"""As the mapping writes it; `importer.discovery.waves` is loaded later."""


def possible() -> bool:
    """Whether there is a person at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def answered(source: Source, drafted: Draft, wishes: Wishes, given: GivenAccess) -> Draft:
    """The draft, with an answer to each thing that the file doesn't tell. Enter leaves a `?`."""
    from importer.discovery import changes, draft, unsure_of_person

    output.say("What the file doesn't tell, you may. Enter leaves a question for later.")
    if not wishes.campaign:
        wishes = _survey(wishes, given)
    ids = {} if wishes.asked else _questions(drafted)
    known = wishes
    if not wishes.person and unsure_of_person(drafted):
        wishes = _person(drafted, wishes)
    if drafted.maybe and not drafted.waves:
        wishes = replace(wishes, waves=_waves(drafted.maybe))
    dated, score = drafted.meaning.answered, drafted.meaning.score
    order = _order(drafted) if dated and len(dated.readings) > 1 else ""
    asked = score and score.scale and score.scale.best == "not known"
    best = _best(score, drafted.meaning.names[score.index]) if score and asked else {}
    if wishes != known:  # what else the columns are depends on who answered
        drafted = draft(source, wishes)
    drafted = changes.with_survey(drafted, wishes.campaign, wishes.asked)
    for at, each in enumerate(drafted.choices.answers):
        if id_ := ids.get(each.name):
            drafted = changes.with_question(drafted, at, None if id_.lower() == "false" else id_)
        if each.name in best:
            drafted = changes.with_best(drafted, at, best[each.name])
    drafted = changes.with_order(drafted, order) if order else drafted
    if drafted.choices.existing and _overwrite():
        drafted = changes.with_existing(drafted, "overwrite")
    return drafted


def _overwrite() -> bool:
    """Whether the file's values count more than today's. Enter keeps what is there."""
    kept = "stays as it is; the file's value isn't sent, nor kept with the response"
    shown = [kept, "gives way to the file's value"]
    asked = "Persons of the file may be in SatisMeter already. What is known of them there (plan, e-mail …)"
    return _choice(asked, shown, "Number (Enter: 1)") == 1


def _survey(wishes: Wishes, given: GivenAccess) -> Wishes:
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
    known = inspect.surveys(given)
    shown = [f"{each.name} ({each.type}, {each.state})" for each in known]
    chosen = _choice("Which survey do the answers go to?", shown)
    if chosen is None:
        return wishes
    campaign = known[chosen].id
    return replace(wishes, campaign=campaign, asked=asked_in(given, campaign))


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
    from importer.discovery import candidates

    columns = candidates(drafted)[:_MOST]
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


def _short(label: str) -> str:
    return short(" ".join(label.split()), _WIDE)


def _waves(found: Waves) -> bool:
    again = ", ".join(list(dict.fromkeys(found.labels.values()))[:3]).replace(MARK, "")
    shown = ["answers of one response", f"{len(found.names)} responses of the same person"]
    return _choice(f"{again}: these columns come again ({found.why}). They are", shown) == 1


def _order(drafted: Draft) -> str:
    from importer.discovery import in_words

    dated = drafted.meaning.answered
    readings = dated.readings if dated else ()
    example = readings[0].example if readings else ""
    shown = [f"{each.order}: {in_words(each, example)}" for each in readings]
    chosen = _choice(f"How is {example} to be read?", shown)
    return "" if chosen is None else readings[chosen].order


def _best(score: Question, name: str) -> dict[str, str]:
    """The best end of the score's scale, by the draft's name of the question."""
    from importer.discovery import ends_in_words

    found = score.scale
    if found is None:
        return {}
    signs = f" ({_short(found.signs)})" if found.signs else ""
    asked = f"{_short(score.columns[-1].label)}: which number is the best?{signs}"
    chosen = _choice(asked, ends_in_words(found))
    return {} if chosen is None else {name: ("high", "low")[chosen]}


def _choice(
    question: str, choices: Sequence[str], prompt: str = "Number (Enter: later)"
) -> int | None:
    """The index of the chosen line; None for Enter."""
    output.say()
    output.say(question)
    for number, choice in enumerate(choices, 1):
        output.say(f"  {number:>2}  {choice}")
    while True:
        text = _text(prompt)
        if not text:
            return None
        if text.isdigit() and 1 <= int(text) <= len(choices):
            return int(text) - 1
        output.say(f"A number from 1 to {len(choices)}, please.")


def _id(prompt: str) -> str:
    from importer.mapping.document import looks_like_id

    text = _text(prompt)
    if text and text.lower() != "false" and not looks_like_id(text):
        output.say(
            "That doesn't look like an ID (24 hex digits, or a UUID); it is taken as it stands."
        )
    return text


def _text(prompt: str) -> str:
    text: str = click.prompt(prompt, default="", show_default=False)
    return text.strip()


# `importer init`: the mapping of a file, written.


@click.command("init")
@click.argument("file")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Where the mapping goes; - is standard output. Default: the file's name with .yaml, here.",
)
@click.option("--preset", default="", help="The tool that wrote the file, where several fit.")
@click.option(
    "--personal", is_flag=True, help="Take names, addresses, IP and the like in as traits."
)
@click.option(
    "--waves", is_flag=True, help="Columns that come again are several responses of one row."
)
@click.option("--sheet", help="The sheet, by name or number.")
@click.option("--encoding", help="Overrules the encoding that was found: utf-8, cp1252, ...")
@click.option("--delimiter", help="Overrules the delimiter that was found; `tab` for a tab.")
@click.option(
    "--campaign",
    "--survey",
    "campaign",
    default="",
    metavar="ID",
    help="The survey; its questions are read, too.",
)
@click.option("--show-values", is_flag=True, help="Samples as they stand, not their shapes.")
@click.option("--no-input", is_flag=True, help="Ask nothing, not even on a terminal.")
@options.reading
@options.endpoint_option
@click.option("--force", is_flag=True, help="Write over a mapping that is there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def init_command(  # noqa: PLR0913, PLR0917  one argument per option
    file: str,
    out: Path | None,
    preset: str,
    personal: bool,
    waves: bool,
    sheet: str | None,
    encoding: str | None,
    delimiter: str | None,
    campaign: str,
    show_values: bool,
    no_input: bool,
    force: bool,
    as_json: bool,
    **given: Unpack[GivenAccess],
) -> None:
    """Write the mapping of FILE, with comments: what is sure, what is guessed, what you have to fill in.

    Finds the survey tool that wrote FILE, its header rows, the person, the score, the comment and the
    date. What only a person can know is marked "?"; importer check and plan refuse a mapping that has
    one left. Nothing is sent anywhere.

    \b
    importer init answers.csv
    importer init answers.xlsx --sheet Responses -o nps.yaml
    importer init answers.csv --personal --json
    SATISMETER_API_KEY=... SATISMETER_PROJECT=... importer init answers.csv --campaign ID
    """
    from importer.discovery import Wishes, draft, sheet_of_answers
    from importer.mapping import preset as known_preset
    from importer.sources import SourceOptions, open_source

    path = out or Path("mapping.yaml" if file == "-" else f"{_stem(file)}.yaml")
    if str(path) != "-" and path.exists() and not force:
        raise UsageError(f"{path} is there already.", hint="Give another -o, or --force.")
    if preset:
        known_preset(preset)
    read = SourceOptions(
        sheet=options.sheet_of(sheet), header_rows=(), encoding=encoding, delimiter=delimiter
    )
    wishes = Wishes(
        preset,
        personal,
        encoding or "",
        delimiter or "",
        campaign=campaign,
        waves=waves,
        show_values=show_values,
        asked=asked_in(given, campaign) if campaign and options.read_access(given) else (),
    )
    with open_source(file, read) as opened, sheet_of_answers(opened, read, wishes) as source:
        drafted = draft(source, wishes)
        if not (no_input or as_json) and possible():
            drafted = answered(source, drafted, wishes, given)
    if not (as_json and str(path) == "-"):  # there the document holds its text
        _write(path, drafted)
    if as_json:
        output.emit(_document(file, path, drafted))
    elif str(path) != "-":
        _print(file, path, drafted)


def _stem(file: str) -> str:
    return Path(file.rpartition("::")[2]).name.split(".")[0] or "mapping"


def _write(path: Path, drafted: Draft) -> None:
    if str(path) == "-":
        output.whole(drafted.text.rstrip())
        return
    try:
        path.write_text(drafted.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} can't be written: {error.strerror}.", hint="Give another -o."
        ) from error


def _print(file: str, path: Path, drafted: Draft) -> None:
    output.say(f"{path} is written: the mapping of {file}.")
    output.heading("Found")
    output.table(("", "is", "known by"), _found(drafted))
    open_ = drafted.open
    output.heading("To fill in")
    lines = drafted.text.splitlines()
    for number in open_:
        output.say(f"  line {number:>3}: {lines[number - 1].strip()}")
    if not open_:
        output.say("  Nothing.")
    output.next_step(
        next_command("check", path, file),
        next_command("plan", file, without=("out",), mapping=path),
    )


def _found(drafted: Draft) -> list[tuple[str, str, str]]:
    from importer.discovery.score import other_scores

    meaning, tool = drafted.meaning, drafted.tool
    rows = " and ".join(map(str, drafted.layout.header)) or "none"
    shown: list[tuple[str, str, str]] = [
        ("tool", tool.preset.about.tool if tool else "not known", tool.reason if tool else ""),
        ("header", f"row {rows}", drafted.layout.reason),
    ]
    if len(drafted.sheets) > 1:
        shown.insert(1, ("sheet", drafted.sheet, f"of {', '.join(drafted.sheets)}"))
    people = list(drafted.people) or ([meaning.response] if meaning.response else [])
    shown += [("person", _label(each.column), f"{each.sure}: {each.why}") for each in people]
    if not people and drafted.moment:
        instead = f"none: a hash of {_label(drafted.moment)}"
        shown.append(("person", instead, "guessed: nothing else tells people apart"))
    elif not people and drafted.anonymous:
        shown.append(("person", "none: a hash of each row's answers", "as you said"))
    elif not people:
        shown.append(("person", "not known", ""))
    shown += _question("score", meaning.score)
    for each in other_scores(meaning.questions, meaning.score)[:3]:
        shown.append(
            ("", f"{_label(each.columns[-1])} ({each.kind})", "a score as well? it is left out")
        )
    shown += _question("comment", meaning.comment)
    shown += _date(meaning.answered)
    for some in drafted.table.apart if drafted.table else ():
        said = in_line(f"{_label(some.column)}: {some.named}")
        shown.append(("left out", short(said, _WIDE), some.told()))
    if drafted.waves:
        names = ", ".join(drafted.waves.names)
        shown.append(("waves", names, f"guessed: {drafted.waves.why}"))
    return shown


def _question(name: str, found: Question | None) -> list[tuple[str, str, str]]:
    if found is None:
        return [(name, "not found", "")]
    label = " or ".join(map(_label, found.columns[-1:] if found.together else found.columns))
    return [(name, f"{label} ({found.kind})", f"{found.sure}: {found.why}")]


def _date(found: Dated | None) -> list[tuple[str, str, str]]:
    if found is None:
        return [("date", "not found", "")]
    ways = " or ".join(each.written for each in found.readings)
    sure = found.sure if len(found.readings) == 1 else f"{found.sure}, but for the order"
    return [("date", _label(found.column), f"{sure}: {found.why}; {ways}")]


def _label(column: Column) -> str:
    line = " ".join(column.label.split()) or f"column {column.index + 1}"
    return line if len(line) <= 44 else f"{line[:21]}…{line[-22:]}"


def _document(file: str, path: Path, drafted: Draft) -> dict[str, object]:
    meaning, tool = drafted.meaning, drafted.tool
    people = [each.column.label for each in meaning.users]
    return {
        "command": "init",
        "file": file,
        "mapping": str(path),
        "tool": tool.name if tool else "",
        "tool_reason": tool.reason if tool else "",
        "sheet": drafted.sheet,
        "header_rows": list(drafted.layout.header),
        "skip_rows": list(drafted.layout.skipped),
        "user": people,
        "email": meaning.email.column.label if meaning.email else "",
        "response": meaning.response.column.label if meaning.response else "",
        "score": _json_question(meaning.score),
        "comment": _json_question(meaning.comment),
        "date": _json_date(meaning.answered),
        "questions": [_json_question(each) for each in meaning.questions],
        "waves": list(drafted.waves.names) if drafted.waves else [],
        "personal": [each.label for each in meaning.private],
        "left_out": [
            {
                "column": some.column.label,
                "values": list(some.left),
                "rows": some.rows,
                "why": some.why,
            }
            for some in (drafted.table.apart if drafted.table else ())
        ],
        "open_lines": list(drafted.open),
        "text": drafted.text,
    }


def _json_question(found: Question | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "columns": [each.label for each in found.columns],
        "type": found.kind,
        "sure": str(found.sure),
        "why": found.why,
    }


def _json_date(found: Dated | None) -> dict[str, object] | None:
    if found is None:
        return None
    readings = [list(each.formats) for each in found.readings]
    return {"column": found.column.label, "formats": readings, "sure": str(found.sure)}
