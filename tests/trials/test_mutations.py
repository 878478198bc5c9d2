"""A thousand damaged files, CSV, XLSX, XLS and ODS: each is planned or refused in words, in time, and no row
of it goes uncounted."""

from __future__ import annotations

import io
import random
import signal
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import xlwt

from importer import Settings, plan
from importer.errors import ImporterError
from importer.sources.source import open_source
from importer.sources.table import SourceOptions
from tests.figures import figure
from tests.sources import workbooks

SAMPLES = Path(__file__).parents[2] / "sample_data"
MUTATIONS, SECONDS = 1_000, 60
TABLE = [["id", "score", "comment"], *([f"u{n}", str(n % 11), f"text, {n}"] for n in range(40))]
MAPPING = """
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps, optional: true}
  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text, optional: true}
"""
SPECIAL = [
    b'"',
    b"\0",
    b"\n",
    b"\r",
    b",",
    b";",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"<",
    b"&#0;",
    b"\xed\xa0\x80",
]
Change = Callable[[bytes, random.Random], bytes]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed."""
    changed = bytearray(data)
    for _ in range(chance.choice([1, 3, 20])):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(data: bytes, chance: random.Random) -> bytes:
    """The end lost, as in a broken download."""
    return data[: chance.randrange(len(data))]


def dropped(data: bytes, chance: random.Random) -> bytes:
    """A piece lost."""
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(1, 400) :]


def doubled(data: bytes, chance: random.Random) -> bytes:
    """A piece that stands there again, elsewhere."""
    at, to = chance.randrange(len(data)), chance.randrange(len(data))
    return data[:to] + data[at : at + chance.randrange(1, 400)] + data[to:]


def inserted(data: bytes, chance: random.Random) -> bytes:
    """Characters that mean something."""
    for _ in range(chance.choice([1, 2, 10])):
        at = chance.randrange(len(data) + 1)
        data = data[:at] + chance.choice(SPECIAL) + data[at:]
    return data


def renumbered(data: bytes, chance: random.Random) -> bytes:
    """Other digits: values, places and sizes that lie, in XML that is sound."""
    changed = bytearray(data)
    digits = [at for at, byte in enumerate(changed) if byte in b"0123456789"]
    for at in chance.sample(digits, min(len(digits), chance.choice([1, 5, 40]))):
        changed[at] = chance.choice(b"0123456789-.")
    return bytes(changed)


CHANGES: tuple[Change, ...] = (flipped, cut, dropped, doubled, inserted, renumbered)


_GENTLE = (*CHANGES, flipped, renumbered, renumbered, renumbered)
"""For workbooks, of which most other changes leave nothing that can be opened."""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Changed as bytes; of an archive more often one of its parts, so that its checksums hold."""
    change = chance.choice(CHANGES if data[:1].isascii() and data[:2] != b"PK" else _GENTLE)
    if not data.startswith(b"PK") or chance.random() < 0.2:
        return change(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    likely = [name for name in parts if "sheet" in name or name == "content.xml"]
    name = chance.choice([*parts, *likely * 5])
    parts[name] = change(parts[name], chance) if parts[name] else b"x"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    return out.getvalue()


@contextmanager
def in_time() -> Iterator[None]:
    """Raises TimeoutError after `SECONDS`."""

    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def originals(tmp_path: Path) -> list[tuple[Path, Path]]:
    """Files, each with its mapping."""
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    for at, row in enumerate(TABLE):
        for column, cell in enumerate(row):
            sheet.write(at, column, int(cell) if column == 1 and at else cell)
    sheet.write_merge(50, 51, 0, 1, "u99")
    book.save(str(tmp_path / "a.xls"))
    rows = "".join(workbooks.ods_row(*row) for row in TABLE)
    workbooks.ods(tmp_path / "a.ods", rows)
    workbooks.saved(tmp_path / "a.xlsx", TABLE)
    (tmp_path / "a.csv").write_text(
        "".join(",".join(f'"{each}"' for each in row) + "\n" for row in TABLE)
    )
    own = [(tmp_path / f"a.{kind}", mapping) for kind in ("xls", "ods", "xlsx", "csv")]
    samples = [path for path in sorted(SAMPLES.iterdir()) if path.suffix in (".csv", ".xlsx")]
    return own * 4 + [(path, path.with_suffix(".yaml")) for path in samples]


def planned(file: Path, mapping: Path, folder: Path) -> str:
    """How a plan of the file ended."""
    settings = Settings(str(file), str(mapping), folder / "state", out=folder / "out")
    rows = dict(plan(settings)[1].rows)
    return "planned" if rows.pop("read") == sum(rows.values()) else f"uncounted {rows}"


def counted(file: Path) -> str:
    """The rows of a file, each of which has a number of its own; of plain text as many as lines."""
    with open_source(str(file), SourceOptions(header_rows=(1,))) as source:
        found = [row for chunk in source.chunks(7) for row in chunk.rows]
        assert found == sorted(set(found))
        data, text = (
            file.read_bytes(),
            source.facts.format == "csv" and not source.facts.compression,
        )
        if text and data.isascii() and not set(data) & set(b'"\r\0\x1a\x1c\x1d\x1e\x0b\x0c'):
            lines = data.decode().split("\n")[1:]
            assert (
                len(found) == sum(bool(each.strip(" ,;\t|^~:")) for each in lines) or "=" in lines
            )
    return "read"


def ended(ask: Callable[[], object]) -> str:
    """`planned`, `read`, `refused`, or what is wrong."""
    try:
        with in_time():
            said = str(ask())
    except ImporterError as error:
        internal = any(name in error.message for name in ("Error:", "Exception", "0x"))
        return f"said {error.message}" if internal or not error.message else "refused"
    except Exception as error:  # noqa: BLE001  all of them are told together
        return f"raised {error!r}"
    return said


@pytest.mark.trial
def test_mutations(tmp_path: Path, originals: list[tuple[Path, Path]]) -> None:
    ends, wrong = Counter[str](), list[str]()
    for seed in range(MUTATIONS):
        chance = random.Random(seed)
        original, mapping = chance.choice(originals)
        file = tmp_path / f"mutated{original.suffix}"
        file.write_bytes(mutated(original.read_bytes(), chance))
        for end in (
            ended(partial(planned, file, mapping, tmp_path)),
            ended(partial(counted, file)),
        ):
            ends[f"{original.suffix[1:]} {end}"] += 1
            if end not in ("planned", "read", "refused"):
                wrong.append(f"{seed} of {original.name}: {end}")
    assert not wrong, "\n".join(wrong)
    figure("mutations", **{each.replace(" ", "_"): n for each, n in sorted(ends.items())})
