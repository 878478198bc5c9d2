"""nginx as the other side: one that answers at once, one that waits first; both count.

The waiting one uses nginx' echo module, whose `echo_sleep` is a timer of the event loop: it takes no
thread and no CPU while it waits, so that thousands of requests can wait side by side.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
PORT = 8377
REPLY = '{"id":"5f2f6c1e9b0a4c0017a3e1b2"}'
_MODULES = Path("/usr/lib/nginx/modules")

_CONFIG = """\
load_module {modules}/ngx_http_echo_module.so;
daemon off;
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
    keepalive_timeout 65s;
    keepalive_requests 100000000;
    default_type application/json;
    client_body_buffer_size 64k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    log_format times '$msec $request_time $status';
    log_format bodies escape=json '"$request_body"';
    access_log {folder}/times.log times buffer=256k;
    server {{
        listen {host}:{port} backlog=4096;
        location = /at-once {{ return 200 '{reply}'; }}
        location = /late {{
            echo_read_request_body;
            echo_sleep {latency};
            echo -n '{reply}';
        }}
        location = /bodies {{
            access_log {folder}/bodies.log bodies;
            access_log {folder}/times.log times;
            echo_read_request_body;
            echo -n '{reply}';
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the server saw: the Unix times at which requests began and ended, of those with status 200
    (`times`, sorted by their end), and how many had another status."""

    times: Sequence[tuple[float, float]]
    refused: int

    @property
    def seconds(self) -> float:
        """From the first request's start to the last one's end."""
        return self.times[-1][1] - min(start for start, _ in self.times)

    def most_within(self, seconds: float) -> int:
        """The most requests that began within any such stretch of time."""
        starts = sorted(start for start, _ in self.times)
        first, most = 0, 0
        for at, start in enumerate(starts):
            while start - starts[first] >= seconds:
                first += 1
            most = max(most, at - first + 1)
        return most


def counted(log: str) -> Counted:
    """Reads nginx' own log: end, duration and status of each request."""
    times, refused = [], 0
    for line in log.splitlines():
        end, took, status = line.split()
        if status == "200":
            times.append((float(end) - float(took), float(end)))
        else:
            refused += 1
    return Counted(sorted(times, key=lambda each: each[1]), refused)


def missing() -> str:
    """What has to be installed before the server can start; "" where it is all there."""
    if not shutil.which("nginx"):
        return "nginx-light libnginx-mod-http-echo"
    return "" if (_MODULES / "ngx_http_echo_module.so").exists() else "libnginx-mod-http-echo"


class Taken(Exception):
    """Another server has the address."""


class Server:
    """nginx, started afresh for every measurement; its log is complete once it has stopped."""

    def __init__(self, folder: Path, latency: float = 0.05) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._config = folder / "nginx.conf"
        self._config.write_text(
            _CONFIG.format(
                modules=_MODULES,
                folder=folder,
                host=HOST,
                port=PORT,
                reply=REPLY,
                latency=latency,
            )
        )

    @staticmethod
    def url(place: str) -> str:
        """`at-once`, `late` or `bodies`."""
        return f"http://{HOST}:{PORT}/{place}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Up inside the block. Raises Taken where another answers at its address: what that one is asked
        stands in no log of ours."""
        if _answers():
            raise Taken(f"Something listens on {HOST}:{PORT} already; end it first.")
        for log in ("times.log", "bodies.log"):
            (self._folder / log).unlink(missing_ok=True)
        process = subprocess.Popen(["nginx", "-c", self._config, "-e", self._folder / "error.log"])
        try:
            _wait_for_port()
            yield
        finally:
            process.terminate()
            process.wait(10)

    def counted(self) -> Counted:
        """What was seen while it ran last."""
        return counted((self._folder / "times.log").read_text())

    def bodies(self) -> list[str]:
        """What was posted to `bodies` while it ran last."""
        log = (self._folder / "bodies.log").read_text(encoding="utf-8")
        return [str(json.loads(line)) for line in log.splitlines()]


def _wait_for_port() -> None:
    for _ in range(200):
        if _answers():
            return
        time.sleep(0.02)
    raise RuntimeError(f"nginx did not open {HOST}:{PORT}")


def _answers() -> bool:
    try:
        socket.create_connection((HOST, PORT), 1).close()
    except OSError:
        return False
    return True
