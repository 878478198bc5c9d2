"""YAML 1.2, strictly, and nothing that a mapping has no use for."""

from __future__ import annotations

import sys
import time

import pytest

from importer.errors import MappingError
from importer.mapping.yaml import MAX_BYTES, MAX_DEPTH, Core, Plain, YamlText, read_yaml, resolve
from tests.mapping.making import BASE, refused


@pytest.mark.parametrize(
    "text", ["Yes", "No", "NO", "on", "off", "y", "0123", "-007", "12:30", "12:30:45"]
)
@pytest.mark.parametrize("style", [str, Plain])
def test_text_that_other_readers_take_for_something_else(text: str, style: type[str]) -> None:
    assert resolve(style(text)) == text


@pytest.mark.parametrize(
    "text", ["2024-01-01", "1_000", "0x", "1e", "0b1", "=", "<<", "tRUE", "1,5"]
)
def test_more_of_it(text: str) -> None:
    assert resolve(Plain(text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
    ],
)
def test_plain_scalars_are_what_they_look_like(text: str, value: Core) -> None:
    found = resolve(Plain(text))
    assert (found, type(found)) == (value, type(value))
    assert resolve(text) == text, "in quotes it is text"


def test_not_a_number() -> None:
    found = resolve(Plain(".nan"))
    assert isinstance(found, float)
    assert found != found  # noqa: PLR0124


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("[Why?, How?]", ["Why?", "How?"]),
        (
            "{column: Would you renew?, type: choice}",
            {"column": "Would you renew?", "type": "choice"},
        ),
        ("[a?b, what? d]", ["a?b", "what? d"]),
        ("Why? # not", "Why?"),
        ("[http://x.org/?q=1]", ["http://x.org/?q=1"]),
    ],
)
def test_question_marks_are_text(text: str, data: object) -> None:
    assert read_yaml(YamlText("m.yaml", f"a: {text}\n")).data == {"a": data}


def test_a_place_for_each_piece() -> None:
    tree = read_yaml(YamlText("m.yaml", "a:\n  - {b: c}\n"))
    assert tree.data == {"a": [{"b": "c"}]}
    place, key = tree.places["a", 0, "b"], tree.keys["a", 0, "b"]
    assert (place.line, place.column, key.column) == (2, 9, 6)


BOMBS = {
    "nested lists": "a: " + "[" * 20_000,
    "nested maps": "{a: " * 20_000,
    "nested by indentation": "\n".join(" " * i + "a:" for i in range(2_000)),
    "aliases": "a: &a [x]\n" + "\n".join(f"b{i}: [*a, *a]" for i in range(200)),
    "merge keys": "a: &a {x: 1}\n" + "\n".join(f"b{i}: {{<<: *a}}" for i in range(200)),
    "a merge key": "a: {<<: {x: 1}}",
    "too big": "a: " + "x" * (MAX_BYTES + 1),
    "nothing but line breaks": "\n" * MAX_BYTES,
    "many line breaks": "\n" * 19_000,
    "old line breaks": "\r" * 30_000,
    "a lot of text, then an alias": "a: " + "x" * (MAX_BYTES - 20) + "\nb: *a",
    "a python object": "a: !!python/object/apply:os.system [echo]",
    "a tag": "a: !thing x",
    "an explicit type": "a: !!int '3'",
    "two documents": "a: 1\n---\nb: 2\n",
    "many entries": "a: [" + "x," * 100_000 + "]",
    "a key that is a list": "[a, b]: c",
    "a NUL": 'a: "x\\0"',
    "half a character": 'a: "\\ud800"',
    "a control character": "a: \x01",
    "nothing": "",
    "only a comment": "# mapping\n",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_what_a_mapping_has_no_use_for_is_refused_at_once(text: str) -> None:
    start = time.process_time()
    with pytest.raises(MappingError) as caught:
        read_yaml(YamlText("m.yaml", text))
    slower = 4 if sys.gettrace() else 1  # each line is counted: `make covered`
    assert time.process_time() - start < 0.5 * slower
    (mistake,) = caught.value.mistakes
    assert mistake.message
    assert mistake.hint
    assert len(mistake.message) < 200


def test_just_deep_enough() -> None:
    assert read_yaml(YamlText("m.yaml", "[" * MAX_DEPTH + "]" * MAX_DEPTH))


SLIPS = {
    "campaign:\tx\n\tuserId: y\n": "a tab",
    "campaign: a: b\n": "a second colon",
    "campaign: x\n   userId: y\n": "a second colon on this line, or a line that is indented too far",
    "campaign: x\nuserId\nmethod: y\n": "a key without a colon",
    'campaign: "x\n': "a quotation mark that is never closed",
    "userId: [a, b\nmethod: x\n": "`[` that is never closed",
    "userId: {a: b\nmethod: x\n": "`{` that is never closed",
    "userId: @x\n": "a text can't begin with this character",
    "userId: %x\n": "a text can't begin with this character",
    'a: "\\.com$"\n': "a backslash means something",
    "a:\n  - b\n - c\n": "indentation fits nothing",
}


@pytest.mark.parametrize("text", SLIPS, ids=repr)
def test_slips_are_told_in_plain_words(text: str) -> None:
    said = refused(text)
    assert SLIPS[text] in said
    assert "mapping.yaml, line " in said


def test_all_keys_that_are_given_twice() -> None:
    said = refused("campaign: x\nname: a\ncampaign: y\nuserId: {column: a, column: b}\n")
    assert 'line 3, column 1: the key "campaign" is given twice' in said
    assert "It stands in line 1 already." in said
    assert 'line 4, column 21: the key "column" is given twice' in said


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read_yaml(YamlText("m.yaml", "\ufeffa: 1\r\nb: 2\r\n")).data == {"a": "1", "b": "2"}


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "3\n"])
def test_a_document_that_is_no_map(text: str) -> None:
    assert "expected keys and values" in refused(text)


def test_the_base_of_these_tests_is_sound() -> None:
    assert read_yaml(YamlText("m.yaml", BASE)).data
