"""Bad input gets a message with place, cause and remedy, exit status 2, and nothing is sent."""

import pytest

from importer.sandbox import Sandbox
from tests.e2e.commands import Shell

ROW = "id,score,comment,email\nu1,10,Great,u1@example.com\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n\n", "blank"),
        ("image.csv", b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        ("page.csv", b"<!doctype html><html><body>Log in</body></html>", "web page"),
        ("broken.xlsx", b"PK\x03\x04 no zip at all", "broken.xlsx"),
        ("summary.csv", b"Q1\nAnswer Choices,Response Percent,Responses\nYes,50%,1\n", "summary"),
    ],
)
def test_a_file_that_holds_no_answers(
    user: Shell, sandbox: Sandbox, name: str, content: bytes, said: str
) -> None:
    (user.folder / name).write_bytes(content)

    ended = user("run", name, "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")

    assert ended.status == 2
    assert said in ended.err
    assert name in ended.err
    assert not sandbox.requests


def test_a_file_that_is_not_there(user: Shell) -> None:
    ended = user("plan", "nowhere.csv", "-m", "mapping.yaml")

    assert ended.status == 2
    assert "nowhere.csv" in ended.err


def test_a_mapping_that_does_not_fit_tells_everything_at_once(user: Shell) -> None:
    user.write("answers.csv", ROW)
    user.write(
        "wrong.yaml",
        "campaign: 5d2f6c1e9b0a4c0017a3e1b2\nuserId: idd\nanswers:\n"
        "  - {id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: scor, type: nps}\n",
    )

    ended = user("plan", "answers.csv", "-m", "wrong.yaml")

    assert ended.status == 2
    assert "line 2, column 9" in ended.err
    assert "line 4" in ended.err
    assert "id" in ended.err
    assert "score" in ended.err


def test_no_key(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROW)

    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    ended = user(*words, SATISMETER_WRITE_KEY="")

    assert ended.status == 2
    assert "SATISMETER_WRITE_KEY" in ended.err


def test_a_key_from_a_file_or_dotenv(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROW)
    key = user.write("key", "sandbox-write-key\n")
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    key.chmod(0o644)

    readable = user(*words, "--key-file", "key", SATISMETER_WRITE_KEY="")
    key.chmod(0o600)
    private = user(*words, "--key-file", "key", SATISMETER_WRITE_KEY="")
    user.write(".env", "SATISMETER_WRITE_KEY=sandbox-write-key\n").chmod(0o600)
    dotenv = user(*words, SATISMETER_WRITE_KEY="")

    assert (readable.status, private.status, dotenv.status) == (2, 0, 0)
    assert "chmod 600" in readable.err
    place = f"The write key is that of the .env in {user.folder}."
    assert place in dotenv.err
    assert place not in private.err


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (b"SATISMETER_WRITE_KEY=sandbox-write-key\n", 0o644, "chmod 600 .env"),
        (b"SATISMETER_WRITE_KEY=sandbox-write-key\n", 0o620, "chmod 600 .env"),
        (b"# caf\xe9\nSATISMETER_WRITE_KEY=sandbox-write-key\n", 0o600, "UTF-8"),
        (b"SATISMETER_WRITE_KEY=sandbox-write-key\n" + b"#" * 70_000, 0o600, "65,536 bytes"),
        (b"OTHER=caf\xe9\n", 0o644, "There is no write key"),
        (b"SATISMETER_WRITE_KEY=${OTHER_SECRET}\n", 0o600, "key_refused"),
    ],
    ids=["for all", "for the group", "not UTF-8", "too large", "another's", "interpolated"],
)
def test_a_dotenv_is_held_to_what_a_key_file_is(
    user: Shell, sandbox: Sandbox, content: bytes, mode: int, says: str
) -> None:
    user.write("answers.csv", ROW)
    path = user.folder / ".env"
    path.write_bytes(content)
    path.chmod(mode)
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    ended = user(*words, SATISMETER_WRITE_KEY="", OTHER_SECRET="sandbox-write-key")
    assert ended.status in (2, 5)
    assert says in ended.out + ended.err
    assert not sandbox.stored()


def test_what_another_program_keeps_in_dotenv_is_no_matter(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROW)
    (user.folder / ".env").write_bytes(b"DATABASE=caf\xe9\n")
    words = ("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url, "--yes")
    assert user(*words).status == 0


def test_no_terminal_to_ask_on(user: Shell, sandbox: Sandbox) -> None:
    user.write("answers.csv", ROW)

    ended = user("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", sandbox.url)

    assert ended.status == 2
    assert "--yes" in ended.err
    assert not sandbox.requests


@pytest.mark.parametrize(
    "url", ["http://app.satismeter.com", "ftp://127.0.0.1", "https://a:b@c.io"]
)
def test_an_endpoint_that_would_leak_the_key(user: Shell, url: str) -> None:
    user.write("answers.csv", ROW)

    ended = user("run", "answers.csv", "-m", "mapping.yaml", "--endpoint", url, "--yes")

    assert ended.status == 2


@pytest.mark.parametrize("rate", ["fast", "0/s", "10", "-3/s", "10/day"])
def test_a_rate_that_is_none(user: Shell, rate: str) -> None:
    user.write("answers.csv", ROW)

    ended = user("plan", "answers.csv", "-m", "mapping.yaml", "--rate", rate)

    assert ended.status == 2
    assert "10/s" in ended.err


def test_a_state_folder_that_can_not_be_made(user: Shell) -> None:
    user.write("answers.csv", ROW)

    ended = user("plan", "answers.csv", "-m", "mapping.yaml", "--state", "answers.csv/state")

    assert ended.status == 5
    assert "--state" in ended.err
