"""Made-up exports in the layouts of real ones: the tools' own columns, header rows, encodings, ends of line
and forms of values, with our own words in them. The same bytes each time."""

from __future__ import annotations

import atexit
import csv
import io
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

Rows = list[list[str]]

CHOIR = "surveymonkey/choir.csv"
GARDENS = "surveymonkey/gardens.csv"
RIVERS = "surveymonkey/rivers.csv"
SUMMARY = "surveymonkey/library_summary.csv"
KITCHENS = "google_forms/kitchens.csv"
TEACHERS = "google_forms/teachers.csv"
GERMAN = "qualtrics/german.csv"
LEGACY = "qualtrics/legacy.csv"
TESTS_ONLY = "qualtrics/tests_only_2016.csv"
WORKSHOP = "alchemer/workshop.csv"
SHOP = "nps/shop_semicolon_cp1252_decimal_comma.csv"
SHOP_BOOK = "nps/shop_numbers.xlsx"
SHOPPERS = 2_000
"""Rows of the two files of a shop."""


@cache
def folder() -> Path:
    """Where they lie; gone with this process."""
    place = Path(tempfile.mkdtemp(prefix="made-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for name, (rows, how) in _tables().items():
        _write(place / name, rows, **how)
    (place / SUMMARY).write_text(_SUMMARY, encoding="utf-8")
    _workbook(place / SHOP_BOOK)
    return place


def _tables() -> dict[str, tuple[Rows, dict[str, str]]]:
    return {
        CHOIR: (_choir(), {"end": "\r\n"}),
        GARDENS: (_gardens(), {"end": "\r\n"}),
        RIVERS: (_rivers(), {}),
        KITCHENS: (_kitchens(), {}),
        TEACHERS: (_teachers(), {}),
        GERMAN: (_german(), {}),
        LEGACY: (_legacy(), {"encoding": "utf-8-sig"}),
        TESTS_ONLY: (_tests_only(), {}),
        WORKSHOP: (_workshop(), {}),
        SHOP: (_shop(), {"encoding": "cp1252", "delimiter": ";", "end": "\r\n"}),
    }


def _write(
    path: Path, rows: Rows, encoding: str = "utf-8", delimiter: str = ",", end: str = "\n"
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))


_BEGIN = datetime(2024, 5, 17, 7, 12, 9, tzinfo=UTC)


def _moments(chance: random.Random) -> Iterator[datetime]:
    """Each later than the one before."""
    moment = _BEGIN
    while True:
        moment += timedelta(seconds=chance.randint(20, 9_000))
        yield moment


def _some(chance: random.Random, words: Sequence[str], blank: float = 0.3) -> str:
    return "" if chance.random() < blank else chance.choice(words)


def _several(chance: random.Random, words: Sequence[str], join: str) -> str:
    return join.join(each for each in words if chance.random() < 0.3)


_TEXTS = (
    "More evenings by the river, please",
    "The second half felt long, the first did not",
    'A "quiet corner" would do wonders',
    "We came with four, two stayed; both are happy",
    "Nothing to add",
    "Rehearsals start late, and end later",
    "Žluťoučký kůň — and a warm room",
    "The new stand is too high\nfor the children",
    "Ask Mrs. Novak, she knows",
    "Cheaper tea",
)

_PARTS = (
    ("I would like", "We miss", "There should be", "Nobody has thought of", "Thank you for"),
    (
        "a warmer room",
        "the long table",
        "more light",
        "fewer stairs",
        'a "quiet" hour',
        "new chairs",
    ),
    ("in the morning", "on Sundays", "before the feast", "in winter", "where the children sit"),
    (
        "; the rest is fine",
        ", and cheaper tea",
        "",
        "!",
        ", as my neighbour says,\ntoo",
        " — please",
    ),
)


def _said(chance: random.Random, blank: float = 0.3) -> str:
    """What people write in their own words: hardly ever twice the same, now and then as short as a word."""
    if chance.random() < blank:
        return ""
    if chance.random() < 0.1:
        return chance.choice(_TEXTS)
    begin, thing, when, end = (chance.choice(each) for each in _PARTS)
    return f"{begin} {thing} {when}{end}"


# SurveyMonkey: two header rows, US dates; a question's second column is for whoever ticked "Other".

_SM = ("Respondent ID", "Collector ID", "Start Date", "End Date")
_SM_DATE = "%m/%d/%Y %I:%M:%S %p"
_AGREE = "10 - strongly agree, 1 - strongly disagree."
_OTHER = "Other (please specify)"


def _scale(chance: random.Random) -> str:
    return "N/A" if chance.random() < 0.1 else str(chance.randint(1, 10))


def _choir() -> Rows:
    chance = random.Random("choir")
    first = [*_SM, "Which piece(s) are you singing?", "Where do you live (part of the town)?"]
    first += ["Do you feel that the choir reached out to hear about your wishes?", ""]
    first += [f"Do you know whom to ask for sheet music?{_AGREE}", ""]
    first += [f"Did the committee answer your letters quickly?{_AGREE}", ""]
    first += [f"Would you recommend the choir to your friends, and why?{_AGREE}", ""]
    first += ["Whom should we invite?", "Where should we hang posters?", "What is missing?"]
    first += ["Anything else that you wish to say?"]
    second = ["", "", "", "", "Open-Ended Response", "Response"]
    second += ["Response", _OTHER] * 3 + ["Response", "Why?"] + ["Open-Ended Response"] * 4
    rows = [first, second]
    heard = ("Yes, and my wishes were met", "Yes, but they were not met", "No", _OTHER)
    for at, moment in enumerate(islice(_moments(chance), 44)):
        wish = chance.choice(heard)
        rows.append(
            [
                *(str(11_020_481_377 + 977 * at), "380114206"),
                *(moment.strftime(_SM_DATE), (moment + timedelta(minutes=6)).strftime(_SM_DATE)),
                *(chance.choice(("Requiem", "Carols, Psalm 23", "NA")), chance.choice("NESW")),
                *(wish, "I am new here." if wish == _OTHER else ""),
                *(_scale(chance), "", _scale(chance), ""),
                *(str(chance.randint(1, 10)), _said(chance)),
                *(_said(chance) for _ in range(4)),
            ]
        )
    return rows


def _gardens() -> Rows:
    chance = random.Random("gardens")
    needs = ("water", "tools", "compost", "paths", "fences")
    asked = ["Did we reach out to you?", "Do you know the rules?", "Were letters answered?"]
    first = [*_SM, "Which plot(s) do you keep?"]
    for question in asked:
        first += [f"{question}{_AGREE}" if question != asked[0] else question, ""]
    first += [f"Did the board decide quickly?{_AGREE}"]
    for need in needs:
        first += [f"Are your needs for {need} met?{_AGREE}", ""]
    first += [f"Are you content with the whole?{_AGREE}"]
    first += [f"Would you recommend a plot to your friends, and why?{_AGREE}", ""]
    for thing in ("notice board", "seed swap", "summer feast"):
        first += [f"Is the {thing} of use to you?{_AGREE}", ""]
    first += ["Whom should we invite?", "Where should we hang posters?", "What is missing?"]
    first += ["Anything else?"]
    second = [*[""] * 4, "Open-Ended Response", *["Response", _OTHER] * 3, "Response"]
    second += [*["Response", _OTHER] * 5, "Response", *["Response", "Why?"] * 4]
    second += ["Open-Ended Response"] * 4
    rows = [first, second]
    for at, moment in enumerate(islice(_moments(chance), 102)):
        end = moment + timedelta(minutes=chance.randint(2, 30))
        rows.append(
            [
                *(str(11_018_225_410 + 1_301 * at), "380998114"),
                *(moment.strftime(_SM_DATE), end.strftime(_SM_DATE)),
                *(f"Plot {at % 40}", chance.choice(("Yes", "No", _OTHER)), ""),
                *(_scale(chance), _said(chance, 0.8), _scale(chance), "", _scale(chance)),
                *(cell for _ in needs for cell in (_scale(chance), _said(chance, 0.9))),
                *(_scale(chance), str(chance.randint(1, 10)), _said(chance)),
                *(cell for _ in range(3) for cell in (_scale(chance), _said(chance, 0.8))),
                *(_said(chance) for _ in range(4)),
            ]
        )
    return rows


_AFFINITY = ("Every week", "Now and then", "Seldom", "Never")
_RIVERS = (
    *("Amber Brook", "Clay Beck", "Dun", "Elder", "Fallow", "Glass Water", "Hazel", "Ivel"),
    *("Juniper", "Kettle", "Larch", "Mill Race", "Nettle", "Oxbow", "Pike", "Quarry Burn", "Reed"),
    *("Sallow", "Tarn Beck", "Umber", "Vale", "Willow", "Yarrow", "Alder", "Birch"),
)
_OF_A_PERSON: dict[str, tuple[str, ...]] = {
    "Gender": ("Male", "Female"),
    "Age": ("< 18", "18-29", "30-44", "45-60", "> 60"),
    "Household Income": (
        "$0 - $24,999",
        "$25,000 - $49,999",
        "$50,000 - $99,999",
        "$100,000+",
        "-",
    ),
    "Education": ("None", "Primary", "Secondary", "College", "Graduate"),
    "Location (Region)": ("NE", "NW", "N", "E", "W", "SE", "SW", "S", "Islands"),
}


def _rivers() -> Rows:
    """Checkboxes: a column for each choice, whose name stands in the cell where it was ticked."""
    chance = random.Random("rivers")
    groups: dict[str, tuple[str, ...]] = {"How often do you walk along a river?": _AFFINITY}
    groups["Which of the following rivers have you seen?"] = _RIVERS
    first, second = (
        ["RespondentID", "In your own words, what is a river?"],
        ["", "Open-Ended Response"],
    )
    for question, choices in groups.items():
        first += [question, *[""] * (len(choices) - 1)]
        second += choices
    first, second = [*first, "What is your post code? (5 digits)"], [*second, "Open-Ended Response"]
    for question, choices in _OF_A_PERSON.items():
        first += [question, *[""] * (len(choices) - 1)]
        second += choices
    rows = [first, second]
    for at in range(600):
        one = chance.choice(_AFFINITY)
        row = [str(2_917_004_118 + 613 * at), _said(chance, 0.1)]
        row += [each if each == one else "" for each in _AFFINITY]
        row += [each if chance.random() < 0.25 else "" for each in _RIVERS]
        row += [f"{chance.randint(1_000, 99_999):05}"]
        for choices in _OF_A_PERSON.values():
            chosen = _some(chance, choices, 0.1)
            row += [each if each == chosen else "" for each in choices]
        rows.append(row)
    return rows


_SUMMARY = """\
Library Survey 2024

Q1. How do you borrow books?
Answer Choices,Response Percent,Responses
At the desk,61.54%,24
At the machine,25.64%,10
Other:,,5.0
,Answered,39
,Skipped,1


Q2. Which shelves do you use?
Answer Choices,Every week,Now and then,Never,Total,Weighted Average
Novels,20,10,5,35.0,1.57
Atlases,2,9,24,35.0,2.63
,Answered,35
,Skipped,5
"""

# Google Forms.

_USES = ("Not relevant for me", "Somewhat useful", "Critical to me")


def _kitchens() -> Rows:
    chance = random.Random("kitchens")
    tools = (
        "Knives",
        "Pans",
        "Scales",
        "Ovens",
        "Mixers",
        "Boards",
        "Graters",
        "Pots",
        "Sieves",
        "Irons",
    )
    rows = [
        [
            *("Timestamp", "Which rooms?", "Alone or with others?", "Gas or electric?"),
            *("How often do you cook?", "Where do you find recipes?", "What would help most?"),
            "Is your stove good enough for you?",
            *(f"Which tools matter to you? [{each}]" for each in tools),
            *("How many plates?", "If you cater, how? ", "Preferred shop?"),
            "What else do you often cook with?",
            *("How easy is it for you to clean up", "Do you cook for a larger group?"),
        ]
    ]
    for at, moment in enumerate(islice(_moments(chance), 259)):
        empty = at == 101
        answers = [
            _several(chance, ("Kitchen", "Cellar", "Garden"), ";"),
            chance.choice(("Alone:  I like it quiet", "With others:  we share the work")),
            _several(chance, ("Gas", "Electric", "Open fire"), ";"),
            _some(chance, ("Every day", "Occasionally", "On Sundays"), 0.1),
            _several(chance, ("Books", "Friends", "The radio"), ";"),
            _some(chance, ("More time", "More hands")),
            _some(chance, ("Yes", "No"), 0.15),
            *(_some(chance, _USES, 0.1) for _ in tools),
            _some(chance, ("2.0", "4.0"), 0.1),
            _several(chance, ("By bicycle", "By van (small, borrowed)"), ";"),
            _some(chance, ("Market hall (Tuesdays)", "Corner shop")),
            _said(chance),
            _some(chance, ("1.0", "2.0", "3.0", "4.0", "5.0"), 0.1),
            _some(chance, ("Mostly for two", "For a team")),
        ]
        blank = [""] * len(answers)
        rows.append([moment.strftime("%Y-%m-%d %H:%M:%S"), *(blank if empty else answers)])
    return rows


def _teachers() -> Rows:
    """US dates without zeros in front, and a column without a name."""
    chance = random.Random("teachers")
    rows = [
        [
            *("Timestamp", "", "1. Satisfaction: How do you feel about the school as a whole?"),
            "2. Contact: Did the office reach out to hear about your needs?",
            "3. Were there wishes that you made?",
            "4. Efficiency: Did the office answer quickly?",
            "5. Were you happy with the open day?",
            "6. How can we help you?",
            "7. Anything else that you wish to say?",
        ]
    ]
    help_ = ("Rooms (quiet ones)", "Chalk", "Copies, in colour", "Excursions")
    nothing = ("no", "N/A", ".", "None")
    for moment in islice(_moments(chance), 56):
        date = f"{moment.month}/{moment.day}/{moment.year} {moment.hour}:{moment:%M:%S}"
        rows.append(
            [
                *(date, "", str(chance.randint(1, 5)), chance.choice(("Yes", "No"))),
                *(chance.choice(("Yes", "No")), str(chance.randint(1, 5))),
                chance.choice(("Came and liked it", "Didn’t come but heard it was good")),
                _several(chance, help_, ", "),
                chance.choice(nothing) if chance.random() < 0.3 else _said(chance, 0.2),
            ]
        )
    return rows


# Qualtrics: of today, with three header rows; the old one, with V1, V2; and the one between.

_QUALTRICS = {
    "StartDate": ("Anfangsdatum", "startDate"),
    "EndDate": ("Enddatum", "endDate"),
    "Status": ("Antworttyp", "status"),
    "IPAddress": ("IP-Adresse", "ipAddress"),
    "Progress": ("Aktueller Stand", "progress"),
    "Duration (in seconds)": ("Dauer (in Sekunden)", "duration"),
    "Finished": ("Beendet", "finished"),
    "RecordedDate": ("Erfassungsdatum", "recordedDate"),
    "ResponseId": ("Antwort-ID", "_recordId"),
    "RecipientLastName": ("Nachname des Empfängers", "recipientLastName"),
    "RecipientFirstName": ("Vorname des Empfängers", "recipientFirstName"),
    "RecipientEmail": ("E-Mail des Empfängers", "recipientEmail"),
    "ExternalReference": ("Externe Datenreferenz", "externalDataReference"),
    "LocationLatitude": ("Breitengrad des Standorts", "locationLatitude"),
    "LocationLongitude": ("Längengrad des Standorts", "locationLongitude"),
    "DistributionChannel": ("Verteilungskanal", "distributionChannel"),
    "UserLanguage": ("Benutzersprache", "userLanguage"),
    "Q1": ("Womit sind Sie gekommen?", "QID1"),
    "Q2": ("Was möchten Sie uns sagen?", "QID2_TEXT"),
    "Q2 - Topics": ("Q2 - Topics", "QID2_TEXT_0b7c1d5e"),
}


def _german() -> Rows:
    moment = _BEGIN.strftime("%Y-%m-%d %H:%M:%S")
    rows = [
        list(_QUALTRICS),
        [shown for shown, _ in _QUALTRICS.values()],
        [f'{{"ImportId":"{each}"}}' for _, each in _QUALTRICS.values()],
    ]
    for at, (status, finished) in enumerate((("0", "1"), ("0", "0"), ("1", "1"), ("0", "1"))):
        said = ("Grüße aus Köln!", "", "Probe", "Zu wenig Stühle")[at]
        rows.append(
            [
                *(moment, moment, status, "198.51.100.4", "100", "41", finished, moment),
                *(f"R_1fJx0aQb{at}TkLm7", "", "", "", "", "50.9375", "6.9603", "anonymous", "DE"),
                *(str(1 + at % 2), said, ""),
            ]
        )
    return rows


def _legacy() -> Rows:
    begin, end = "2017-05-02 09:14:11", "2017-05-02 09:15:03"
    rows = [
        [*(f"V{number}" for number in range(1, 11)), "Q1", "Q2", *_PLACE, ""],
        [
            *("ResponseID", "ResponseSet", "Name", "ExternalDataReference", "EmailAddress"),
            *("IPAddress", "Status", "StartDate", "EndDate", "Finished"),
            *("How did you come?", "What would you tell us?", *_PLACE, ""),
        ],
    ]
    for at, (status, finished) in enumerate((("0", "1"), ("2", "1"), ("0", "0"), ("0", "1"))):
        rows.append(
            [
                *(f"R_7bQm2cVd{at}PzRs4", "Standard-Antwortsatz", "Anonym", "", "", "198.51.100.4"),
                *(status, begin, end, finished, str(1 + at % 2), _TEXTS[at]),
                *("50.9375", "6.9603", "-1", ""),
            ]
        )
    return rows


_PLACE = ("LocationLatitude", "LocationLongitude", "LocationAccuracy")


def _tests_only() -> Rows:
    """Names as a person gave them, matrices, ranks and loops; nothing but trials of the survey."""
    own = (
        *("ResponseID", "ResponseSet", "IPAddress", "StartDate", "EndDate", "RecipientLastName"),
        *("RecipientFirstName", "RecipientEmail", "ExternalDataReference", "Finished", "Status"),
    )
    asked = [f"q1_visit_q1_visit_{a}_{b}" for a in (1, 2, 3) for b in (1, 2, 3)]
    asked += ["q2_favorite", *(f"q3_tools_{a}" for a in range(1, 5))]
    asked += [*(f"q4_rank_{a}" for a in (1, 2, 3))]
    asked += [f"q6_doubts#{a}_{b}" for a in (1, 2) for b in (1, 2, 3)]
    asked += ["q5_position", "Q8_1", "Q8_2", "Q8_3", "Q9_1_1", "Q9_2_1", "Q9_3_1"]
    asked += [f"Q10#{a}_{b}{'_-1' if a == 2 else ''}" for a in (1, 2) for b in (1, 2, 3)]
    asked += [f"Q12#{a}_{b}_{0 if a == 1 else -1}" for a in (1, 2) for b in (1, 2, 3)]
    asked += [f"Q13_{a}_-1" for a in (1, 2, 3)]
    texts = [
        "Please briefly state your position on sheds."
        if each == "q5_position"
        else f"Please tell us about your shed ({each})"
        for each in asked
    ]
    header = [*own, *asked, *_PLACE]
    imports = [f"{{'ImportId': 'QID{number}-1'}}" for number in range(len(header))]
    rows = [header, [*own, *texts, *_PLACE], imports]
    chance = random.Random("sheds")
    for at, moment in enumerate(islice(_moments(chance), 10)):
        date = moment.strftime("%Y-%m-%d %H:%M:%S")
        answers = [_some(chance, ("1", "2")) for _ in asked]
        answers[asked.index("q5_position")] = _said(chance)
        rows.append(
            [
                *(f"R_4kHn8sWt{at}GbYc1", "Default Response Set", "", date, date, "", "", "", ""),
                *("1", "2", *answers, "50.9375", "6.9603", "-1"),
            ]
        )
    return rows


# Alchemer: every question's text behind its part, and whoever broke off.

_THREE = {
    "Tool / Machine": "What do you use most?",
    "Need": "What does the workshop meet?",
    "Need ": "What does it not meet?",
    "Aspect": "What makes it pleasant?",
    "Aspect ": "What makes it unpleasant?",
    "Feature / Change": "What should be new?",
    "Enhancement": "What would have helped at first?",
}


def _workshop() -> Rows:
    chance = random.Random("workshop")
    threes = {
        name: [f"{name.strip()} #{number}:{asked}" for number in (1, 2, 3)]
        for name, asked in _THREE.items()
    }
    rows = [
        [
            *("Time Started", "Date Submitted", "Status", "How often do you use the workshop?"),
            "What, if anything, keeps you from coming more often?",
            "Roughly how long have you been a member?",
            *threes["Tool / Machine"],
            "How do you get here?",
            "Other - Write In:How do you get here?",
            *(cell for name in list(_THREE)[1:] for cell in threes[name]),
            "Select all the words that best describe the workshop.",
            "Other word(s)::Select all the words that best describe the workshop.",
            *("What do you make?", "How many years have you made it?\xa0"),
            *(f"Trade #{number}:What trades do you know?" for number in (1, 2, 3)),
            "How many people typically see what you make?",
        ]
    ]
    for moment in islice(_moments(chance), 300):
        ended = moment + timedelta(seconds=chance.randint(4, 2_000))
        dates = [each.strftime("%Y-%m-%d %H:%M:%S") for each in (moment, ended)]
        if chance.random() < 0.5:
            rows.append([*dates, "Partial", *[""] * (len(rows[0]) - 3)])
            continue
        rows.append(
            [
                *(*dates, "Complete", chance.choice(("Daily", "Weekly", "Monthly"))),
                *(_said(chance), chance.choice(("Less than one year", "Two years"))),
                *(_some(chance, ("lathe", "vice (large)", "saw, band or table")) for _ in range(3)),
                *(chance.choice(("On foot", "By train")), ""),
                *(_said(chance, 0.6) for _ in range(18)),
                *(_several(chance, ("warm", "loud", "useful"), ";"), ""),
                *(_some(chance, ("chairs", "boats")), _some(chance, ("1 year", "10"))),
                *(_some(chance, ("joinery", "smithing")) for _ in range(3)),
                chance.choice(("Tens", "None", "Hundreds")),
            ]
        )
    return rows


# The export of a shop's own: semicolons, cp1252, decimal commas, and comments of many years and code pages.

_FRENCH = (
    "Très bon accueil, et de bons conseils",
    "J'ai attendu longtemps à la caisse; une seule était ouverte",
    'Le rayon "outils" est bien rangé, merci !',
    "Trop cher par rapport à l'an dernier",
    "Choix de fleurs magnifique, personnel aimable…",
    "Une remise de 5€ m'a été refusée",
    "Un peu loin du parking",
    "rien à signaler",
    "La plante était abŒmée, sans ˆtre remplacée",  # î and ê of a DOS code page, read as Windows' own
    "-",
)


def _shop() -> Rows:
    chance = random.Random("shop")
    rows = [
        ["row", "id", "nps", "satisfaction", "intention", "explication", "NbVisites", "Ticket", "t"]
    ]
    person = 2_000
    for number in range(1, SHOPPERS + 1):
        person += chance.randint(1, 90)
        score = min(10, max(0, round(chance.gauss(8.2, 2))))
        scores = [str(min(10, max(0, score + chance.randint(-1, 1)))) for _ in range(2)]
        ticket = (
            f"{chance.randint(100, 29_999) / 100:.2f}".rstrip("0").rstrip(".").replace(".", ",")
        )
        rows.append(
            [
                *(
                    str(number),
                    str(person),
                    "NA" if chance.random() < 0.03 else str(score),
                    *scores,
                ),
                "NA" if chance.random() < 0.6 else chance.choice(_FRENCH),
                *(str(chance.randint(1, 40)), ticket, chance.choice(("10", "11"))),
            ]
        )
    return rows


def _workbook(path: Path) -> None:
    """The same rows as a workbook: numbers as numbers, nothing for NA."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Answers")
    header, *rows = _shop()
    sheet.append(header)
    for row in rows:
        sheet.append([None if cell == "NA" else _number(cell) for cell in row])
    book.save(path)


def _number(cell: str) -> float | str:
    try:
        return int(cell) if cell.isdigit() else float(cell.replace(",", "."))
    except ValueError:
        return cell
