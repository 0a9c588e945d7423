"""The interface in a browser: who gets in, what the page may do, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from tui_stage import state  # noqa: F401

from jwtdoctor.cli import tui as command
from jwtdoctor.cli.main import run
from jwtdoctor.errors import BadInput
from jwtdoctor.tui.served import FILES, MOST_PAGES, Site, application, listening_on

PATIENCE_S = 30.0


@asynccontextmanager
async def visiting(site: Site) -> AsyncIterator[TestClient[aiohttp.web.Request, aiohttp.web.Application]]:
    async with TestClient(TestServer(application(site))) as client:
        site.port = int(client.port or 0)
        yield client


def a_site() -> Site:
    return Site(("tui",), "127.0.0.1", 0)


async def test_page_files_and_websocket_are_refused_alike_without_the_token() -> None:
    site = a_site()
    async with visiting(site) as client:
        wrong = "x" * len(site.token)
        for rest in ("", "ws", "nothing", *FILES):
            for path in (f"/{rest}", f"/{wrong}/{rest}", f"/{site.token[:-1]}/{rest}", f"/static/{rest}"):
                async with client.get(path, headers={"Origin": site.url[: -len(site.token) - 2]}) as reply:
                    assert reply.status == 403, path
                    assert site.token not in await reply.text()
        assert "/%00/" not in site.url
        async with client.get("/%C3%A9/%00") as reply:
            assert reply.status == 403
        assert not site.sessions


async def test_with_the_token_the_page_and_its_files_are_served_and_name_no_other_place() -> None:
    site = a_site()
    async with visiting(site) as client:
        async with client.get(f"/{site.token}/") as reply:
            page = await reply.text()
            headers = reply.headers
        assert reply.status == 200
        assert site.websocket_url in page
        assert re.findall(r"https?:", page) == []
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert f"connect-src {site.websocket_url};" in headers["Content-Security-Policy"]
        assert "aiohttp" not in headers["Server"]
        assert headers["Referrer-Policy"] == "no-referrer"
        wanted = set(re.findall(r'(?:src|href)="([^":]+)"', page))
        assert wanted <= set(FILES)
        for name in FILES:
            async with client.get(f"/{site.token}/{name}") as reply:
                assert reply.status == 200, name
                assert reply.headers["X-Content-Type-Options"] == "nosniff"
        for name in ("page.html", "..%2Fserved.py", "%2Fetc%2Fpasswd"):
            async with client.get(f"/{site.token}/{name}") as reply:
                assert reply.status == 404, name


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:{port}", "127.0.0.1:1"]
)
async def test_another_host_is_refused_token_or_not(host: str) -> None:
    site = a_site()
    async with visiting(site) as client:
        headers = {"Host": host.format(port=site.port)}
        async with client.get(f"/{site.token}/", headers=headers) as reply:
            assert reply.status == 403
            assert "the host is not ours" in await reply.text()


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://localhost:{port}"]
)
async def test_a_websocket_from_another_page_is_refused_and_starts_nothing(origin: str | None) -> None:
    site = a_site()
    async with visiting(site) as client:
        headers = {} if origin is None else {"Origin": origin.format(port=site.port)}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"/{site.token}/ws", headers=headers)
        assert refused.value.status == 403
        assert not site.sessions


async def test_a_page_is_a_process_that_takes_nonsense_and_ends_with_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-1/default,1,0")
    site = a_site()
    async with visiting(site) as client:
        headers = {"Origin": f"http://127.0.0.1:{site.port}"}
        socket_ = await client.ws_connect(f"/{site.token}/ws?width=9e9&height=-1", headers=headers)
        (session,) = site.sessions
        for text in ("", "[]", "{}", "[" * 900, '["resize"]', '["resize",{"width":1e99,"height":"x"}]', '["stdin",7]'):
            await socket_.send_str(text)
        await socket_.send_str('["resize",{"width":90,"height":30}]')
        await socket_.send_str('["ping","12"]')
        seen = b""
        async with asyncio.timeout(PATIENCE_S):
            while b"Try a staged fault" not in seen:
                message = await socket_.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    seen += message.data
                else:
                    assert message.json() == ["pong", "12"]
        process = session._process
        assert process is not None
        assert "TMUX" not in session._build_environment()

        others = [object() for _ in range(MOST_PAGES - 1)]
        site.sessions.update(others)  # type: ignore[arg-type]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"/{site.token}/ws", headers=headers)
        assert refused.value.status == 503
        site.sessions.difference_update(others)

        await socket_.close()
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
            while site.sessions:
                await asyncio.sleep(0.01)
        assert process.returncode is not None


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", "::"])
def test_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(BadInput, match="not on loopback"):
        listening_on(host, 0)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("0.0.0.0:0", "is not on loopback"),
        ("acme", "--serve: is no address; expected HOST:PORT. Name the profile first"),
        ("127.0.0.1:99999", "is no address"),
        ("127.0.0.1:\x1b[2J", "is no address"),
    ],
)
def test_a_wrong_address_is_one_line(address: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tui", "--serve", address]) == 2

    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert "\x1b" not in told.err
    assert told.out == ""


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert run(["tui", "--serve", f"127.0.0.1:{port}"]) == 2
    assert f"--serve 127.0.0.1:{port}: address already in use" in capsys.readouterr().err


def test_an_unknown_profile_is_refused_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tui", "nowhere", "--serve"]) == 2
    assert capsys.readouterr().out == ""


def test_without_textual_serve_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)

    assert run(["tui", "--serve"]) == 2
    assert "pip install 'jwtdoctor[serve]'" in capsys.readouterr().err
