"""A run stops at once where every row would fare alike; its rows stay pending, and it can go on."""

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell
from tests.e2e.test_run import run

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
