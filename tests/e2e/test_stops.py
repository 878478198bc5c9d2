"""A run stops at once where every row would fare alike; its rows stay pending, and it can go on."""

from collections.abc import Mapping

import pytest

from importer.sandbox import Behaviour, FaultShare, Sandbox, SandboxSettings, background
from tests.e2e.commands import Shell
from tests.e2e.here import Here
from tests.e2e.test_jobs import rows_of
from tests.e2e.test_run import results, run

ROWS = "\n".join(
    ["id,score,comment,email", *(f"p{n},{n % 11},,p{n}@example.com" for n in range(200))]
)


def test_a_refused_key_stops_at_once_and_the_right_one_goes_on(
    user: Shell, sandbox: Sandbox
) -> None:
    user.write("answers.csv", ROWS)
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--rate", "max")

    refused = user(*words, "--yes", "--json", SATISMETER_WRITE_KEY="another-key")
    told = user(*words, "--yes", SATISMETER_WRITE_KEY="another-key").out
    right = run(user, sandbox, "--json")

    assert refused.status == 5
    assert "→ Copy the key again" in told
    assert refused.document["rows"]["pending"] == 200
    assert refused.document["stopped"].startswith("key_refused")
    assert refused.document["requests"] <= 8
    assert (right.status, right.document["rows"]["created"]) == (0, 200)


def test_wrong_questions_stop_after_twenty_refusals(user: Shell, sandbox: Sandbox) -> None:
    """Rows with and without a comment are refused with two messages; the guard sees through that."""
    user.write("answers.csv", ROWS.replace("7,,", "7,a comment,"))
    mapping = (user.folder / "mapping.yaml").read_text(encoding="utf-8")
    wrong = mapping.replace("79593580", "00000001").replace("8a2f1c40", "00000002")
    user.write("mapping.yaml", wrong)

    ended = run(user, sandbox, "--json")

    assert ended.status == 5
    assert ended.document["stopped"].startswith("all_refused")
    assert ended.document["requests"] <= 28
    assert ended.document["rows"]["pending"] >= 172


WAF = Behaviour("status", 403, body="<title>Attention Required! | Cloudflare</title>")
NOT_FOUND = Behaviour("status", 404, body={"error": "User not found"})
NO_KEY = Behaviour("status", 401)


def refusing(script: Mapping[str, Behaviour]) -> SandboxSettings:
    """Each of these persons is refused for ever."""
    return SandboxSettings(script={person: [how] * 20 for person, how in script.items()})


@pytest.mark.parametrize("how", [WAF, NOT_FOUND, NO_KEY], ids=["waf", "404", "401"])
@pytest.mark.parametrize("person", ["p0", "p7"])
def test_one_refused_row_stops_nothing(user: Shell, how: Behaviour, person: str) -> None:
    """Where it is the first of the file, the run stops before it knows; the next one goes on elsewhere."""
    user = Here(user.folder, user.environment)
    user.write("answers.csv", ROWS)
    with background(refusing({person: how})) as sandbox:
        first = run(user, sandbox, "--json", "--concurrency", 1)
        ended = run(user, sandbox, "--json") if person == "p0" else first
    assert first.status == (5 if person == "p0" else 3)
    assert rows_of(ended) == {"read": 200, "created": 199, "rejected": 1}
    assert ended.status == 3
    [line] = [line for line in results(user) if line["status"] == "rejected"]
    assert (line["userId"], line["code"]) == (person, "rejected")


def test_refused_rows_side_by_side_do_not_block_a_file(user: Shell) -> None:
    user = Here(user.folder, user.environment)
    user.write("answers.csv", ROWS)
    with background(refusing({"p60": WAF, "p61": WAF, "p62": WAF})) as sandbox:
        one_by_one = ("--json", "--concurrency", 1)
        first, second = run(user, sandbox, *one_by_one), run(user, sandbox, *one_by_one)
    assert (first.status, second.status) == (5, 3)
    assert rows_of(first) == {"read": 200, "created": 60, "pending": 140}
    assert first.document["stopped"].startswith("key_refused")
    assert rows_of(second) == {"read": 200, "created": 197, "rejected": 3}


def test_a_wrong_survey_stops_at_the_first_row(user: Shell) -> None:
    user = Here(user.folder, user.environment)
    user.write("answers.csv", ROWS)
    with background(SandboxSettings(fail=(FaultShare(NOT_FOUND),))) as nowhere:
        ended = run(user, nowhere, "--json")
    assert ended.status == 5
    assert ended.document["requests"] <= 2
    assert rows_of(ended) == {"read": 200, "pending": 200}
