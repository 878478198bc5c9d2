"""Bytes that nobody meant: each reader takes them or refuses them in words, and none is a defect.

Seeds are the shipped samples and mappings, and `tests/trials/corpus`, where a case that once failed is kept:
its name begins with the target's. A round has a fixed time, and a seed that is printed.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest

from importer.engine.approval import FORMAT, ApprovedPlan, Inputs
from importer.errors import ImporterError
from importer.mapping import load
from importer.resources import MAPPINGS, SAMPLES
from importer.satismeter.classify import Reply, classify
from importer.satismeter.redact import Redactor
from importer.settings import Secret
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.figures import figure

SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
CORPUS = Path(__file__).with_name("corpus")
LARGEST = 64 * 1024

pytestmark = pytest.mark.trial

INTERESTING = (
    *(b"\x00", b"\xff", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b"'", b"\r", b"\n", b";", b",", b"\t"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b"&a",
        b"*a",
        b"<<: ",
        b"!!",
        b"\\u0000",
        b"\\ud800",
        b"1e999",
        b"-0",
    ),
    *("\u2028".encode(), "\u202e".encode(), "＝".encode(), b"<!DOCTYPE", b"9" * 5_000, b" " * 300),
)


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """The seed with up to eight changes: bytes flipped, cut, doubled, moved, or odd ones put in."""
    data = bytearray(seed[:LARGEST])
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 2, 8, 64, 512)))
        match chance.randrange(5):
            case 0:
                data[at:at] = chance.choice(INTERESTING)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end]
            case 3 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case _:
                data[at:end] = chance.randbytes(end - at)
    return bytes(data)


def read_file(content: bytes, folder: Path) -> None:
    path = folder / ("book.xlsx" if content[:2] == b"PK" else "file.csv")
    path.write_bytes(content)
    with open_source(str(path), SourceOptions()) as source:
        for chunk in source.chunks():
            assert all(len(column) == len(chunk.rows) for column in chunk.columns)


def read_mapping(content: bytes, folder: Path) -> None:
    path = folder / "mapping.yaml"
    path.write_bytes(content)
    load(str(path))


def read_reply(content: bytes, _: Path) -> None:
    status, body = 200 + content[0] * 2 if content else 500, content[1:]
    classified = classify(Reply(True, status, body))
    sent = json.dumps({"userId": "somebody-4711", "answers": []}).encode()
    shown = Redactor(Secret("k7Fq2ZpX9vTn4LwR")).classification(classified, sent)
    assert shown.status == classified.status
    assert "k7Fq2ZpX9vTn4LwR" not in shown.message


def read_plan(content: bytes, folder: Path) -> None:
    path = folder / "plan.json"
    path.write_bytes(content)
    ApprovedPlan.read(path)


TARGETS: Mapping[str, Callable[[bytes, Path], None]] = {
    "file": read_file,
    "mapping": read_mapping,
    "reply": read_reply,
    "plan": read_plan,
}
PLAN = {
    "format": FORMAT,
    **dict.fromkeys((each.name for each in fields(ApprovedPlan)), "x"),
    "inputs": dict.fromkeys((each.name for each in fields(Inputs)), "x"),
    "rows": {"read": 12},
    "to_post": "2-9 11",
}
REPLIES = (
    b'\x64{"error":"bad somebody-4711"}',
    b'\x6f{"errors":[{"message":"no"}]}',
    b"\x96<html><title>x</title>",
    b'\x00{"id":"5f1e"}',
)


def seeds(target: str) -> Iterator[bytes]:
    """What is kept for this target, and what comes along."""
    yield from (path.read_bytes() for path in sorted(CORPUS.glob(f"{target}-*")))
    if target == "file":
        found = (
            path for path in sorted(SAMPLES.iterdir()) if path.suffix in {".csv", ".xlsx", ".tsv"}
        )
        yield from (path.read_bytes() for path in found)
    elif target == "mapping":
        both = (*sorted(SAMPLES.glob("*.yaml")), *sorted(MAPPINGS.glob("*.yaml")))
        yield from (path.read_bytes() for path in both)
    elif target == "reply":
        yield from REPLIES
    else:
        yield json.dumps(PLAN).encode()


@pytest.mark.parametrize("target", TARGETS)
def test_whatever_comes_is_taken_or_refused_in_words(target: str, tmp_path: Path) -> None:
    number = int(os.environ.get("FUZZ_SEED", time.time_ns() % 1_000_000))
    chance, known = random.Random(number), list(seeds(target))
    ends, tried, refused = time.monotonic() + SECONDS, 0, 0
    while tried < len(known) or time.monotonic() < ends:
        content = known[tried] if tried < len(known) else mutated(chance.choice(known), chance)
        try:
            TARGETS[target](content, tmp_path)
        except ImporterError as error:
            refused += bool(error.message)
        except Exception as error:
            kept = tmp_path / f"{target}-{number}-{tried}"
            kept.write_bytes(content)
            raise AssertionError(
                f"{error!r}; seed {number}; keep {kept} in {CORPUS.name}/"
            ) from error
        tried += 1
    figure(f"fuzz {target}", seed=number, tried=tried, refused=refused)
