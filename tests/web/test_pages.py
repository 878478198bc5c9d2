"""The pages, as a browser without script sees them."""

from __future__ import annotations

import errno
import html
import os
import re
import stat
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from openpyxl import Workbook

from importer.errors import Busy
from importer.resources import SAMPLES
from importer.sandbox import API_KEY, PROJECT, Sandbox, background
from importer.web import drafts as drafts_room
from importer.web.drafts import Drafts
from tests.e2e.processes import own_paths
from tests.web.serving import CAMPAIGN, QUESTIONS, Visitor, wizard

UGLY = (SAMPLES / "ugly.csv").read_bytes()
PLAIN = b"Customer ID,NPS,Comment\n" + b"".join(
    b"c%d,%d,fine %d\n" % (n, n % 11, n) for n in range(30)
)
FILLED = {"campaign": CAMPAIGN, **{f"question__{name}": id_ for name, id_ in QUESTIONS.items()}}


async def test_what_was_found_is_the_heading(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("ugly.csv", UGLY)
        assert visitor.path.endswith("/read")
        assert visitor.h1 == "34 rows, read as utf-8-sig, header in row 1"
        for code, count in (("scientific_id", 2), ("excel_error", 1), ("ragged_row", 1)):
            assert f"{count} × {code}" in visitor.text
        assert "Jana.Novakova@example.com" not in visitor.text


async def test_columns_with_names_of_their_own_leave_no_header_to_choose(tmp_path: Path) -> None:
    lines = [
        f'{{"Customer ID": "c{n}", "NPS": {n % 11}, "Comment": "fine {n}"}}' for n in range(30)
    ]
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.jsonl", "\n".join(lines).encode())
        assert visitor.h1 == "30 rows, with names of its own for the columns"
        assert "Which row names the columns?" not in visitor.text
        assert "There is no header" not in visitor.text
        assert visitor.text.count('name="header"') == 1
        await visitor.post(visitor.at("read"), header="found")
        await visitor.post(visitor.at("mapping"), **FILLED)
        assert "header_row" not in visitor.text


async def test_sheet_and_header_are_chosen_by_click(tmp_path: Path) -> None:
    book = Workbook()
    assert book.active
    book.active.title = "Notes"
    book.active.append(["Exported by hand", "on a Monday"])
    answers = book.create_sheet("Answers")
    for row in (["Our survey", "", ""], ["Q3", "", ""], ["Who", "Score", "Why"]):
        answers.append(row)
    for n in range(20):
        answers.append([f"u{n}", n % 11, f"since {n}"])
    book.save(tmp_path / "book.xlsx")
    async with wizard(tmp_path / "state") as visitor:
        await visitor.upload("book.xlsx", (tmp_path / "book.xlsx").read_bytes())
        # the sheet of answers is found; the header is said at once, before any sheet was
        assert '<option selected value="Answers">' in visitor.text
        await visitor.post(visitor.at("read"), sheet="Answers", header="3", go="again")
        assert visitor.h1 == "20 rows, header in row 3"
        await visitor.post(visitor.at("read"), sheet="Notes", header="3", go="again")
        assert visitor.draft.header is None
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), sheet="Answers", header="found", go="again")
        assert "20 rows" in visitor.h1
        await visitor.post(visitor.at("read"), sheet="Answers", header="3", go="again")
        assert visitor.h1 == "20 rows, header in row 3"
        await visitor.get(visitor.at("read"))
        assert re.search(r'value="3"[^>]*checked', visitor.text)
        assert '<option selected value="Answers">' in visitor.text
        await visitor.get(visitor.at("match"))
        assert "sheet: Answers" in visitor.text
        assert "header_row: 3" in visitor.text
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), sheet="Answers", header="found", go="again")
        assert visitor.draft.header is None


@pytest.mark.parametrize("codec", ["cp1252", "mac_roman"])
async def test_the_encoding_is_chosen_by_looking(tmp_path: Path, codec: str) -> None:
    rows = "".join(f"u{n},9,Für müde Gäste schön\n" for n in range(30))
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", f"id,score,comment\n{rows}".encode(codec))
        offered = re.findall(r'name="encoding" value="([^"]+)"', visitor.text)
        assert codec in offered
        assert len(offered) > 1
        await visitor.post(visitor.at("read"), encoding=codec, header="found", go="again")
        assert codec.replace("_", "-") in visitor.h1.replace("_", "-")
        again = re.findall(r'name="encoding" value="([^"]+)"', visitor.text)
        assert again[0].replace("_", "-") == codec.replace("_", "-")
        assert set(again) >= set(offered) - {codec}
        await visitor.get(visitor.at("match"))
        assert "encoding: " in visitor.text


async def test_what_only_a_person_knows_is_asked(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        assert visitor.h1 == "3 things are still to be said"
        assert visitor.text.count('class="wrong"') == 3
        await visitor.post(visitor.at("match"), go="save", **FILLED)
        assert visitor.h1 == "The mapping is whole, and fits the file"
        text = visitor.desk.drafts.mapping(visitor.draft).read_text()
        assert CAMPAIGN in text
        assert ': "?"' not in text
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"


async def test_what_was_typed_stays_where_it_is_refused(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        before = visitor.draft
        await visitor.post(visitor.at("match"), go="next", **{**FILLED, "question__score": 'no"id'})
        assert visitor.status == 422
        assert visitor.h1 == "1 field to look at"
        assert 'value="no&#34;id"' in visitor.text
        assert f'value="{CAMPAIGN}"' in visitor.text
        assert 'href="#question.score"' in visitor.text
        assert visitor.draft == before


async def test_an_answer_that_is_left_out_stays_out(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        typed = {**FILLED, "question__comment": "", "out__comment": "yes"}
        await visitor.post(visitor.at("match"), go="save", **typed)
        assert "comment: false" in visitor.text
        assert visitor.h1.startswith("The mapping is whole")


@pytest.fixture(scope="module")
def sandbox() -> object:
    with background() as running:
        yield running


async def test_with_an_api_key_one_chooses_from_the_live_survey(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with wizard(tmp_path, sandbox.url, api_key=API_KEY, project=PROJECT) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        assert f'<option value="{CAMPAIGN}">' in visitor.text
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="save")
        for at, id_ in enumerate(QUESTIONS.values(), 1):
            asked = visitor.text.partition(f'name="column.{id_}"')[2].partition("</select>")[0]
            assert f'<option value="c{at}" selected>' in asked
        assert visitor.h1.startswith("The mapping is whole")
        # an id of another survey isn't kept
        await visitor.post(
            visitor.at("match"), campaign=CAMPAIGN, question__score="f" * 24, go="save"
        )
        assert "f" * 24 not in visitor.desk.drafts.mapping(visitor.draft).read_text()


async def test_a_survey_that_cant_be_read_is_told_and_ids_are_typed(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with wizard(tmp_path, sandbox.url, api_key="another", project=PROJECT) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        assert "The survey can’t be read: The API refused the API key" in visitor.text
        assert '<input id="campaign"' in visitor.text


async def test_a_mapping_of_ones_own_is_shown_with_what_is_wrong_at_its_line(
    tmp_path: Path,
) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.bring(b"version: 1\ncampaign: x\nuserID: Customer ID\n", "mine.yaml")
        assert "still to be said or mended" in visitor.h1
        assert 'id="line-3" class="wrong"' in visitor.text
        assert visitor.draft.own == "mine.yaml"
        await visitor.bring(b"\xff\xfe", "mine.yaml")
        assert visitor.status == 422
        await visitor.get(visitor.at("match")) if visitor.path.startswith("/drafts/") else None
        await visitor.post(visitor.path.replace("/own", "/match"), go="draft")
        assert visitor.draft.own == ""


async def test_the_mapping_of_another_import_is_offered(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("first.csv", PLAIN)
        first = visitor.draft
        await visitor.get(visitor.at("match"))
        await visitor.post(visitor.at("match"), go="save", **FILLED)
        await visitor.upload("second.csv", PLAIN.replace(b"fine", b"good"))
        await visitor.get(visitor.at("match"))
        await visitor.post(visitor.at("own"), **{"from": first.id})
        assert visitor.h1 == "Your mapping of first.csv fits the file"
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"


async def test_a_form_of_an_earlier_state_changes_nothing(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        old = visitor.hidden["revision"]
        await visitor.post(visitor.at("match"), go="save", **FILLED)
        known, path = visitor.draft, visitor.path
        for step in ("read", "match", "plan", "approve", "own"):
            await visitor.post(
                path.replace("match", step), revision=old, text="version: 1", go="save"
            )
            assert visitor.status == 409, step
            assert "Another tab has changed this import" in visitor.text
            assert "<dd>version: 1</dd>" in visitor.text  # what was typed isn't lost
            assert visitor.csrf not in visitor.text.partition("</main>")[0]
        await visitor.get(path)
        assert visitor.draft == known


async def test_what_two_hands_write_is_all_kept(tmp_path: Path) -> None:
    kept = Drafts(tmp_path)
    draft = kept._new("a.csv", "", "x")
    kept.save(draft, pid=7)
    assert kept.save(draft, got=("results.csv",)) == kept.load(draft.id)
    assert kept.save(draft).pid == 7


async def test_a_plan_begun_anew_takes_the_place_of_that_under_way(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        await visitor.post(visitor.at("match"), go="save", **FILLED)
        path = visitor.at("plan")
        for _ in range(3):  # as a person who clicks thrice
            await visitor.post(path)
            assert visitor.status == 200
        planning = visitor.desk.runs.task("plan", visitor.draft.id)
        assert planning
        assert planning.task
        await planning.task
        await visitor.get(path)
        assert visitor.h1 == "30 of 30 rows can be sent"


async def test_a_plan_that_isnt_the_one_shown_is_not_approved(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        path = visitor.at("approve")
        await visitor.post(path, seal="0" * 64)
        assert visitor.status == 409
        await visitor.get(path.replace("approve", "plan"))
        visitor.desk.drafts.plan(visitor.draft).write_text("{}")
        await visitor.post(path)
        assert visitor.status == 409


async def _planned(visitor: Visitor, name: str = "answers.csv", content: bytes = PLAIN) -> None:
    await visitor.upload(name, content)
    await visitor.get(visitor.at("match"))
    await visitor.post(visitor.at("match"), go="save", **FILLED)
    await visitor.planned()


async def test_another_choice_makes_the_plan_out_of_date(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        await visitor.post(visitor.at("approve"))
        assert visitor.draft.approved
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), header="2", go="again")
        assert not visitor.draft.approved
        assert not visitor.draft.planned
        await visitor.get(visitor.at("plan"))
        assert visitor.h1 == "There is no plan yet"
        await visitor.get(visitor.at("run"))
        assert visitor.h1 == "Approve a plan first"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("scan.pdf", b"%PDF-1.7 ...", "is a PDF, not a table"),
        ("photo.csv", b"\x89PNG\r\n...", "is a picture, not a table"),
        ("page.xls", b"<html><table></table></html>", "is a web page, not a table"),
        ("blank.csv", b"\n\n\n", "blank"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("", b"", "No file was chosen"),
    ],
)
async def test_what_is_no_table_is_named(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload(name, content)
        assert visitor.status == 422
        assert said in visitor.h1
        assert "Traceback" not in visitor.text


async def test_an_upload_is_for_its_owners_eyes_and_within_its_limit(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("../../Jana Nováková answers.CSV", PLAIN)
        draft = visitor.draft
        assert draft.name == "Jana Nováková answers.CSV"
        place = Path(draft.file)
        assert place.parent == visitor.desk.drafts.folder(draft.id) / "upload"
        assert place.name == "Jana-Novakova-answers.CSV"
        for path in (tmp_path / "web").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        object.__setattr__(visitor.desk.drafts, "largest", 100_000)
        await visitor.upload("large.csv", b"x" * 100_001)
        assert visitor.status == 422
        assert "is larger than" in visitor.h1
        assert [each.id for each in visitor.desk.drafts.all()] == [draft.id]
        assert list(visitor.desk.drafts.root.glob(".upload*")) == []


@pytest.mark.parametrize(
    "name", ["mapping.yaml", "plan.json", "draft.json", "..", "-rf.csv", "%$&"]
)
async def test_no_name_takes_the_place_of_a_file_of_ours(tmp_path: Path, name: str) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor, name)
        assert visitor.h1 == "30 of 30 rows can be sent"
        assert Path(visitor.draft.file).parent.name == "upload"
        assert not Path(visitor.draft.file).name.startswith(("-", "."))


async def test_the_same_bytes_go_on_where_they_were(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        draft = visitor.draft
        visitor.desk.drafts.drop_upload(draft)
        await visitor.get(visitor.at("read"))
        assert "is no longer there" in visitor.text
        await visitor.upload("renamed.csv", PLAIN)
        assert visitor.draft == draft
        assert visitor.desk.drafts.there(draft)


async def test_what_is_forgotten_is_gone(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        await visitor.post(visitor.at("forget"))
        assert visitor.path == "/"
        assert list(visitor.desk.drafts.root.iterdir()) == []
        assert "answers.csv" not in visitor.text


def test_after_a_day_uploads_go_and_what_was_sent_can_still_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Drafts(tmp_path)
    never, sent, busy = (
        kept.save(kept._new(f"{name}.csv", "", name), pid=pid, began=float(pid))
        for name, pid in (("never", 0), ("sent", 7), ("busy", 8))
    )
    for each in (never, sent, busy):
        folder = kept.folder(each.id)
        (folder / "results").mkdir()
        for name in ("answers.csv", "mapping.yaml", "results/problems.csv", "run.log"):
            (folder / name).write_text("personal")
    (kept.root / ".upload-0123").write_text("broken off")
    kept.sweep()
    assert len(list(kept.root.iterdir())) == 4
    monkeypatch.setattr(drafts_room, "KEPT_FOR", -1.0)
    kept.sweep(frozenset({8}))
    assert kept.load(never.id) is None
    assert kept.load(sent.id) == sent
    names = {each.name for each in kept.folder(sent.id).iterdir()}
    assert names == {"draft.json", "mapping.yaml"}
    assert len(list(kept.folder(busy.id).iterdir())) == 5
    assert not (kept.root / ".upload-0123").exists()


def test_a_file_of_the_persons_own_is_never_copied_nor_removed(tmp_path: Path) -> None:
    own = tmp_path / "answers.csv"
    own.write_bytes(PLAIN)
    kept = Drafts(tmp_path / "state")
    draft = kept.adopt(own)
    assert kept.adopt(own).id == draft.id
    kept.drop_upload(draft)
    kept.forget(draft)
    assert own.read_bytes() == PLAIN
    assert list((tmp_path / "state").rglob("*.csv")) == []
    assert kept.load(draft.id) is None


async def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>"
    rows = "".join(
        f'"{evil}{n}",9,"<script>alert({n})</script> \u202egnp.exe"\n' for n in range(20)
    )
    text = f'"{evil}","NPS","Comment {"<b>" * 4000}"\n{rows}'
    async with wizard(tmp_path) as visitor:
        await visitor.upload(f"{evil}.csv", text.encode())
        steps = ("read", "mapping", "plan", "run", "results")
        pages = [await visitor.get(visitor.at(step)) for step in steps]
        await visitor.post(visitor.at("match"), go="save", **{**FILLED, "person": f"column:{evil}"})
        pages += [visitor.text, await visitor.get("/"), await visitor.get("/history")]
    for page in pages:
        assert "<img" not in page
        assert "<script>" not in page
        assert "\u202e" not in page
        assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/static/app.js">']
        for tag, name, value in attributes(page):
            assert tag != "img"
            assert not name.startswith("on")
            assert name != "style"
            assert not (value or "").lower().startswith("javascript:")


def attributes(page: str) -> list[tuple[str, str, str | None]]:
    """Every attribute of a page, by its tag, as a browser reads it."""
    found: list[tuple[str, str, str | None]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((tag, name, value) for name, value in attrs)

    Reader().feed(page)
    return found


def test_no_template_lets_text_out() -> None:
    for path in (Path(drafts_room.__file__).with_name("templates")).iterdir():
        text = path.read_text()
        for way in ("|safe", "| safe", "autoescape", "Markup"):
            assert way not in text, path.name
        assert not re.search(r"\s(style|on\w+)=", text), path.name
        for form in re.findall(r"<form.*?</form>", text, re.DOTALL):
            assert re.match(r'<form[^>]*>\s*{% include "token.html.jinja" %}', form), path.name


async def test_whatever_is_broken_no_traceback_is_shown(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        draft = visitor.draft
        visitor.desk.drafts.mapping(draft).unlink()
        await visitor.get(visitor.at("match"))
        assert visitor.status == 200
        (tmp_path / "ledger.sqlite3").write_bytes(b"no database" * 1000)
        for path in (
            "/",
            "/history",
            visitor.at("run"),
            visitor.at("results"),
            visitor.at("progress"),
        ):
            await visitor.get(path)
            assert visitor.status == 422, path
            assert "is damaged" in visitor.text
        (visitor.desk.drafts.folder(draft.id) / "draft.json").write_text("{")
        await visitor.get(f"/drafts/{draft.id}/read")
        assert visitor.status == 404


async def test_a_key_is_never_shown(tmp_path: Path) -> None:
    canary = "canary-4711-write-key"
    async with wizard(tmp_path, write_key=canary, api_key=f"{canary}-2", project="p") as visitor:
        await visitor.get("/keys")
        assert visitor.h1 == "The write key is known"
        pages = [visitor.text, await visitor.post("/keys", write_key=f"{canary}-3")]
        pages += [await visitor.post("/keys", write_key=f"{canary} with a space")]
        assert visitor.status == 422
        await visitor.get("/keys")
        pages += [visitor.text, await visitor.post("/keys", go="forget")]
        assert visitor.h1 == "The write key is known"  # that of the start
        assert not any(canary in page for page in pages)
    assert not any(canary.encode() in path.read_bytes() for path in own_paths(tmp_path))


async def test_times_and_paths_of_a_draft_are_of_this_folder(tmp_path: Path) -> None:
    kept = Drafts(tmp_path)
    draft = kept._new("a.csv", "", "x")
    os.utime(kept.folder(draft.id), (1, 1))
    os.utime(kept.folder(draft.id) / "draft.json", (1, 1))
    assert kept.goes_at(draft) < time.time()
    assert kept.load("../../etc") is None


def test_who_comes_second_with_a_change_is_told(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path / "state")
    file = tmp_path / "answers.csv"
    file.write_text("id,score\na,9\n")
    seen = drafts.adopt(file)
    assert drafts.change(seen, preset="a").revision == 1
    with pytest.raises(Busy):
        drafts.change(seen, preset="b")
    assert drafts.all()[0].preset == "a"


async def test_which_mark_is_the_best_is_asked_of_each_answer_that_is_sent(tmp_path: Path) -> None:
    """School marks: turned round where 1 is the best, and no page leads to the YAML for it."""
    rows = b"".join(b"c%d,%d,%d\n" % (n, n % 11, n % 6 + 1) for n in range(30))
    second = "79593580-95a7-11ed-8974-9b5d06700b8e"
    async with wizard(tmp_path) as visitor:
        await visitor.upload("marks.csv", b"Customer ID,NPS,Schulnote Service (1-6)\n" + rows)
        await visitor.get(visitor.at("match"))
        [name] = re.findall(r'name="question\.(\w*schulnote\w*)"', visitor.text)
        given = {f"question__{name}": second, "question__score": QUESTIONS["score"]}
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="save", **given)
        assert visitor.h1 == "1 thing is still to be said"
        assert f'name="best.{name}"' in visitor.text
        given[f"best__{name}"] = "low"
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="save", **given)
        assert visitor.h1 == "The mapping is whole, and fits the file"
        assert "rescale: {from: [1, 6], to: [6, 1]}" in html.unescape(visitor.text)


@pytest.mark.parametrize("way", ["{}", "'{}'", '"./../{}"', "~{}", "x.YAML/../{}"])
async def test_a_brought_mapping_reads_no_other_file(tmp_path: Path, way: str) -> None:
    """Whoever sent it could have named any, and what is wrong there would stand on the page."""
    other = tmp_path / "other.yaml"
    other.write_text("password: swordfish\n")
    async with wizard(tmp_path / "state") as visitor:
        await visitor.upload("answers.csv", PLAIN)
        await visitor.get(visitor.at("match"))
        before = visitor.draft
        await visitor.bring(f"version: 1\nextends: {way.format(other)}\n".encode())
        assert visitor.status == 422
        assert "builds on the file" in visitor.h1
        assert "swordfish" not in visitor.text
        assert visitor.desk.drafts.load(before.id) == before
        await visitor.get(f"/drafts/{before.id}/match")
        await visitor.bring(b"version: 1\nextends: delighted\n")
        assert visitor.status == 200
        assert "builds on" not in visitor.h1


async def test_what_is_stored_about_a_person_is_said_before_it_is_approved(tmp_path: Path) -> None:
    rows = b"".join(b"c%d,%d,%s\n" % (n, n % 11, (b"pro", b"free")[n % 2]) for n in range(30))
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", b"Customer ID,NPS,Plan\n" + rows)
        await visitor.get(visitor.at("match"))
        given = {"campaign": CAMPAIGN, "question__score": QUESTIONS["score"]}
        await visitor.post(visitor.at("match"), go="save", **given)
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"
        assert re.search(r"Stored about each person, too: <b>plan</b>", visitor.text)
        await visitor.get(visitor.at("match"))
        text = visitor.desk.drafts.mapping(visitor.draft).read_text().partition("\ntraits:")[0]
        await visitor.post(visitor.at("own"), text=text)
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"
        assert "Stored about" not in visitor.text


async def test_a_survey_that_cant_be_read_is_not_asked_for_by_each_page(tmp_path: Path) -> None:
    with background() as sandbox:
        keys = {"api_key": API_KEY + "x", "project": PROJECT}
        async with wizard(tmp_path, sandbox.url, **keys) as visitor:
            await visitor.upload("answers.csv", PLAIN)
            for _ in range(3):
                await visitor.get(visitor.at("match"))
                assert "The survey can’t be read" in visitor.text
        assert len([each for each in sandbox.requests if each.method == "GET"]) == 1


async def test_a_full_disk_is_told_with_what_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        before = visitor.desk.drafts.mapping(visitor.draft).read_bytes()
        await visitor.get(visitor.at("match"))
        with monkeypatch.context() as patch:
            patch.setattr(drafts_room, "whole", full)
            await visitor.post(visitor.at("match"), go="save", campaign="a" * 24)
            assert visitor.status == 507
            assert visitor.h1 == "The disk refused it: No space left on device."
            assert "nothing was sent" in visitor.text
            assert "a" * 24 in visitor.text  # so that it can be typed once more
            assert str(tmp_path) not in visitor.text.partition("<main")[2]
            await visitor.upload("other.csv", PLAIN)
            assert visitor.status == 422
            assert "Make room on the disk." in visitor.text
        assert [each.name for each in visitor.desk.drafts.all()] == ["answers.csv"]
        assert visitor.desk.drafts.mapping(visitor.desk.drafts.all()[0]).read_bytes() == before


async def test_what_was_typed_is_shown_where_a_form_is_refused(tmp_path: Path) -> None:
    """But for keys; and not where the form may be another page's."""
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        start = visitor.at("start")
        await visitor.post(start, rows="all of them", note="mine")
        assert visitor.status == 422
        assert "<dt>note</dt><dd>mine</dd>" in visitor.text
        await visitor.post("/keys", write_key="no key at all", project="mine")
        assert visitor.status == 422
        assert "<dd>mine</dd>" in visitor.text
        assert "no key" not in visitor.text.partition("<dl>")[2]
        await visitor.post(start, csrf="stale", note="mine")
        assert visitor.status == 403
        assert "mine" not in visitor.text
