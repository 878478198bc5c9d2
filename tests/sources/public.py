"""Public texts saved anew in old encodings, and read back: `python -m tests.sources.public FOLDER`.

`public_texts.yaml` says which and as what; they are found in the folder by their sha256. An encoding is
taken for a text where it has nine of ten of its characters beyond ASCII; the others become `?`, as Excel
does. A file is right where every cell is the one that the same text gives in UTF-8. A wrong one is warned
of where the reader says that it guessed, with lines that show the guess: `plan` and `run` tell those.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path

import yaml

from importer.sources.source import open_source
from importer.sources.table import KnownBy, SourceOptions

KEY = Path(__file__).with_name("public_texts.yaml")


def cells(path: Path, content: bytes) -> tuple[list[tuple[str, ...]], str, bool]:
    """The rows of a text, the encoding it was read in, and whether that is told as a guess."""
    path.write_bytes(content)
    with open_source(str(path), SourceOptions(header_rows=())) as source:
        rows = [row for chunk in source.chunks() for row in chunk.lines]
        facts = source.facts
    told = facts.encoding_known_by is KnownBy.GUESSED and bool(facts.encoding_samples)
    return rows, facts.encoding, told


def main(folder: Path) -> None:
    """Print what is wrong, and how many of each encoding are right."""
    key = {each["sha256"]: each for each in yaml.safe_load(KEY.read_text(encoding="utf-8"))}
    right, of, silent = Counter[str](), Counter[str](), 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        entry = key.pop(hashlib.sha256(path.read_bytes()).hexdigest(), None)
        if entry is None:
            continue
        text = path.read_bytes().decode("utf-8-sig")
        odd = [char for char in text if char > "\x7f"]
        for codec in entry["as"].replace("west", "cp1252 mac_roman").split():
            if sum(not char.encode(codec, "ignore") for char in odd) * 10 > len(odd):
                continue
            content = text.encode(codec, "replace")
            with tempfile.TemporaryDirectory() as made:
                place = Path(made) / f"text{path.suffix if path.suffix == '.tsv' else '.csv'}"
                wanted, _, _ = cells(place, content.decode(codec).encode())
                found, encoding, told = cells(place, content)
            of[codec] += 1
            right[codec] += found == wanted
            if found != wanted:
                silent += not told
                pairs = zip(chain(*found), chain(*wanted), strict=False)
                wrong = [(one[:30], other[:30]) for one, other in pairs if one != other]
                words = f"{codec} {entry['file']}: {encoding}{'' if told else ', not told'}"
                print(f"{words}, {len(wrong)} cells: {wrong[:2]}")  # noqa: T201
    for codec, number in of.items():
        print(f"{codec:12} {right[codec]} of {number}")  # noqa: T201
    print(f"{silent} wrong without a word")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
