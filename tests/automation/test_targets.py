"""Webhook, Slack, e-mail and command: what arrives, what is refused, and that no secret is shown."""

import json
import shlex
import ssl
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import trustme

from importer.automation import KINDS, VARIABLES, Undelivered, notify_target
from importer.errors import UsageError
from tests.automation.servers import mail, web
from tests.automation.test_notice import NOTICE


def send(kind: str, address: str) -> None:
    notify_target(kind, {VARIABLES[kind]: address}).send(NOTICE)


def test_a_webhook_gets_the_whole_notice() -> None:
    with web() as server:
        send("webhook", server.url)

    assert server.got == [NOTICE.document()]


def test_slack_gets_text_that_can_not_be_markup() -> None:
    with web() as server:
        send("slack", server.url)

    ((key, text),) = server.got[0].items()
    assert key == "text"
    assert text.startswith(":warning: answers.csv: done, but some rows were refused")


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_a_webhook_follows_no_redirect_and_says_what_came(status: int) -> None:
    with web(status) as server, pytest.raises(Undelivered, match=str(status)) as told:
        send("webhook", server.url)

    assert server.paths == ["/hook/secret-path"]
    assert "secret-path" not in str(told.value)


def test_a_server_that_is_not_there() -> None:
    with web() as server:
        url = server.url
    with pytest.raises(Undelivered) as told:
        send("webhook", url)
    assert "secret-path" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://example.com/secret"),
        ("slack", "ftp://127.0.0.1/secret"),
        ("webhook", "secret"),
        ("email", "smtp://mail.example.com/?from=a@example.com&to=b@example.com"),
        ("email", "smtps://secret@mail.example.com/?from=a@example.com"),
        ("email", "imap://secret@mail.example.com/"),
        ("email", "smtps://secret@host:port/?from=a@example.com&to=b@example.com"),
        ("command", "say 'secret"),
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(kind: str, address: str) -> None:
    with pytest.raises(UsageError) as told:
        notify_target(kind, {VARIABLES[kind]: address})
    assert "secret" not in told.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_is_missing(kind: str) -> None:
    with pytest.raises(UsageError, match=f"IMPORTER_NOTIFY_{kind.upper()}"):
        notify_target(kind, {})


def test_a_secret_is_in_no_repr() -> None:
    addresses = {
        "webhook": "https://example.com/secret",
        "slack": "https://example.com/secret",
        "email": "smtps://user:secret@example.com/?from=a@example.com&to=b@example.com",
    }
    for kind, address in addresses.items():
        assert "secret" not in repr(notify_target(kind, {VARIABLES[kind]: address}))


def test_mail_to_this_machine() -> None:
    with mail() as (post, port):
        send("email", f"smtp://127.0.0.1:{port}/?from=a@example.com&to=b@example.com,c@example.com")

    (message,) = post.got
    assert message["Subject"].startswith("Import of answers.csv: done, but some rows were refused")
    assert message["To"] == "b@example.com, c@example.com"
    assert parsedate_to_datetime(message["Date"]).timestamp() == int(NOTICE.at)
    assert message["Message-ID"].endswith("@example.com>")
    assert "11 × out_of_range" in message.get_payload(decode=True).decode()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_mail_with_tls_and_a_login(
    scheme: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = server_side(authority)
    where = "tls" if scheme == "smtps" else "start"
    with mail(**{where: tls}) as (post, port):
        address = f"{scheme}://user:pass%20word@127.0.0.1:{port}/?from=a@b.io&to=c@d.io"
        with pytest.raises(Undelivered) as told:
            send("email", address)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        send("email", address)

    assert "SSLCertVerificationError" in str(told.value)
    assert post.logins == [(b"user", b"pass word")]
    assert len(post.got) == 1


def test_no_password_goes_to_a_server_without_starttls() -> None:
    with mail() as (post, port), pytest.raises(Undelivered, match="SMTPNotSupportedError"):
        send("email", f"smtp+starttls://user:secret@127.0.0.1:{port}/?from=a@b.io&to=c@d.io")

    assert post.logins == []


def test_a_command_gets_json_and_none_of_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATISMETER_WRITE_KEY", "secret")
    out = tmp_path / "out.json"
    code = (
        "import json, os, sys; json.dump([json.load(sys.stdin), sorted(os.environ)],"
        f" open({str(out)!r}, 'w'))"
    )
    send("command", shlex.join([sys.executable, "-c", code]))

    document, environment = json.loads(out.read_text())
    assert document == NOTICE.document()
    assert "PATH" in environment
    assert not [name for name in environment if name.startswith("SATISMETER")]


@pytest.mark.parametrize("words", ["false", "no-such-command-here"])
def test_a_command_that_fails(words: str) -> None:
    with pytest.raises(Undelivered, match="the command"):
        send("command", words)
