"""Building on another mapping, and reading mappings from disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from importer import mapping
from importer.errors import MappingError
from importer.mapping import Document, preset
from importer.mapping.load import presets
from importer.mapping.yaml import YamlText, read_yaml
from tests.mapping.making import BASE, CAMPAIGN, COMMENT, SCORE

ON_GENERIC = f"""\
extends: generic_nps
campaign: {CAMPAIGN}
questions: {{score: {SCORE}, comment: {COMMENT}}}
"""


def load(folder: Path, text: str, **others: str) -> Document:
    for name, other in others.items():
        (folder / f"{name}.yaml").write_text(other, encoding="utf-8")
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return mapping.load(str(folder / "own.yaml"))


def said(folder: Path, text: str, **others: str) -> str:
    with pytest.raises(MappingError) as caught:
        load(folder, text, **others)
    return caught.value.message


@pytest.mark.parametrize("name", presets())
def test_a_preset_with_only_campaign_and_questions(name: str, tmp_path: Path) -> None:
    data = read_yaml(YamlText(name, preset(name).text)).data
    assert isinstance(data, dict)
    answers = data.get("answers", [])
    names = [str(each["id"]) for each in answers if isinstance(each, dict)]
    ids = ", ".join(f"{each}: {SCORE[:-2]}{number:02}" for number, each in enumerate(names))
    own = f"extends: {name}\ncampaign: {CAMPAIGN}\nquestions: {{{ids}}}\n"
    if not names:
        own += f"answers: [{{id: {SCORE}, column: Q1, type: nps}}]\n"
    document = load(tmp_path, own)
    assert document.preset
    assert document.preset.tool
    assert document.origin == "own.yaml"


def test_maps_merge_and_this_document_wins(tmp_path: Path) -> None:
    base = "method: Email\ntraits: {a: A, b: {column: B, type: number}}\n"
    base += "sending: {rate: 1/s, concurrency: 2}\n"
    own = BASE + "extends: base.yaml\ntraits: {b: {type: text}, c: C}\nsending: {rate: max}\n"
    document = load(tmp_path, own, base=base)
    assert document.method
    assert document.method.value
    assert document.method.value.text == "Email"
    assert list(document.traits) == ["a", "b", "c"]
    assert document.traits["b"].type == "text"
    assert document.traits["b"].column[0].column == "B"
    assert (document.sending.rate, document.sending.concurrency) == ("max", 2)


def test_lists_are_replaced_whole(tmp_path: Path) -> None:
    base = "source: {skip_if: [{column: a, blank: true}, {column: b, blank: true}]}\n"
    own = BASE + "extends: base.yaml\nsource: {skip_if: [{column: c, blank: true}]}\n"
    assert [rule.column for rule in load(tmp_path, own, base=base).source.skip_if] == ["c"]


@pytest.mark.parametrize(
    ("base", "own"),
    [
        ("traits: {a: {any: [A, B], type: number}}", "traits: {a: {column: C}}"),
        ("traits: {a: {column: A, nth: 2}}", "traits: {a: {letter: C}}"),
        ("traits: {a: {value: 3}}", "traits: {a: {template: '{A}'}}"),
        ("anonymousId: {template: '{A}'}", "anonymousId: {hash: [A]}"),
        ("source: {header_rows: [1, 2]}", "source: {header_row: 3}"),
    ],
)
def test_saying_it_in_another_way_replaces_it(base: str, own: str, tmp_path: Path) -> None:
    assert load(tmp_path, f"{BASE}extends: base.yaml\n{own}\n", base=base)


def test_value_maps_merge_even_where_their_texts_look_like_keys(tmp_path: Path) -> None:
    base = "traits: {a: {column: A, values: {any: 1, column: 2}}}"
    document = load(
        tmp_path, BASE + "extends: base.yaml\ntraits: {a: {values: {value: 3}}}\n", base=base
    )
    assert set(document.traits["a"].values or {}) == {"any", "column", "value"}


def test_false_leaves_out_what_the_base_has(tmp_path: Path) -> None:
    own = ON_GENERIC.replace(COMMENT, "false") + "traits: {email: false}\n"
    document = load(tmp_path, own)
    assert [document.question(each.id) for each in document.answers] == [SCORE, ""]
    assert "email" not in document.traits
    compiled = mapping.compile(document, ["user_id", "score", "date"], secret=b"")
    assert [asked.id for asked in compiled.programs[0].answers] == [SCORE]


def test_a_chain_of_mappings_in_several_folders(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "base.yaml").write_text("extends: ../root.yaml\nmethod: Mobile\n")
    (tmp_path / "root.yaml").write_text("forceSurvey: true\nmethod: Email\n")
    document = load(tmp_path, BASE + "extends: teams/base.yaml\n")
    assert document.forceSurvey
    assert document.method
    assert document.method.value
    assert document.method.value.text == "Mobile"


def test_the_digest_follows_what_it_extends(tmp_path: Path) -> None:
    own = BASE + "extends: base.yaml\n"
    one = load(tmp_path, own, base="traits: {a: A}\n").digest
    assert load(tmp_path, own, base="# other\ntraits: {a: A}\n").digest == one
    assert load(tmp_path, own, base="traits: {a: B}\n").digest != one


def test_circles_and_long_chains_end(tmp_path: Path) -> None:
    assert "circle: own.yaml -> a.yaml -> own.yaml" in said(
        tmp_path, BASE + "extends: a.yaml\n", a="extends: own.yaml\n"
    )
    chain = {f"m{i}": f"extends: m{i + 1}.yaml\n" for i in range(20)}
    assert "longer than 10" in said(tmp_path, BASE + "extends: m0.yaml\n", **chain)


def test_what_it_extends_must_be_there(tmp_path: Path) -> None:
    assert 'Did you mean "qualtrics"?' in said(tmp_path, BASE + "extends: qualtrix\n")
    missing = said(tmp_path, BASE + "extends: gone.yaml\n")
    assert "own.yaml, line 5, column 10" in missing
    assert "No such file" in missing


def test_yaml_slips_in_what_it_extends_name_that_file(tmp_path: Path) -> None:
    assert "base.yaml, line 2" in said(tmp_path, BASE + "extends: base.yaml\n", base="a: 1\na: 2\n")


class TestReading:
    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            MappingError, match=r"gone\.yaml: the mapping can't be read: No such file"
        ):
            mapping.load(str(tmp_path / "gone.yaml"))

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(MappingError, match="it is no regular file, but a folder"):
            mapping.load(str(tmp_path) + "/")

    def test_neither_a_preset_nor_a_file(self) -> None:
        with pytest.raises(MappingError, match='Did you mean "delighted"'):
            mapping.load("delightd")

    def test_a_file_without_an_ending(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("own").write_text(BASE)
        assert mapping.load("own").origin == "own"

    @pytest.mark.parametrize("content", [b"name: \xe9\n", BASE.encode("utf-16"), b"\xff\xfe"])
    def test_other_encodings(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "own.yaml"
        path.write_bytes(content)
        with pytest.raises(MappingError, match="isn't UTF-8"):
            mapping.load(str(path))

    def test_a_bom(self, tmp_path: Path) -> None:
        path = tmp_path / "own.yaml"
        path.write_bytes(b"\xef\xbb\xbf" + BASE.encode())
        assert mapping.load(str(path)).campaign

    @pytest.mark.parametrize("filler", [b"x", b"\xe9"])
    def test_a_file_that_is_no_mapping(self, filler: bytes, tmp_path: Path) -> None:
        path = tmp_path / "own.yaml"
        path.write_bytes(filler * 20_000_000)
        with pytest.raises(MappingError, match="over 500 kB"):
            mapping.load(str(path))

    @pytest.mark.skipif(os.name != "posix", reason="a pipe of POSIX")
    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        path = tmp_path / "loop.yaml"
        path.symlink_to(path)
        with pytest.raises(MappingError, match="can't be read"):
            mapping.load(str(path))
