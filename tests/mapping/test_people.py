"""Who answered: ids as they are, stand-ins refused, hashes stable."""

from __future__ import annotations

import pytest

from importer import mapping
from importer.mapping import parse
from importer.mapping.ids import DUMMIES
from importer.model import Invalid, Response
from tests.mapping.making import CAMPAIGN, SCORE, body, chunk, codes, run


def text(who: str) -> str:
    return f"campaign: {CAMPAIGN}\n{who}\nanswers: [{{id: {SCORE}, column: Score, type: nps}}]\n"


ONE = text("userId: Id")
TWO = text("userId: [Id, Email]")
BOTH = text("userId: Id\nanonymousId: {hash: [Email, Row], prefix: 'p:'}")


IDS = ["007", "a b", "0x1F", "1.5", "žluťoučký", "1E5", "=1", "test", "n", "\U0001f600", "0-1"]


@pytest.mark.parametrize("id_", IDS)
def test_an_id_is_sent_as_it_is(id_: str) -> None:
    assert body(ONE, Id=id_)["userId"] == id_


@pytest.mark.parametrize("around", [" {}", "{}\u00a0", "\t{}\n", "\u200b{}\ufeff"])
def test_space_around_an_id_goes(around: str) -> None:
    assert body(ONE, Id=around.format("007"))["userId"] == "007"


@pytest.mark.parametrize(
    "dummy", [*sorted(DUMMIES), "0", "000", "0.0", "Anonymous", "N/A", " NULL "]
)
def test_a_stand_in_is_refused(dummy: str) -> None:
    assert codes(ONE, Id=dummy) == ["dummy_id"]


@pytest.mark.parametrize(
    "dummy",
    [
        *(
            "N / A",
            "n/a.",
            "k . A .",
            "--none--",
            "- none -",
            "– keine –",
            "（空白）",
            "«anonyme»",
            "Err:522",
        ),
        *("undefined@undefined.com", "noemail@noemail.com", "anonymous@anonymous.invalid", "NaT"),
    ],
)
def test_a_stand_in_in_other_dress(dummy: str) -> None:
    assert codes(ONE, Id=dummy) == ["dummy_id"]


@pytest.mark.parametrize(
    "id_",
    [
        "Nat",
        "-17-",
        "A / B",
        "none@acme.com",
        "anonymous@" + "a" * 200,
        "x-none",
        "err:12",
        "no. 7",
    ],
)
def test_an_id_that_looks_like_a_stand_in(id_: str) -> None:
    assert body(ONE, Id=id_)["userId"] == id_


@pytest.mark.parametrize("dummy", ["anonymous", "0", "n/a"])
def test_a_stand_in_gives_way_to_something_better(dummy: str) -> None:
    assert body(TWO, Id=dummy, Email="a@x.org")["userId"] == "a@x.org"
    assert body(BOTH, Id=dummy, Email="a@x.org", Row="1")["anonymousId"].startswith("p:")
    assert codes(TWO, Id=dummy, Email="") == ["dummy_id"]
    assert codes(BOTH, Id=dummy, Email="", Row="null") == ["dummy_id"]


@pytest.mark.parametrize(
    "lost",
    [
        "1.23E+15",
        "1,23E+15",
        "1E+15",
        "1.E+15",
        "12.3E+14",
        "123E+13",
        "#REF!",
        "#NAME?",
        "#DIV/0!",
        "########",
    ],
)
def test_an_id_that_excel_has_overwritten_is_refused_at_once(lost: str) -> None:
    assert codes(ONE, Id=lost) == ["damaged_id"]
    assert codes(TWO, Id=lost, Email="a@x.org") == ["damaged_id"]


@pytest.mark.parametrize("id_", ["a\x00b", "a\nb", "a\x7fb", "a\x85b"])
def test_an_id_with_a_control_character(id_: str) -> None:
    assert codes(ONE, Id=id_) == ["bad_id"]


def test_half_a_character() -> None:
    assert codes(ONE, Id="a\ud800") == ["broken_text"]


def test_the_first_column_that_is_filled() -> None:
    assert body(TWO, Id="007", Email="a@x.org")["userId"] == "007"
    assert body(TWO, Id=" ", Email="a@x.org")["userId"] == "a@x.org"
    assert codes(TWO, Id="", Email="") == ["no_person"]


def test_user_id_wins() -> None:
    found = body(BOTH, Email="a@x.org", Row="1")
    assert found["userId"] == "007"
    assert "anonymousId" not in found


def test_an_anonymous_row() -> None:
    found = body(BOTH, Id="", Email="a@x.org", Row="1")
    assert "userId" not in found
    prefix, digest = found["anonymousId"].split(":")
    assert (prefix, len(digest)) == ("p", 32)
    assert int(digest, 16)


def test_a_plain_anonymous_column_and_a_template() -> None:
    assert body(text("anonymousId: Row"), Row="r1")["anonymousId"] == "r1"
    template = text("anonymousId: {template: 'q:{Row}-{Wave}'}")
    assert body(template, Row="r1", Wave="2")["anonymousId"] == "q:r1-2"
    assert codes(template, Row="r1", Wave="") == ["no_person"], "half an id would merge people"


def test_na_and_lower() -> None:
    how = text("userId: [{column: Id, na: none yet}, {column: Email, lower: true}]")
    assert body(how, Id="None  yet", Email="Ann@X.org")["userId"] == "ann@x.org"


def _hashes(secret: bytes, **cells: str) -> str:
    document = parse(text("anonymousId: {hash: [Email, Row]}"))
    compiled = mapping.compile(document, ["Score", *cells], secret=secret)
    (mapped,) = compiled.run(chunk(["Score", *cells], [["9", *cells.values()]]))
    assert isinstance(mapped, Response)
    return mapped.anonymous_id


def test_a_hash_is_stable_keyed_and_tells_cells_apart() -> None:
    known = _hashes(b"k", Email="a", Row="bc")
    assert known == _hashes(b"k", Email="a", Row="bc") == _hashes(b"k", Email=" a ", Row="bc")
    others = [
        _hashes(b"other", Email="a", Row="bc"),
        _hashes(b"k", Email="ab", Row="c"),
        _hashes(b"k", Email="", Row="abc"),
        _hashes(b"k", Email="abc", Row=""),
    ]
    assert len({known, *others}) == 5


def test_an_invalid_row_still_says_whose_it_is() -> None:
    found = run(BOTH, Score="11", Email="", Row="")
    assert isinstance(found, Invalid)
    assert found.user_id == "007"


STAND_INS = """
[object Object]; \\N; <NA>; <none>; [null]; (not set); not_authenticated; Deleted User; [deleted]
*redacted*; TRUE; false
WAHR; FAUX; ЛОЖЬ; {{user_id}}; q-{{ contact.id }}; ${id}; ${m://Email}; *|EMAIL|*; %EMAIL%; %%email%%
[%email%]; {user_id}
<%= user.id %>; {% email %}; [[uid]]; {TOKEN:EMAIL}; [contact.email]; [Email]; <email address>; %(user)s
<<Mail>>; #{id}
k.A.; keine Angabe; Unbekannt; non renseigné; Anonyme; s/d; ninguno; não informado; sconosciuto; n.v.t.
onbekend; neuvedeno
brak danych; nie dotyczy; okänd; ei tiedossa; nincs adat; неизвестно; Н/Д; bilinmiyor; ΑΓΝΩΣΤΟ; غير معروف
不明; 匿名; 未知
해당 없음; ---; –; …; ???; ___; -1; NaN; null-null; undefined_undefined; 0,0; Err:502; Loading...
(leer); (空白); (tom); ไม่ระบุ; không; N.A; unassigned; -99; @; none@none.com; null@null
"""
REAL = """
True North Ltd; N/A-17; null-island@x.org; O'Brien; None Smith; 1.10; 2.5.1; E10; 1e5; 12E4; 7E12; 4711.01
0.5; 0012; #1042
#team; {3F2504E0-4F89-11D3-9A0C-0305E82C3301}; deleted-42; anonymous7; Vero; Brak Sp. z o.o.; 50%; a%b%c
$5; user[7]; [7]
<7>; {12}; 12.120; 12 120; 1,5; 12,1200; Gäste-7; 匿名太郎; x1; -12; a_b; @handle; me@localhost; o'hara@x.org
a--b; Mr. X.
Tom; x@x.org; anonymous@acme.org; guest@home.example; -12; 1.000; 4711.000; 1.234.567; 1 234 567; =1
ann+nps@sub.x.co.uk; ÄNN@MÜLLER.example; "ann".lee@x.org; ن\u200cا; 👩\u200d🔬; ab..cd@docomo.example; *7*
1.2.0; v1.0
"""


def listed(texts: str) -> list[str]:
    """Texts with `; ` between them."""
    return [each for line in texts.strip("\n").splitlines() for each in line.split("; ")]


@pytest.mark.parametrize("dummy", [*listed(STAND_INS), "k.\u00a0A.", "Keine\u00a0Angabe"])
def test_stand_ins_of_programs_tools_and_languages(dummy: str) -> None:
    assert codes(ONE, Id=dummy) == ["dummy_id"]
    assert codes(text("anonymousId: Id"), Id=dummy) == ["dummy_id"]
    template = text("anonymousId: {template: 'q:{Id}:{Row}'}")
    assert codes(template, Id=dummy, Row="7") == ["dummy_id"]
    assert codes(text("userId: Email\nkey: Id"), Id=dummy, Email="a@x.org") == ["bad_key"]


@pytest.mark.parametrize("id_", listed(REAL))
def test_real_ids_that_look_like_none(id_: str) -> None:
    assert body(ONE, Id=id_)["userId"] == id_
    keyed = run(text("userId: Email\nkey: Id"), Id=id_, Email="a@x.org")
    assert isinstance(keyed, Response)
    assert keyed.key == id_


LOST = """
1.09E+10; 1,09E+10; 1.09E10; 3.2e-05; 5E+09; -2.5E+11; #REF!; #NV; #BEZUG!; #VALEUR!; #¡REF!; #ССЫЛКА!
#N/D; #VÆRDI!
#SAKNAS!; #DZIEL/0!; #Н/Д; #I/T; ####; #########
"""
DRESSED = """
4711.0; 4711,0; 7.0; 12,120; 1,234,567; 12\u00a0120; 12'120; '00120; '7
4711.00; 1,234.00; 12.345,0; 1.234.567,00; 1,23,456; =“00123”; =HYPERLINK("mailto:a@x.org")
"""


@pytest.mark.parametrize("lost", listed(LOST))
def test_an_id_or_key_whose_digits_are_gone(lost: str) -> None:
    assert codes(ONE, Id=lost) == ["damaged_id"]
    assert codes(text("anonymousId: {template: 'sm:{Id}'}"), Id=lost) == ["damaged_id"]
    hashed = text("anonymousId: {hash: [Id, Email]}")
    assert codes(hashed, Id=lost, Email="a@x.org") == ["damaged_id"]
    keyed = text("userId: Email\nkey: [Email, Id]")
    assert codes(keyed, Id=lost, Email="a@x.org") == ["bad_key"]


@pytest.mark.parametrize("id_", listed(DRESSED))
def test_an_id_that_is_dressed_as_a_number(id_: str) -> None:
    assert codes(ONE, Id=id_) == ["damaged_id"]
    assert codes(text("anonymousId: {template: 'sm:{Id}'}"), Id=id_) == ["damaged_id"]


def test_a_parse_undresses_it() -> None:
    assert body(text("userId: {column: Id, parse: leading_int}"), Id="4711.0")["userId"] == "4711"
    guarded = text("userId: {column: Id, parse: unguard}")
    assert body(guarded, Id="'00120")["userId"] == "00120"
    assert body(guarded, Id="'s-Hertogenbosch")["userId"] == "'s-Hertogenbosch"


def test_a_hash_of_stand_ins_alone_is_nobody() -> None:
    how = text("anonymousId: {hash: [Id, Email]}")
    assert codes(how, Id="(not set)", Email="deleted") == ["dummy_id"]
    assert body(how, Id="(not set)", Email="a@x.org")["anonymousId"]


def test_new_stand_ins_leave_the_hashes_of_earlier_runs_alone() -> None:
    """`anonymous` never counted in a hash, `true` always did."""
    assert _hashes(b"k", Email="anonymous", Row="7") == _hashes(b"k", Email="", Row="7")
    assert _hashes(b"k", Email="true", Row="7") != _hashes(b"k", Email="", Row="7")
    assert _hashes(b"k", Email="true", Row="7") == "acc567ff981ca7f5f435d2b0856cd208"


WRAPPED = [
    *("mailto:ann@x.org", "MAILTO:ann@x.org?subject=Hi", "<ann@x.org>", "Ann Lee <ann@x.org>"),
    *('"Lee, Ann" <ann@x.org>', "ann@x.org,", "ann@x.org;", "ann@x.org.", "(ann@x.org)"),
    *("an\u200bn@x.org", "\u202aann@x.org\u202c", "\u2066ann@x.org\u2069", "ann@x.o\u00adrg"),
    *(
        "ann@\ufeffx.org",
        "<mailto:ann@x.org>",
        "\u200eann@x.org",
        "ann\u200c@x.org",
        "[ann@x.org];",
    ),
    "'ann@x.org'",
]


@pytest.mark.parametrize("cell", WRAPPED)
def test_an_address_with_more_around_it(cell: str) -> None:
    """A trait takes the address out by itself; an id is refused, since a mended one would be another person
    than the one that earlier runs have sent."""
    assert codes(ONE, Id=cell) == ["bad_id"]
    how = text("userId: {column: Id, parse: address}\ntraits: {m: {column: Id, type: email}}")
    mended = body(how, Id=cell)
    assert (mended["userId"], mended["traits"]["m"]) == ("ann@x.org", "ann@x.org")


@pytest.mark.parametrize(
    "cell", ["ann@x..org", "ann@.x.org", "ann@x.org..de", "ann@x.org, bob@x.org"]
)
def test_an_address_that_is_none(cell: str) -> None:
    how = text("userId: Row\ntraits: {m: {column: Id, type: email}}")
    assert codes(how, Id=cell, Row="1") == ["bad_email"]


def test_an_id_with_a_host_that_can_not_be() -> None:
    assert codes(ONE, Id="ann@x..org") == ["bad_id"]


MARKS = ["\u200b", "\u2060", "\ufeff", "\u202e", "\u2067", "\u00ad", "\u200f", "\u200d"]


@pytest.mark.parametrize("mark", MARKS)
def test_an_id_with_a_mark_inside(mark: str) -> None:
    assert codes(ONE, Id=f"c{mark}7") == ["bad_id"]
    assert body(text("userId: {column: Id, parse: visible}"), Id=f"c{mark}7")["userId"] == "c7"
