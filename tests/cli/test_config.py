"""Settings that nobody types: the environment, the folder's importer.toml, the user's; and their order."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.cli import command, config
from importer.sandbox import Sandbox, background
from tests.e2e.commands import shell
from tests.e2e.conftest import MAPPING
from tests.e2e.here import Here

ROWS = "".join(f"p{n},{n % 11},,p{n}@example.com\n" for n in range(4))


@pytest.fixture
def user(tmp_path: Path) -> Here:
    plain = shell(tmp_path)
    one = Here(plain.folder, {**plain.environment, "XDG_CONFIG_HOME": str(tmp_path / "config")})
    one.write("mapping.yaml", MAPPING)
    one.write("answers.csv", f"id,score,comment,email\n{ROWS}")
    (tmp_path / "config" / "satismeter-importer").mkdir(parents=True)
    return one


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with background() as running:
        yield running


def users(user: Here, text: str) -> Path:
    path = user.folder / "config" / "satismeter-importer" / "importer.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def rate(user: Here, *more: object, **environment: str) -> str:
    """The rate that a plan counts with."""
    ended = user("plan", "answers.csv", "-m", "mapping.yaml", *more, **environment)
    assert ended.status == 0, ended.err
    return ended.out.rpartition(" at ")[2].partition(",")[0]


def test_flag_then_environment_then_folder_then_user_then_default(user: Here) -> None:
    assert rate(user) == "10/s"
    users(user, 'rate = "1/s"\n')
    assert rate(user) == "1/s"
    user.write("importer.toml", 'rate = "2/s"\n')
    assert rate(user) == "2/s"
    assert rate(user, IMPORTER_RATE="3/s") == "3/s"
    assert rate(user, "--rate", "4/s", IMPORTER_RATE="3/s") == "4/s"
    assert rate(user, IMPORTER_RATE="") == "2/s"


def test_a_schedule_needs_no_options(user: Here, sandbox: Sandbox) -> None:
    told = {
        "IMPORTER_ENDPOINT": sandbox.url, "IMPORTER_STATE": "state", "IMPORTER_OUT": "out",
        "IMPORTER_RATE": "max", "IMPORTER_LOG_FILE": "import.jsonl", "IMPORTER_MAPPING": "mapping.yaml",
        "IMPORTER_CONCURRENCY": "2", "IMPORTER_METRICS_FILE": "m.prom",
    }  # fmt: skip
    ended = user("run", "answers.csv", "--yes", **told)

    assert ended.status == 0, ended.err
    assert len(sandbox.stored()) == 4
    for name in ("state/ledger.sqlite3", "out/results.csv", "import.jsonl", "m.prom"):
        assert (user.folder / name).exists()
    assert user("status", IMPORTER_STATE="state").status == 0
    assert user("verify", "--project", "p", **told, SATISMETER_API_KEY="k").status != 1


@pytest.mark.parametrize(
    "key",
    [
        *("endpoint", "state", "proxy", "ca-file", "ca_file", "key-file", "api-key-file", "notify"),
        *("notify-file", "metrics-file", "log-file", "settle", "accept-empty", "durability"),
    ],
)
def test_a_folder_says_nothing_of_servers_keys_and_hooks(user: Here, key: str) -> None:
    user.write("importer.toml", f'{key} = "x"\n')

    ended = user("plan", "answers.csv", "-m", "mapping.yaml")

    assert ended.status == 2
    assert key.replace("-", "_") in ended.err
    assert "may come from anybody" in ended.err
    assert f"IMPORTER_{key.replace('-', '_').upper()}" in ended.err


def test_the_user_may_say_all_of_it(user: Here, sandbox: Sandbox) -> None:
    (user.folder / "config" / "satismeter-importer" / "key").write_text("write-key", "utf-8")
    users(
        user,
        f'endpoint = "{sandbox.url}"\nstate = "../../kept"\nrate = "max"\ndurability = "process"\n',
    )

    ended = user("run", "answers.csv", "-m", "mapping.yaml", "--yes", "--json")

    assert ended.status == 0, ended.err
    assert ended.document["endpoint"].startswith(sandbox.url)
    assert (user.folder / "kept" / "ledger.sqlite3").exists()  # beside the file that says it


def test_a_file_of_the_user_that_others_can_write_is_refused(user: Here) -> None:
    users(user, 'rate = "1/s"\n').chmod(0o666)

    ended = user("plan", "answers.csv", "-m", "mapping.yaml")

    assert ended.status == 2
    assert "chmod go-w" in ended.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('raet = "1/s"', "did you mean `rate`"),
        ("rate = ", "can't be read"),
        ("[run]\nrate = 1", "`run` is no setting"),
        ('out = "/etc"', "`out` must lie within"),
        ('out = "../x"', "`out` must lie within"),
        ("rate = 2026-01-01", "must be text"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(user: Here, text: str, told: str) -> None:
    user.write("importer.toml", text)

    ended = user("plan", "answers.csv", "-m", "mapping.yaml")

    assert ended.status == 2
    assert told in ended.err
    assert user("explain", "created").status == 0  # what needs no settings works all the same
    assert user("plan", "--help").status == 0


def test_a_home_that_is_another_users_holds_no_settings(
    user: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under `sudo -u`, where HOME may stay: looking is refused, which is no defect."""

    def refused(path: Any, *more: Any, **others: Any) -> object:
        if "satismeter-importer" in str(path):
            raise PermissionError(13, "Permission denied")
        return real(path, *more, **others)

    real = os.stat
    monkeypatch.setattr(os, "stat", refused)
    assert config.checked(config.users_file()) == {}


def test_who_reads_an_error_learns_where_the_value_came_from(user: Here) -> None:
    words = ("plan", "answers.csv", "-m", "mapping.yaml")
    assert "--rate is set by IMPORTER_RATE" in user(*words, IMPORTER_RATE="often").err
    assert "IMPORTER_TIMEOUT" in user("run", *words[1:], IMPORTER_TIMEOUT="long").err
    user.write("importer.toml", 'rate = "often"')
    assert "--rate is set by importer.toml" in user(*words).err


def test_a_misspelt_variable_is_told_and_a_stranger_is_not(user: Here) -> None:
    words = ("plan", "answers.csv", "-m", "mapping.yaml")
    assert "did you mean IMPORTER_ENDPOINT?" in user(*words, IMPORTER_ENDPIONT="x").err
    assert "IMPORTER" not in user(*words, IMPORTER_OF_GOODS="x").err


def test_the_next_line_holds_what_was_typed_only(user: Here) -> None:
    ended = user("plan", "answers.csv", "-m", "mapping.yaml", IMPORTER_STATE="state")

    assert "--state" not in ended.out.rpartition("Next: ")[2]


def test_a_resumed_job_keeps_what_it_was_started_with(user: Here, sandbox: Sandbox) -> None:
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--yes", "--endpoint", sandbox.url)
    user(*words, "--rate", "max", "--limit", 1)

    ended = user(
        "resume", "--yes", "--json", IMPORTER_RATE="1/h", IMPORTER_ENDPOINT="https://x.example"
    )

    assert ended.status == 0, ended.err
    assert len(sandbox.stored()) == 4
    assert user("status", "--json").document["host"] == platform.node()
    assert f"UTC on {platform.node()}," in user("status").out


def test_quiet_says_nothing_where_all_is_well(user: Here, sandbox: Sandbox) -> None:
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--yes", "--rate", "max", "-q")
    well = user(*words, "--endpoint", sandbox.url)
    user.write("answers.csv", f"id,score,comment,email\n{ROWS}q,99,,\n")
    ill = user(*words, "--endpoint", sandbox.url)

    assert (well.status, well.out, well.err) == (0, "", "")
    assert ill.status == 3
    assert "out_of_range" in ill.out
    (user.folder / "inbox").mkdir()
    (user.folder / "inbox" / "a.csv").write_text(f"id,score,comment,email\nz,99,,\n{ROWS}", "utf-8")
    watch = ("watch", "inbox", *words[2:4], "--once", "--settled", "0s", "-q")
    told = user(*watch, "--endpoint", sandbox.url)
    assert told.status == 3
    assert "a.csv: done (exit status 3)" in told.out


def test_verbose_says_where_settings_come_from(user: Here, sandbox: Sandbox) -> None:
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--yes", "-v")
    ended = user(*words, IMPORTER_ENDPOINT=sandbox.url, IMPORTER_RATE="max")

    assert "--endpoint is set by IMPORTER_ENDPOINT; --rate is set by IMPORTER_RATE" in ended.err
    assert "4 rows to post" in ended.err


def test_every_setting_is_documented_and_is_an_option() -> None:
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    options = {
        config.key_of(each) for one in command.commands.values() for each in config._settable(one)
    }

    assert options == config.KEYS
    for key in config.KEYS:
        who = "yes" if key in config._FOLDERS_TOO else "no"
        assert f"| `{key}` | `IMPORTER_{key.upper()}` | {who} |" in text


def checks(user: Here, *words: object, **environment: str) -> dict[str, dict[str, str]]:
    ended = user("doctor", "--json", *words, **environment)
    document = json.loads(ended.out)
    assert ended.status == (2 if any(x["state"] == "wrong" for x in document["checks"]) else 0)
    return {each["name"]: each for each in document["checks"]}


def test_doctor_finds_all_well(user: Here, sandbox: Sandbox) -> None:
    from importer.sandbox import API_KEY, PROJECT

    keys = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
    found = checks(user, "--endpoint", sandbox.url, **keys)

    assert {name: each["state"] for name, each in found.items()} == dict.fromkeys(
        (
            *("Python", "packages", "ledger's folder", "disk", "proxy", "authorities (TLS)"),
            *("server", "clock", "write key", "API key"),
        ),
        "ok",
    )
    assert "SATISMETER_WRITE_KEY" in found["write key"]["found"]
    assert user.environment["SATISMETER_WRITE_KEY"] not in str(found)
    assert API_KEY not in str(found)
    assert not sandbox.posts()


def test_doctor_finds_what_is_wrong(user: Here, sandbox: Sandbox) -> None:
    user.write("importer.toml", 'endpoint = "https://x.example"\n')
    environment = {
        "SATISMETER_WRITE_KEY": "", "SSL_CERT_FILE": "nowhere.pem", "IMPORTER_RAET": "1/s",
        "HTTPS_PROXY": "http://me:secret@127.0.0.1:3128",
    }  # fmt: skip
    found = checks(user, "--offline", "--notify", "slack", **environment)

    assert found["importer.toml"]["state"] == "wrong"
    assert "may come from anybody" in found["importer.toml"]["found"]
    assert found["authorities (TLS)"]["state"] == "wrong"
    assert found["write key"]["state"] == "look"
    assert found["environment"]["found"].endswith("IMPORTER_RATE?")
    assert "127.0.0.1:3128, by the environment" in found["proxy"]["found"]
    assert "IMPORTER_NOTIFY_SLACK" in found["notices by slack"]["found"]
    assert "secret" not in str(found)
    here = checks(user, "--endpoint", sandbox.url, HTTP_PROXY="http://127.0.0.1:1")
    assert here["proxy"]["found"] == "none; set, and not used for this address: HTTP_PROXY"


def test_doctor_holds_a_mapping_to_the_survey(user: Here, sandbox: Sandbox) -> None:
    from importer.sandbox import API_KEY, PROJECT

    keys = {"SATISMETER_API_KEY": API_KEY, "SATISMETER_PROJECT": PROJECT}
    words = ("-m", "mapping.yaml", "--endpoint", sandbox.url)
    assert checks(user, *words, **keys)["survey"]["state"] == "ok"

    user.write("mapping.yaml", MAPPING.replace("79593580", "00000000"))
    assert "asks no 00000000" in checks(user, *words, **keys)["question"]["found"]
    user.write(
        "mapping.yaml", MAPPING.replace("column: score, type: nps", "column: score, type: text")
    )
    assert checks(user, *words, **keys)["question"]["state"] == "look"
    user.write("mapping.yaml", MAPPING.replace("5d2f6c1e", "00000000"))
    assert checks(user, *words, **keys)["survey"]["state"] == "wrong"


def test_doctor_tells_a_server_that_is_away_and_where_settings_come_from(user: Here) -> None:
    ended = user(
        "doctor", "--json", IMPORTER_ENDPOINT="http://127.0.0.1:9", IMPORTER_PROXY="http://p:1"
    )
    document = json.loads(ended.out)

    assert ended.status == 2
    (server,) = [each for each in document["checks"] if each["name"] == "server"]
    assert "could not be reached" in server["found"]
    assert document["settings"] == [
        {"setting": "endpoint", "value": "http://127.0.0.1:9", "from": "IMPORTER_ENDPOINT"},
        {"setting": "proxy", "value": "***", "from": "IMPORTER_PROXY"},
    ]
    told = user("doctor", "--offline")
    assert "Next: importer init FILE" in told.out
