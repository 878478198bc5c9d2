"""Yesterday's answers don't harm today's account: what is there is looked at, told, kept, and put back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from importer.ledger import open_ledger, secret
from importer.sandbox import API_KEY, PROJECT, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended, Shell
from tests.e2e.here import Here

READS = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
MAPPING = """\
version: 1
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
traits:
  plan: plan
  seats: {column: seats, type: number}
  respondedAt: {column: date, type: date, format: iso}
"""
KEEP = f"existing_traits: keep\n{MAPPING}"
ROWS = """\
id,score,plan,seats,date
a,9,Free,3,2021-01-01
b,8,Free,3,2021-01-02
c,7,Free,3,2021-01-03
d,6,Free,3,2021-01-04
"""
TODAY: dict[str, dict[str, Any]] = {
    "a": {"plan": "Gold", "seats": "3", "city": "Oslo"},
    "b": {"plan": "Free"},
    "c": {"respondedAt": "2026-01-01T00:00:00.000Z"},
    "stranger": {"plan": "Gold"},
}


@pytest.fixture
def user(user: Shell) -> Here:
    here = Here(user.folder, {**user.environment, **READS})
    here.write("answers.csv", ROWS)
    here.write("always.yaml", MAPPING.replace("version: 1", "existing_traits: overwrite"))
    here.write("keep.yaml", KEEP)
    here.write("old.yaml", MAPPING)
    return here


@pytest.fixture
def sandbox() -> Any:
    with background(SandboxSettings(duplicate_window=0)) as running:
        running.put_users(TODAY.items())
        running.put_users([("b", {})], unsubscribed=True)
        yield running


def told(user: Shell, name: str, sandbox: Sandbox, mapping: str, *words: object) -> Ended:
    command = [name, "answers.csv", "-m", mapping, "--endpoint", sandbox.url, "--state", "state"]
    return user(*command, *words, *(["--yes", "--rate", "max"] if name == "run" else []))


def traits(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {each.user_id: dict(each.traits) for each in sandbox.users()}


def effect(ended: Ended) -> Any:
    return ended.document["account"]


def by_trait(ended: Ended) -> dict[str, tuple[int, ...]]:
    kinds = ("equal", "fills", "kept", "overwrites", "type_changes")
    return {e["trait"]: tuple(e[kind] for kind in kinds) for e in effect(ended)["traits"]}


def test_a_plan_says_what_would_change(user: Here, sandbox: Sandbox) -> None:
    ended = told(user, "plan", sandbox, "always.yaml", "--json")

    found = effect(ended)
    counts = {name: found[name] for name in ("persons", "known", "new", "unsubscribed", "looked")}
    assert counts == {"persons": 4, "known": 3, "new": 1, "unsubscribed": 1, "looked": True}
    assert by_trait(ended) == {
        "plan": (1, 1, 0, 1, 0),
        "seats": (0, 2, 0, 1, 1),
        "respondedAt": (0, 2, 0, 1, 0),
    }
    assert sandbox.posts() == []
    assert traits(sandbox) == TODAY
    assert (found["requests"], found["users_listed"]) == (
        2,
        4,
    )  # the list, and whether d is nowhere


def test_keep_changes_nothing_that_is_there(user: Here, sandbox: Sandbox) -> None:
    planned = told(user, "plan", sandbox, "keep.yaml", "--json")
    ended = told(user, "run", sandbox, "keep.yaml", "--json")

    assert ended.status == 0, ended.err
    assert (
        by_trait(planned)
        == by_trait(ended)
        == {
            "plan": (1, 1, 1, 0, 0),
            "seats": (0, 2, 1, 0, 0),
            "respondedAt": (0, 2, 0, 1, 0),
        }
    )
    now = traits(sandbox)
    assert now["a"] == {**TODAY["a"], "respondedAt": "2021-01-01T00:00:00.000Z"}
    assert now["b"] == {"plan": "Free", "seats": 3, "respondedAt": "2021-01-02T00:00:00.000Z"}
    assert now["d"] == {"plan": "Free", "seats": 3, "respondedAt": "2021-01-04T00:00:00.000Z"}
    assert now["stranger"] == TODAY["stranger"]
    first = next(json.loads(e.body) for e in sandbox.posts() if e.person == "a")
    assert set(first["traits"]) == {"respondedAt"}


def test_the_same_file_again_sends_nothing_though_the_account_is_another(
    user: Here, sandbox: Sandbox
) -> None:
    """What makes a row itself has nothing to do with what is left out of it."""
    assert told(user, "run", sandbox, "keep.yaml").status == 0
    sandbox.put_users([("a", {"plan": "Silver"}), ("d", {"seats": 9})])
    sent = len(sandbox.posts())
    again = told(user, "run", sandbox, "keep.yaml", "--json")
    assert again.document["rows"]["already_sent"] == 4
    assert told(user, "run", sandbox, "always.yaml", "--json").document["rows"]["created"] == 0
    assert len(sandbox.posts()) == sent == 4


def test_examples_are_masked_unless_asked_for(user: Here, sandbox: Sandbox) -> None:
    masked = told(user, "plan", sandbox, "always.yaml")
    page = (user.folder / "answers-import" / "plan.html").read_text("utf-8")
    for text in (masked.out, page):
        assert "G… (4 characters)" in text
        assert "Gold" not in text
    whole = told(user, "plan", sandbox, "always.yaml", "--show-values", "--json")
    examples = {e["trait"]: e["examples"] for e in effect(whole)["traits"]}
    assert examples["plan"] == [{"row": 2, "before": '"Gold"', "after": '"Free"'}]
    assert examples["seats"] == [{"row": 2, "before": '"3"', "after": "3"}]


def test_without_a_look_what_is_kept_is_not_sent_at_all(user: Here, sandbox: Sandbox) -> None:
    ended = told(user, "run", sandbox, "keep.yaml", "--no-users", "--json")
    assert ended.status == 0, ended.err
    assert effect(ended) == {
        "looked": False,
        "why": "--no-users was given",
        "left_out": ["plan", "seats"],
    }
    assert "Nothing was looked at in the account" in ended.document["warnings"][0]
    assert {each.path for each in sandbox.requests} == {"/api/responses"}
    for post in sandbox.posts():
        assert set(json.loads(post.body)["traits"]) == {"respondedAt"}


def test_a_mapping_of_0_1_overwrites_and_warns(user: Here, sandbox: Sandbox) -> None:
    blind = Here(user.folder, {n: v for n, v in user.environment.items() if n not in READS})
    planned = told(blind, "plan", sandbox, "old.yaml", "--json")
    why = "there is no API key (SATISMETER_API_KEY)"
    assert effect(planned) == {"looked": False, "why": why, "left_out": []}
    first, second, *_ = planned.document["warnings"]
    assert "Nothing was looked at" in first
    assert "existing_traits: keep" in second
    ended = told(blind, "run", sandbox, "old.yaml", "--json")
    assert ended.status == 0, ended.err
    assert traits(sandbox)["a"]["plan"] == "Free"


def test_what_was_approved_is_posted_or_held(user: Here, sandbox: Sandbox) -> None:
    """Between the plan and the run a trait comes, and one goes."""
    told(user, "plan", sandbox, "keep.yaml", "--save", "plan.json", "--payloads", "bodies.jsonl")
    sandbox.put_users([("d", {"plan": "Gold"})])
    ended = told(user, "run", sandbox, "keep.yaml", "--plan", "plan.json", "--json")

    assert ended.status == 3
    assert ended.document["rows"]["created"] == 3
    (cause,) = ended.document["causes"]
    assert (cause["code"], cause["count"], cause["rows"]) == ("account_changed", 1, [5])
    assert traits(sandbox)["d"] == {"plan": "Gold"}
    planned = [
        json.loads(line) for line in (user.folder / "bodies.jsonl").read_text("utf-8").splitlines()
    ]
    approved = {each["userId"]: {**each, "writeKey": "*"} for each in planned}
    posted = {e.person: {**json.loads(e.body), "writeKey": "*"} for e in sandbox.posts()}
    assert posted == {person: approved[person] for person in "abc"}
    # Made anew, the plan lets the row go, without the trait.
    rest = told(user, "run", sandbox, "keep.yaml", "--json")
    assert rest.document["rows"]["created"] == 1
    assert traits(sandbox)["d"]["plan"] == "Gold"


def test_a_trait_of_this_job_does_not_count_as_there(user: Here, sandbox: Sandbox) -> None:
    """A pilot sends a person's first row; the rest of his rows carry their traits all the same."""
    more = "".join(f"d,{n},Pro,{n},2022-01-0{n}\n" for n in range(1, 4))
    user.write("answers.csv", ROWS + more)
    told(user, "plan", sandbox, "keep.yaml", "--save", "plan.json")
    for words in (["--limit", 5], []):
        ended = told(user, "run", sandbox, "keep.yaml", "--plan", "plan.json", "--json", *words)
        assert "account_changed" not in json.dumps(ended.document)
    assert ended.document["rows"]["created"] == 7
    assert traits(sandbox)["d"]["seats"] == 3
    bodies = [json.loads(e.body) for e in sandbox.posts() if e.person == "d"]
    assert [each["traits"]["seats"] for each in bodies] == [3, 1, 2, 3]


def test_of_persons_nothing_is_kept_that_the_import_does_not_touch(
    user: Here, sandbox: Sandbox
) -> None:
    """And nothing at all of persons who aren't in the file."""
    assert told(user, "run", sandbox, "keep.yaml", "--limit", 1).status == 0
    state = user.folder / "state"
    with closing(open_ledger(state, secret(state))) as ledger:
        seen = {
            each.rows[0].user_id: each.before for each in ledger.account(ledger.job("")).groups(0)
        }
    assert seen == {
        "a": {"plan": "Gold", "seats": "3"},
        "b": TODAY["b"],
        "c": TODAY["c"],
        "d": None,
    }


@pytest.mark.parametrize(
    ("environment", "words", "said"),
    [
        ({"SATISMETER_API_KEY": "wrong-key-of-somebody"}, [], "refused the API key (401)"),
        ({"SATISMETER_PROJECT": "another"}, [], "knows no such project"),
    ],
)
def test_a_look_that_fails(
    user: Here, sandbox: Sandbox, environment: Mapping[str, str], words: list[str], said: str
) -> None:
    wrong = Here(user.folder, {**user.environment, **environment})
    planned = told(wrong, "plan", sandbox, "keep.yaml", "--json")
    assert planned.status == 0
    assert said in effect(planned)["why"]
    refused = told(wrong, "run", sandbox, "keep.yaml", "--json")
    assert refused.status == 5
    assert said in refused.document["error"]
    assert "--no-users" in refused.document["hint"]
    assert "wrong-key" not in refused.out + refused.err
    assert sandbox.posts() == []
    on = told(wrong, "run", sandbox, "old.yaml", "--json")  # nothing is promised there
    assert on.status == 0
    assert said in effect(on)["why"]
