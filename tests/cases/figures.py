"""What the importer makes of the files, without their text: counts and hashes.

`python -m tests.golden` writes `figures.json` anew.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson

from tests.cases.expected import CASES, REAL_CASES, present
from tests.mapping_out import Out, mapping_out

FILE = Path(__file__).parent / "figures.json"


def of(out: Out) -> dict[str, object]:
    """Counts, and the SHA-256 of the bodies as `--payloads` writes them (one a line)."""
    return {
        "rows": len(out.mapped),
        "ready": len(out.responses),
        "skipped": dict(out.skipped),
        "causes": dict(out.causes),
        "sha256": hashlib.sha256(out.bodies).hexdigest(),
    }


def kept() -> dict[str, dict[str, object]]:
    """The figures as they were accepted."""
    document: dict[str, dict[str, object]] = orjson.loads(FILE.read_bytes())
    return document


def write() -> None:
    """Accept what the importer makes now; of real files only where they are here."""
    cases = [*CASES, *(REAL_CASES if present() else ())]
    figures = kept() | {case.name: of(mapping_out(case.path, case.mapping)) for case in cases}
    FILE.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
