"""The files that people really have: what plan would send of them, in every language, tool and container.

Each kind has the one that was met, its siblings, and the honest case that looks like it. A text stands for
the cell that is tried; what is wanted is what goes out for it, or the code of its problem. 1904, zeros in
front and merged cells are in test_epochs_and_merges, sheets that are hidden in tests/sources/test_layout.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
import xlwt

from importer import Secret, Settings, SourceOptions, init, inspect, plan
from importer.errors import SourceError
from tests.discovery.drafts import filled_in
from tests.sources.workbooks import by_hand, ods, ods_row

SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"
COMMENT = "8a2f1c40-95a7-11ed-8974-9b5d06700b8d"
HEADER = ["who", "score", "comment"]
CONTAINERS = ["csv", "tsv in UTF-16", "xlsx", "xls", "ods"]
Rows = Sequence[Sequence[object]]


def mapping(score: str = "type: nps", person: str = "userId: who", more: str = "") -> str:
    return (
        f"campaign: 5d2f6c1e9b0a4c0017a3e1b2\n{person}\n{more}answers:\n"
        f"  - {{id: {SCORE}, column: score, {score}, optional: true}}\n"
        f"  - {{id: {COMMENT}, column: comment, type: text, optional: true}}\n"
    )


PLAIN = mapping()


@dataclass
class Told:
    """`sent`: the bodies in file order; `codes`: how many rows have a problem of each code."""

    sent: list[dict[str, Any]]
    codes: dict[str, int]
    warnings: str
    read: int = 0
    drafted: str = ""
    scores: list[Any] = field(default_factory=list)

    @property
    def people(self) -> list[str]:
        return [each.get("userId") or each["anonymousId"] for each in self.sent]

    def answers(self, question: str = COMMENT) -> list[Any]:
        given = ({one["id"]: one["value"] for one in each["answers"]} for each in self.sent)
        return [each.get(question) for each in given]

    @property
    def first(self) -> list[Any]:
        """The first answer of each body."""
        return [each["answers"][0]["value"] for each in self.sent]

    @property
    def dates(self) -> list[str]:
        return [each["traits"]["respondedAt"].removesuffix(":00.000Z") for each in self.sent]


def planned(path: Path, text: str | None = None) -> Told:
    """What plan says of the file, with this mapping, or with the one that init writes."""
    drafted = filled_in(init(path).text) if text is None else text
    (path.parent / "m.yaml").write_text(drafted, encoding="utf-8")
    settings = Settings(
        file=str(path),
        mapping=str(path.parent / "m.yaml"),
        state=path.parent / "state",
        out=path.parent / "out",
        write_key=Secret("a write key"),
        hash_key=Secret("the same in every test"),
        payloads=path.parent / "bodies.jsonl",
    )
    found, summary = plan(settings)
    bodies = (path.parent / "bodies.jsonl").read_bytes().splitlines()
    codes: dict[str, int] = {}
    for cause in summary.causes:
        codes[cause.code] = codes.get(cause.code, 0) + cause.count
    rows = summary.rows
    assert rows["read"] == sum(count for name, count in rows.items() if name != "read")
    sent = [orjson.loads(each) for each in bodies]
    return Told(sent, codes, " ".join(found.warnings), rows["read"], drafted)


def made(folder: Path, rows: Rows, container: str = "csv") -> Path:
    """The table, in one of the containers."""
    path = folder / f"answers.{container[:4].strip()}"
    if container == "xlsx":
        book = openpyxl.Workbook()
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row, 1):
                if cell != "":
                    one = book.worksheets[0].cell(at, column, str(cell))
                    one.data_type = "s"  # no formula, no error
        book.save(path)
    elif container == "xls":
        old = xlwt.Workbook(encoding="utf-8")
        sheet = old.add_sheet("Answers")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(at, column, str(cell))
        old.save(str(path))
    elif container == "ods":
        escaped = (
            [str(cell).replace("&", "&amp;").replace("<", "&lt;") for cell in r] for r in rows
        )
        ods(path, "".join(ods_row(*row) for row in escaped))
    else:
        text = io.StringIO(newline="")
        csv.writer(text, delimiter="\t" if container[0] == "t" else ",").writerows(rows)
        path.write_text(text.getvalue(), "utf-16" if "16" in container else "utf-8", newline="")
    return path


def raw(folder: Path, content: str | bytes, name: str = "answers.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


NOBODY = {
    "dummy_id": """[object Object]|\\N|<NA>|(not set)|not_authenticated|{{user_id}}|${uid}|k.A.|brak danych
        |bilinmiyor|ไม่ระบุ|غير معروف|לא ידוע|不明|없음|(leer)|(空白)|-99|none@none.com|WAHR|N/A|undefined""",
    "damaged_id": """#NV|#BEZUG!|#N/D|#ДЕЛ/0!|#ADI?|#¡VALOR!|#VÆRDI!|########|1.09E+10|1,2E+11|4711.0|4711,00
        |'00120|12,120|1'234'567|1,23,456|12.345,0|="00123"|=“00123”""",
    "bad_id": "mailto:ann@x.org|<bob@x.org>|carl@x.org,|dan@x..org|e\u200bve@x.org|\u202afay@x.org\u202c",
    "several_addresses": "ann@x.org;bob@x.org|gil@x.org, hal@x.org",
}
SOMEBODY = """007|1.10|12E4|1e5|0x1F|+4915112345|#1042|Vero|Tom|Total|x@x.org|N/A-17|None Smith|Gäste-7
    |匿名太郎|12.120|@handle|o'hara@x.org|=1""".replace("\n    ", "").split("|")


@pytest.mark.parametrize("container", CONTAINERS)
def test_ids(tmp_path: Path, container: str) -> None:
    table: list[Sequence[object]] = [HEADER]
    wanted: dict[str, int] = {}
    for code, texts in NOBODY.items():
        bad = [each.strip(" \n") for each in texts.split("|")]
        if container not in {"csv", "tsv in UTF-16"}:
            bad = [each for each in bad if not each.startswith('="')]
        elif '="00123"' in bad:  # as text it is Excel's own way to keep zeros, and read
            bad.remove('="00123"')
        wanted[code] = len(bad)
        table += [[each, 3, f"{code} {each}"] for each in bad]
    table += [[each, 9, f"by {each}"] for each in SOMEBODY]
    found = planned(made(tmp_path, table, container), PLAIN)
    assert found.people == SOMEBODY
    assert found.codes == wanted
    assert found.read == len(table) - 1


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_key_that_is_none_swallows_nobody(tmp_path: Path, container: str) -> None:
    keys = [
        "1.09E+10",
        "#REF!",
        "########",
        "N/A",
        "-",
        "0",
        "\\N",
        "NULL",
        "#Н/Д",
        "sin datos",
        "不明",
    ]
    rows = [[f"p{n}@x.org", n % 10, f"says {n}", keys[n // 2]] for n in range(2 * len(keys))]
    path = made(tmp_path, [[*HEADER, "key"], *rows, ["q@x.org", 9, "fine", "k-1"]], container)
    found = planned(path, mapping(more="key: key\n"))
    assert (found.people, found.codes) == (["q@x.org"], {"bad_key": len(rows)})


def test_equal_keys_of_different_people_are_a_problem(tmp_path: Path) -> None:
    rows = [["a@x.org", 9, "one", "7"], ["b@x.org", 3, "two", "7"], ["c@x.org", 5, "three", "8"]]
    found = planned(made(tmp_path, [[*HEADER, "key"], *rows]), mapping(more="key: key\n"))
    assert "c@x.org" in found.people
    assert sum(found.codes.values()) + len(found.people) == 3
    assert not any("duplicate" in code for code in found.codes)


SCORES: dict[str, dict[str, int]] = {
    "type: nps": {"9": 9, "9.0": 9, "09": 9, " 10 ": 10, "9\u00a0": 9, "0": 0},
    "type: nps, parse: leading_int": {
        "10 – Extremely likely": 10,
        "9/10": 9,
        "9 von 10": 9,
        "7点": 7,
        "0=never": 0,
        "1. Sehr gut": 1,
        "10 - 100% sure": 10,
        "4 a menudo": 4,
        "3-Marginal": 3,
    },
    "type: nps, parse: only_int": {
        "Score: 9 (promoter)": 9,
        "Niveau10": 10,
        "<b>8</b>": 8,
        "9분": 9,
    },
}
NO_SCORES = """-9|9.5|0,9|8.9999999999|3-Mar|10-сен|3-Oca|10月9日|Oct-09|9-10|9 bis 10|9 и 10|9到10|9から10
    |9;10|9½|½|1O|>9|neun|11|5 000|9:30|٩½|12 345""".replace("\n    ", "").split("|")


@pytest.mark.parametrize("how", SCORES)
@pytest.mark.parametrize("container", ["csv", "xlsx", "xls"])
def test_scores(tmp_path: Path, how: str, container: str) -> None:
    good = SCORES[how]
    rows = [[f"u{n}", text, "x"] for n, text in enumerate([*good, *NO_SCORES])]
    found = planned(made(tmp_path, [HEADER, *rows], container), mapping(how))
    assert dict(zip(good, found.answers(SCORE), strict=True)) == good
    assert set(found.codes) <= {"bad_number", "not_whole", "out_of_range"}
    assert sum(found.codes.values()) == len(NO_SCORES)


def test_addresses(tmp_path: Path) -> None:
    same = ["mailto:ann@x.org", "<ann@x.org>", "Ann Lee <ann@x.org>", "ann@x.org;", "ann@x.org,"]
    same += [
        "a\u200bnn@x.org",
        "\u202aann@x.org\u202c",
        '"ann@x.org"',
        "ANN@X.ORG ",
        "\ufeffann@x.org",
    ]
    none = ["ann@x..org", "ann@x", "ann at x.org", "ann@x.org;bob@x.org", "@x.org", "ann@x.org bob"]
    rows = [[f"u{n}", 9, "x", text] for n, text in enumerate([*same, *none])]
    text = mapping(more="traits: {email: {column: mail, type: email, lower: true}}\n")
    found = planned(made(tmp_path, [[*HEADER, "mail"], *rows]), text)
    assert {each["traits"]["email"] for each in found.sent} == {"ann@x.org"}
    assert (len(found.sent), sum(found.codes.values())) == (len(same), len(none))


def surveyed(label: str, cells: Sequence[str], question: str = "NPS") -> Rows:
    """A survey whose dates are these."""
    rows = [[f"u-{n}", each, 9 - n % 3, f"remark {n} of mine"] for n, each in enumerate(cells)]
    return [["user_id", label, question, "Comment"], *rows]


HALVES = {
    "Google Forms, Spanish": ("13/01/2024 4:01:00 p. m.", "14/01/2024 12:30:00 a. m."),
    "Sheets, Korean": ("2024. 1. 13 오후 4:01:00", "2024. 1. 14 오전 12:30:00"),
    "Taiwan": ("2024年1月13日 下午04時01分", "2024年1月14日 上午12時30分"),
    "Japan": ("2024/01/13 午後4:01", "2024/01/14 午前0:30"),
    "Excel, Greek": ("13/1/2024 4:01 μ.μ.", "14/1/2024 12:30 π.μ."),
    "Arabic": ("13/01/2024 4:01:00 م", "14/01/2024 12:30:00 ص"),
    "Hungarian": ("2024. 01. 13. du. 4:01", "2024. 01. 14. de. 12:30"),
    "Turkish": ("13.01.2024 ÖS 4:01", "14.01.2024 ÖÖ 12:30"),
    "Vietnamese": ("13/01/2024 4:01 CH", "14/01/2024 12:30 SA"),
    "Hebrew": ("13.1.2024 4:01 אחה״צ", "14.1.2024 12:30 לפנה״צ"),
    "narrow space": ("1/13/2024, 4:01\u202fPM", "1/14/2024, 12:30\u202fAM"),
    "one letter": ("2024-01-13 4:01p", "2024-01-14 12:30a"),
    "24 hours": ("13.01.2024 16.01", "14.01.2024 0.30"),
}


@pytest.mark.parametrize("name", HALVES)
def test_morning_and_afternoon(tmp_path: Path, name: str) -> None:
    found = planned(made(tmp_path, surveyed("Submitted at", HALVES[name])))
    assert found.dates == ["2024-01-13T16:01", "2024-01-14T00:30"]


ZONES = {
    "Forms, two offsets": ("Timestamp", "2024/06/25 11:34 AM GMT+2", "2024/11/27 10:34 AM GMT+1"),
    "slashes": ("When", "2024/06/25 18:34 +0900", "2024/11/27 18:34 +0900"),
    "minutes": ("When", "25.06.2024 11:34 +02:00", "27.11.2024 11:34 +02:00"),
    "brackets": ("When", "Jun 25, 2024 4:34 AM (UTC-05:00)", "Nov 27, 2024 4:34 AM (UTC-05:00)"),
    "glued": ("When", "2024-06-25 05:34GMT-04:00", "2024-11-27 05:34GMT-04:00"),
    "EST in June": ("When", "2024-06-25 04:34 EST", "2024-11-27 04:34 EST"),
    "mail": ("When", "Tue, 25 Jun 2024 11:34:00 +0200", "Wed, 27 Nov 2024 10:34:00 +0100"),
    "header, offset": ("Submitted at (GMT+2)", "2024-06-25 11:34", "2024-11-27 11:34"),
    "header, words": ("Submitted (Pacific Time)", "2024-06-25 02:34", "2024-11-27 01:34"),
    "header, place": ("Submitted (Asia/Kolkata)", "2024-06-25 15:04", "2024-11-27 15:04"),
    "epoch": ("Submitted at", "1719308040", "1732700040"),
}


@pytest.mark.parametrize("name", ZONES)
def test_zones(tmp_path: Path, name: str) -> None:
    label, *cells = ZONES[name]
    found = planned(made(tmp_path, surveyed(label, cells)))
    hour = [each.split("T") for each in found.dates]
    assert [day for day, _ in hour] == ["2024-06-25", "2024-11-27"]
    assert {time for _, time in hour} <= {"09:34"}


@pytest.mark.parametrize(
    "cell", ["15/03/2567", "15/03/0024", "31/02/2024", "31/12/2024 24:00", "15/3/31"]
)
def test_no_date_of_this_world_goes_out(tmp_path: Path, cell: str) -> None:
    more = 'traits: {when: {column: when, type: date, format: "%d/%m/%Y", timezone: UTC}}\n'
    rows = [["u1", 9, "x", cell], ["u2", 8, "y", "15/03/2024"]]
    found = planned(made(tmp_path, [[*HEADER, "when"], *rows]), mapping(more=more))
    assert (found.people, found.codes) == (["u2"], {"bad_date": 1})


DIRECTIONS = {
    "How satisfied are you?": "1 - Very satisfied|2 - Satisfied|3|4 - Dissatisfied|5 - Very dissatisfied",
    "Wie zufrieden sind Sie?": "1 (sehr gut)|2 (gut)|3 (befriedigend)|4 (ausreichend)|5 (mangelhaft)",
    "Hoe tevreden bent u?": "1 - Zeer tevreden|2 - Tevreden|3|4 - Ontevreden|5 - Zeer ontevreden",
    "Hur nöjd är du?": "1 - Mycket nöjd|2 - Nöjd|3|4 - Missnöjd|5 - Mycket missnöjd",
    "How satisfied are you? (1 = very satisfied; 5 = very dissatisfied)": "1|2|3|4|5",
    "Qual a sua satisfação? (1 = muito satisfeito, 5 = muito insatisfeito)": "1|2|3|4|5",
    "Rate us, where 1 is best and 5 is worst": "1|2|3|4|5",
}


@pytest.mark.parametrize("question", DIRECTIONS)
def test_the_best_is_5_whatever_its_number(tmp_path: Path, question: str) -> None:
    cells = DIRECTIONS[question].split("|") * 3
    rows = [[f"u-{n}", each, f"remark {n} of mine"] for n, each in enumerate(cells)]
    found = planned(made(tmp_path, [["user_id", question, "Why?"], *rows]))
    assert found.first == [5, 4, 3, 2, 1] * 3


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("How satisfied are you? 1 = very dissatisfied, 5 = very satisfied", "1|2|3|4|5"),
        ("How satisfied are you?", "1 - Terrible|2 - Bad|3 - OK|4 - Great|5 - Amazing"),
        ("Rating", "★☆☆☆☆|★★☆☆☆|★★★☆☆|★★★★☆|★★★★★"),
        ("Hoe tevreden bent u?", "Zeer ontevreden|Ontevreden|Neutraal|Tevreden|Zeer tevreden"),
    ],
)
def test_a_scale_the_usual_way_round(tmp_path: Path, question: str, cells: str) -> None:
    rows = [[f"u-{n}", each, f"remark {n}"] for n, each in enumerate(cells.split("|") * 3)]
    assert (
        planned(made(tmp_path, [["user_id", question, "Why?"], *rows])).first == [1, 2, 3, 4, 5] * 3
    )


TOTALS = "Total|Gesamtergebnis|Moyenne|Promedio|Razem|Celkový součet|Toplam|Итого|Σύνολο|المجموع|合計|총계"


@pytest.mark.parametrize("container", CONTAINERS)
def test_rows_that_are_nobodys(tmp_path: Path, container: str) -> None:
    """Totals below, a header that comes again; but somebody called Total, with an answer, is a person."""
    people: Rows = [["u1", 9, "good"], ["Total", 8, "fine by me"], HEADER, ["u2", 7, "so so"]]
    found = planned(made(tmp_path, [HEADER, *people, ["Average", 8, ""]], container), PLAIN)
    assert found.people == ["u1", "Total", "u2"]
    assert found.codes == {"repeated_header": 1, "totals_row": 1}


@pytest.mark.parametrize("word", TOTALS.split("|"))
def test_totals_in_the_languages_of_excel(tmp_path: Path, word: str) -> None:
    found = planned(raw(tmp_path, f"who,score,comment\nu1,9,a\nu2,7,b\n{word},8,\n"), PLAIN)
    assert (found.people, found.codes) == (["u1", "u2"], {"totals_row": 1})


HEAD = "who,score,comment\n"
TEXTS: dict[str, tuple[str, list[Any] | set[str]]] = {
    "stray": (HEAD + 'u1,9,"He said "great" to me"\n', {"stray_quote"}),
    "text behind": (HEAD + 'u1,9,"bad"x\n', {"stray_quote"}),
    "backslash": (
        HEAD + 'u1,9,"15\\" screen, broken"\nu2,8,"a \\"b\\" c"\n',
        ['15" screen, broken', 'a "b" c'],
    ),
    "blank before": (
        'who, score, comment\nu1, 9, "fine, thanks"\nu2, 8, "ok"\n',
        ["fine, thanks", "ok"],
    ),
    "doubled": (HEAD + 'u1,9,"He said ""great"""\n', ['He said "great"']),
    "inches": (HEAD + 'u1,9,a 15" screen\n', ['a 15" screen']),
    "sep=": ("sep=;\nwho;score;comment\nu1;9;a, b\n", ["a, b"]),
    "ends of lines": ("who,score,comment\r\nu1,9,a\nu2,8,b\ru3,7,c\r\n", ["a", "b", "c"]),
    "joined files": ("\ufeff" + HEAD + "u1,9,a\n\ufeff" + HEAD + "u2,8,b\n", ["a", "b"]),
    "delimiter at the end": ("who,score,comment,\nu1,9,a,\nu2,8,b,\n", ["a", "b"]),
    "blank rows": ("\n" + HEAD + "\nu1,9,a\n,,\n  \nu2,8,b\n\n", ["a", "b"]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts(tmp_path: Path, name: str) -> None:
    text, wanted = TEXTS[name]
    found = planned(raw(tmp_path, text), PLAIN)
    if isinstance(wanted, set):
        assert (found.sent, set(found.codes)) == ([], wanted)
    else:
        assert found.answers() == wanted
        assert all(each[:1] == "u" for each in found.people)


ENCODED = {
    "cp1252": "I don’t mind – thanks, 5 € or £5",
    "cp1255": "המשלוח הגיע באיחור, לא נוח",
    "cp1251": "Доставка опоздала, но всё хорошо",
    "cp1253": "Η παράδοση άργησε πολύ",
    "mac_roman": "L’été dernier, c’était très réussi",
    "utf-16-le": "Zażółć gęślą jaźń",
    "utf-16-be": "とても良かったです",
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_guess_is_right_and_told(tmp_path: Path, encoding: str) -> None:
    rows = "".join(f'u{n},9,"{ENCODED[encoding]}"\n' for n in range(4))
    found = planned(raw(tmp_path, (HEAD + rows).encode(encoding)), PLAIN)
    assert found.answers() == [ENCODED[encoding]] * 4
    assert f"guess, {encoding}" in found.warnings
    assert "it reads ." not in found.warnings


def test_one_emoji_of_oracle_spoils_no_file(tmp_path: Path) -> None:
    pair = b"\xed\xa0\xbd\xed\xb8\x80"
    content = (HEAD + "u1,9,très bien ").encode() + pair + "\nu2,8,déjà vu\n".encode()
    assert planned(raw(tmp_path, content), PLAIN).answers() == ["très bien 😀", "déjà vu"]


HEADS = {
    "Email,Score,Comment,\na@x.org,9,,Yes\nb@x.org,3,bad,Yes\nc@x.org,7,fine,No\n": 3,
    "Horodateur,,Satisfaction,Commentaire\n18/09/2017 18:00,Oui,4,\n19/09/2017 9:05,Non,5,bon\n": 2,
    "user_id,NPS,CSAT,Comment\nu1,N/A,N/A,too early\nu2,9,4,good\nu3,3,2,bad\n": 3,
    "Kundennummer,NPS,Kommentar\nK-1,k.A.,noch zu früh\nK-2,9,gut\nK-3,3,schlecht\n": 3,
    "Respondent ID,Collector ID,End Date,NPS\n,,,Response\n1,9,2024-01-02,9\n2,9,2024-01-03,3\n": 2,
}
"""A first response that looks like a part of the header; and how many rows there are."""


@pytest.mark.parametrize(("text", "rows"), HEADS.items())
def test_no_response_is_taken_for_a_header(tmp_path: Path, text: str, rows: int) -> None:
    found = planned(raw(tmp_path, text))
    assert (found.read, len(found.sent)) == (rows, rows)


def test_the_sheet_of_answers(tmp_path: Path) -> None:
    """Numbers writes a summary first."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Export Summary"
    for line in ("Written by a program", "Sheet", "Table 1"):
        book.worksheets[0].append([line, line])
    answers = book.create_sheet("Table 1")
    for row in surveyed("Submitted at", ["2024-03-05", "2024-03-06"]):
        answers.append(list(row))
    book.save(tmp_path / "answers.xlsx")
    found = planned(tmp_path / "answers.xlsx")
    assert found.people == ["u-0", "u-1"]
    assert "Table 1" in found.drafted


NOT_TABLES = {
    "a.xls": b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html><table>",
    "b.xls": b"<!-- made by a shop --><html><table><tr><td>who</td></tr></table></html>",
    "c.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12\n",
    "d.csv": b'ID;PWXL;N;E\nC;Y1;X1;K"who"\nE\n',
    "e.csv": b"%PDF-1.7\n1 0 obj\n",
    "f.xlsx": b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
}


@pytest.mark.parametrize("name", NOT_TABLES)
def test_what_is_no_table_is_told_as_what_it_is(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"not a table|isn't a table|no table"):
        inspect(raw(tmp_path, NOT_TABLES[name], name), SourceOptions())


def test_a_column_with_one_value_is_no_scale(tmp_path: Path) -> None:
    ticks = ["Level (e.g. HDF5)", "", "Level (e.g. HDF5)", ""]
    rows = [[f"u-{n}", each, f"remark {n}"] for n, each in enumerate(ticks)]
    drafted = init(made(tmp_path, [["user_id", "Formats: Level (e.g. HDF5)", "Why?"], *rows])).text
    assert "type: csat" not in drafted


def test_a_damaged_response_id_makes_nobody_one_with_another(tmp_path: Path) -> None:
    ids = ["1.14E+11", "1.14E+11", "114069855029", "114069855030"]
    rows = [[n, "42", f"7/{20 + at}/2022 15:39", 9 - at] for at, n in enumerate(ids)]
    head = ["Respondent ID", "Collector ID", "End Date", "How satisfied are you?"]
    found = planned(made(tmp_path, [head, ["", "", "", "Response"], *rows]))
    assert len({*found.people}) == len(found.sent)
    assert len(found.sent) + sum(found.codes.values()) == 4


def test_numbers_keep_the_digits_of_the_sheet(tmp_path: Path) -> None:
    """Seventeen digits, in cells without addresses and with an empty style: three people, three responses."""
    cells = "".join(f'<c t="inlineStr" s=""><is><t>{each}</t></is></c>' for each in HEADER)
    ids = [12345678901234567 + at for at in range(3)]
    rows = "".join(f'<row><c><v>{each}</v></c><c s=""><v>9</v></c></row>' for each in ids)
    path = Path(by_hand(tmp_path / "answers.xlsx", f"<row>{cells}</row>{rows}"))
    assert planned(path, PLAIN).people == list(map(str, ids))
    keyed = planned(path, mapping(person='anonymousId: {template: "p:{who}"}', more="key: who\n"))
    assert len({*keyed.people}) == 3


@pytest.mark.parametrize("words", ["Gelöscht", "Supprimé", "Đã xóa", "삭제됨", "が無効"])
def test_an_accent_of_its_own_is_the_same_letter(tmp_path: Path, words: str) -> None:
    """Files from a Mac store it so: rows are left out, columns found and labels mapped all the same."""
    apart = unicodedata.normalize("NFD", words)
    assert apart != words
    rows = [["u1", apart, "keep"], ["u2", "9", apart], ["u3", f" {apart.upper()} ", "keep"]]
    more = f"source: {{skip_if: [{{column: {words} 2, in: [{words}]}}]}}\n"
    path = made(tmp_path, [["who", "score", f"{apart} 2"], *rows])
    text = mapping(f"type: nps, values: {{{words}: 7, '*': keep}}", more=more)
    found = planned(path, text.replace("column: comment", f"column: {words} 2"))
    assert (found.people, found.answers(SCORE)) == (["u1", "u3"], [7, 7])
    assert found.answers() == ["keep", "keep"]


@pytest.mark.parametrize("container", ["xlsx", "xls"])
def test_digits_that_a_double_has_lost_make_nobody_one_with_another(
    tmp_path: Path, container: str
) -> None:
    """Programs write numbers of a workbook as doubles: of three people two would be one."""
    ids = [1234567890123456789 + at for at in range(3)]
    path = tmp_path / f"answers.{container}"
    if container == "xls":
        old = xlwt.Workbook()
        sheet = old.add_sheet("Answers")
        for at, whom in enumerate(["who", *map(float, ids), 42.0]):
            sheet.write(at, 0, whom)
            sheet.write(at, 1, 9 if at else "score")
        old.save(str(path))
    else:
        book = openpyxl.Workbook()
        book.worksheets[0].append(HEADER[:2])
        for each in [*ids, 42]:
            book.worksheets[0].append([each, 9])
        book.save(path)
    text = PLAIN.replace("column: comment", "column: score")
    found = planned(path, text)
    assert (found.people, found.codes) == (["42"], {"damaged_id": 3})
    keyed = text.replace("userId: who", 'anonymousId: {template: "p:{score}"}\nkey: who')
    assert planned(path, keyed).codes == {"bad_key": 3}
