"""BOM, strict UTF-8, then a guess that is shown: languages, encodings, stray bytes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.sources.source import open_source
from importer.sources.table import KnownBy, SourceOptions
from tests.sources.reading import read, written

COMMENTS = {
    "Très bon accueil, le délai d'attente était long ! Ça a bien marché où êtes-vous": (
        "cp1252 mac_roman cp850 latin-1"
    ),
    "Sehr freundlich, aber die Wartezeit war zu lang für mich. Größe und Qualität": (
        "cp1252 mac_roman cp850 latin-1"
    ),
    "¿Por qué no funcionó la aplicación? El niño mañana estará aquí": "cp1252 mac_roman cp850",
    "Não gostei da solução, informação útil, coração": "cp1252 mac_roman cp850",
    "Väldigt bra, snabbt och lätt att använda på jobbet": "cp1252 mac_roman cp850",
    "Příliš žluťoučký kůň úpěl ďábelské ódy": "cp1250 iso8859_2 cp852",
    "Bardzo dobra obsługa, dziękuję, źle działa wyszukiwanie": "cp1250 iso8859_2 cp852",
    "Nagyon jó szolgáltatás, köszönöm, gyűjtő őszinte": "cp1250 iso8859_2",
    "Çok güzel bir uygulama, teşekkürler, işe yarıyor": "cp1254",
    "Очень хороший сервис, спасибо большое!": "cp1251 koi8_r cp866 mac_cyrillic iso8859_5",
    "Πολύ καλή εξυπηρέτηση, ευχαριστώ": "cp1253",
    "Labai gerai, ačiū už pagalbą, šauniai": "cp1257",
    "خدمة ممتازة شكرا لكم": "cp1256",
    "บริการดีมาก ขอบคุณครับ": "cp874",
    "とても使いやすいです。サポートの対応が遅いと感じました": "cp932 euc_jp",
    "服务很好，谢谢你们，价格太高，但是质量不错": "gb18030",
    "服務很好，謝謝你們，價格太高，但是品質不錯": "big5",
    "서비스가 매우 좋습니다 감사합니다": "cp949",
}


@pytest.mark.parametrize(
    ("comment", "encoding"),
    [(comment, each) for comment, encodings in COMMENTS.items() for each in encodings.split()],
)
def test_guess(tmp_path: Path, comment: str, encoding: str) -> None:
    content = f"id;score;comment\n1;9;{comment}\n2;8;ok\n".encode(encoding)
    found = read(written(tmp_path / "a.csv", content))
    assert found.cells == [["1", "9", comment], ["2", "8", "ok"]]
    assert found.facts.encoding_known_by == KnownBy.GUESSED
    (sample,) = found.facts.encoding_samples
    assert sample in f"1;9;{comment}"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_a_bom(tmp_path: Path, encoding: str) -> None:
    found = read(written(tmp_path / "a.csv", "a,b\n1,žluť\n".encode(encoding)))
    assert found.cells == [["1", "žluť"]]
    assert (found.facts.encoding, found.facts.encoding_known_by) == (encoding, KnownBy.GUESSED)


def test_utf8_is_judged_by_the_whole_file(tmp_path: Path) -> None:
    content = b"a,b\n" + (b"1," + b"x" * 400 + b"\n") * 6_000
    assert read(written(tmp_path / "u.csv", content + "2,é\n".encode())).facts.encoding == "utf-8"
    found = read(written(tmp_path / "w.csv", content + "2,é\n3,déjà\n".encode("cp1252")))
    assert (found.facts.encoding, found.cells[-1]) == ("cp1252", ["3", "déjà"])


def test_stray_bytes_in_utf8_cost_only_their_cells(tmp_path: Path) -> None:
    content = b"a,b\n" + "1,žluťoučký kůň\n".encode() * 5 + b"2,caf\xe9\n"
    found = read(written(tmp_path / "a.csv", content))
    assert found.cells[0] == ["1", "žluťoučký kůň"]
    assert found.facts.encoding_known_by == KnownBy.GUESSED
    assert found.damaged() == [("lost_character", 7, "b")]


def test_stray_bytes_do_not_abort(tmp_path: Path) -> None:
    content = "a,b\n1,été déjà là\n2,où ça\n".encode("latin-1") + b"3,\x81\x8d\x8f\n4,end\n"
    assert len(read(written(tmp_path / "a.csv", content)).rows) == 4


def test_given_encoding_rules(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,é\n".encode("mac_roman"))
    found = read(path, SourceOptions(encoding="mac_roman"))
    assert (found.cells, found.facts.encoding_known_by) == ([["1", "é"]], KnownBy.GIVEN)
    with pytest.raises(SourceError, match="no encoding called 'klingon'"):
        open_source(path, SourceOptions(encoding="klingon"))


@pytest.mark.parametrize(
    "encoding",
    [
        "rot13",
        "zlib",
        "hex",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "raw_unicode_escape",
        "x\0y",
    ],
)
def test_what_is_no_encoding_of_a_file(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,c\\n\n")
    with pytest.raises(SourceError, match="no encoding called"):
        open_source(path, SourceOptions(encoding=encoding))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_wide_encoding_without_its_mark(tmp_path: Path, encoding: str) -> None:
    wide = written(tmp_path / "a.csv", "a,b\n1,\u00e9\n".encode(f"{encoding}-le"))
    for path in (wide, written(tmp_path / "b.csv", "a,b\n1,c\n")):
        with pytest.raises(SourceError, match="no byte order mark"):
            open_source(path, SourceOptions(encoding=encoding))
    assert read(wide, SourceOptions(encoding=f"{encoding}-le")).cells == [["1", "\u00e9"]]


@pytest.mark.parametrize(
    "encoding", ["utf-16-le", "utf-32-be", "cp500", "hz", "iso2022_jp", "utf-7"]
)
def test_another_encoding_than_the_files_is_no_defect(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,\u00e9+x~{\n2,+2D\n")
    with suppress(SourceError):
        assert read(path, SourceOptions(encoding=encoding)).header


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_bom_is_no_part_of_the_first_label(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "a.csv", "a,b\n1,é\n".encode(encoding))
    assert read(path).header == ("a", "b")
    given = SourceOptions(encoding=encoding.removesuffix("-sig"))
    assert read(path, given).cells == [["1", "é"]]


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
@pytest.mark.parametrize(
    "comment",
    [
        "I don’t need more",
        "It’s slow – sorry",
        "“great” he said",
        "and so on…",
        "5 € a month",
        "‘ok’ — for now",
        "Café Müller",
        "a naïve señor",
        "Grüße, schöne Größe",
        "d’accord, très bien",
        "São Paulo, informação",
    ],
)
def test_a_single_phrase(tmp_path: Path, comment: str, encoding: str) -> None:
    content = f"id;score;comment\n1;9;{comment}\n2;8;ok\n".encode(encoding)
    assert read(written(tmp_path / "a.csv", content)).cells[0] == ["1", "9", comment]


@pytest.mark.parametrize(
    "comment",
    [
        "20 °C inside",
        "£5 too much",
        "© Acme",
        "no\u00a0way",
        "½ day",
        "• first",
        "M² · 5×4",
        "¡Hola! n° 5",
    ],
)
def test_marks_of_windows(tmp_path: Path, comment: str) -> None:
    content = f"id,score,comment\n1,9,{comment}\n".encode("cp1252")
    assert read(written(tmp_path / "a.csv", content)).cells == [["1", "9", comment]]


@pytest.mark.parametrize(
    ("encoding", "comments"),
    [
        ("cp1255", ["השירות היה מצוין", "המשלוח הגיע באיחור", "תודה רבה לכולם"]),
        ("iso8859_7", ["Η εξυπηρέτηση ήταν άριστη", "Άργησε πολύ η παράδοση"]),
        ("mac_greek", ["Η εξυπηρέτηση ήταν άριστη", "Άργησε πολύ η παράδοση"]),
        ("cp1253", ["Πολύ καλά", "Όλα ωραία"]),
        ("cp1253", ["Άμφισσα", "Άνω Λιόσια", "Άρτα", "Άγιος Στέφανος", "Άστρος"]),
        ("iso8859_7", ["Άμφισσα, Άνω Λιόσια, Άρτα", "Η εξυπηρέτηση ήταν άριστη και γρήγορη"]),
        ("iso8859_7", ["Σ’ ευχαριστώ γι’ αυτό", "μ’ άρεσε πολύ, κι’ ας άργησε"]),
        ("iso8859_15", ["Le prix est de 5 €", "Un cœur en or, déjà vu"]),
        ("koi8_u", ["Дуже добрий сервіс", "Зв'язок поганий, їжа смачна"]),
        ("cp949", ["배송이 느려요", "아주 좋아요"]),
        ("cp857", ["Çok güzel bir ürün", "Kargo geç geldi, şikâyetçiyim"]),
        ("iso8859_6", ["خدمة ممتازة", "التوصيل متأخر جدا"]),
    ],
)
def test_two_short_comments(tmp_path: Path, encoding: str, comments: list[str]) -> None:
    content = ("id;comment\n" + "".join(f"1;{each}\n" for each in comments)).encode(encoding)
    assert [cells[1] for cells in read(written(tmp_path / "a.csv", content)).cells] == comments


@pytest.mark.parametrize("odd", ["–", "é", "’", "€"])
def test_one_odd_byte_in_a_large_file(tmp_path: Path, odd: str) -> None:
    rows = [f"{number},9,nothing special" for number in range(20_000)]
    rows[15_000] = f"15000,9,before {odd} after" if odd != "’" else "15000,9,can’t"
    found = read(written(tmp_path / "a.csv", ("a,b,c\n" + "\n".join(rows)).encode("cp1252")))
    assert (found.facts.encoding, odd in found.cells[15_000][2]) == ("cp1252", True)


@pytest.mark.parametrize("odd", ["😀", "👍🏽", "𝒳"])
def test_a_cesu_8_character_in_utf8(tmp_path: Path, odd: str) -> None:
    """Oracle and old MySQL write a character beyond 65,535 as two surrogates of three bytes."""
    units = odd.encode("utf-16-be")
    halves = (
        units[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(units), 2)
    )
    cesu = "".join(halves).encode("utf-8", "surrogatepass")
    content = "id,c\n1,très bien ".encode() + cesu + ", merci\n2,déjà vu\n3,ça va\n".encode()
    found = read(written(tmp_path / "a.csv", content.replace(b", merci", b" merci")))
    assert [cells[1] for cells in found.cells] == [f"très bien {odd} merci", "déjà vu", "ça va"]
    assert (found.facts.encoding, found.facts.encoding_known_by) == ("utf-8", KnownBy.GUESSED)


def test_half_a_cesu_8_character_is_told(tmp_path: Path) -> None:
    content = "a,b\n1,très bien, déjà\n".encode() + b"2,\xed\xa0\xbd\n"
    found = read(written(tmp_path / "a.csv", content.replace(b", d", b" d")))
    assert found.cells[0] == ["1", "très bien déjà"]
    assert found.damaged() == [("lost_character", 3, "b")]


@pytest.mark.parametrize("dos", ["cp850", "cp437"])
def test_some_lines_of_dos_in_a_file_of_windows_are_told(tmp_path: Path, dos: str) -> None:
    windows = [f"r{n},{n},très bien – l’équipe répond vite\n".encode("cp1252") for n in range(9)]
    lines = [*windows[:4], "x1,5,l'échange a été bon\n".encode(dos), *windows[4:]]
    found = read(written(tmp_path / "a.csv", b"id,score,comment\n" + b"".join(lines)))
    assert found.facts.encoding == "cp1252"
    assert found.damaged() == [("mojibake", 6, "comment")]
