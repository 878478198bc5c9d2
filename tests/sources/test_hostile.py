"""Workbooks that lie, are broken, or mean harm: a clear error, in bounded time and memory."""

from __future__ import annotations

import re
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.sources import workbook
from importer.sources.source import open_source
from tests.sources import workbooks
from tests.sources.reading import read

DATA = Path(__file__).parent / "data"
TABLE = workbooks.row(1, ("A", "a"), ("B", "b")) + workbooks.row(2, ("A", "1"), ("B", "2"))
START = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """20 seconds and 1 GB are the most that any of them may take."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < 20
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1 << 20


def refused(path: str) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(path)
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("far", ["XFD1048576", "XFD3", "A1048576"])
def test_one_far_cell(tmp_path: Path, far: str) -> None:
    """calamine would need room for 17 billion cells, and aborts; the row is read all the same."""
    number = far.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    rows = TABLE + f'<row r="{number}">{workbooks.text(far, "x")}</row>'
    found = read(workbooks.by_hand(tmp_path / "a.xlsx", rows))
    assert found.header == ("a", "b")
    assert found.rows[0] == (2, ["1", "2"])
    assert found.rows[-1][0] == int(number)
    assert set(found.problems) == ({int(number)} if far.startswith("X") else set())


@pytest.mark.parametrize("lie", ["A1:A1", "A1:XFD1048576", "ZZ9", ""])
def test_a_lying_dimension_drops_nothing(tmp_path: Path, lie: str) -> None:
    path = workbooks.by_hand(tmp_path / "a.xlsx", TABLE, before=f'<dimension ref="{lie}"/>')
    assert read(path).cells == [["1", "2"]]


def test_cells_without_addresses(tmp_path: Path) -> None:
    rows = "<row><c><v>1</v></c><c><v>2</v></c></row>" * 2
    rows += '<row><c t="e"><v>#REF!</v></c><c><v>3</v></c></row>'
    found = read(workbooks.by_hand(tmp_path / "a.xlsx", rows))
    assert found.rows == [(2, ["1", "2"]), (3, ["#REF!", "3"])]


def test_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_BOMB_SIZE", workbook._BOMB_SIZE // 4)
    pieces = (START, *["A" * (1 << 20)] * 150)
    assert "zip bomb" in _hint(workbooks.in_pieces(tmp_path / "a.xlsx", pieces))


def _hint(path: str) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(path)
    return caught.value.hint


def test_a_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    pieces = (START, *["A" * (1 << 20)] * 300)
    path = Path(workbooks.in_pieces(tmp_path / "a.xlsx", pieces))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 24, 1_000)
    path.write_bytes(data)
    assert "can't be read as a workbook" in refused(str(path))


def test_wherever_memory_ends_it_is_said_to_be_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a library's own code the child is killed, in Python it would say nothing at all."""
    monkeypatch.setattr(workbook, "_MEMORY", 150 << 20)
    row = "<row>" + "<c><v>1</v></c>" * 4_000 + "</row>"
    path = workbooks.in_pieces(
        tmp_path / "a.xlsx", (START, *[row] * 800, "</sheetData></worksheet>")
    )
    assert "it took too much memory" in refused(path)


@pytest.mark.trial
def test_more_cells_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a fourth of what a child gets: a quick machine reads so many cells within the whole of it."""
    monkeypatch.setattr(workbook, "_MEMORY", workbook._MEMORY // 4)
    row = "<row>" + "<c><v>1</v></c>" * 4_000 + "</row>"
    path = workbooks.in_pieces(
        tmp_path / "a.xlsx", (START, *[row] * 5_000, "</sheetData></worksheet>")
    )
    assert "too much" in refused(path)


@pytest.mark.parametrize(
    ("entities", "use"),
    [
        ("".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)), "&e9;"),
        ("", "&e0;" * 60_000),
    ],
)
def test_entity_bombs(tmp_path: Path, entities: str, use: str) -> None:
    prologue = f'<!DOCTYPE x [<!ENTITY e0 "{"a" * 30_000 if not entities else "lol"}">{entities}]>'
    path = workbooks.by_hand(tmp_path / "a.xlsx", workbooks.row(1, ("A", use)), prologue=prologue)
    assert "can't be read as a workbook" in refused(path)


def test_encrypted() -> None:
    assert refused(str(DATA / "encrypted.xlsx")) == "encrypted.xlsx is encrypted."


@pytest.mark.parametrize("name", ["kinds.xlsx", "kinds.xls", "kinds.ods"])
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_cut_short(tmp_path: Path, name: str, part: float) -> None:
    data = (DATA / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * part)])
    assert name in refused(str(path))


def test_damaged_in_the_middle(tmp_path: Path) -> None:
    path = Path(workbooks.saved(tmp_path / "a.xlsx", [[f"text {n}", n] for n in range(5_000)]))
    data = bytearray(path.read_bytes())
    middle = data.find(b"xl/worksheets/sheet1.xml") + 2_000
    data[middle : middle + 100] = bytes(100)
    path.write_bytes(data)
    assert "can't be read as a workbook" in refused(str(path))


def test_empty_workbook(tmp_path: Path) -> None:
    assert "no sheet of this workbook holds data" in refused(
        workbooks.saved(tmp_path / "a.xlsx", [])
    )


def test_a_file_that_only_starts_like_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5_000))
    assert "holds no workbook: it is damaged" in refused(str(path))
    path.write_bytes(path.read_bytes() + "Workbook".encode("utf-16-le"))
    assert "can't be read as a workbook" in refused(str(path))


def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    path = workbooks.saved(tmp_path / "a.xlsx", [[f"{n}", "x" * 50] for n in range(10_000)])
    script = (
        "import sys, time\nfrom importer.sources import open_source\n"
        "source = open_source(sys.argv[1])\n"
        "print(source._table._child._process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert _runs(child)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _runs(child)


def test_the_child_is_told_nothing_that_it_does_not_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key of ours or of anyone, and it leaves no core: a workbook that takes it over finds nothing."""
    for name in ("SATISMETER_WRITE_KEY", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "LC_ALL"):
        monkeypatch.setenv(name, "C.UTF-8")
    with open_source(
        workbooks.saved(tmp_path / "a.xlsx", [["a"], *[[n] for n in range(9_999)]])
    ) as source:
        process = Path(f"/proc/{source._table._child._process.pid}")  # type: ignore[attr-defined]
        told = {each.partition("=")[0] for each in (process / "environ").read_text().split("\0")}
        limits = (process / "limits").read_text()
    assert told <= {"", "PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH"} | {
        name for name in told if name.startswith("PYTHON")
    }
    assert "LC_ALL" in told
    assert re.search(r"Max core file size +0 +0 ", limits)


def test_what_calamine_dies_of_is_read_all_the_same(tmp_path: Path) -> None:
    """The second child is told; a second reading starts no first one again."""
    rows = TABLE + f'<row r="1048576">{workbooks.text("XFD1048576", "x")}</row>'
    with open_source(workbooks.by_hand(tmp_path / "a.xlsx", rows)) as source:
        assert source._table._careful  # type: ignore[attr-defined]
        for _ in range(2):
            assert sum(len(chunk.rows) for chunk in source.chunks()) == 2


def _runs(pid: int) -> bool:
    """True for a process that lives; a zombie that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_closed_source_leaves_no_child(tmp_path: Path) -> None:
    path = workbooks.saved(tmp_path / "a.xlsx", [["a"], *[[n] for n in range(20_000)]])
    with open_source(path) as source:
        chunks = source.chunks(10)
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]  # it is a generator
        again = open_source(path)
    again.close()
    script = f"pgrep -P {__import__('os').getpid()} -f workbook_child"
    assert not subprocess.run(script.split(), capture_output=True, check=False).stdout
