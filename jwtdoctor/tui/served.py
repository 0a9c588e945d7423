"""The same interface in a browser of this machine, through textual-serve (the extra `serve`).

A page here can send logins and read profiles, so it is guarded as a password is: it stands on loopback alone, below a
random token that is a part of its address, so that the page, its files and its websocket are refused alike without it.
A site elsewhere that knew the port still meets a Host and an Origin that must be ours (DNS rebinding, cross-site
websockets). Of textual-serve its terminal for the browser and its way to speak with the application are taken; its page
is not, since it loads a font from elsewhere and asks for no token.

Each page is a process of its own, ended with its page. Nothing is logged: the address holds the token.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import textual_serve
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler
from textual_serve.app_service import AppService
from textual_serve.download_manager import DownloadManager

from jwtdoctor.config.attempts import is_loopback
from jwtdoctor.errors import BadInput

OURS = Path(__file__).parent / "page"
THEIRS = Path(textual_serve.__file__).parent / "static"
FILES = {
    "page.css": OURS / "page.css",
    "page.js": OURS / "page.js",
    "textual.js": THEIRS / "js" / "textual.js",
    "xterm.css": THEIRS / "css" / "xterm.css",
    "mono.ttf": THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf",
    "mono-italic.ttf": THEIRS / "fonts" / "RobotoMono-Italic-VariableFont_wght.ttf",
}
"""All that is served beside the page, by name: no path of a request ever reaches the file system."""

MOST_PAGES = 4
"""Open at once: each is a process."""
LARGEST_MESSAGE = 1_000_000
SMALLEST_SIDE, LARGEST_SIDE = 10, 500
"""Cells."""
QUIT_S = 2.0
"""For the application to leave by itself; then it is ended."""
OF_THE_TERMINAL = ("TMUX", "STY", "SSH_CONNECTION", "TERM_PROGRAM", "COLORTERM", "WT_SESSION")
"""What tells of the terminal that this was started in, and is wrong in a browser."""
BEGIN = "import sys; sys.path.append(sys.argv.pop(1)); from jwtdoctor.__main__ import main; sys.exit(main())"
"""Python has `-P`: nothing that lies in the working folder is imported."""


@dataclass(slots=True)
class Site:
    """What is served, and where. `arguments` are those of `jwtdoctor` for the process behind a page."""

    arguments: Sequence[str]
    host: str
    port: int
    colour: bool = True
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    sessions: set[Session] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://{self._place}/{self.token}/"

    @property
    def websocket_url(self) -> str:
        return f"ws://{self._place}/{self.token}/ws"

    @property
    def _place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def refuses(self, request: web.Request) -> str:
        """Why a request is refused; empty where it is taken. An Origin is asked for where browsers always send it."""
        given = request.path.split("/")[1]
        if not secrets.compare_digest(given.encode(), self.token.encode()):
            return "the address lacks the token: take the whole line that jwtdoctor printed"
        if request.headers.getall("Host", []) != [self._place]:
            return "the host is not ours"
        origins = request.headers.getall("Origin", [])
        if origins != [f"http://{self._place}"] and (origins or request.path.endswith("/ws")):
            return "the origin is not ours"
        return ""


def serve(arguments: Sequence[str], host: str, port: int, say: Callable[[str], object], *, colour: bool = True) -> None:
    """Serves until SIGTERM; KeyboardInterrupt passes through when every process has been ended.

    `say` is given the address once it answers. Raises BadInput where `host` is not of loopback, or is taken.
    """
    with listening_on(host, port) as listener:
        site = Site(arguments, host, listener.getsockname()[1], colour)
        asyncio.run(_until_ended(site, listener, say))


def listening_on(host: str, port: int) -> socket.socket:
    """A listener on loopback; port 0 picks one."""
    if not is_loopback(host):
        raise BadInput("is not on loopback", where="--serve", expected="127.0.0.1:PORT", do="use ssh -L from elsewhere")
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as problem:
        reason = (problem.strerror or "cannot be listened on").lower()
        raise BadInput(reason, where=f"--serve {host}:{port}", do="use port 0, which picks a free one") from None


async def _until_ended(site: Site, listener: socket.socket, say: Callable[[str], object]) -> None:
    ended = asyncio.Event()
    for name in ("SIGTERM", "SIGHUP"):
        with suppress(NotImplementedError, AttributeError):  # Windows
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), ended.set)
    runner = web.AppRunner(application(site), access_log=None, shutdown_timeout=QUIT_S)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        say(site.url)
        await ended.wait()
    finally:
        await runner.cleanup()


def application(site: Site) -> web.Application:
    """The page, its files and its websocket, all of them behind the guard."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = site.refuses(request)
        if refusal:
            return web.Response(status=403, text=f"Refused: {refusal}.\n")
        return await handler(request)

    async def page(request: web.Request) -> web.Response:
        size = request.query.get("fontsize", "")
        size = size if size in {str(n) for n in range(8, 41)} else "16"
        template = Template((OURS / "page.html").read_text(encoding="utf-8"))
        return web.Response(text=template.substitute(websocket=site.websocket_url, size=size), content_type="text/html")

    async def file(request: web.Request) -> web.StreamResponse:
        path = FILES.get(request.match_info["name"])
        return web.Response(status=404, text="Not found.\n") if path is None else web.FileResponse(path)

    async def websocket(request: web.Request) -> web.StreamResponse:
        if len(site.sessions) >= MOST_PAGES:
            return web.Response(status=503, text=f"{MOST_PAGES} pages are open already.\n")
        return await _session(site, request)

    async def secured(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(_headers(site))

    async def end_all(_: web.Application) -> None:
        await asyncio.gather(*(session.end() for session in list(site.sessions)))

    app = web.Application(middlewares=[guard])
    app.add_routes([web.get("/{token}/", page), web.get("/{token}/ws", websocket), web.get("/{token}/{name}", file)])
    app.on_response_prepare.append(secured)
    app.on_shutdown.append(end_all)
    return app


def _headers(site: Site) -> dict[str, str]:
    """xterm.js writes its own style elements, hence the one exception."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src data:; "
        f"connect-src {site.websocket_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Server": "jwtdoctor",
        "X-Content-Type-Options": "nosniff",
    }


async def _session(site: Site, request: web.Request) -> web.WebSocketResponse:
    websocket = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST_MESSAGE)
    session = Session(site, websocket)
    site.sessions.add(session)
    try:
        await websocket.prepare(request)
        await session.start(_side(request.query.get("width"), 80), _side(request.query.get("height"), 24))
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                await session.obey(message.data)
    finally:
        await session.end()
    return websocket


class Session(AppService):
    """One page and the process behind it."""

    def __init__(self, site: Site, websocket: web.WebSocketResponse) -> None:
        super().__init__(
            "",
            write_bytes=self._show,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=DownloadManager(),
        )
        self._site = site
        self._websocket = websocket
        self._ending: asyncio.Task[None] | None = None

    async def obey(self, text: str) -> None:
        """A message of the page. What is none is dropped."""
        try:
            kind, *rest = json.loads(text)
        except (ValueError, TypeError, RecursionError):
            return
        value = rest[0] if rest else None
        if kind == "stdin" and isinstance(value, str):
            await self.send_bytes(value.encode("utf-8", "replace"))
        elif kind == "resize" and isinstance(value, dict):
            await self.set_terminal_size(_side(value.get("width"), 80), _side(value.get("height"), 24))
        elif kind == "ping" and isinstance(value, str):
            await self._websocket.send_json(["pong", value[:40]])
        elif kind in ("blur", "focus"):
            await (self.blur() if kind == "blur" else self.focus())

    def end(self) -> asyncio.Future[None]:
        """Asks the application to leave, and sees to it that nothing of it is left: also where whoever waits for that
        is cancelled, as the handler of a page that went away is."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        return asyncio.shield(self._ending)

    async def _end(self) -> None:
        try:
            if self._process is not None:
                await self._end_process(self._process)
        finally:
            self._site.sessions.discard(self)
        await self._close()

    async def _end_process(self, process: Process) -> None:
        try:
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(self.stop(), QUIT_S)
                await asyncio.wait_for(process.wait(), QUIT_S)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                _kill(process)
        while process.stdout is not None and await process.stdout.read(LARGEST_MESSAGE):
            pass  # asyncio knows of the end of a process once its pipes are read out
        await process.wait()

    async def _show(self, painted: bytes) -> None:
        """To the page; when that is gone, what the application still paints while it leaves goes nowhere."""
        with suppress(ConnectionError):
            if not self._websocket.closed:
                await self._websocket.send_bytes(painted)

    async def _close(self) -> None:
        with suppress(ConnectionError):
            await self._websocket.close()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        environ = super()._build_environment(width, height)
        kept = {name: value for name, value in environ.items() if name not in OF_THE_TERMINAL}
        kept["TERM"] = "xterm-256color"
        return kept if self._site.colour else {**kept, "NO_COLOR": "1"}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Without a shell; in a session of its own, so that ctrl+c in the terminal reaches us alone."""
        folder = str(Path(__file__).parents[2])
        words = [sys.executable, "-P", "-c", BEGIN, folder, *self._site.arguments]
        environ = self._build_environment(width, height)
        self._process = process = await asyncio.create_subprocess_exec(
            *words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environ, start_new_session=True
        )
        process.stderr = asyncio.StreamReader()  # what runs the protocol reads it, and prints it on our stdout
        process.stderr.feed_eof()
        self._stdin = process.stdin
        return process


def _kill(process: Process) -> None:
    """The whole session of the process: a program that it started may be left."""
    if sys.platform == "win32":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _side(value: object, otherwise: int) -> int:
    text = str(value)
    return min(max(int(text), SMALLEST_SIDE), LARGEST_SIDE) if text.isdecimal() and len(text) < 6 else otherwise
