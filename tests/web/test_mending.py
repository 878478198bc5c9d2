"""Rows are mended in the page: a copy is planned anew, the file stays, and no other value is ever sent."""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path

import pytest
from openpyxl import Workbook

from importer.engine.mend import LONGEST, Mender
from importer.errors import UsageError
from importer.mapping import Document, load
from importer.sandbox import WRITE_KEY, background
from importer.sources.source import open_source
from tests.web.serving import CAMPAIGN, QUESTIONS, Visitor, wizard

MAPPING = f"""\
version: 1
campaign: {CAMPAIGN}
userId: Customer
answers:
  - {{id: {QUESTIONS["score"]}, column: NPS, type: nps}}
  - {{id: {QUESTIONS["comment"]}, column: Why, type: text}}
"""
ROWS = (
    b"Customer,NPS,Why,Region\r\n"
    b"a,9,fine,North\r\n"
    b"b,nine,\"two\r\nlines\",South\r\n"
    b"\r\n"
    b"c,17,=1+1,\xc3\x9cber\r\n"
    b"n/a,3,who?,West\r\n"
    b"e,8,fine,East,one too many\r\n"
    b"f,7,ok,North\r\n"
)  # fmt: skip


def opened(tmp_path: Path, content: bytes, more: str = "") -> Mender:
    (tmp_path / "answers.csv").write_bytes(content)
    (tmp_path / "mapping.yaml").write_text(MAPPING + more)
    return Mender(str(tmp_path / "answers.csv"), document(tmp_path))


def document(place: Path) -> Document:
    return load(str(place / "mapping.yaml"))


def folder(place: Path) -> Path:
    (place / "folder").mkdir(exist_ok=True)
    return place / "folder"


def table(path: Path) -> list[tuple[int, tuple[str, ...], bool]]:
    with open_source(path) as source:
        return [
            (row, cells, row in chunk.problems)
            for chunk in source.chunks()
            for row, cells in zip(chunk.rows, chunk.lines, strict=True)
        ]


def test_rows_to_mend_are_told_by_their_cells(tmp_path: Path) -> None:
    rows, more = opened(tmp_path, ROWS).faulty()
    assert not more
    assert [each.row for each in rows] == [3, 5, 6]
    assert [(each.label, each.text) for each in rows[0].cells] == [
        ("Customer", "b"), ("NPS", "nine"), ("Why", "two\r\nlines"),
    ]  # fmt: skip
    assert [[one.code for one in each.problems] for each in rows[0].cells] == [
        [],
        ["bad_number"],
        [],
    ]


def test_rows_are_found_by_cause_and_page_by_page(tmp_path: Path) -> None:
    mender = opened(tmp_path, ROWS)
    named = Mender(mender.file, mender.document, code="out_of_range", column="NPS")
    assert [each.row for each in named.faulty()[0]] == [5]
    first, more = mender.faulty(2)
    assert ([each.row for each in first], more) == ([3, 5], True)
    rest, more = Mender(mender.file, mender.document, after=5).faulty(2)
    assert ([each.row for each in rest], more) == ([6], False)


def test_rows_that_break_a_rule_of_every_response_are_mended_too(tmp_path: Path) -> None:
    two = "jane@example.com; joe@example.com"
    mender = opened(tmp_path, f"Customer,NPS,Why\n{two},9,fine\nb,8,ok\n".encode())
    rows, _ = mender.faulty()
    assert [(each.row, [one.code for one in each.problems]) for each in rows] == [
        (2, ["several_addresses"])
    ]
    assert set(mender.mend({2: {1: "8"}}, folder(tmp_path))[1]) == {2}
    assert mender.mend({2: {0: "jane@example.com"}}, folder(tmp_path))[1] == {}


def test_the_copy_differs_in_the_changed_cells_alone(tmp_path: Path) -> None:
    mender = opened(tmp_path, ROWS)
    place, left = mender.mend({3: {1: "9"}, 6: {0: "d"}}, folder(tmp_path))
    assert (place, dict(left)) == (folder(tmp_path) / "answers.csv", {})
    former, now = table(Path(mender.file)), table(place) if place else []
    former[1] = (3, ("b", "9", "two\r\nlines", "South"), False)
    former[3] = (6, ("d", "3", "who?", "West"), False)
    assert now == former
    assert now[4][2], "a row that the file has spoilt stays one that can't be trusted"
    assert Path(mender.file).read_bytes() == ROWS


def test_nothing_is_written_while_a_changed_row_is_refused(tmp_path: Path) -> None:
    place, left = opened(tmp_path, ROWS).mend({3: {1: "9"}, 5: {1: "18"}}, folder(tmp_path))
    assert place is None
    assert {row: [each.code for each in found] for row, found in left.items()} == {
        5: ["out_of_range"]
    }
    assert list((folder(tmp_path)).iterdir()) == []


def test_what_the_files_encoding_cannot_hold_is_refused(tmp_path: Path) -> None:
    content = ROWS.decode().encode("cp1252")
    mender = opened(tmp_path, content, "source: {encoding: cp1252}\n")
    with pytest.raises(UsageError, match="can't be written anew"):
        mender.mend({3: {1: "9", 2: "Ж"}}, folder(tmp_path))
    assert list((folder(tmp_path)).iterdir()) == []
    place, _ = mender.mend({3: {1: "9", 2: "ü"}}, folder(tmp_path))
    assert place
    assert "Über".encode("cp1252") in place.read_bytes()


def test_a_workbook_stays_one(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active
    book.active.title = "Notes"
    sheet = book.create_sheet("Answers")
    for row in (["Our survey"], ["Customer", "NPS", "Why"], ["a", 9, "x"], ["007", "nine", "=1"]):
        sheet.append(row)
    book.save(tmp_path / "answers.xlsx")
    (tmp_path / "mapping.yaml").write_text(f"{MAPPING}source: {{sheet: Answers, header_row: 2}}\n")
    mender = Mender(str(tmp_path / "answers.xlsx"), document(tmp_path))
    assert [each.row for each in mender.faulty()[0]] == [4]
    place, _ = mender.mend({4: {1: "8"}}, folder(tmp_path))
    assert place
    assert place.suffix == ".xlsx"
    again = Mender(str(place), mender.document)
    assert again.faulty() == ([], False)
    assert [each.name for each in (folder(tmp_path)).glob("*.csv")] == []


@pytest.mark.parametrize(
    ("cell", "sent", "changed"),
    [
        ("nine", "nine", None), ("two\r\nlines", "two\nlines", None), ("a\x00b", "a\ufffdb", None),
        ("nine", "9", "9"), ("nine", " 9 ", "9"), ("nine", "", ""), ("x" * (LONGEST + 1), "9", None),
    ],
)  # fmt: skip
def test_only_what_was_typed_is_a_change(
    tmp_path: Path, cell: str, sent: str, changed: str | None
) -> None:
    quoted = cell.replace('"', '""')
    mender = opened(tmp_path, f'Customer,NPS,Why\na,17,"{quoted}"\n'.encode())
    found = mender.changes({2: {2: sent}})
    assert found == ({} if changed is None else {2: {2: changed}})


async def plan(visitor: Visitor) -> str:
    planning = visitor.desk.runs.task("plan", visitor.draft.id)
    assert planning
    assert planning.task
    await planning.task
    return await visitor.get(visitor.at("plan"))


def cell(visitor: Visitor, row: int, column: int) -> str:
    found = re.search(rf'name="cell\.{row}\.{column}" value="([^"]*)"', visitor.text)
    assert found, visitor.text
    return html.unescape(found[1])


async def test_three_rows_are_mended_in_the_page_and_sent_once(tmp_path: Path) -> None:
    with background() as sandbox:
        async with wizard(tmp_path / "state", sandbox.url, write_key=WRITE_KEY) as visitor:
            await visitor.upload("answers.csv", ROWS)
            await visitor.bring(MAPPING.encode())
            await visitor.planned()
            assert visitor.h1 == "2 of 6 rows can be sent"
            assert "mend?code=out_of_range&amp;column=NPS" in visitor.text
            await visitor.post(visitor.at("approve"))
            await visitor.run("rest")
            assert len(sandbox.stored()) == 2
            upload = visitor.draft.file
            await visitor.get(visitor.at("mend"))
            assert visitor.h1 == "3 rows to mend"
            assert cell(visitor, 5, 1) == "17"
            typed = {"cell.3.1": "9", "cell.5.1": "18", "cell.6.0": "d"}
            await visitor.post(visitor.at("mend"), **typed)
            assert visitor.status == 422
            assert visitor.h1 == "1 row is still refused: nothing was written yet"
            assert [cell(visitor, 3, 1), cell(visitor, 5, 1)] == ["9", "18"]
            assert 'id="cell.5.1-wrong"' in visitor.text
            assert 'id="cell.3.1-wrong"' not in visitor.text
            assert not visitor.draft.mended
            await visitor.post(visitor.at("mend"), **{**typed, "cell.5.1": "1"})
            assert visitor.path.endswith("/plan")
            await plan(visitor)
            assert visitor.h1 == "3 of 6 rows can be sent"
            assert read(upload) == ROWS
            await visitor.post(visitor.at("approve"))
            await visitor.run("rest")
            assert visitor.h1 == "Every row has its outcome"
            assert sorted(str(each.user_id) for each in sandbox.stored()) == [
                "a",
                "b",
                "c",
                "d",
                "f",
            ]
            assert len(sandbox.posts()) == 5
            await visitor.get(visitor.at("mend"))
            assert visitor.h1 == "No row is left to mend here"
            await visitor.get(visitor.at("results"))
            await visitor.get(visitor.at("files/results.csv"))
            if (
                visitor.desk.drafts.folder(visitor.draft.id)
                .joinpath("results/problems.csv")
                .exists()
            ):
                await visitor.get(visitor.at("files/problems.csv"))
            kept = [
                each.name for each in visitor.desk.drafts.folder(visitor.draft.id).rglob("answers*")
            ]
            assert kept == [], "no copy is left once all is done and downloaded"


def read(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_reading_anew_takes_back_what_was_mended(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", ROWS)
        await visitor.bring(MAPPING.encode())
        await visitor.planned()
        await visitor.get(visitor.at("mend"))
        await visitor.post(visitor.at("mend"))
        assert visitor.status == 422
        assert "No cell was changed." in visitor.text
        await visitor.get(visitor.at("mend"))
        await visitor.post(
            visitor.at("mend"), **{"cell.3.1": "9", "cell.3.3": "x", "cell.2.1": "1"}
        )
        await plan(visitor)
        assert visitor.h1 == "3 of 6 rows can be sent", "no cell beyond those shown was changed"
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), header="1", delimiter=",", go="again")
        assert not visitor.draft.mended
        await visitor.planned()
        assert visitor.h1 == "2 of 6 rows can be sent"


async def test_a_file_of_the_persons_own_stays_and_its_results_lie_beside_it(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own" / "answers.csv"
    own.parent.mkdir()
    written(own)
    async with wizard(tmp_path / "state") as visitor:
        draft = await asyncio.to_thread(visitor.desk.drafts.adopt, own)
        await visitor.get(f"/drafts/{draft.id}/match")
        await visitor.bring(MAPPING.encode())
        await visitor.planned()
        await visitor.get(visitor.at("mend"))
        await visitor.post(visitor.at("mend"), **{"cell.3.1": "9"})
        await plan(visitor)
        assert visitor.h1 == "3 of 6 rows can be sent"
        assert read(str(own)) == ROWS
        assert visitor.desk.runs.settings(visitor.desk.settings, visitor.draft).folder == (
            own.parent / "answers-import"
        )


def written(own: Path, rows: str = "") -> None:
    own.write_bytes(f"Customer,NPS,Why\n{rows}".encode() if rows else ROWS)


async def test_fifty_thousand_rows_to_mend_are_a_small_page(tmp_path: Path) -> None:
    own = tmp_path / "answers.csv"
    written(own, "".join(f"c{n},wrong {n},{'x' * (n % 3) * 900}\n" for n in range(50_000)))
    async with wizard(tmp_path) as visitor:
        draft = await asyncio.to_thread(visitor.desk.drafts.adopt, own)
        await visitor.get(f"/drafts/{draft.id}/match")
        await visitor.bring(MAPPING.encode())
        await visitor.get(visitor.at("mend"))
        assert visitor.h1.startswith("The first ")
        assert len(visitor.text) < 200_000
        assert "The next rows" in visitor.text
