"""Real receivers on this machine: a web server, a mail server with and without TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Web:
    """What a web server got, and what it answers."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.url = ""
        self.got: list[Any] = []
        self.paths: list[str] = []


@contextmanager
def web(status: int = 200) -> Iterator[Web]:
    """Answers every POST with `status`, redirects pointing back at itself."""
    seen = Web(status)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.paths.append(self.path)
            seen.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(seen.status)
            self.send_header("Content-Length", "0")
            self.send_header("Location", seen.url + "/elsewhere")
            self.end_headers()

        do_GET = do_POST  # noqa: N815  the name is http.server's

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    seen.url = f"http://127.0.0.1:{server.server_port}/hook/secret-path"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


class Post(Handler):
    """Keeps what was delivered."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Message] = []
        self.logins: list[tuple[bytes, bytes]] = []

    def handle_message(self, message: Message) -> None:
        self.got.append(message)

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"pass word")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def mail(
    tls: ssl.SSLContext | None = None, start: ssl.SSLContext | None = None
) -> Iterator[tuple[Post, int]]:
    """A mail server: plain, with TLS from the start (`tls`), or with STARTTLS (`start`)."""
    post = Post()
    controller = Controller(
        post,
        hostname="127.0.0.1",
        port=_free_port(),
        ssl_context=tls,
        tls_context=start,
        authenticator=post.login,
        auth_required=start is not None,
        auth_require_tls=start is not None,
    )
    controller.start()
    try:
        yield post, controller.port
    finally:
        controller.stop()
