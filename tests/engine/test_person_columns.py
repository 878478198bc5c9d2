"""From which column the rows took their person: the plan says it where a mapping names several."""

from __future__ import annotations

from pathlib import Path

from importer.mapping import compile as compile_mapping
from importer.mapping import parse
from importer.mapping.usage import People
from importer.sources.source import open_source

HEAD = "version: 1\ncampaign: 5d2f6c1e9b0a4c0017a3e1b2\n"
ANSWER = "  - {id: 00000000-0000-4000-8000-000000000001, column: score, type: nps}\n"


def told(folder: Path, rows: str, people: str) -> tuple[str, ...]:
    file = folder / "answers.csv"
    file.write_text(f"user_id,email,id,score\n{rows}", encoding="utf-8")
    document = parse(f"{HEAD}{people}\nanswers:\n{ANSWER}")
    with open_source(str(file)) as source:
        compiled = compile_mapping(document, source.header, secret=b"x", file=source.place)
        counted = People(compiled)
        for chunk in source.chunks():
            counted.add(compiled.run(chunk), chunk)
        return counted.told


ROWS = "u1,A@x.org,11,9\n,b@x.org,12,3\n,,13,4\nn/a,c@x.org,14,5\nu1,,15,77\n"


def test_each_column_with_its_rows(tmp_path: Path) -> None:
    people = "userId: [user_id, {column: email, lower: true}]\nanonymousId: id"
    assert told(tmp_path, ROWS, people) == (
        "The person is taken from user_id in 1 row, email in 2 rows, the anonymousId (id) in 1 row.",
    )


def test_a_column_that_gives_none_is_named(tmp_path: Path) -> None:
    assert told(tmp_path, "u1,a@x.org,11,9\nu2,b@x.org,12,3\n", "userId: [id, user_id, email]") == (
        "The person is taken from id in 2 rows, user_id in 0 rows, email in 0 rows.",
    )


def test_one_column_needs_no_words(tmp_path: Path) -> None:
    assert told(tmp_path, ROWS, "userId: user_id") == ()
    assert told(tmp_path, ",,,\n", "userId: [user_id, id]") == ()
