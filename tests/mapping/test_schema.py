"""The JSON schema takes what the parser takes and refuses what it refuses by shape; the docs tell all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from importer import codes, mapping
from importer.errors import MappingError
from importer.mapping import json_schema, parse
from importer.mapping.load import presets
from importer.mapping.transforms.date_formats import NAMED
from importer.mapping.transforms.numbers import ROUNDINGS
from importer.mapping.transforms.registry import TRANSFORMS
from importer.mapping.waves import extend
from importer.mapping.yaml import Data, YamlText, read_yaml, resolve
from tests.mapping.making import BASE, with_answer, with_traits

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", DOCS, flags=re.MULTILINE | re.DOTALL)
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PARTIAL = jsonschema.Draft202012Validator({**SCHEMA, "required": []})


def as_json(data: Data) -> Any:
    """A document as other YAML 1.2 readers see it."""
    if isinstance(data, dict):
        return {key: as_json(each) for key, each in data.items()}
    return [as_json(each) for each in data] if isinstance(data, list) else resolve(data)


def shape(text: str) -> Any:
    return as_json(read_yaml(YamlText("example", text)).data)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0])
def test_each_example_of_the_docs_is_sound(example: str) -> None:
    PARTIAL.validate(shape(example))

    def base(_: str) -> tuple[YamlText, Any]:
        return YamlText("base", BASE), base

    own = example if "extends:" in example else f"extends: base\n{example}"
    if "extends: generic_nps" in own:
        own = own.replace("extends: generic_nps", "extends: base") + answers_of("generic_nps")
    assert parse(own, base=base)


def answers_of(preset: str) -> str:
    text = mapping.preset(preset).text
    return "answers:" + text.split("answers:")[1].split("\ntraits:")[0] + "\n"


FILES = [
    *(ROOT / "sample_data").glob("*.yaml"),
    *(ROOT / "mappings").glob("*.yaml"),
    *(ROOT / "tests" / "cases" / "mappings").glob("*.yaml"),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_schema_takes_every_mapping_there_is(path: Path) -> None:
    PARTIAL.validate(shape(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", presets())
def test_a_preset_made_whole_fits_the_whole_schema(name: str) -> None:
    own = read_yaml(YamlText("own", BASE))
    VALIDATOR.validate(
        as_json(extend(read_yaml(YamlText(name, mapping.preset(name).text)), own).data)
    )


WRONG = [
    "name: x\n",
    BASE + "nam: x\n",
    BASE + "version: 2\n",
    BASE + "forceSurvey: yes\n",
    BASE + "method: Phone\n",
    BASE + "traits: []\n",
    BASE + "traits: {a: }\n",
    BASE + "traits: {a: [b]}\n",
    BASE + "traits: {a: true, b: false}\n".replace("true", "[]"),
    BASE + "name: {a: b}\n",
    BASE + "key: []\n",
    BASE + "sending: {rate: fast}\n",
    BASE + "sending: {concurrency: 0}\n",
    BASE + "source: {sheet: 0}\n",
    BASE + "source: {skip_if: [{column: a, on: b}]}\n",
    BASE + "source: {header_row: 0}\n",
    BASE + "questions: {score: true}\n",
    BASE + "repeats: {send: last}\n",
    BASE + "anonymousId: {hash: []}\n",
    BASE + "anonymousId: {hash: a, lower: true}\n",
    with_answer("type: nsp, column: a"),
    with_answer("column: a"),
    with_answer("type: nps, any: [a]"),
    with_answer("type: nps, column: a, values: {}"),
    with_answer("type: nps, column: a, values: {a: [1]}"),
    with_answer("type: nps, column: a, round: up"),
    with_answer("type: nps, column: a, parse: leading"),
    with_answer("type: nps, column: a, rescale: {from: [1], to: [0, 10]}"),
    with_answer("type: nps, column: a, required: 1"),
    with_answer("type: nps, column: a, min: 1.5"),
    with_answer("type: nps, column: a, decimal: ;"),
    with_traits("{a: {column: A, type: dat}}"),
    with_traits("{a: {column: {name: A}}}"),
]


@pytest.mark.parametrize("text", WRONG)
def test_what_the_parser_refuses_by_shape_the_schema_refuses(text: str) -> None:
    with pytest.raises(MappingError):
        parse(text)
    assert not VALIDATOR.is_valid(shape(text))


TAKEN = [
    BASE,
    BASE + "name: 2026\n",
    BASE + "name: 1.5\n",
    BASE + "questions: {a: 3, b: false}\n",
    BASE + "source: {sheet: 2, header_rows: [], delimiter: ' '}\n",
    with_answer("type: nps, column: 2021, na: [null, 0, true, N/A]"),
    with_answer("type: nps, column: {letter: e}, values: {1: 2, null: 3, true: 4}"),
    with_answer("type: nps, column: [a, {column: b, nth: 2}], parse: [leading_int]"),
    with_traits("{a: false, b: {value: 3}, c: {value: true}, d: {value: 0.5}, e: 2021}"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_the_parser_takes_the_schema_takes(text: str) -> None:
    assert parse(text)
    VALIDATOR.validate(shape(text))


def described(node: Any) -> list[str]:
    """All keys of a schema, each with its description."""
    if isinstance(node, list):
        return [each for below in node for each in described(below)]
    if not isinstance(node, dict):
        return []
    own = [
        f"{key}: {each.get('description', '')}" for key, each in node.get("properties", {}).items()
    ]
    return own + [each for below in node.values() for each in described(below)]


@pytest.mark.parametrize("key", sorted(set(described(SCHEMA))))
def test_each_key_has_a_hover_text_and_stands_in_the_docs(key: str) -> None:
    name, description = key.split(": ", 1)
    assert description
    assert re.search(rf"`{name}[`:]|\b{name}:", DOCS)


@pytest.mark.parametrize("name", sorted({name for _, name in TRANSFORMS} | {*NAMED, *ROUNDINGS}))
def test_each_transform_stands_in_the_docs(name: str) -> None:
    assert f"`{name}`" in DOCS


@pytest.mark.parametrize("said_by", ["mapping", "checks"])
def test_each_problem_stands_in_the_docs(said_by: codes.SaidBy) -> None:
    for code, told in codes.of(said_by).items():
        assert f"| `{code}` | {told.meaning} | {told.remedy} |" in DOCS
