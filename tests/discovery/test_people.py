"""Who answered: what is sure before what is guessed, and what nobody can tell is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.discovery import Draft, Wishes
from tests.discovery.drafts import NONE, drafted_rows

Row = list[str]
MANY = range(1, 41)


def draft(folder: Path, header: str, rows: list[Row], wishes: Wishes = NONE) -> Draft:
    return drafted_rows(folder, [header.split(","), *rows], wishes)


def people(found: Draft) -> list[str]:
    return [each.column.label for each in found.people]


@pytest.mark.parametrize(
    ("header", "first"),
    [
        ("id,user_id,email,score,comment", "user_id"),
        ("ID,Kundennummer,E-Mail,Bewertung,Kommentar", "Kundennummer"),
        ("Code,Numéro client,Courriel,Note,Commentaire", "Numéro client"),
        ("identifikátor,číslo zákazníka,e-mail,hodnocení,komentář", "číslo zákazníka"),
    ],
)
def test_an_id_of_each_row_beside_one_that_comes_again_is_the_responses(
    tmp_path: Path, header: str, first: str
) -> None:
    rows = [[f"9{i * 7}", f"u{i % 30}", f"a{i % 30}@x.org", str(i % 11), "fine"] for i in MANY]
    found = draft(tmp_path, header, rows)
    assert people(found) == [first, header.split(",")[2]]
    id_ = header.split(",", maxsplit=1)[0]
    assert f"key: {id_ if id_.isascii() else chr(34) + id_ + chr(34)}" in found.text


def test_an_id_beside_addresses_where_nothing_comes_again_is_told(tmp_path: Path) -> None:
    rows = [[f"9{i * 7}", f"a{i}@x.org", str(i % 11)] for i in MANY]
    found = draft(tmp_path, "ID,Email,Score", rows)
    assert people(found) == ["Email"]
    assert "\nkey:" not in found.text
    assert "not known: is ID the person's, or the response's?" in found.text
    chosen = draft(tmp_path, "ID,Email,Score", rows, Wishes(person="ID"))
    assert people(chosen) == ["ID", "Email"]
    assert "not known: is ID" not in chosen.text
    chosen = draft(tmp_path, "ID,Email,Score", rows, Wishes(person="Email"))
    assert "  - {column: Email, lower: true}" in chosen.text


def test_an_id_that_comes_again_is_a_persons_after_what_is_sure(tmp_path: Path) -> None:
    rows = [[f"9{i % 20}", f"a{i % 20}@x.org", str(i % 11)] for i in MANY]
    assert people(draft(tmp_path, "ID,Email,Score", rows)) == ["Email", "ID"]
    assert people(draft(tmp_path, "ID,Score", [[a, c] for a, _, c in rows])) == ["ID"]


@pytest.mark.parametrize("label", ["Kunde", "Customer", "utente", "user"])
def test_names_of_people_are_no_ids(tmp_path: Path, label: str) -> None:
    names = [f"Jörg O'{letter}el-{letter.upper()}ann" for letter in "abcdefghij"]
    rows = [[name, f"a{i}@x.org", "9"] for i, name in enumerate(names)]
    found = draft(tmp_path, f"{label},Email,Score", rows)
    assert people(found) == ["Email"]
    assert [each.label for each in found.meaning.private] == [label]


def test_words_under_a_name_of_ids_are_a_guess(tmp_path: Path) -> None:
    rows = [[name, "9"] for name in ("Meier", "Schulz", "Kraus", "Lang")]
    [found] = draft(tmp_path, "Kunde,Score", rows).people
    assert found.sure == "guessed"
    rows = [[name, "9"] for name in ("M11", "S12", "K13", "L14")]
    [found] = draft(tmp_path, "Kunde,Score", rows).people
    assert found.sure == "sure"


@pytest.mark.parametrize("damaged", ["1.14083E+11", "#REF!", "#BEZUG!", "1,14E+11"])
def test_damaged_ids_are_nothing_to_be_sure_of(tmp_path: Path, damaged: str) -> None:
    def rows(every: int) -> list[Row]:
        return [
            [damaged if i % every == 0 else f"1140{i}", f"2026-01-05 10:{i:02}:00", str(i % 11)]
            for i in MANY
        ]

    found = draft(tmp_path, "Response ID,Submitted at,Score", rows(2))
    assert found.meaning.response is None
    assert "anonymousId: {hash: [Submitted at]" in found.text
    assert f"ids that a spreadsheet has damaged ({damaged})" in found.text.replace("\n#  ", "")
    found = draft(tmp_path, "Response ID,Submitted at,Score", rows(20))
    assert found.meaning.response is not None
    assert found.meaning.response.sure == "guessed"
    assert "\nkey:" not in found.text


def test_moments_that_some_share_dont_make_one_person_of_them(tmp_path: Path) -> None:
    rows = [[f"2026-01-05 10:{i - i % 9 // 8:02}:00", str(i % 11), f"text {i}"] for i in MANY]
    found = draft(tmp_path, "Timestamp,Score,Comment", rows)
    assert "anonymousId: {hash: [{letter: A}, {letter: B}, {letter: C}]" in found.text


@pytest.mark.parametrize(
    "staff",
    [
        *(
            "Agent Email",
            "assignee_email",
            "Contact Owner",
            "Sales Rep Email",
            "Sent by",
            "Manager Email",
        ),
        *(
            "Bearbeiter E-Mail",
            "E-mail du conseiller",
            "Correo del asesor",
            "Opiekun e-mail",
            "Interviewer",
        ),
    ],
)
def test_who_asked_is_not_who_answered(tmp_path: Path, staff: str) -> None:
    rows = [
        [staff, "Customer Email", "NPS", "Comment"],
        ["amy@shop.example", "ann@x.org", "9", "quick help, thanks"],
        ["amy@shop.example", "bob@x.org", "3", "it took two weeks"],
        ["ben@shop.example", "cy@x.org", "7", "all right so far"],
    ]
    assert people(drafted_rows(tmp_path, rows)) == ["Customer Email"]
    alone = drafted_rows(tmp_path, [[first, *rest] for first, _, *rest in rows])
    assert people(alone) == ([staff] if staff[:7] == "Manager" else [])


@pytest.mark.parametrize(
    "label", ["Email", "Employee Email", "Mitarbeiter E-Mail", "Kontakt-E-Mail"]
)
def test_a_lone_column_of_addresses_is_the_person(tmp_path: Path, label: str) -> None:
    rows = [[label, "NPS", "Comment"], ["ann@x.org", "9", "quick"], ["bob@x.org", "3", "slow"]]
    assert people(drafted_rows(tmp_path, rows)) == [label]


@pytest.mark.parametrize("label", ["Kunde", "Cliente", "Customer"])
def test_names_of_companies_are_no_ids(tmp_path: Path, label: str) -> None:
    rows = [[f"Shop {i} of Wood and Stone, 14.{i:03d}", f"a{i}@x.org", "9"] for i in MANY]
    assert people(draft(tmp_path, f"{label},Email,Score", rows)) == ["Email"]
    ids = [[f"K {i}", f"a{i}@x.org", "9"] for i in MANY]
    assert people(draft(tmp_path, f"{label},Email,Score", ids)) == [label, "Email"]


def test_one_address_in_every_row_is_nobodys(tmp_path: Path) -> None:
    rows = [["name@example.org", "9"] for _ in MANY]
    assert people(draft(tmp_path, "Email,Score", rows)) == []
    assert people(draft(tmp_path, "Email,Score", [["a@x.org", "9"], ["b@x.org", "3"]])) == ["Email"]


@pytest.mark.parametrize("label", ["Company ID", "Firmen-ID", "ID entreprise", "číslo firmy"])
def test_a_companys_id_is_the_person_where_there_is_no_other(tmp_path: Path, label: str) -> None:
    rows = [[f"4{n % 30}", str(n % 11), "fine"] for n in MANY]
    found = draft(tmp_path, f"{label},NPS,Comment", rows)
    assert people(found) == [label]
    assert "all who answered for it are one person" in " ".join(found.text.replace("#", "").split())
    beside = [[f"u{n}", *row] for n, row in enumerate(rows)]
    assert people(draft(tmp_path, f"user_id,{label},NPS,Comment", beside)) == ["user_id"]
    assert people(draft(tmp_path, f"response id,{label},NPS,Comment", beside)) == []


@pytest.mark.parametrize(
    "label", ["Unique ID", "Ticket ID", "Vorgangsnummer", "Nº Manifestação", "Numéro de ticket"]
)
def test_the_id_of_what_was_asked_about_tells_responses_apart(tmp_path: Path, label: str) -> None:
    rows = [[f"T-{n}", str(n % 5 + 1), "fine"] for n in MANY]
    response = draft(tmp_path, f"{label},CSAT,Comment", rows).meaning.response
    assert response is not None
    assert response.column.label == label


@pytest.mark.parametrize(
    "label",
    ["EmpID", "ACCT_ID", "cust_id", "id_ucznia", "Nr pracownika", "Schüler-ID", "ID del empleado"],
)
def test_short_names_of_ids(tmp_path: Path, label: str) -> None:
    rows = [[f"4{n * 7}", str(n % 5 + 1), "fine"] for n in MANY]
    assert people(draft(tmp_path, f"{label},CSAT,Comment", rows)) == [label]
    few = [[f"{n % 3}", *row[1:]] for n, row in enumerate(rows)]
    assert people(draft(tmp_path, f"{label},CSAT,Comment", few)) == []


def test_who_asked_is_nobody_who_answered(tmp_path: Path) -> None:
    header = "SubmissionDate,deviceid,username,nps,nps_why,instanceID,formdef_version"
    rows = [
        [
            f"2024-03-04 10:{i:02}:00",
            "d1",
            f"enum{i}",
            str(i % 11),
            "fine",
            f"uuid:{i:08}-0a1b",
            "1",
        ]
        for i in MANY
    ]
    found = draft(tmp_path, header, rows)
    assert people(found) == []
    assert 'anonymousId: {template: "import:{instanceID}"}' in found.text
    assert "deviceid" not in found.text.split("# Left out")[0]


def test_a_name_of_the_few_who_asked_is_no_person_without_such_columns(tmp_path: Path) -> None:
    rows = [[f"R{i * 7}", f"enum{i % 3}", str(i % 11)] for i in MANY]
    assert people(draft(tmp_path, "Response ID,username,Score", rows)) == []
    rows = [[f"R{i * 7}", f"lea{i}", str(i % 11)] for i in MANY]
    assert people(draft(tmp_path, "Response ID,username,Score", rows)) == ["username"]


def test_the_accounts_own_id_comes_before_the_tools(tmp_path: Path) -> None:
    rows = [[f"65e5{i:04}", f"u-{i}" if i % 2 else "", f"a{i}@x.org", str(i % 11)] for i in MANY]
    found = draft(tmp_path, "user_id,user_external_id,email,Score", rows)
    assert people(found) == ["user_external_id", "user_id", "email"]
    rows = [[f"9f1c{i:04}", *row[1:2], *row[3:]] for i, row in enumerate(rows)]
    assert people(draft(tmp_path, "Hotjar User ID,User,Score", rows)) == ["User", "Hotjar User ID"]


def test_an_id_that_several_addresses_share_is_no_persons(tmp_path: Path) -> None:
    rows = [[f"00{i % 12}12", f"a{i}@x.org", str(i % 11), f"fine, for {i}"] for i in MANY]
    found = draft(tmp_path, "Account ID,Contact Email,NPS,Comment", rows)
    assert people(found) == ["Contact Email", "Account ID"]
    assert "addresses share it: a firm's?" in " ".join(found.text.split())
    asked = draft(
        tmp_path, "Account ID,Contact Email,NPS,Comment", rows, Wishes(person="Account ID")
    )
    assert people(asked)[0] == "Account ID"


@pytest.mark.parametrize("mail", ["a{0}@x.org", "a{1}@x.org"])
def test_an_id_that_comes_again_with_its_address_is_the_persons(tmp_path: Path, mail: str) -> None:
    # four rounds of ten people, of whom some have changed their address; or an id that half of them have
    rows = [[f"u{i % 10}", mail.format(i % 10, i % 10 + 10 * (i > 38)), str(i % 11)] for i in MANY]
    assert people(draft(tmp_path, "Customer ID,Email,NPS", rows)) == ["Customer ID", "Email"]
    rows = [[f"u{i}" if i % 2 else "", f"a{i}@x.org", str(i % 11)] for i in MANY]
    assert people(draft(tmp_path, "Customer ID,Email,NPS", rows)) == ["Customer ID", "Email"]


@pytest.mark.parametrize("mail", ["Ann B <a{}@x.org>", "mailto:a{}@x.org", "<a{}@x.org>"])
def test_addresses_with_a_name_beside_are_read(tmp_path: Path, mail: str) -> None:
    rows = [[mail.format(i) if i % 3 else f"a{i}@x.org", str(i % 11)] for i in MANY]
    found = draft(tmp_path, "Contact,NPS", rows)
    assert people(found) == ["Contact"]
    assert "- {column: Contact, parse: address, lower: true}" in found.text
    rows = [[f"a{i}@x.org", str(i % 11)] for i in MANY]
    assert "parse" not in draft(tmp_path, "Contact,NPS", rows).text
