"""What every sample in `sample_data/` comes to, byte by byte.

`python -m tests.golden` writes the folders anew. A preset, its sample and the sample's mapping are
found by themselves. What the commands make of a sample is in `commands`; what varies from run to run is
replaced in `normal`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import orjson

from importer.resources import SAMPLES
from tests.mapping_out import Out, mapping_out

FOLDER = Path(__file__).parent
BODIES = "bodies.jsonl"
PROBLEMS = "problems.jsonl"
COUNTS = "counts.json"


def names() -> list[str]:
    """The samples: each has a mapping of its name beside it."""
    return sorted(path.stem for path in SAMPLES.glob("*.yaml"))


def sample(name: str) -> Path:
    """The sample's file."""
    [file] = [path for path in SAMPLES.glob(f"{name}.*") if path.suffix != ".yaml"]
    return file


def produced(name: str) -> dict[str, bytes]:
    """The files of a sample's golden folder, as the importer makes them now."""
    out = mapping_out(sample(name), SAMPLES / f"{name}.yaml")
    return {BODIES: out.bodies, PROBLEMS: _problems(out), COUNTS: _counts(out)}


def kept(name: str) -> dict[str, bytes]:
    """The files of the golden folder as they were accepted."""
    folder = FOLDER / name
    return {each: (folder / each).read_bytes() for each in (BODIES, PROBLEMS, COUNTS)}


def write(name: str) -> None:
    """Accept what the importer makes now."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    for file, content in produced(name).items():
        (folder / file).write_bytes(content)


def _problems(out: Out) -> bytes:
    """What is wrong with each row that isn't sent, then what the file had lost: one a line."""
    problems = [problem for each in out.invalid for problem in each.problems]
    lines = [*map(asdict, problems), *({"damage": asdict(each)} for each in out.damage)]
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def _counts(out: Out) -> bytes:
    counts = {
        "rows": len(out.mapped),
        "blank_rows": out.blank_rows,
        "ready": len(out.responses),
        "invalid": len(out.invalid),
        "skipped": dict(out.skipped),
        "causes": dict(out.causes),
        "damage": dict(Counter(each.code for each in out.damage)),
        "notes": list(out.notes),
        "unmapped": list(out.unmapped),
    }
    return orjson.dumps(counts, option=orjson.OPT_INDENT_2) + b"\n"
