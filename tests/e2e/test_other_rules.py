"""A changed key, date, answer set or address is no new world: what was sent is held, until a person says
otherwise; and two responses of one person, told apart by one rule, are both sent."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from importer.sandbox import CAMPAIGN, Sandbox
from tests.e2e.commands import Ended, Shell
from tests.e2e.conftest import MAPPING
from tests.e2e.test_jobs import rows_of
from tests.e2e.test_run import results

HEADER = "id,mail,rid,other,on,score,comment,email\n"
SCORE = "79593580-95a7-11ed-8974-9b5d06700b8d"
DATE = "  respondedAt: {column: on, type: date}\n"
TRAITS = "traits:\n"


def lines(first: int, end: int, day: str = "2024-03-01", mark: str = "") -> str:
    return "".join(
        f"p{n},m{n}@example.com,r{mark}{n},o{mark}{n},{day}T10:00:00,{n % 11},fine {n},p{n}@example.com\n"
        for n in range(first, end)
    )


KEYED = MAPPING + "key: rid\n"
DATED = MAPPING.replace(TRAITS, TRAITS + DATE)
NO_COMMENT = MAPPING.replace(
    "  - {id: 8a2f1c40-95a7-11ed-8974-9b5d06700b8d, column: comment, type: text}\n", ""
)
RECODED = MAPPING.replace(
    "column: score, type: nps}",
    'column: score, values: {"0": 9, "1": 9, "2": 9, "3": 9, "*": keep}, type: nps}',
)
CHANGES = {
    "key added": (MAPPING, KEYED),
    "key removed": (KEYED, MAPPING),
    "key changed": (KEYED, MAPPING + "key: other\n"),
    "key widened": (KEYED, MAPPING + "key: [rid, other]\n"),
    "date added": (MAPPING, DATED),
    "date removed": (DATED, MAPPING),
    "zone changed": (DATED, DATED.replace("type: date}", "type: date, timezone: Asia/Tokyo}")),
    "answer added": (NO_COMMENT, MAPPING),
    "answer dropped": (MAPPING, NO_COMMENT),
    "answer recoded": (MAPPING, RECODED),
    "person changed": (MAPPING, MAPPING.replace("userId: id", "userId: mail")),
}
OF_THE_RULE = (
    "key added",
    "key removed",
    "key changed",
    "key widened",
    "date added",
    "date removed",
)


def given(user: Shell, mapping: str, rows: str) -> None:
    user.write("mapping.yaml", mapping)
    user.write("answers.csv", HEADER + rows)


def run(user: Shell, server: Sandbox, *more: object, command: str = "run") -> Ended:
    sending = ("--yes", "--rate", "max", "--settle", "0") if command == "run" else ()
    words = (
        command,
        "answers.csv",
        "-m",
        "mapping.yaml",
        "--endpoint",
        server.url,
        *sending,
        *more,
    )
    ended = user(*words, "--json")
    assert ended.status in (0, 3), ended.err
    rows = ended.document["rows"]
    assert rows["read"] == sum(rows.values()) - rows["read"]
    return ended


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_pilot_has_sent_is_held_where_the_mapping_changes(
    user: Shell, open_server: Sandbox, change: str
) -> None:
    before, after = CHANGES[change]
    given(user, before, lines(0, 10))
    run(user, open_server, "--limit", 4)
    given(user, after, lines(0, 10))

    planned = run(user, open_server, command="plan")
    ended = run(user, open_server)
    again = run(user, open_server)

    assert rows_of(planned) == {"read": 10, "ready": 6, "already_sent": 4}
    told = " ".join(planned.document["warnings"])
    assert "4 rows may have been sent before" in told
    assert "Row 2: " in told
    assert "--again" in told
    assert rows_of(ended) == {"read": 10, "created": 6, "already_sent": 4}
    assert ended.document["duplicates"] == {"sent_by_other_rule": 4}
    assert [again.document["requests"], len(open_server.posts())] == [0, 10]

    assert rows_of(run(user, open_server, "--again", command="plan"))["ready"] == 4
    meant = run(user, open_server, "--again")
    assert rows_of(meant) == {"read": 10, "created": 4, "already_sent": 6}
    assert run(user, open_server).document["requests"] == 0
    assert {line["status"] for line in results(user)} == {"already_sent"}


@pytest.mark.parametrize("change", OF_THE_RULE)
def test_also_where_the_file_has_grown(user: Shell, open_server: Sandbox, change: str) -> None:
    before, after = CHANGES[change]
    given(user, before, lines(0, 10))
    run(user, open_server)
    given(user, after, lines(5, 15))
    ended = run(user, open_server)
    assert rows_of(ended) == {"read": 10, "created": 5, "already_sent": 5}
    assert len(open_server.posts()) == 15


def test_a_job_that_was_left_open_does_not_send_what_another_rule_has(
    user: Shell, open_server: Sandbox
) -> None:
    given(user, MAPPING, lines(0, 10))
    pilot = run(user, open_server, "--limit", 4).document["job"]
    user.write("keyed.yaml", KEYED)
    words = ("run", "answers.csv", "-m", "keyed.yaml", "--endpoint", open_server.url, "--yes")
    assert user(*words, "--rate", "max").status == 0
    resumed = user("resume", pilot, "--yes", "--rate", "max", "--json")
    assert rows_of(resumed) == {"read": 10, "created": 4, "already_sent": 6}
    assert len(open_server.posts()) == 10


def test_a_file_that_a_later_version_reads_in_another_way_is_held(
    user: Shell, open_server: Sandbox
) -> None:
    """As where an id was read as `42`, and is `00042` by now: the same bytes, the same mapping."""
    given(user, MAPPING, lines(0, 10))
    run(user, open_server)
    [ledger] = user.folder.rglob("ledger.sqlite3")
    with closing(sqlite3.connect(ledger)) as connection, connection:
        other = "randomblob(16)"
        connection.execute(
            f"UPDATE rows SET identity = {other}, person = {other}, content = {other}"
        )
    ended = run(user, open_server)
    assert rows_of(ended) == {"read": 10, "already_sent": 10}
    assert len(open_server.posts()) == 10


def test_one_row_that_was_sent_answers_for_one(user: Shell, open_server: Sandbox) -> None:
    """Without a key the second row counted as the first; with one it is a response of its own."""
    twice = lines(0, 1) + lines(0, 1, mark="x")
    given(user, MAPPING, twice)
    run(user, open_server)
    given(user, KEYED, twice + lines(7, 8))
    ended = run(user, open_server)
    assert rows_of(ended) == {"read": 3, "created": 2, "already_sent": 1}
    assert run(user, open_server).document["requests"] == 0


@pytest.mark.parametrize("mapping", [KEYED, DATED], ids=["key", "date"])
def test_the_same_answers_in_the_next_quarter_are_new_responses(
    user: Shell, open_server: Sandbox, mapping: str
) -> None:
    """Also where the mapping changes in what is no rule."""
    given(user, mapping, lines(0, 5))
    run(user, open_server)
    given(user, mapping, lines(0, 5, "2024-06-01", "q2-"))
    second = run(user, open_server)
    more = mapping.replace("  email:", "  plan: other\n  email:")
    given(user, more, lines(0, 5, "2024-09-01", "q3-"))
    third = run(user, open_server)
    for ended in (second, third):
        assert rows_of(ended) == {"read": 5, "created": 5}
        assert not any("before" in each for each in ended.document["warnings"])


def test_a_row_dated_after_the_other_was_sent_is_a_new_response(
    user: Shell, open_server: Sandbox
) -> None:
    """The first file was sent half a year before the second was answered."""
    given(user, MAPPING, lines(0, 5))
    run(user, open_server, "--state", "state")
    with closing(sqlite3.connect(user.folder / "state" / "ledger.sqlite3")) as ledger, ledger:
        ledger.execute(
            "UPDATE rows SET sent_at = ?", (datetime(2024, 3, 2, tzinfo=UTC).timestamp(),)
        )
    given(user, DATED, lines(0, 5, "2024-09-01") + lines(2, 4, "2024-02-28", "x"))
    ended = run(user, open_server, "--state", "state")
    assert rows_of(ended) == {"read": 7, "created": 5, "already_sent": 2}


def test_two_mappings_for_two_groups_of_columns_of_one_file(
    user: Shell, open_server: Sandbox
) -> None:
    user.write("answers.csv", "id,first,second,email\np1,9,9,\np2,3,4,\n")
    one = MAPPING.split("  - {id: 8a2f")[0].replace("column: score", "column: first")
    user.write("mapping.yaml", one)
    run(user, open_server)
    user.write("mapping.yaml", one.replace("column: first", "column: second"))
    second = run(user, open_server)
    # p1 gave the same score twice; nothing but the file tells that these are two.
    assert rows_of(second) == {"read": 2, "created": 1, "already_sent": 1}


def test_another_survey_is_another_world(user: Shell, open_server: Sandbox) -> None:
    given(user, MAPPING, lines(0, 3))
    run(user, open_server)
    other = "5d2f6c1e9b0a4c0017a3e1b3"
    given(user, KEYED.replace(CAMPAIGN, other), lines(0, 3))
    assert rows_of(run(user, open_server, command="plan")) == {"read": 3, "ready": 3}


def test_a_nightly_file_of_which_all_was_sent_is_none_of_this(
    user: Shell, open_server: Sandbox
) -> None:
    given(user, MAPPING, lines(0, 5))
    run(user, open_server)
    user.write("mapping.yaml", MAPPING + "name: the same\n")
    again = run(user, open_server)
    assert again.document["duplicates"] == {"dup_earlier_run": 5}
    assert again.status == 0
