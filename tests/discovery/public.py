"""Judges `init` on public exports that its rules never saw: `python -m tests.discovery.public FOLDER`.

`public_exports.yaml` holds what a person reads off each, the other files of that kind (`--key fresh`,
`third`, `fourth`) the same of later sets; the files are found in the folder by their sha256. `--half tuning`
or `--half kept` counts one half only, `--misses` names what is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import cast

import yaml

from importer.discovery import Draft
from importer.errors import ImporterError
from importer.mapping.ids import is_dummy
from importer.model import letter
from tests.discovery.drafts import at, drafted
from tests.discovery.table import found

KEYS = {
    each: Path(__file__).with_name(f"{each}_exports.yaml")
    for each in ("public", "fresh", "third", "fourth")
}
FACTS = ("tool", "header", "person", "score", "comment", "date")
_LETTERS = {letter(at): at for at in range(2000)}


def half(sha256: str) -> str:
    """Which half a file belongs to."""
    return "kept" if int(sha256[-1], 16) % 2 else "tuning"


def said(path: Path) -> dict[str, str]:
    """What `init` says of a file, in the words of the key; all is the error where it refuses the file."""
    try:
        made = drafted(str(path))
        words = found(made)
    except ImporterError as error:
        return dict.fromkeys(FACTS, f"refused: {error}")
    header = "+".join(map(str, words["header"])) or "0"  # type: ignore[call-overload]
    people = _people(made, words)
    return {
        "tool": str(words["tool"]) or "none",
        "header": header + "".join(f"-{row}" for row in words["skipped"]),  # type: ignore[attr-defined]
        "person": f"{'#' if words['hashed'] else ''}{people[0]}" if people else "none",
        "score": f"{words['score']} {words['kind']}" if words["score"] else "none",
        "comment": str(words["comment"]) or "none",
        "date": str(words["date"]) or "none",
    }


def _people(made: Draft, words: dict[str, object]) -> tuple[str, ...]:
    """The columns that tell people apart, without those that the draft leaves out (`anonymous`)."""
    users = [*made.meaning.users, *([made.meaning.email] if made.meaning.email else [])]
    masked = {at(each.column) for each in users if all(map(is_dummy, each.column.profile.counts))}
    people = tuple(each for each in cast("tuple[str, ...]", words["person"]) if each not in masked)
    response = made.meaning.response
    return people or ((at(response.column),) if response else ())


def right(wanted: str, saying: str) -> bool:
    """Whether what was said is among the right answers."""
    return any(_is(each.strip(), saying) for each in wanted.split(";"))


def _is(wanted: str, saying: str) -> bool:
    if wanted in {"*", saying}:
        return True
    place, _, kinds = wanted.partition(" ")
    said_place, _, kind = saying.partition(" ")
    if kinds and kind not in kinds.split("/"):
        return False
    first, dash, last = place.partition("-")
    if not dash or not re.fullmatch("[A-Z]+", last):
        return place == said_place
    at = _LETTERS.get(said_place, -1)
    return _LETTERS[first] <= at <= _LETTERS[last]


def main() -> None:
    """Print how many of the facts are right, by fact, and the misses."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--key", choices=KEYS, default="public")
    asked.add_argument("--half", choices=("tuning", "kept"))
    asked.add_argument("--misses", action="store_true")
    wishes = asked.parse_args()
    key = {each["sha256"]: each for each in yaml.safe_load(KEYS[wishes.key].read_text("utf-8"))}
    good, of, whole, files = Counter[str](), Counter[str](), 0, 0
    for path in sorted(each for each in wishes.folder.rglob("*") if each.is_file()):
        entry = key.pop(hashlib.sha256(path.read_bytes()).hexdigest(), None)
        if entry is None or wishes.half not in {None, half(entry["sha256"])}:
            continue
        saying, files = said(path), files + 1
        wrong = [fact for fact in FACTS if not right(entry["is"][fact], saying[fact])]
        of.update(FACTS)
        good.update(fact for fact in FACTS if fact not in wrong)
        whole += not wrong
        for fact in wrong if wishes.misses else ():
            print(f"{entry['file']}: {fact} is {entry['is'][fact]}, said {saying[fact]}")  # noqa: T201
    for fact in FACTS:
        print(f"{fact:8} {good[fact]} of {of[fact]} ({good[fact] / of[fact]:.0%})")  # noqa: T201
    print(f"all      {good.total()} of {of.total()}; {whole} of {files} files in all")  # noqa: T201


if __name__ == "__main__":
    main()
