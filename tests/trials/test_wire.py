"""A table of the wire: what a server says, when, and on which connection, and what becomes of the row and of
the next one. No row is called created or rejected that the server hasn't read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from importer.model import Status
from importer.satismeter.classify import classify
from importer.satismeter.insert import Client
from importer.settings import Secret
from tests.delivery.scripted import Act, Script, playing
from tests.delivery.test_client_replies import BROKEN, DOUBTED, WHOLE
from tests.figures import figure

C, D, R, P, U = (
    Status.CREATED,
    Status.DUPLICATE,
    Status.REJECTED,
    Status.PENDING,
    Status.UNKNOWN,
)
ID = b'{"id":"5d2"}'


def reply(status: int, body: bytes = b"", head: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), head, body)


STATUSES: dict[str, tuple[bytes, Status]] = {
    "200 id": (reply(200, ID), C),
    "201 id": (reply(201, ID), C),
    "201 empty": (reply(201), C),
    "204": (b"HTTP/1.1 204 X\r\n\r\n", C),
    "202 located": (reply(202, b"", b"Location: /5d2\r\n"), C),
    "202 located elsewhere": (reply(202, b"", b"Location: http://example.com/5d2\r\n"), U),
    "202 message": (reply(202, b'{"message":"Thank you"}'), C),
    "200 empty": (reply(200), U),
    "200 HTML": (reply(200, b"<h1>Log in</h1>"), U),
    "200 cut JSON": (reply(200, b'{"id":"5'), U),
    "200 error": (reply(200, b'{"error":"no"}'), U),
    "200 status": (reply(200, b'{"status":"error"}'), U),
    "200 words": (reply(200, b'{"message":"Verboten"}'), U),
    "200 null": (reply(200, b"null"), U),
    "301": (reply(301, b"", b"Location: /\r\n"), U),
    "302": (reply(302, b"", b"Location: /login\r\n"), U),
    "304": (b"HTTP/1.1 304 X\r\n\r\n", U),
    "307": (reply(307, b"", b"Location: http://example.com/\r\n"), U),
    "400": (reply(400, b'{"error":"score"}'), R),
    "400 duplicate": (reply(400, b'{"error":"Duplicate response"}'), D),
    "400 plan": (reply(400, b'{"error":"Your plan limit is reached"}'), P),
    "401": (reply(401), P),
    "402": (reply(402), P),
    "403": (reply(403), P),
    "403 with Retry-After": (reply(403, b"", b"Retry-After: 1\r\n"), P),
    "404": (reply(404), P),
    "405": (reply(405), P),
    "408": (reply(408), P),
    "409": (reply(409), U),
    "410": (reply(410), P),
    "413": (reply(413), R),
    "415": (reply(415), R),
    "418": (reply(418), U),
    "422": (reply(422, b'{"message":"no"}'), R),
    "425": (reply(425), P),
    "429": (reply(429, b"", b"Retry-After: 1\r\n"), P),
    "451": (reply(451), U),
    "500": (reply(500), U),
    "501": (reply(501), P),
    "502": (reply(502, b"<h1>Bad Gateway</h1>"), U),
    "503": (reply(503), U),
    "503 with Retry-After": (reply(503, b"", b"Retry-After: 1\r\n"), P),
    "504": (reply(504), U),
    "520": (reply(520), U),
    "521": (reply(521), P),
    "524": (reply(524), U),
    "599": (reply(599), U),
    "reset": (b"", U),
}
"""What comes by itself, and what then becomes of the row."""
CLEAN = ("400", "413", "415", "422", "429")
"""After these, as after an acknowledgement, a connection is used again, and a second reply can't be told from
the next row's (docs/delivery.md, Connections)."""
LIES = {"a late yes": reply(201, ID), "a late no": reply(400, b'{"error":"score"}')}
WAITS = {"at once": 0, "20 ms": 1, "100 ms": 5}


class Scenario(NamedTuple):
    """`script` answers the row; `status` is what it must come to (None: anything but what was not read);
    `reused`: on a connection that has brought a clean reply before; `deaf`: the server reads nothing more
    on it."""

    name: str
    script: Script
    status: Status | None
    reused: bool
    deaf: bool


def scenarios() -> Iterator[Scenario]:
    for kept in ("fresh", "reused"):
        yield from _by_themselves(kept, reused=kept == "reused")
        for name, (sent, status) in STATUSES.items():
            if sent and status is not C and not name.startswith(CLEAN):
                yield from _followed_by_lies(name, sent, kept)


def _by_themselves(kept: str, *, reused: bool) -> Iterator[Scenario]:
    for name, (sent, status) in STATUSES.items():
        whole: Script = (sent,) if sent else (Act.RESET,)
        yield Scenario(f"{name}, {kept}", whole, status, reused, deaf=False)
        if sent:
            halves: Script = (sent[: len(sent) // 2], Act.BREATHE, sent[len(sent) // 2 :])
            yield Scenario(f"{name}, in halves, {kept}", halves, status, reused, deaf=False)
            cut: Script = (sent[: len(sent) - 3], Act.BREATHE, Act.CLOSE)
            yield Scenario(f"{name}, cut, {kept}", cut, U, reused, deaf=False)
    for name, (script, _, content) in WHOLE.items():
        expected = C if content.strip() or name.startswith("204") else U
        yield Scenario(f"{name}, {kept}", script, expected, reused, deaf=False)
    for name, broken in ({name: script for name, (script, _) in BROKEN.items()} | DOUBTED).items():
        yield Scenario(f"{name}, {kept}", broken, U, reused, deaf=False)


def _followed_by_lies(name: str, sent: bytes, kept: str) -> Iterator[Scenario]:
    for lie, told in LIES.items():
        for wait, times in WAITS.items():
            script: Script = (sent, *[Act.BREATHE] * times, told)
            yield Scenario(
                f"{name}, {lie}, {wait}, {kept}", script, None, kept == "reused", deaf=True
            )


async def _played(scenario: Scenario) -> tuple[Status, list[str]]:
    """What the row came to; and what is false: rows called created or refused that were never read."""
    begun = int(scenario.reused)

    def script(number: int) -> Script:
        if number == begun:
            return (*scenario.script, Act.HANG) if scenario.deaf else scenario.script
        return (reply(201, ID),)

    came: dict[str, Status] = {}
    async with (
        playing(script) as server,
        Client(server.url + "/", Secret("key"), concurrency=2, timeout=0.5) as client,
    ):
        for name in ("before", "row", "next", "last")[not scenario.reused :]:
            got = await client.post(b'{"userId":"%s"}' % name.encode())
            came[name] = classify(got).status
        read = b"".join(request for _, request in server.requests)
    settled = (C, D, R)
    false = [
        name
        for name, status in came.items()
        if status in settled and b'"%s"' % name.encode() not in read
    ]
    return came["row"], false


SCENARIOS = list(scenarios())


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in SCENARIOS}) == len(SCENARIOS) >= 150


@pytest.mark.trial
async def test_the_wire() -> None:
    wrong, false = [], []
    for each in SCENARIOS:
        status, unread = await _played(each)
        if each.status is not None and status is not each.status:
            wrong.append((each.name, status))
        false += [(each.name, name) for name in unread]
    figure("the wire", scenarios=len(SCENARIOS), wrong=len(wrong), unread_and_settled=len(false))
    assert (wrong, false) == ([], [])


@pytest.mark.parametrize("each", SCENARIOS[::50], ids=lambda each: each.name)
async def test_some_of_the_wire(each: Scenario) -> None:
    status, unread = await _played(each)
    assert each.status in (None, status)
    assert unread == []
