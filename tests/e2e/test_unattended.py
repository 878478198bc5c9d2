"""Runs that nobody watches: when they fail, when they stop, whom they tell."""

import json
import stat

import pytest
from prometheus_client.parser import text_string_to_metric_families

from importer.sandbox import Sandbox
from tests.automation.servers import web
from tests.e2e.commands import Ended, Shell

GOOD = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(8))
FILE = f"id,score,comment,email\n{GOOD}q1,11,,\nq2,12,,\n"


def run(user: Shell, sandbox: Sandbox, *more: object, **environment: str) -> Ended:
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    return user(*words, "--rate", "max", *more, **environment)


@pytest.mark.parametrize(
    ("fail_on", "status"), [("any", 3), ("none", 0), ("20%", 0), ("19.9%", 3), ("some", 2)]
)
def test_fail_on(user: Shell, sandbox: Sandbox, fail_on: str, status: int) -> None:
    """Two of ten rows are invalid."""
    user.write("answers.csv", FILE)

    assert run(user, sandbox, "--fail-on", fail_on).status == status


def test_a_file_with_too_many_invalid_rows_sends_nothing(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", FILE)

    stopped = run(user, sandbox, "--max-failures", 1)
    assert (stopped.status, len(sandbox.posts())) == (5, 0)
    assert "max_failures" in stopped.out

    enough = run(user, sandbox, "--max-failures", 2)
    assert (enough.status, len(sandbox.stored())) == (3, 8)


def test_a_run_stops_once_too_many_rows_were_refused(user: Shell, sandbox: Sandbox) -> None:
    """The sandbox has no such question, and says so of each row; some rows arrive before."""
    lines = "".join(f"r{n},{n % 11},x,r{n}@example.com\n" for n in range(40))
    user.write("answers.csv", f"id,score,comment,email\n{GOOD}{lines}")
    text = (user.folder / "mapping.yaml").read_text()
    user.write("mapping.yaml", text.replace("8a2f1c40", "00000000"))

    ended = run(user, sandbox, "--max-failures", 5, "--concurrency", 1, "--json")

    rows = ended.document["rows"]
    assert ended.status == 5
    assert (rows["created"], rows["rejected"]) == (8, 6)
    assert rows["pending"] == 34


def test_trouble_is_told_and_success_is_not_unless_asked(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", FILE)
    with web() as server:
        told = {"IMPORTER_NOTIFY_WEBHOOK": server.url}
        run(user, sandbox, "--notify", "webhook", **told)
        run(user, sandbox, "--notify", "webhook", "--fail-on", "none", **told)
        always = ("--notify", "webhook", "--notify-on", "always", "--fail-on", "none")
        run(user, sandbox, *always, **told)
        run(user, sandbox, "--notify", "webhook", SATISMETER_WRITE_KEY="", **told)

    assert [notice["exit_code"] for notice in server.got] == [3, 0, 2]
    assert server.got[0]["rows"]["invalid"] == 2
    assert server.got[2]["error"] == "UsageError"
    text = str(server.got)
    assert not any(word in text for word in ("p1", "example.com", "write-key"))


def test_a_notice_says_why_where_and_what_to_type(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", FILE)
    with web() as server:
        told = ("--state", "S", "--notify", "webhook")
        url = {"IMPORTER_NOTIFY_WEBHOOK": server.url}
        run(user, sandbox, *told, **url)
        run(user, sandbox, *told, "--max-failures", 1, **url)
        status = user("status", "--state", "S")
        user.write("answers.csv", FILE.replace("score", "my score"))
        run(user, sandbox, *told, **url)

    refused, stopped, wrong = server.got
    assert refused["next"] == f"importer status {refused['job']} --state S"
    assert refused["report"] == str(user.folder / "answers-import" / "report.html")
    assert refused["host"]
    assert stopped["why"].startswith("More rows were invalid or refused than --max-failures")
    assert stopped["next"].startswith("importer run answers.csv -m mapping.yaml --endpoint ")
    assert "Stopped early: max_failures: more than 1 rows" in status.out
    assert "→ Look at problems.csv" in status.out
    assert f"report: {stopped['report']}" in status.out
    assert 'no column "score"' in wrong["why"]
    assert "my score" in wrong["why"]
    assert "Its columns" not in wrong["why"]
    assert "userId: id" not in wrong["why"]  # a line of the mapping may hold a key


def test_a_json_log_on_standard_error_is_json_only(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", FILE)
    ended = run(user, sandbox, "--log", "json")
    wrong = run(user, sandbox, "--log", "json", SATISMETER_WRITE_KEY="")

    events = [json.loads(line) for each in (ended, wrong) for line in each.err.splitlines()]
    assert {"starting", "planned", "sending", "finished", "said"} == {e["event"] for e in events}
    assert events[-2]["text"] == "Error: There is no write key."
    assert "SATISMETER_WRITE_KEY" in events[-1]["text"]
    assert run(user, sandbox, SATISMETER_WRITE_KEY="").err.startswith("Error: ")


def test_a_notification_that_fails_is_said_and_changes_nothing(
    user: Shell, sandbox: Sandbox
) -> None:
    user.write("answers.csv", FILE)
    with web(500) as server:
        ended = run(user, sandbox, "--notify", "slack", IMPORTER_NOTIFY_SLACK=server.url)

    assert ended.status == 3
    assert "notification by slack did not arrive: the server answered 500" in ended.err
    assert "secret-path" not in ended.err
    assert len(sandbox.stored()) == 8


def test_addresses_from_a_file_that_only_its_owner_can_read(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", FILE)
    with web() as server:
        path = user.write("notify", f"IMPORTER_NOTIFY_SLACK='{server.url}'\n")
        options = ("--notify", "slack", "--notify-file", "notify")
        path.chmod(0o644)
        readable = run(user, sandbox, *options)
        path.chmod(0o600)
        private = run(user, sandbox, *options)

    assert (readable.status, private.status, len(server.got)) == (2, 3, 1)


def test_an_address_that_is_missing_stops_before_anything_is_sent(
    user: Shell, sandbox: Sandbox
) -> None:
    user.write("answers.csv", FILE)

    ended = run(user, sandbox, "--notify", "email")

    assert ended.status == 2
    assert "IMPORTER_NOTIFY_EMAIL" in ended.err
    assert not sandbox.requests


def test_the_metrics_file_tells_the_last_run_and_the_last_success(
    user: Shell, sandbox: Sandbox
) -> None:
    user.write("answers.csv", FILE)
    path = user.folder / "importer.prom"

    def metrics() -> dict[str, float]:
        families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
        return {
            sample.name + sample.labels.get("status", ""): sample.value
            for family in families
            for sample in family.samples
        }

    run(user, sandbox, "--metrics-file", path.name, "--fail-on", "none")
    well = metrics()
    (user.folder / "answers.csv").unlink()
    run(user, sandbox, "--metrics-file", path.name)
    broken = metrics()

    success = "importer_last_success_timestamp_seconds"
    assert (well["importer_exit_code"], broken["importer_exit_code"]) == (0, 2)
    assert well["importer_rowscreated"] == 8
    assert broken[success] == well[success]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in user.folder.glob("*.prom*")] == ["importer.prom"]
