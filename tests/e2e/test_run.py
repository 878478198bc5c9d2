"""plan and run, from a file on disk to the server and the results."""

import csv
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from importer.sandbox import COMMENT, WRITE_KEY, Sandbox
from tests.cases.expected import both, place
from tests.cases.made import SHOP
from tests.e2e.commands import Ended, Shell

ROWS = """\
id,score,comment,email
u1,10,Great,u1@example.com
u2,11,Too much,u2@example.com
u3,skip,,u3@example.com
u1,10,Great,u1@example.com
u1,3,"Changed, my mind",u1@example.com
u4,0,,
,5,nobody,
"""


def run(user: Shell, sandbox: Sandbox, *more: object, file: str = "answers.csv") -> Ended:
    words = ("run", file, "-m", "mapping.yaml", "--endpoint", sandbox.url, "--rate", "max")
    return user(*words, "--yes", "--settle", "0.2", *more)


def results(user: Shell, folder: str = "answers-import") -> list[dict[str, str]]:
    with (user.folder / folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_has_one_outcome(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)

    ended = run(user, sandbox, "--json")

    assert ended.status == 3
    assert ended.document["rows"] == {
        "read": 7,
        "created": 2,
        "duplicate": 2,
        "rejected": 0,
        "invalid": 2,
        "skipped": 1,
        "already_sent": 0,
        "failed": 0,
        "unknown": 0,
        "pending": 0,
    }
    lines = results(user)
    assert [(line["row"], line["userId"], line["status"], line["code"]) for line in lines] == [
        ("2", "u1", "created", ""),
        ("3", "u2", "invalid", "out_of_range"),
        ("4", "", "skipped", "skip_rule"),
        ("5", "u1", "duplicate", "dup_same_file"),
        ("6", "u1", "duplicate", "dup_same_file"),
        ("7", "u4", "created", ""),
        ("8", "", "invalid", "no_person"),
    ]
    assert "row 2" in lines[3]["message"]
    assert "row 2" in lines[4]["message"]
    assert {each.user_id for each in sandbox.stored()} == {"u1", "u4"}


def test_a_finished_file_run_again_posts_nothing(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)
    run(user, sandbox)

    again = run(user, sandbox, "--json").document

    assert again["requests"] == 0
    assert again["rows"]["already_sent"] == 3
    assert again["rows"]["read"] == 7


def test_ten_appended_rows_are_ten_posts_whatever_the_file_is_called(
    user: Shell, sandbox: Sandbox
) -> None:
    rows = [f"p{n},{n % 11},,p{n}@example.com" for n in range(40)]
    user.write("answers.csv", "\n".join(["id,score,comment,email", *rows[:30]]))
    run(user, sandbox)
    user.write("renamed.csv", "\n".join(["id,score,comment,email", *reversed(rows)]))

    grown = run(user, sandbox, "--json", file="renamed.csv").document

    assert grown["requests"] == 10
    assert grown["rows"]["created"] == 10
    assert grown["rows"]["already_sent"] == 30
    assert Counter(each.user_id for each in sandbox.stored()).most_common(1)[0][1] == 1


def test_a_pilot_posts_n_rows_and_the_same_command_goes_on(user: Shell, sandbox: Sandbox) -> None:
    rows = [f"p{n},{n % 11},,p{n}@example.com" for n in range(12)]
    user.write("answers.csv", "\n".join(["id,score,comment,email", *rows]))

    pilot = run(user, sandbox, "--limit", 5, "--json").document
    rest = run(user, sandbox, "--json").document

    assert (pilot["rows"]["created"], pilot["rows"]["pending"], pilot["exit_code"]) == (5, 7, 0)
    assert (rest["rows"]["created"], rest["requests"]) == (12, 7)
    assert rest["job"] == pilot["job"]


def test_a_plan_sends_nothing_and_a_run_posts_its_very_bytes(user: Shell) -> None:
    """Against a server that isn't ours."""
    user.write("answers.csv", ROWS)
    got: list[bytes] = []

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target = ("-m", "mapping.yaml", "--endpoint", f"http://127.0.0.1:{server.server_port}")
    try:
        planned = user("plan", "answers.csv", *target, "--payloads", "bodies.jsonl")
        assert got == []
        ran = user("run", "answers.csv", *target, "--yes", "--rate", "max")
    finally:
        server.shutdown()
        server.server_close()

    assert (planned.status, ran.status) == (3, 3)
    bodies = (user.folder / "bodies.jsonl").read_bytes().splitlines()
    posted = [body.replace(WRITE_KEY.encode(), b"***") for body in got]
    assert sorted(posted) == sorted(bodies)
    assert len(bodies) == 3


def test_a_plan_counts_what_a_run_then_finds(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)

    planned = user("plan", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--json")

    rows = planned.document["rows"]
    assert rows == {
        "read": 7,
        "ready": 3,
        "invalid": 2,
        "skipped": 1,
        "already_sent": 0,
        "duplicate": 1,
    }
    assert rows["read"] == sum(rows.values()) - rows["read"]
    assert not sandbox.requests
    assert not (user.folder / "answers-import" / "results.csv").exists()


def test_problems_mended_run_as_they_are(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)
    run(user, sandbox)
    problems = user.folder / "answers-import" / "problems.csv"
    text = problems.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "id,score,comment,email,problem"
    assert "out_of_range" in text
    problems.write_text(text.replace("u2,11", "u2,9").replace("\n,5", "\nu5,5"), encoding="utf-8")

    mended = run(user, sandbox, "--json", file="answers-import/problems.csv")

    assert mended.status == 0
    assert mended.document["rows"]["created"] == 2
    assert {each.user_id for each in sandbox.stored()} == {"u1", "u2", "u4", "u5"}


def test_formulas_in_results_are_guarded_and_come_back_whole(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", 'id,score,comment,email\n=cmd(),11,"+1 for you",\nu9,99,-5,\n')
    run(user, sandbox)
    problems = user.folder / "answers-import" / "problems.csv"
    text = problems.read_text(encoding="utf-8-sig")
    assert "'=cmd()" in text
    assert "'+1 for you" in text
    assert ",-5," in text
    problems.write_text(text.replace(",11,", ",1,").replace(",99,", ",9,"), encoding="utf-8")

    run(user, sandbox, file="answers-import/problems.csv")

    stored = {each.user_id: dict(each.answers)[COMMENT.id] for each in sandbox.stored()}
    assert stored == {"=cmd()": "+1 for you", "u9": "-5"}


def test_standard_input_is_a_file_too(user: Shell, sandbox: Sandbox) -> None:
    words = ("run", "-", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes", "--json")

    ended = user(*words, stdin=ROWS)

    assert ended.document["rows"]["created"] == 2
    assert (user.folder / "stdin-import" / "results.csv").exists()


def test_outputs_are_the_users_alone(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROWS)
    run(user, sandbox, "--state", "state", "--payloads", "bodies.jsonl")

    written = [*user.folder.glob("answers-import/*"), *user.folder.glob("state/**/*")]
    written.append(user.folder / "bodies.jsonl")
    files = [path for path in written if path.is_file()]
    assert len(files) >= 6
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


@pytest.mark.parametrize(
    "name", both([(SHOP,)], [("nps/botanic_semicolon_cp1252_decimal_comma.csv",)])
)
def test_thousands_of_rows(user: Shell, sandbox: Sandbox, name: str) -> None:
    user.write(
        "mapping.yaml",
        "campaign: 5d2f6c1e9b0a4c0017a3e1b2\nuserId: id\nanswers:\n"
        "  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: nps, type: nps, na: NA}\n",
    )
    file = place(name)

    ended = run(user, sandbox, "--concurrency", 32, "--out", "out", "--json", file=str(file))

    with file.open(encoding="cp1252", newline="") as source:
        scores = [line["nps"] for line in csv.DictReader(source, delimiter=";")]
    rows = ended.document["rows"]
    assert rows["read"] == len(scores) >= 2_000
    assert sum(rows.values()) == 2 * rows["read"]
    assert len(sandbox.stored()) == rows["created"]
    assert len(results(user, "out")) == len(scores)


def test_different_responses_of_one_key_are_told_and_none_is_lost_as_a_duplicate(
    user: Shell, sandbox: Sandbox
) -> None:
    rows = ["rid,id,score,comment,email", "7,ann,9,,", "8,bob,3,,", "7,cy,10,,", "8,bob,3,,"]
    user.write("answers.csv", "\n".join(rows))
    mapping = user.folder / "mapping.yaml"
    mapping.write_text(mapping.read_text() + "\nkey: rid\n")

    ended = run(user, sandbox, "--json")

    assert ended.status == 3
    counts = {status: n for status, n in ended.document["rows"].items() if n}
    assert counts == {"read": 4, "created": 1, "duplicate": 1, "invalid": 2}
    [cause] = ended.document["causes"]
    assert (cause["code"], cause["count"], cause["column"]) == ("key_clash", 2, "rid")
    assert [line["code"] for line in results(user)] == [
        "key_clash",
        "",
        "key_clash",
        "dup_same_file",
    ]
    assert "row 4 has the same key" in results(user)[0]["message"]
    assert {each.user_id for each in sandbox.stored()} == {"bob"}
    assert run(user, sandbox, "--json").document["requests"] == 0
