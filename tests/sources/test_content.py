"""Where the bytes come from: files, standard input, pipes, archives; and what is no table at all."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import stat
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from importer.errors import SourceError
from importer.sources import files
from importer.sources.source import open_source
from importer.sources.table import MOST_TEXT
from tests.sources import workbooks
from tests.sources.reading import read, written

CSV = b"a,b\n1,2\n"
ROWS = [(2, ["1", "2"])]


def zipped(path: Path, members: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return str(path)


@pytest.mark.parametrize(
    ("pack", "name"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz")]
)
def test_compressed_text(tmp_path: Path, pack: Callable[[bytes], bytes], name: str) -> None:
    packed = pack(CSV)
    found = read(written(tmp_path / "a.csv.packed", packed))
    assert (found.rows, found.facts.compression, found.facts.size) == (ROWS, name, len(packed))
    assert found.facts.sha256 == hashlib.sha256(packed).hexdigest()


def test_a_gzip_whose_stream_is_broken(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"a,b\n" + os.urandom(3_000).hex().encode()))
    packed[40:60] = bytes(20)
    with pytest.raises(SourceError, match="the gzip archive is damaged"):
        read(written(tmp_path / "a.csv.gz", bytes(packed)))


def test_a_zip_with_one_table(tmp_path: Path) -> None:
    members = {"folder/": b"", "folder/a.csv": CSV, "__MACOSX/._a.csv": b"x", ".DS_Store": b"x"}
    found = read(zipped(tmp_path / "a.zip", members))
    assert (found.rows, found.facts.compression) == (ROWS, "zip")


def test_a_zip_with_several_names_them(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"one.csv": CSV, "two.csv": b"c\n3\n"})
    with pytest.raises(SourceError, match="holds 2 files") as caught:
        open_source(path)
    assert "one.csv, two.csv" in caught.value.hint
    assert read(f"{path}::two.csv").header == ("c",)
    with pytest.raises(SourceError, match=r"holds no three\.csv"):
        open_source(f"{path}::three.csv")


def test_a_workbook_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Path(workbooks.saved(tmp_path / "a.xlsx", [["a", "b"], [1, 2]])).read_bytes()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert read(zipped(tmp_path / "a.zip", {"a.xlsx": book})).rows == ROWS
    assert read(written(tmp_path / "a.xlsx.gz", gzip.compress(book))).rows == ROWS
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("cut", [4, 12])
def test_a_damaged_archive(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "a.csv.gz", gzip.compress(CSV * 100)[:-cut])
    with pytest.raises(SourceError, match="damaged"):
        open_source(path)


def test_a_decompression_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_HARMLESS", 32 << 20)  # a gigabyte takes its seconds to unpack
    packed = gzip.compress(b"\n" * (16 << 20), 9)
    path = written(tmp_path / "a.csv.gz", packed * 3)
    with pytest.raises(SourceError, match="unpacks to more than 200 times"):
        open_source(path)


def test_standard_input_is_spooled_without_a_name(tmp_path: Path) -> None:
    """A process that is killed leaves nothing of it on the disk."""
    script = (
        "import os\n"
        "from importer.sources import open_source\n"
        "with open_source('-') as source:\n"
        "    rows = [list(c.lines) for c in source.chunks()]\n"
        "    again = [list(c.lines) for c in source.chunks()]\n"
        "    print(source.name, rows == again, rows, os.listdir(os.environ['TMPDIR']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=CSV,
        capture_output=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.stdout.decode().splitlines() == ["standard input True [[('1', '2')]] []"]


def test_a_named_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(CSV,))
    writer.start()
    assert read(pipe).rows == ROWS
    writer.join()


def test_no_such_file(tmp_path: Path) -> None:
    written(tmp_path / "answers.csv", CSV)
    with pytest.raises(SourceError, match="no such file") as caught:
        open_source(str(tmp_path / "answer.csv"))
    assert "answers.csv" in caught.value.hint
    with pytest.raises(SourceError, match="is a folder"):
        open_source(str(tmp_path))
    with pytest.raises(SourceError, match="no such file"):
        open_source(str(tmp_path / "nowhere" / "a.csv"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_right_to_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(CSV)
    path.chmod(stat.S_IWUSR)
    with pytest.raises(SourceError, match="permission denied"):
        open_source(str(path))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.xls", b"<html><body><table><tr><td>a", "a web page"),
        ("a.xls", b"\xef\xbb\xbf<!DOCTYPE html>\n<html>", "a web page"),
        ("a.xls", b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "Excel 2003"),
        ("a.xml", b'<?xml version="1.0"?><rows>', "is XML"),
        ("a.csv", b'[{"id": 1}]', "is JSON"),
        ("a.csv", b'{\n  "id": 1}', "is JSON"),
        ("a.csv", b"%PDF-1.7\n", "a PDF"),
        ("a.csv", b"PAR1xxxx", "a Parquet file"),
        ("a.csv", b"SQLite format 3\0", "a database"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "a picture"),
        ("a.csv", bytes(range(256)) * 20, "is not text"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    with pytest.raises(SourceError, match=what) as caught:
        open_source(written(tmp_path / name, content))
    assert caught.value.hint


def test_text_that_is_called_a_workbook_is_read_as_what_it_is(tmp_path: Path) -> None:
    found = read(written(tmp_path / "a.xls", "a\tb\r\n1\t2\r\n".encode("utf-16")))
    assert (found.rows, found.facts.format, found.facts.delimiter) == (ROWS, "csv", "\t")


def test_an_archive_of_a_numbers_document(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("Index/Document.iwa", b"x")
    with pytest.raises(SourceError, match="Apple Numbers"):
        open_source(written(tmp_path / "a.numbers", out.getvalue()))


def _fat_csv(path: Path) -> str:
    lines = "".join(f"u{n},{chr(97 + n % 26) * (1 << 20)}\n" for n in range(24))
    return written(path / "fat.csv", f"id,comment\n{lines}".encode())


def _fat_xlsx(path: Path) -> str:
    rows = [[f"u{n}", chr(97 + n % 26) * 32_000] for n in range(400)]
    return str(workbooks.saved(path / "fat.xlsx", [["id", "comment"], *rows]))


@pytest.mark.parametrize("make", [_fat_csv, _fat_xlsx])
def test_rows_come_by_their_weight_too(tmp_path: Path, make: Callable[[Path], str]) -> None:
    """A thousand rows may be a gigabyte, packed into a zip of one megabyte."""
    with open_source(make(tmp_path)) as source:
        weights = [sum(map(len, chunk.columns[1])) for chunk in source.chunks()]
        rows = [row for chunk in source.chunks() for row in chunk.rows]
    assert len(weights) > 2
    assert max(weights) <= MOST_TEXT + (1 << 20)
    assert rows == list(range(2, len(rows) + 2))


def test_light_rows_come_by_the_thousand(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", b"id,comment\n" + b"u1,fine\n" * 2_500)
    with open_source(path) as source:
        assert [len(chunk.rows) for chunk in source.chunks()] == [999, 1_000, 501]
