"""What may be fetched, and what is shown of it."""

import pytest

from importer.errors import UsageError
from importer.settings import is_remote
from importer.sources.remote import Address


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://example.com/export/answers.csv?token=secret", "answers.csv"),
        ("https://example.com/my%20answers.xlsx", "my answers.xlsx"),
        ("s3://bucket/2026/answers.csv", "answers.csv"),
        ("sftp://user@example.com/out/answers.csv", "answers.csv"),
        ("http://127.0.0.1:8000/answers.csv", "answers.csv"),
    ],
)
def test_names(text: str, name: str) -> None:
    address = Address.parse(text)

    assert is_remote(text)
    assert address.name == name
    assert "secret" not in address.shown + repr(address)


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ("%2e%2e", "source"),
        ("..", "source"),
        ("%00.csv", "_.csv"),
        ("a%2Fb%0a.csv", "b_.csv"),
        ("%1b%5b31m.csv", "__31m.csv"),
        (".env", "env"),
        ("réponses (été), v1.2.csv", "réponses (été), v1.2.csv"),
    ],
)
def test_a_name_is_one_here_too(last: str, name: str) -> None:
    assert Address.parse(f"https://example.com/a/{last}").name == name


def test_a_long_name_keeps_its_end() -> None:
    name = Address.parse(f"https://example.com/{'é' * 300}.csv").name
    assert name.endswith("é.csv")
    assert len(name.encode()) <= 120


@pytest.mark.parametrize("text", ["answers.csv", "/a/b.csv", "C:\\answers.csv", "-", "a:b.csv"])
def test_paths_are_no_addresses(text: str) -> None:
    assert not is_remote(text)


def test_a_google_sheet_as_it_stands_in_the_browser() -> None:
    sheet = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
    address = Address.parse(
        f"https://docs.google.com/spreadsheets/d/{sheet}/edit?usp=sharing#gid=42"
    )

    assert address.url == f"https://docs.google.com/spreadsheets/d/{sheet}/export?format=csv&gid=42"
    assert address.name == "sheet-1BxiMVs0.csv"


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/a.csv?secret",
        "ftp://example.com/a.csv?secret",
        "file:///etc/passwd",
        "https://example.com/",
        "https://user:secret@example.com/a.csv",
        "simplecache::s3://bucket/a.csv",
        "s3://bucket/a.zip::zip://a.csv",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as told:
        Address.parse(text)
    assert "secret" not in told.value.message
