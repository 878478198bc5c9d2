"""Who is answered: this machine, by a link that opens once, from the wizard's own pages."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from socket import socket

import pytest
from aiohttp import FormData

from importer.errors import UsageError
from importer.settings import Settings
from importer.web import app, guard
from importer.web.app import application
from importer.web.drafts import Drafts
from importer.web.guard import FRAMED, POLICY
from tests.web.serving import Visitor, wizard

OURS = "@OURS@"
"""Stands for the server's own address."""
GET = {"Host": OURS, "Sec-Fetch-Site": "same-origin"}
POST = {**GET, "Origin": f"http://{OURS}"}


@pytest.mark.parametrize(
    ("method", "headers", "cookie", "csrf", "status"),
    [
        ("GET", GET, True, True, 200),
        ("GET", {**GET, "Sec-Fetch-Site": "none"}, True, True, 200),
        ("HEAD", GET, True, True, 200),
        ("GET", {**GET, "Host": "localhost:1"}, True, True, 200),
        ("GET", {**GET, "Host": "[::1]:8080"}, True, True, 200),
        ("GET", {**GET, "Host": "LOCALHOST"}, True, True, 200),
        ("GET", {**GET, "Host": "evil.test"}, True, True, 421),
        ("GET", {**GET, "Host": "127.0.0.1.evil.test"}, True, True, 421),
        ("GET", {**GET, "Host": "evil.test:80#127.0.0.1"}, True, True, 421),
        ("GET", {**GET, "Host": "0.0.0.0:1"}, True, True, 421),
        ("GET", {**GET, "Host": ""}, True, True, 421),
        ("GET", {**GET, "Sec-Fetch-Site": "cross-site"}, True, True, 403),
        ("GET", {**GET, "Sec-Fetch-Site": "same-site"}, True, True, 403),
        ("GET", {"Host": OURS}, True, True, 403),
        ("GET", GET, False, True, 401),
        ("POST", POST, True, True, 200),
        ("POST", POST, True, False, 403),
        ("POST", POST, False, True, 401),
        ("POST", {**POST, "Sec-Fetch-Site": "same-site"}, True, True, 403),
        ("POST", {**POST, "Sec-Fetch-Site": "cross-site"}, True, True, 403),
        ("POST", {**POST, "Sec-Fetch-Site": "none"}, True, True, 403),
        ("POST", {**POST, "Origin": "http://127.0.0.1:1"}, True, True, 403),
        ("POST", {**POST, "Origin": "http://localhost"}, True, True, 403),
        ("POST", {**POST, "Origin": "null"}, True, True, 403),
        ("POST", {**POST, "Origin": f"https://{OURS}"}, True, True, 403),
        ("POST", GET, True, True, 403),
        ("POST", {**POST, "Host": "evil.test", "Origin": "http://evil.test"}, True, True, 421),
        ("PUT", POST, True, True, 405),
        ("DELETE", POST, True, True, 405),
        ("OPTIONS", POST, True, True, 405),
    ],
)  # fmt: skip
async def test_who_is_answered(
    tmp_path: Path, method: str, headers: dict[str, str], cookie: bool, csrf: bool, status: int
) -> None:
    async with wizard(tmp_path) as visitor:
        own = visitor.origin.removeprefix("http://")
        sent = {name: value.replace(OURS, own) for name, value in headers.items()}
        if not cookie:
            visitor.session.cookie_jar.clear()
        data = {"csrf": visitor.csrf if csrf else "guess"} if method == "POST" else None
        path = "/keys" if method == "POST" else "/"
        async with visitor.session.request(
            method, visitor.origin + path, headers=sent, data=data, allow_redirects=False
        ) as reply:
            # A form that was taken leads to another page.
            assert (200 if reply.status == 303 else reply.status) == status
            assert reply.headers["Content-Security-Policy"] == POLICY
            assert reply.headers["Cache-Control"] == "no-store"
            assert reply.headers["X-Content-Type-Options"] == "nosniff"
            assert "Python" not in reply.headers["Server"]


async def test_a_link_opens_once_and_only_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wizard(tmp_path) as visitor:
        token = visitor.desk.guard.token()
        await visitor.get(f"/open?token={token}", site="cross-site")
        assert visitor.status == 200
        assert 'url=/"' in visitor.text
        cookie = visitor.headers["Set-Cookie"]
        assert cookie.startswith(f"importer-{visitor.desk.guard.port}=")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        for wrong in (token, "", "guess"):
            await visitor.get(f"/open?token={wrong}", site="none")
            assert visitor.status == 403
            assert "Press Enter in the terminal" in visitor.text
        monkeypatch.setattr(guard, "TOKEN_LASTS", -1.0)
        await visitor.get(f"/open?token={visitor.desk.guard.token()}")
        assert visitor.status == 403


async def test_every_form_wants_its_token_and_every_page_a_session(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.upload("answers.csv", b"id,score\na,9\n")
        draft = visitor.draft
        before = visitor.desk.drafts.load(draft.id)
        routes = [
            (
                each.method,
                each.resource.canonical.replace("{id}", draft.id).replace("{name}", "plan.html"),
            )
            for each in application(visitor.desk).router.routes()
            if each.resource
        ]
        assert len(routes) > 30
        for method, path in routes:
            if method == "POST":
                await visitor.post(path, csrf="guess", go="next", revision="0")
                assert visitor.status == 403, path
                assert "another session" in visitor.text
        files = {"file": ("x.csv", b"a,b\n1,2\n")}
        await visitor.post("/drafts", files, csrf="guess")
        assert visitor.status == 403
        assert visitor.desk.drafts.load(draft.id) == before
        assert not visitor.desk.ending.is_set()
        visitor.session.cookie_jar.clear()
        for method, path in routes:
            if method == "GET" and path != "/open":
                await visitor.get(path)
                assert visitor.status == 401, path
                assert draft.name not in visitor.text


async def test_a_file_whose_form_has_no_token_is_not_read(tmp_path: Path) -> None:
    """The token comes first: nothing is written for who doesn't bring it, however much is sent."""
    async with wizard(tmp_path) as visitor:
        form = FormData(default_to_multipart=True)
        form.add_field("file", io.BytesIO(b"x" * 5_000_000), filename="answers.csv")
        form.add_field("csrf", visitor.csrf)
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": visitor.origin}
        try:
            async with visitor.session.post(
                f"{visitor.origin}/drafts", data=form, headers=headers
            ) as reply:
                assert reply.status == 403
        except ConnectionError:
            """It was shown the door before it had sent all."""
        assert list(Drafts(tmp_path).all()) == []


async def test_a_report_is_framed_where_it_can_do_nothing(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        await visitor.get(visitor.at("frame/plan.html"))
        assert visitor.headers["Content-Security-Policy"] == FRAMED
        await visitor.get(f"{visitor.path}/../mapping.yaml")
        assert visitor.status == 404


async def _planned(visitor: Visitor) -> None:
    await visitor.upload("answers.csv", b"id,score\na,9\nb,8\n")
    mapping = (
        b"version: 1\ncampaign: 5d2f6c1e9b0a4c0017a3e1b2\nuserId: id\n"
        b"answers: [{id: 79593580-95a7-11ed-8974-9b5d06700b8d, column: score, type: nps}]\n"
    )
    await visitor.bring(mapping)
    await visitor.planned()


@pytest.mark.parametrize(
    "path",
    [
        *("/drafts/..%2f..%2fetc/read", "/drafts/0000000000000000/read", "/static/..%2fapp.py"),
        *("/static/guard.py", "/jobs/..%2f..%2fx", "/drafts/zzzzzzzzzzzzzzzz/read", "/nothing"),
    ],
)
async def test_a_path_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    async with wizard(tmp_path) as visitor:
        await visitor.get(path)
        assert visitor.status == 404
        assert "<h1" in visitor.text


async def test_only_files_of_the_importers_own_are_handed_out(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        await _planned(visitor)
        at = visitor.at("files/")
        for name in (
            "draft.json",
            "answers.csv",
            "..%2f..%2f..%2fhash.key",
            "ledger.sqlite3",
            "run.log",
        ):
            await visitor.get(at + name)
            assert visitor.status == 404, name
        await visitor.get(f"{at}mapping.yaml")
        assert visitor.status == 200
        assert visitor.headers["Content-Disposition"] == 'attachment; filename="mapping.yaml"'


async def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async with wizard(tmp_path) as visitor:
        with pytest.raises(OSError, match=r"."):
            await asyncio.open_connection("127.0.0.2", visitor.desk.guard.port)


def test_it_ends_by_itself_once_nobody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "IDLE", -1.0)
    links: list[str] = []
    settings = Settings(file="", mapping="", state=tmp_path)
    assert app.serve(settings, None, 0, links.append) == 0
    assert len(links) == 1
    with socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match="can't be listened on"):
            app.serve(settings, None, port, links.append)
