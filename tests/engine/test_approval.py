"""A saved plan is kept to, or the run doesn't begin and says what has changed."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer import engine
from importer.engine.findings import outside, ranges
from importer.errors import ExitStatus, UsageError
from importer.sandbox import WRITE_KEY, Sandbox, background
from importer.settings import Endpoint, Rate, Secret, Settings

ROWS = [
    ("id", "score", "email", "wave"),
    ("u1", "10", "jane@example.com", "1"),
    ("u2", "11", "joe@example.com", "1"),
    ("u3", "0", "ann@example.com", "1"),
    ("", "7", "kim@example.com", "1"),
    ("u5", "7", "liu@example.com", "1"),
]
CAMPAIGN = "5d2f6c1e9b0a4c0017a3e1b2"
MAPPING = f"""\
version: 1
campaign: {CAMPAIGN}
userId: id
anonymousId: {{hash: email}}
answers:
  - {{id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}}
traits: {{email: email}}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox) -> Settings:
    """Of a file that has been planned, its plan saved."""
    (tmp_path / "answers.csv").write_text("\n".join(map(",".join, ROWS)) + "\n", encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    one = Settings(
        file=str(tmp_path / "answers.csv"),
        mapping=str(tmp_path / "mapping.yaml"),
        state=tmp_path / "state",
        endpoint=Endpoint.parse(sandbox.url),
        write_key=Secret(WRITE_KEY),
        hash_key=Secret("a key of sixteen letters"),
        rate=Rate(None),
        settle=0.1,
        save_plan=tmp_path / "plan.json",
        signed_plan=tmp_path / "plan.json",
    )
    engine.plan(one)
    return one


def refusal(settings: Settings) -> str:
    with pytest.raises(UsageError) as caught:
        engine.run(settings)
    assert caught.value.exit_status == ExitStatus.USAGE
    assert "nothing was sent" in caught.value.message
    assert "--save" in caught.value.hint
    return caught.value.message


def test_an_unchanged_job_runs_as_planned(settings: Settings, sandbox: Sandbox) -> None:
    _, summary = engine.run(settings)

    assert summary.rows["created"] == 4
    assert len(sandbox.stored()) == 4


def test_a_pilot_and_then_the_rest_keep_to_one_plan(settings: Settings, sandbox: Sandbox) -> None:
    engine.run(replace(settings, limit=1))
    engine.run(settings)
    _, again = engine.run(settings)

    assert len(sandbox.stored()) == 4
    assert again.rows["created"] + again.rows["already_sent"] == 4
    assert again.requests == 0


def test_how_fast_and_how_carefully_is_free(settings: Settings) -> None:
    other = replace(settings, rate=Rate(1000), concurrency=2, durability="process", timeout=9.0)

    assert engine.run(other)[1].rows["created"] == 4


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("answers.csv", "u3,0", "u3,1", ["the file"]),
        ("answers.csv", "wave\n", "wave \n", ["the file"]),
        ("mapping.yaml", "version: 1\n", "version: 1 \n", ["the mapping's text"]),
        (
            "mapping.yaml",
            "type: nps",
            "type: nps, na: x",
            ["the mapping's text", "says something else"],
        ),
        ("mapping.yaml", CAMPAIGN, CAMPAIGN[:-1] + "3", ["the mapping's text", "the campaign"]),
    ],
)
def test_one_byte_is_enough(
    settings: Settings, sandbox: Sandbox, name: str, old: str, new: str, said: list[str]
) -> None:
    path = Path(settings.file).with_name(name)
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace(old, new, 1), encoding="utf-8")

    message = refusal(settings)

    assert [each for each in said if each not in message] == []
    assert content != path.read_text(encoding="utf-8")
    assert not sandbox.requests


def test_what_the_mapping_extends_counts(settings: Settings, sandbox: Sandbox) -> None:
    path = Path(settings.mapping)
    path.with_name("base.yaml").write_text(MAPPING, encoding="utf-8")
    path.write_text("extends: ./base.yaml\n", encoding="utf-8")
    engine.plan(settings)
    path.with_name("base.yaml").write_text(MAPPING + "method: Email\n", encoding="utf-8")

    message = refusal(settings)

    assert "in what it extends" in message
    assert "text was changed" not in message
    assert not sandbox.requests


def test_the_endpoint_counts(settings: Settings) -> None:
    other = replace(settings, endpoint=Endpoint.parse("http://127.0.0.1:9"))

    assert f"the endpoint: {settings.endpoint} then, {other.endpoint} now" in refusal(other)


def test_the_sheet_counts(settings: Settings, sandbox: Sandbox) -> None:
    book = openpyxl.Workbook()
    for name in ("first", "second"):
        sheet = book.create_sheet(name)
        for row in ROWS:
            sheet.append(row)
    del book["Sheet"]
    path = Path(settings.file).with_name("answers.xlsx")
    book.save(path)
    engine.plan(replace(settings, file=str(path), sheet="first"))

    message = refusal(replace(settings, file=str(path), sheet="second"))

    assert "the sheet: 'first' then, 'second' now" in message
    assert not sandbox.requests


def test_the_hash_key_counts_where_it_makes_an_id(settings: Settings, sandbox: Sandbox) -> None:
    key = Secret("another of sixteen letters")
    other = replace(settings, hash_key=key, state=settings.state.with_name("other"))

    assert "SATISMETER_HASH_KEY" in refusal(other)
    assert not sandbox.requests


def test_another_importer_counts_where_it_makes_other_requests(
    settings: Settings, sandbox: Sandbox
) -> None:
    path = settings.save_plan
    assert path
    saved = json.loads(path.read_bytes())
    path.write_text(json.dumps(saved | {"importer": "0.0.9"}), encoding="utf-8")
    key = Secret("another of sixteen letters")
    other = replace(settings, hash_key=key, state=settings.state.with_name("other"))

    assert "0.0.9 then" in refusal(other)
    assert engine.run(settings)[1].rows["created"] == 4


def test_a_ledger_that_knows_less_is_refused(settings: Settings, sandbox: Sandbox) -> None:
    """The plan left out what was sent already; another state folder has never heard of it."""
    engine.run(replace(settings, signed_plan=None, limit=2))
    planned, _ = engine.plan(settings)
    stored = len(sandbox.stored())

    message = refusal(replace(settings, state=Path(settings.file).with_name("other")))

    assert planned.ready == 2
    assert "2 rows would be posted that the plan left out" in message
    assert len(sandbox.stored()) == stored


def test_the_saved_plan_names_nobody(settings: Settings) -> None:
    path = settings.save_plan
    assert path
    saved = path.read_text(encoding="utf-8")

    personal = [cell for row in ROWS[1:] for cell in row[:1] + row[2:3] if cell]
    secret = [WRITE_KEY, "sixteen"]

    assert [each for each in (*personal, *secret) if each in saved] == []
    assert json.loads(saved)["to_post"] == "2 4-6"
    assert json.loads(saved)["rows"]["ready"] == 4


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff\xfe", b'{"format": 2}', b'{"format": 1, "inputs": {}}'],
)
def test_what_is_no_plan_is_refused(settings: Settings, content: bytes) -> None:
    path = settings.save_plan
    assert path
    path.write_bytes(content)

    with pytest.raises(UsageError, match="no saved plan"):
        engine.run(settings)


def test_a_plan_that_is_not_there_is_refused(settings: Settings) -> None:
    with pytest.raises(UsageError, match="can't be read"):
        engine.run(replace(settings, signed_plan=Path("nowhere.json")))


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_ranges_hold_just_their_rows(rows: set[int], others: set[int]) -> None:
    text = " ".join(ranges(sorted(rows)))

    assert set(outside(text, sorted(others))) == others - rows


def test_a_plan_that_was_changed_since_is_refused_by_its_sha256(
    settings: Settings, sandbox: Sandbox
) -> None:
    """Who can write the file can write one for other rows: what was approved is known by its digest."""
    assert settings.signed_plan is not None
    engine.plan(replace(settings, save_plan=settings.signed_plan, signed_plan=None))
    content = settings.signed_plan.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    settings.signed_plan.write_bytes(content + b"\n")
    with pytest.raises(UsageError, match="approved"):
        engine.run(replace(settings, plan_sha256=digest))
    settings.signed_plan.write_bytes(content)
    engine.run(replace(settings, plan_sha256=digest.upper()))
    assert sandbox.stored()


@pytest.mark.parametrize("changed", [{"to_post": "1" * 5_000}, {"made": 7}, {"rows": [1]}])
def test_a_field_of_another_kind_makes_it_no_plan(
    settings: Settings, changed: dict[str, object]
) -> None:
    assert settings.signed_plan is not None
    engine.plan(replace(settings, save_plan=settings.signed_plan, signed_plan=None))
    found = json.loads(settings.signed_plan.read_text())
    settings.signed_plan.write_text(json.dumps(found | changed))
    with pytest.raises(UsageError, match="no saved plan"):
        engine.run(settings)
