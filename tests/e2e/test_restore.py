"""What a job has overwritten is put back, trait by trait, but for what somebody has changed since.

What is expected is worked out here, by code of its own: from the file, today's traits, the mapping's words.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import API_KEY, PROJECT, Behaviour, Sandbox, SandboxSettings, background
from tests.e2e.commands import Ended, Shell
from tests.e2e.here import Here

READS = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
MAPPING = """\
version: 1
existing_traits: POLICY
campaign: 5d2f6c1e9b0a4c0017a3e1b2
userId: id
answers:
  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}
traits:
  plan: plan
  company: company
  seats: {column: seats, type: number}
  active: {column: active, type: boolean}
  respondedAt: {column: date, type: date, format: iso}
"""
NAMES = ("plan", "company", "seats", "active")
PLANS = ("Free", "Pro", "Gold", "Ünlimited 🎈")


def made(persons: int, seed: int) -> tuple[str, dict[str, dict[str, Any]]]:
    """A file of old answers, and today's account: some persons are in both, some in one."""
    chance = random.Random(seed)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("id", "score", *NAMES, "date"))
    today: dict[str, dict[str, Any]] = {}
    for n in range(persons):
        for wave in range(chance.choice((1, 1, 1, 2, 3))):
            writer.writerow((
                *(f"p{n}", chance.randrange(11), chance.choice((*PLANS, "")), f"Company {n % 7}"),
                *(chance.choice(("", chance.randrange(9))), chance.choice(("yes", "no", ""))),
                f"202{wave}-03-0{1 + n % 9}",
            ))  # fmt: skip
        if chance.random() < 0.9:
            had: dict[str, Any] = {"city": chance.choice(("Oslo", None, ["a", {"b": 1}]))}
            if chance.random() < 0.7:
                had["plan"] = chance.choice((*PLANS, 7, None, {"tier": "Gold", "since": [2020, 1]}))
            if chance.random() < 0.5:
                had["company"] = f"Company {chance.randrange(7)}"
            if chance.random() < 0.5:
                had["seats"] = chance.choice((chance.randrange(9), str(chance.randrange(9)), 2.5))
            if chance.random() < 0.5:
                had["active"] = chance.choice((True, False, "true", 1))
            today[f"p{n}"] = had
    today["stranger"] = {"plan": "Gold", "seats": 99}
    return text.getvalue(), today


def sent_of(row: dict[str, str]) -> dict[str, Any]:
    """The traits of a row, as the mapping's own page says that they are sent."""
    found: dict[str, Any] = {name: row[name] for name in ("plan", "company") if row[name]}
    if row["seats"]:
        found["seats"] = int(row["seats"])
    if row["active"]:
        found["active"] = row["active"] == "yes"
    return found


def after(text: str, today: dict[str, dict[str, Any]], *, keep: bool) -> dict[str, dict[str, Any]]:
    """The account after the import: the rows in the order of their dates, over today's."""
    now = {person: dict(had) for person, had in today.items()}
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in sorted(rows, key=lambda each: each["date"]):
        person = now.setdefault(row["id"], {})
        had = today.get(row["id"], {})
        for name, value in sent_of(row).items():
            if not (keep and had.get(name) is not None):
                person[name] = value
    return now


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def now_in(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {
        each.user_id: {n: v for n, v in each.traits.items() if n != "respondedAt"}
        for each in sandbox.users()
    }


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background(SandboxSettings(duplicate_window=0)) as running:
        yield running


@pytest.fixture
def user(user: Shell) -> Here:
    here = Here(user.folder, {**user.environment, **READS})
    for policy in ("keep", "overwrite"):
        here.write(f"{policy}.yaml", MAPPING.replace("POLICY", policy))
    return here


def command(user: Shell, sandbox: Sandbox, name: str, policy: str, *words: object) -> Ended:
    own = ("--endpoint", sandbox.url, "--state", "state", "--json")
    yes = ("--yes", "--rate", "max") if name == "run" else ()
    return user(name, "answers.csv", "-m", f"{policy}.yaml", *own, *yes, *words)


def restore(user: Shell, *words: object) -> Ended:
    return user("restore", "--state", "state", "--rate", "max", "--yes", "--json", *words)


def total(ended: Ended, kind: str) -> int:
    return sum(each[kind] for each in ended.document["traits"].values())


def test_a_thousand_persons(user: Here, sandbox: Sandbox) -> None:
    text, today = made(1_000, 1)
    user.write("answers.csv", text)
    sandbox.put_users(today.items())

    kept = command(user, sandbox, "run", "keep", "--limit", "400")
    assert kept.document["rows"]["created"] == 400
    kept = command(user, sandbox, "run", "keep")
    assert kept.status == 0, kept.err
    now = now_in(sandbox)
    assert same(now, after(text, today, keep=True))
    for person, had in today.items():
        kept_there = {name: now[person][name] for name, value in had.items() if value is not None}
        assert same(kept_there, {name: had[name] for name in kept_there})
    assert total(restore(user), "to_restore") == 0  # nothing was overwritten


def test_a_thousand_persons_overwritten_and_put_back(user: Here, sandbox: Sandbox) -> None:
    text, today = made(1_000, 2)
    user.write("answers.csv", text)
    sandbox.put_users(today.items())
    expected = after(text, today, keep=False)

    planned = command(user, sandbox, "plan", "overwrite")
    ended = command(user, sandbox, "run", "overwrite")
    assert ended.status == 0, ended.err
    assert same(now_in(sandbox), expected)
    told = {each["trait"]: each for each in planned.document["account"]["traits"]}
    for name in NAMES:  # what was said before is what came
        pairs = [
            (had[name], expected[person][name])
            for person, had in today.items()
            if had.get(name) is not None and person != "stranger"
        ]
        others = sum(not same(*pair) for pair in pairs)
        assert told[name]["overwrites"] == others

    changed = {"p3": {"plan": "Since"}, "p5": {"company": "Since"}}
    changed = {who: what for who, what in changed.items() if who in today}
    sandbox.put_users(changed.items())
    dry = restore(user, "--dry-run")
    assert {**now_in(sandbox)} == {
        **expected,
        **{w: {**expected[w], **c} for w, c in changed.items()},
    }
    back = restore(user)
    assert back.status == 0, back.err
    assert total(back, "restored") == total(dry, "to_restore") > 500
    now = now_in(sandbox)
    for person, had in today.items():
        for name, value in had.items():
            since = changed.get(person, {}).get(name)
            assert same(
                now[person][name], since or (expected if value is None else today)[person][name]
            )
    named = {(each["user"], each["trait"]) for each in back.document["left"]}
    assert named >= {
        (who, name) for who, what in changed.items() for name in what if today[who].get(name)
    }
    assert all(who in changed for who, _ in named)
    posts = len([e for e in sandbox.requests if e.path == "/api/users" and e.method == "POST"])
    again = restore(user)
    assert total(again, "restored") == total(again, "to_restore") == 0
    assert (
        len([e for e in sandbox.requests if e.method == "POST" and e.path == "/api/users"]) == posts
    )


def small(user: Here, sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    user.write(
        "answers.csv",
        "id,score,plan,company,seats,active,date\na@x.org,9,Free,,3,yes,2021-01-01\nb,9,Free,,3,,2021-01-02\n",
    )
    today: dict[str, dict[str, Any]] = {
        "a@x.org": {"plan": "Gold", "seats": "3", "active": False},
        "b": {"plan": "Gold", "seats": 5},
    }
    sandbox.put_users(today.items())
    assert command(user, sandbox, "run", "overwrite").status == 0
    return today


def jobs_of(user: Here) -> list[str]:
    return [each["job"] for each in user("jobs", "--state", "state", "--json").document["jobs"]]


def test_one_trait_only(user: Here, sandbox: Sandbox) -> None:
    today = small(user, sandbox)
    assert set(restore(user, "--trait", "plan").document["traits"]) == {"plan"}
    now = now_in(sandbox)
    assert (now["b"]["plan"], now["b"]["seats"]) == ("Gold", 3)
    assert restore(user).document["traits"]["seats"]["restored"] == 2
    assert {who: {**now_in(sandbox)[who], **had} for who, had in today.items()} == now_in(sandbox)


def test_a_trait_that_was_not_overwritten_is_told(user: Here, sandbox: Sandbox) -> None:
    user.write("answers.csv", "id,score,plan,company,seats,active,date\np1,9,Gold,,,,2020-03-01\n")
    sandbox.put_users([("p1", {"plan": "Free"})])
    assert command(user, sandbox, "run", "overwrite").status == 0
    before = len(sandbox.requests)
    for words in (("--trait", "Plan"), ("--trait", "plan", "--trait", "nosuch")):
        refused = restore(user, *words)
        assert refused.status == 2
        assert f"has overwritten no trait {words[-1]!r}" in refused.err
        assert "It has overwritten plan." in refused.err
    assert len(sandbox.requests) == before
    assert total(restore(user, "--trait", "plan"), "restored") == 1
    assert restore(user, "--trait", "plan").status == 0  # it is back: nothing is to be done


def test_the_same_file_run_again_has_overwritten_nothing(user: Here, sandbox: Sandbox) -> None:
    """It is the newest job, and has posted nothing: the one before it is put back."""
    small(user, sandbox)
    (first,) = jobs_of(user)
    assert command(user, sandbox, "run", "overwrite").status == 0
    assert len(jobs_of(user)) == 2
    found = restore(user)
    assert found.document["job"] == first
    assert total(found, "restored") == 5


def test_what_was_put_back_is_not_put_back_once_more(user: Here, sandbox: Sandbox) -> None:
    """Somebody may choose the very value that the job had sent."""
    small(user, sandbox)
    assert total(restore(user), "restored") == 5
    sandbox.put_users([("b", {"plan": "Free"})])
    assert total(restore(user), "to_restore") == 0
    assert now_in(sandbox)["b"]["plan"] == "Free"


def test_what_the_job_has_sent_again_since_is_put_back_again(user: Here, sandbox: Sandbox) -> None:
    """A pilot is put back, the rest goes: the person's second row has overwritten the trait once more. What
    somebody has chosen since, though the job had sent it, stays."""
    rows = "a,9,Free,,,,2021-01-01\nb,9,Free,,,,2021-01-02\nb,8,Pro,,,,2021-01-03\n"
    user.write("answers.csv", f"id,score,plan,company,seats,active,date\n{rows}")
    today = {"a": {"plan": "Gold"}, "b": {"plan": "Gold"}}
    sandbox.put_users(today.items())
    command(user, sandbox, "run", "overwrite", "--limit", "2")
    assert total(restore(user), "restored") == 2
    sandbox.put_users([("a", {"plan": "Free"})])
    assert command(user, sandbox, "run", "overwrite").status == 0
    assert now_in(sandbox)["b"] == {"plan": "Pro"}
    back = restore(user)
    assert (back.status, total(back, "restored"), total(back, "failed")) == (0, 1, 0)
    assert now_in(sandbox) == {**today, "a": {"plan": "Free"}}
    assert total(restore(user), "to_restore") == 0


def test_what_a_retry_overwrites_after_the_job_has_ended(user: Here) -> None:
    """Of whom nothing was overwritten, nothing was kept: such a person is looked at once more."""
    rows = "a,9,Free,,,,2021-01-01\nc,9,Free,,,,2021-01-02\n"
    user.write("answers.csv", f"id,score,plan,company,seats,active,date\n{rows}")
    refused = SandboxSettings(duplicate_window=0, script={"c": [Behaviour("status", 422)]})
    with background(refused) as sandbox:
        today = {"a": {"plan": "Gold"}, "c": {"plan": "Free"}}
        sandbox.put_users(today.items())
        first = command(user, sandbox, "run", "overwrite")
        assert first.document["rows"]["rejected"] == 1
        sandbox.put_users([("c", {"plan": "Platinum"})])
        retried = user("retry", "--status", "rejected", "--state", "state", "--yes", "--json")
        assert retried.document["rows"]["created"] == 2
        (plan,) = [e for e in retried.document["account"]["traits"] if e["trait"] == "plan"]
        assert plan["overwrites"] == 1
        assert now_in(sandbox)["c"] == {"plan": "Free"}
        assert total(restore(user), "restored") == 2
        assert now_in(sandbox) == {"a": {"plan": "Gold"}, "c": {"plan": "Platinum"}}


def test_a_single_person(user: Here, sandbox: Sandbox) -> None:
    """What was seen before a value was put back says nothing of what is there afterwards."""
    user.write("answers.csv", "id,score,plan,company,seats,active,date\nb,9,Free,,,,2021-01-02\n")
    sandbox.put_users([("b", {"plan": "Gold"})])
    assert command(user, sandbox, "run", "overwrite").status == 0
    back = restore(user)
    assert (back.status, total(back, "restored"), total(back, "failed")) == (0, 1, 0)
    assert now_in(sandbox) == {"b": {"plan": "Gold"}}


def test_nobody_is_asked_without_a_terminal_or_a_key(user: Here, sandbox: Sandbox) -> None:
    small(user, sandbox)
    before = now_in(sandbox)
    assert user("restore", "--state", "state").status == 2
    blind = Here(user.folder, {n: v for n, v in user.environment.items() if n not in READS})
    refused = restore(blind)
    assert refused.status == 2
    assert "SATISMETER_API_KEY" in refused.document["hint"]
    assert now_in(sandbox) == before


def test_a_job_that_did_not_look_has_nothing_to_put_back(user: Here, sandbox: Sandbox) -> None:
    user.write("answers.csv", "id,score,plan,company,seats,active,date\nb,9,Free,,,,2021-01-02\n")
    sandbox.put_users([("b", {"plan": "Gold"})])
    assert command(user, sandbox, "run", "overwrite", "--no-users").status == 0
    refused = restore(user)
    assert refused.status == 2
    assert "nobody looked" in refused.document["error"]


def everything(state: Path) -> bytes:
    return b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())


def test_nothing_of_the_account_lies_open_and_what_is_not_needed_goes(
    user: Here, sandbox: Sandbox
) -> None:
    text = "id,score,plan,company,seats,active,date\n" + "".join(
        f"p{n},9,Secretplan,Secretfirm,,,2021-01-0{n}\n" for n in range(1, 5)
    )
    user.write("answers.csv", text)
    sandbox.put_users(
        [("p1", {"plan": "Hiddenplan"}), ("p2", {"plan": "Secretplan", "company": "Secretfirm"})]
    )
    assert command(user, sandbox, "run", "overwrite").status == 0
    content = everything(user.folder / "state")
    for word in (b"Secret", b"Hidden"):
        assert word not in content
    with sqlite3.connect(user.folder / "state" / "ledger.sqlite3") as ledger:
        assert ledger.execute("select count(*) from account_users").fetchone() == (1,)
        assert ledger.execute("select count(*) from account_rows").fetchone() == (1,)
    ledger.close()


@pytest.mark.parametrize("words", [["forget", "--user", "b"], ["purge", "--job", "1"]])
def test_forget_and_purge_take_it(user: Here, sandbox: Sandbox, words: list[str]) -> None:
    small(user, sandbox)
    assert user(*words, "--state", "state", "--yes").status == 0
    before = now_in(sandbox)["b"]
    ended = restore(user)
    if words[0] == "purge":
        assert ended.status == 2
    else:
        assert ended.document["persons"] == 1
    assert now_in(sandbox)["b"] == before
