"""A file that is written, replaced, cut or removed while it is read."""

import gzip
import os
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from importer.errors import SourceError
from importer.sources.source import open_source
from tests.sources import workbooks
from tests.sources.reading import written

HEADER = "id,score,comment\n"
ROWS = 5_000


def text(word: str, rows: int = ROWS) -> bytes:
    return (HEADER + "".join(f"{word}{n},{n % 11},said {n}\n" for n in range(rows))).encode()


def _csv(path: Path, word: str) -> str:
    return written(path / "a.csv", text(word))


def _gzip(path: Path, word: str) -> str:
    return written(path / "a.csv.gz", gzip.compress(text(word)))


def _zip(path: Path, word: str) -> str:
    with zipfile.ZipFile(path / "a.zip", "w") as archive:
        archive.writestr("a.csv", text(word))
    return str(path / "a.zip")


def _xlsx(path: Path, word: str) -> str:
    return written(path / "a.xlsx", _workbook(word))


@cache
def _workbook(word: str) -> bytes:
    rows = [[f"{word}{n}", n % 11, f"said {n}"] for n in range(ROWS)]
    with TemporaryDirectory() as folder:
        path = workbooks.saved(Path(folder) / "a.xlsx", [HEADER.strip().split(","), *rows])
        return Path(path).read_bytes()


def _jsonl(path: Path, word: str) -> str:
    lines = (f'{{"id": "{word}{n}", "score": {n % 11}, "comment": "{n}"}}' for n in range(ROWS))
    return written(path / "a.jsonl", "\n".join(lines))


Make = Callable[[Path, str], str]
Change = Callable[[Path, bytes], object]
KINDS = pytest.mark.parametrize("make", [_csv, _gzip, _zip, _xlsx, _jsonl])


def overwrite(path: Path, other: bytes) -> None:
    path.write_bytes(other)


def replaced(path: Path, other: bytes) -> None:
    draft = path.with_name("draft")
    draft.write_bytes(other)
    draft.replace(path)


def truncate(path: Path, _: bytes) -> None:
    os.truncate(path, path.stat().st_size // 2)


def grow(path: Path, other: bytes) -> None:
    with path.open("ab") as file:
        file.write(other)


def remove(path: Path, _: bytes) -> None:
    path.unlink()


@KINDS
@pytest.mark.parametrize("change", [overwrite, replaced, truncate, grow, remove])
def test_rows_of_a_file_that_changes_are_not_taken(
    tmp_path: Path, make: Make, change: Change
) -> None:
    (tmp_path / "other").mkdir()
    other = Path(make(tmp_path / "other", "other")).read_bytes()
    path = make(tmp_path, "own")
    with open_source(path) as source:
        change(Path(path), other)
        with pytest.raises(SourceError, match="changed while it was read"):
            list(source.chunks())


@KINDS
def test_header_hash_and_rows_are_of_one_file(tmp_path: Path, make: Make) -> None:
    """Columns of a new file would stand below the header of the old one."""
    path = make(tmp_path, "own")
    with open_source(path) as source:
        replaced(Path(path), b"id,comment,score\nu1,9,7\n")
        first = next(source.chunks())
        assert first.columns[0][0] == "own0"
        assert source.header == ("id", "score", "comment")


@KINDS
def test_rights_links_and_looks_do_not_count_as_a_change(tmp_path: Path, make: Make) -> None:
    path = Path(make(tmp_path, "own"))
    with open_source(str(path)) as source:
        path.chmod(0o600)
        os.link(path, tmp_path / "second name")
        path.read_bytes()
        assert sum(len(chunk.rows) for chunk in source.chunks()) == ROWS
        assert sum(len(chunk.rows) for chunk in source.chunks()) == ROWS


def test_a_mounted_link_is_read_and_its_change_is_seen(tmp_path: Path) -> None:
    """Kubernetes mounts a file as a link to a link, and changes the folder's link."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.csv").write_bytes(text(name, 3))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "a.csv").symlink_to("..data/a.csv")
    with open_source(str(tmp_path / "a.csv")) as source:
        assert next(source.chunks()).columns[0][0] == "one0"
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(tmp_path / "..data")
        with pytest.raises(SourceError, match="changed"):
            list(source.chunks())


def test_no_link_where_none_is_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(text("own", 3))
    (tmp_path / "a.csv").symlink_to("secret.csv")
    with pytest.raises(SourceError, match="it is a link"):
        open_source(str(tmp_path / "a.csv"), links=False)
    with open_source(str(tmp_path / "secret.csv"), links=False) as source:
        assert sum(len(chunk.rows) for chunk in source.chunks()) == 3


def test_devices_are_no_files() -> None:
    with pytest.raises(SourceError, match="no regular file"):
        open_source("/dev/zero")
