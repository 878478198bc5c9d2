"""The Match page: what a person says of a file and a survey becomes the mapping."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from importer.mapping import Compiled, load
from importer.model import Chunk
from importer.sandbox import API_KEY, PROJECT, Sandbox, background
from tests.web.serving import CAMPAIGN, QUESTIONS, Visitor, wizard

SCORE, COMMENT = QUESTIONS.values()
IDS = {"campaign": CAMPAIGN, "question__score": SCORE, "question__comment": COMMENT}
PLAIN = b"Customer ID,NPS,Comment\n" + b"".join(
    b"c%d,%d,fine %d\n" % (n, n % 11, n) for n in range(30)
)


@pytest.fixture(scope="module")
def sandbox() -> object:
    with background() as running:
        yield running


async def matched(visitor: Visitor, content: bytes, name: str = "answers.csv") -> str:
    await visitor.upload(name, content)
    return await visitor.get(visitor.at("match"))


def text_of(visitor: Visitor) -> str:
    return visitor.desk.drafts.mapping(visitor.draft).read_text()


def card(visitor: Visitor, key: str) -> str:
    """A card's text."""
    found = re.search(
        rf'<section class="card[^>]*id="card-{key}".*?</section>', visitor.text, re.DOTALL
    )
    assert found, key
    return html.unescape(found[0])


async def test_from_the_surveys_side_each_question_has_its_column(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    wide = b"Customer ID,NPS,Comment," + b",".join(b"Q%d" % n for n in range(117)) + b"\n"
    wide += b"".join(b"c%d,%d,fine %d%s\n" % (n, n % 11, n, b",x" * 117) for n in range(30))
    async with wizard(tmp_path, sandbox.url, api_key=API_KEY, project=PROJECT) as visitor:
        await matched(visitor, wide)
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="save")
        assert visitor.h1 == "The mapping is whole, and fits the file"
        await visitor.planned()
        name = re.search(r"would go to survey “[^”]+” \((\w+)\)", visitor.text)
        assert name
        assert name[1] == CAMPAIGN
        await visitor.get(visitor.at("match"))
        assert "guessed: the survey's only rating of this type" in card(visitor, SCORE)
        assert len(visitor.text) < 200_000
        # the other column, and none
        await visitor.post(
            visitor.at("match"),
            **{f"column.{COMMENT}": "other", f"other.{COMMENT}": "Q7", f"type.{COMMENT}": "text"},
            campaign=CAMPAIGN,
            go="save",
        )
        document = load(visitor.desk.drafts.mapping(visitor.draft))
        sent = {document.question(each.id): each for each in document.answers}
        assert [each.column for each in sent[COMMENT].column] == ["Q7"]
        assert "as you said" in card(visitor, COMMENT)
        await visitor.post(
            visitor.at("match"), **{f"column.{COMMENT}": "out"}, campaign=CAMPAIGN, go="save"
        )
        assert COMMENT not in text_of(visitor).replace(f"as well: {COMMENT}", "")
        assert "no column answers it" in card(visitor, COMMENT)


async def test_a_column_whose_type_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with wizard(tmp_path, sandbox.url, api_key=API_KEY, project=PROJECT) as visitor:
        await matched(visitor, PLAIN)
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="save")
        before = text_of(visitor)
        await visitor.post(
            visitor.at("match"), **{f"column.{SCORE}": "c2"}, campaign=CAMPAIGN, go="next"
        )
        assert visitor.status == 422
        assert "the survey asks for nps: choose another" in card(visitor, SCORE)
        assert '<option value="c2" selected>' in card(visitor, SCORE)  # what was said is kept
        assert text_of(visitor) == before
        await visitor.get(visitor.at("match"))
        await visitor.post(
            visitor.at("match"),
            **{f"column.{SCORE}": "other", f"other.{SCORE}": "no such"},
            campaign=CAMPAIGN,
            go="next",
        )
        assert "The file has no column of that name." in card(visitor, SCORE)
        assert 'value="no such"' in card(visitor, SCORE)


async def test_texts_become_what_is_typed_and_the_row_shows_each_step(tmp_path: Path) -> None:
    words = (b"super", b"so so", b"n/a", b"9", b"10", b"8")
    rows = b"".join(b"c%d,%s\n" % (n, words[n % 6]) for n in range(60))
    async with wizard(tmp_path) as visitor:
        await matched(visitor, b"Customer ID,NPS\n" + rows)
        said = {"campaign": CAMPAIGN, "question__score": SCORE, "type__score": "nps"}
        name = re.search(r'name="question\.(\w+)"', visitor.text)
        assert name
        said = {each.replace("score", name[1]): text for each, text in said.items()}
        said[f"out__{name[1]}"] = ""
        await visitor.post(visitor.at("match"), go="save", **said)
        shown = card(visitor, name[1])
        assert "20 rows would be invalid" in shown
        places = {
            text: at for at, text in re.findall(r'name="text\.(\w+\.\d+)" value="([^"]*)"', shown)
        }
        typed = {f"text.{at}": text for text, at in places.items()}
        typed |= {f"value.{at}": text for text, at in places.items() if text.isdigit()}
        typed |= {f"value.{places['super']}": "10", f"value.{places['so so']}": "5"}
        typed |= {f"value.{places['n/a']}": "", f"none.{places['n/a']}": "yes"}
        await visitor.post(visitor.at("match"), go="row:2", row="2", **said, **typed)
        assert "would be invalid" not in card(visitor, name[1])
        assert "→ <b>10</b>" in visitor.text
        answer = load(visitor.desk.drafts.mapping(visitor.draft)).answers[0]
        values = {text: to.value for text, to in (answer.values or {}).items()}
        assert values == {"super": 10, "so so": 5, "*": "keep"}
        assert answer.na == ("n/a",)
        await visitor.planned()
        assert visitor.h1 == "50 of 60 rows can be sent"


async def test_dates_that_fit_two_ways_are_asked_about_in_words(tmp_path: Path) -> None:
    def rows(*days: int) -> bytes:
        body = b"".join(b"c%d,%d,%02d.04.2025\n" % (n, n % 11, day) for n, day in enumerate(days))
        return b"Customer ID,NPS,Answered\n" + body

    async with wizard(tmp_path) as visitor:
        await matched(visitor, rows(4, 3, 5, 6, 12))
        said = {"campaign": CAMPAIGN, "question__score": SCORE}
        await visitor.post(visitor.at("match"), go="next", **said)
        assert visitor.path.endswith("/match")
        when = card(visitor, "when")
        assert "3 April 2025 (day first)" in when
        assert "4 March 2025 (month first)" in when
        await visitor.post(visitor.at("match"), go="save", order="month first", zone="Mars", **said)
        assert visitor.status == 422
        assert "There is no such time zone" in card(visitor, "when")
        assert 'value="Mars"' in visitor.text
        assert re.search(r'value="month first" checked', visitor.text)
        await visitor.post(
            visitor.at("match"), go="save", order="month first", zone="Europe/Prague", **said
        )
        assert 'format: "%m.%d.%Y", timezone: Europe/Prague}' in text_of(visitor)
        # one day beyond 12 says it
        await matched(visitor, rows(3, 4, 5, 26, 12), "other.csv")
        assert "day first, by the whole column" in re.sub("<[^>]+>", "", card(visitor, "when"))
        assert 'name="order"' not in visitor.text


async def test_who_what_is_stored_and_the_key(tmp_path: Path) -> None:
    head = b"Ticket,Customer ID,NPS,Plan,Full name\n"
    rows = b"".join(
        b"t%d,00%d,%d,%s,Ann Lee\n" % (n, n // 2, n % 11, (b"pro", b"free")[n % 2])
        for n in range(30)
    )
    async with wizard(tmp_path) as visitor:
        await matched(visitor, head + rows)
        assert "15 different, 0 blank, 15 come again" in card(visitor, "person")
        said = {"campaign": CAMPAIGN, "question__score": SCORE, "traits": "shown"}
        await visitor.post(
            visitor.at("match"), go="save", **said, **{"trait.fullName": "yes"}, key="c0"
        )
        text = text_of(visitor)
        assert "fullName: Full name" in text
        assert "\n  plan:" not in text
        assert "\nkey: Ticket" in text
        await visitor.post(visitor.at("match"), go="save", **said, person="c0")
        assert (
            load(visitor.desk.drafts.mapping(visitor.draft)).userId[0].column[0].column == "Ticket"
        )
        await visitor.post(visitor.at("match"), go="save", **said, person="nobody")
        assert "anonymousId: {hash:" in text_of(visitor)


async def test_what_a_page_cannot_show_is_shown_as_kept_and_stays(tmp_path: Path) -> None:
    own = f"""# ours
version: 1
campaign: {CAMPAIGN}
userId: {{template: "x-{{Customer ID}}"}}
answers:
  - {{id: {SCORE}, column: NPS, type: nps, round: half_up}}   # rounded
repeats: {{send: latest}}
"""
    async with wizard(tmp_path) as visitor:
        await matched(visitor, PLAIN)
        await visitor.bring(own.encode(), "mine.yaml")
        assert visitor.h1 == "Your mapping mine.yaml fits the file"
        for kept in ("repeats", f"answers.{SCORE}.round", "userId.template", "# ours", "# rounded"):
            assert f"<code>{kept}</code>" in visitor.text, kept
        assert text_of(visitor) == own  # until something is changed
        before = load(visitor.desk.drafts.mapping(visitor.draft))
        await visitor.post(visitor.at("match"), go="save", campaign="f" * 24)
        after = load(visitor.desk.drafts.mapping(visitor.draft))
        assert (after.answers, after.userId, after.repeats) == (
            before.answers,
            before.userId,
            before.repeats,
        )
        assert "# ours\n" in text_of(visitor)
        assert f"<code>{'# rounded'}</code>" in visitor.text


async def test_a_second_tab_gets_both_versions_and_loses_nothing(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await matched(visitor, PLAIN)
        old = visitor.hidden["revision"]
        await visitor.post(visitor.at("match"), go="save", **IDS)
        other = "a" * 24
        await visitor.post(
            visitor.at("match"), go="save", revision=old, **{**IDS, "campaign": other}
        )
        assert visitor.status == 409
        assert visitor.h1 == "Another tab has changed this import"
        shown = card(visitor, "survey")
        assert f'value="{other}"' in shown
        assert f"Saved in another tab meanwhile: {CAMPAIGN}" in shown
        assert CAMPAIGN in text_of(visitor)
        await visitor.post(visitor.at("match"), go="save", **{**IDS, "campaign": other})
        assert visitor.status == 200
        assert other in text_of(visitor)


async def test_a_file_of_the_same_header_is_offered_the_same_mapping(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await matched(visitor, PLAIN, "march.csv")
        await visitor.post(visitor.at("match"), go="save", **IDS)
        await matched(visitor, PLAIN.replace(b"NPS", b"Score"), "else.csv")
        assert "has the same columns" not in visitor.text
        await matched(visitor, PLAIN.replace(b"fine", b"good"), "april.csv")
        assert "march.csv has the same columns" in html.unescape(visitor.text)
        [source] = re.findall(r'name="from" value="(\w+)"', visitor.text)
        await visitor.post(visitor.at("own"), **{"from": source})
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"


async def test_what_was_chosen_stays_where_the_file_is_read_otherwise(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await matched(visitor, PLAIN)
        await visitor.post(visitor.at("match"), go="save", **IDS)
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), delimiter=",", go="next")
        assert visitor.h1 == "The mapping is whole, and fits the file"
        assert 'delimiter: ","' in text_of(visitor)
        await visitor.get(visitor.at("read"))
        await visitor.post(visitor.at("read"), header="3", go="next")
        assert CAMPAIGN in text_of(visitor)
        assert "column: NPS" not in text_of(visitor)


async def test_the_preview_of_a_large_file_is_of_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped, run = list[int](), Compiled.run

    def counted(self: Compiled, chunk: Chunk) -> Any:
        mapped.append(len(chunk.rows))
        return run(self, chunk)

    rows = b"".join(b"c%d,%d,a word or two %d\n" % (n, n % 11, n) for n in range(50_000))
    async with wizard(tmp_path) as visitor:
        file = tmp_path / "large.csv"
        file.write_bytes(b"Customer ID,NPS,Comment\n" + rows)
        await visitor.get(f"/drafts/{visitor.desk.drafts.adopt(file).id}/match")
        assert len(visitor.text) < 200_000
        monkeypatch.setattr(Compiled, "run", counted)
        await visitor.post(visitor.at("row"), row="40000", **IDS)
        assert "Row 40000, step by step" in visitor.text
        assert "c39998" in visitor.text
        assert "c39999" not in visitor.text
        assert 'value="row:40001"' in visitor.text
        assert len(visitor.text) < 20_000
        assert mapped == [1]
        await visitor.post(visitor.at("row"), row="60000", **IDS)
        assert "holds no answer" in visitor.text


KIOSK = b"Timestamp,Mark (0-10),Better?,Store\n" + b"".join(
    b"2025-02-%02d 10:00:00,%d,%s,Brno\n"
    % (n % 28 + 1, n % 11, (b"nothing", b"parking", b"queues")[n % 3])
    for n in range(30)
)


async def test_who_has_no_yaml_is_told_on_the_cards_what_is_missing(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    async with wizard(tmp_path, sandbox.url, api_key=API_KEY, project=PROJECT) as visitor:
        await matched(visitor, KIOSK)
        # the survey comes first: no question's ID is asked for that it will name itself
        assert visitor.h1 == "1 thing is still to be said"
        assert 'name="question.' not in visitor.text
        await visitor.post(visitor.at("match"), campaign=CAMPAIGN, go="next")
        # its questions are looked at before the plan; none has found a column
        assert visitor.path.endswith("/match")
        assert visitor.h1 == "1 thing is still to be said"
        assert "a column for at least one of the questions" in card(visitor, SCORE)
        assert "all answers are left out" not in visitor.text.partition('class="yaml"')[0]
        assert "To be mended in the mapping" not in visitor.text
        assert "3 columns are not used" in visitor.text
        at = re.search(r'<option value="(c\d)">Mark', visitor.text)
        assert at
        await visitor.post(
            visitor.at("match"), **{f"column.{SCORE}": at[1]}, campaign=CAMPAIGN, go="save"
        )
        assert visitor.h1 == "The mapping is whole, and fits the file"
        assert "2 columns are not used: <b>Better?</b>, <b>Store</b>" in visitor.text
        assert "Kept as it stands" not in visitor.text  # the importer's own comments are nobody's
        await visitor.planned()
        assert visitor.h1 == "30 of 30 rows can be sent"


async def test_values_are_masked_until_a_session_asks_for_them(tmp_path: Path) -> None:
    rows = b"".join(
        b"jane.roe%d@example.com,%d,a comment of many words\n" % (n, n) for n in range(9)
    )
    clear, hidden = "jane.roe3@example.com", "j***@example.com"
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", b"Email,NPS,Comment\n" + rows)
        assert clear not in visitor.text
        assert hidden in visitor.text
        await visitor.get(visitor.at("match"))
        assert clear not in visitor.text
        # what was typed goes along
        await visitor.post(visitor.at("match"), go="show", row="5", **IDS)
        await visitor.get(f"{visitor.at('match')}?row=5")
        assert CAMPAIGN in card(visitor, "survey")
        assert clear in visitor.text
        assert "a comment of many words" in card(visitor, "comment")
        assert f"userId&#34;: &#34;{clear}" in visitor.text  # and in the body
        await visitor.get(visitor.at("read"))
        assert clear in visitor.text
        first = visitor.csrf
        await visitor.open()
        assert visitor.csrf != first
        path = f"/drafts/{visitor.desk.drafts.all()[0].id}/read"
        await visitor.get(path)
        assert clear not in visitor.text  # another session
        await visitor.post(path, go="show", sheet="", shown="", header="found")
        assert clear in visitor.text
        await visitor.post(path, go="hide", sheet="", shown="", header="found")
        assert clear not in visitor.text
        assert not any(clear in url for url in (visitor.path, str(visitor.headers)))


async def test_rows_that_a_guess_leaves_out_are_told_and_may_go_along(tmp_path: Path) -> None:
    states = ("Complete", "Complete", "Partial")
    rows = b"".join(b"c%d,%d,%s\n" % (n, n % 11, states[n % 3].encode()) for n in range(30))
    async with wizard(tmp_path) as visitor:
        await matched(visitor, b"Customer ID,NPS,Status\n" + rows)
        assert "Leave out 10 rows: Status is Partial" in card(visitor, "survey")
        assert "nobody has finished" in card(visitor, "survey")
        rule = "{column: Status, in: [Partial]}"
        said = {"campaign": CAMPAIGN, "question__score": SCORE, "left": "shown"}
        for given, stays in (({}, False), ({"left.0": "yes"}, True), ({"left.0": "yes"}, True)):
            await visitor.post(visitor.at("match"), go="save", **said, **given)
            assert (rule in text_of(visitor)) == stays
            assert (' name="left.0" value="yes" checked' in card(visitor, "survey")) == stays
        await visitor.post(visitor.at("match"), go="save", **said)
        await visitor.planned()
        assert "30 rows" in visitor.text
        assert visitor.h1.startswith("30 of 30 rows"), visitor.h1
