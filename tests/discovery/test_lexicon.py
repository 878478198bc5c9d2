"""`lexicon.toml` and the code that reads it have the same notions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest

from importer.discovery import lexicon
from importer.discovery.lexicon import is_called, plain

ROOM = Path(lexicon.__file__).parent
DATA: dict[str, Any] = tomllib.loads((ROOM / "lexicon.toml").read_text(encoding="utf-8"))
KINDS = {"names": lexicon.Name, "texts": lexicon.Text, "patterns": lexicon.Pattern}
LANGUAGES = re.compile("any|[a-z]{2}")


@pytest.mark.parametrize("group", KINDS)
def test_each_notion_is_known_and_asked_for(group: str) -> None:
    assert set(DATA[group]) == set(get_args(KINDS[group]))
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOM.rglob("*.py"))
    # Once where the notion is declared, in lexicon.py, and once more where it is asked for.
    assert [each for each in DATA[group] if sources.count(f'"{each}"') < 2] == []


@pytest.mark.parametrize("group", [*KINDS, "grades", "scales"])
def test_languages_are_named(group: str) -> None:
    tables = [DATA[group]] if group in {"grades", "scales"} else DATA[group].values()
    found = {language for table in tables for language in table}
    assert len(found) > 5
    assert [each for each in found if not LANGUAGES.fullmatch(each)] == []


@pytest.mark.parametrize("notion", get_args(lexicon.Pattern))
def test_each_piece_of_a_pattern_is_one(notion: lexicon.Pattern) -> None:
    for language in DATA["patterns"][notion].values():
        assert all(re.compile(piece) for piece in language)
    assert not lexicon.pattern(notion).fullmatch("")


@pytest.mark.parametrize("notion", get_args(lexicon.Name))
def test_names_are_compared_as_words_writes_them(notion: lexicon.Name) -> None:
    for written in lexicon.names(notion):
        assert is_called(notion, written.upper())


def test_grades_and_faces_lie_on_the_scale() -> None:
    for steps in (lexicon.grades(), lexicon.faces()):
        assert min(steps.values()) == -4
        assert max(steps.values()) == 4
    assert all(plain(label) == label for label in lexicon.grades())


def test_scales_have_different_labels() -> None:
    for _, labels in lexicon.scales():
        assert len(set(labels)) == len(labels) >= 4


def test_scripts_are_compared_as_they_are_written() -> None:
    assert lexicon.says("satisfied", "전반적으로 만족하십니까?")
    assert plain("가구 수") == "가구 수"
    assert plain("ご意見") != plain("こ意見")
    assert plain("Zuständigkeit À") == "zustandigkeit a"
