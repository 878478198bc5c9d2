"""Each sample gives what was accepted; each preset has its sample."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest

from importer.mapping import load
from importer.resources import MAPPINGS, SAMPLES
from importer.sandbox import WRITE_KEY, SandboxSettings
from tests import golden
from tests.golden import commands, normal
from tests.sandbox.conftest import talking

PRESETS = sorted(MAPPINGS.glob("*.yaml"))


@pytest.mark.parametrize("name", golden.names())
def test_a_sample_gives_what_was_accepted(name: str) -> None:
    assert golden.produced(name) == golden.kept(name)


@pytest.mark.parametrize("name", golden.names())
def test_the_commands_make_of_a_sample_what_was_accepted(name: str, tmp_path: Path) -> None:
    made, kept = commands.produced(name, tmp_path), commands.kept(name)
    assert set(made) == set(kept)
    for file, content in kept.items():
        assert made[file] == content, f"tests/golden/{name}/commands/{file}"


@pytest.mark.parametrize("name", golden.names())
def test_a_sample_needs_no_fix_to_be_run(name: str) -> None:
    counts = orjson.loads(golden.kept(name)[golden.COUNTS])
    assert counts["ready"] > 0
    assert counts["rows"] == counts["ready"] + counts["invalid"] + sum(counts["skipped"].values())


@pytest.mark.parametrize("name", [path.stem for path in PRESETS])
def test_a_preset_has_a_sample_with_a_mapping(name: str) -> None:
    document = load(str(SAMPLES / f"{name}.yaml"))
    assert document.extends == name
    assert document.preset
    assert document.preset.sample == golden.sample(name).name
    assert document.preset.tool
    assert document.preset.evidence


@pytest.mark.parametrize("name", golden.names())
async def test_the_sandbox_takes_every_body(name: str) -> None:
    """The sample's mapping names the sandbox's survey, and every value fits its question."""
    bodies = [orjson.loads(line) for line in golden.kept(name)[golden.BODIES].splitlines()]
    async with talking(SandboxSettings(duplicate_window=0)) as client:
        for body in bodies:
            reply = await client.post(orjson.dumps({"writeKey": WRITE_KEY, **body}))
            assert (reply.status, reply.raw) == (200, reply.raw)
        stored = client.sandbox.stored()
    assert [dict(each.answers) for each in stored] == [
        {answer["id"]: answer["value"] for answer in body["answers"]} for body in bodies
    ]


@pytest.mark.parametrize("name", golden.names())
def test_everyone_in_a_sample_is_invented(name: str) -> None:
    """Addresses of example.com and example.org (RFC 2606) only, and IP addresses of RFC 5737."""
    text = golden.kept(name)[golden.BODIES].decode()
    file = golden.sample(name)
    if file.suffix == ".csv":
        text += file.read_bytes().decode("utf-8", "replace")
    hosts = set(re.findall(r"[\w.+-]+@([\w-]+\.[\w.-]+\w)", text))
    assert hosts <= {"example.com", "example.org"}
    for address in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text):
        assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))


def test_a_page_is_compared_whatever_engine_wrote_it() -> None:
    """White space that doesn't show, the order of attributes and the form of a quote are no difference."""
    one = '<!doctype html>\n<div class="a" id="b"><p>It&#x27;s <code>x</code> y</p><rect x="1"/></div>'
    other = """<!DOCTYPE html><div id="b"
        class="a">
        <p>
          It&#39;s <code>x</code>
          y
        </p><rect x='1'></rect>
    </div>"""
    assert normal.page(one) == normal.page(other)


@pytest.mark.parametrize(
    "other",
    [
        "<p>It's<code>x</code> y</p>",
        "<p>It's <code>x </code>y</p>",
        "<p>It's <code>x</code> y</p><p></p>",
        "<p>It&amp;#x27;s <code>x</code> y</p>",
        "<p class=''>It's <code>x</code> y</p>",
        "<p>It's <b>x</b> y</p>",
        "<p>It's <code>x</code> y</p><pre>a\n b</pre>",
    ],
)
def test_what_shows_is_a_difference(other: str) -> None:
    assert normal.page("<p>It's <code>x</code> y</p>") != normal.page(other)
    assert normal.page("<pre>a\n  b</pre>") != normal.page("<pre>a\n b</pre>")
