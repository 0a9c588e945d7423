"""A real headless Chromium, spoken to over a pipe (the DevTools protocol), with the network taken away from it
(this machine excepted).

Nobody's driver is needed for that: a message is a line of JSON that ends in a zero byte. `look` opens a page as a
person would see it (width, print or screen, dark or light) and tells what only a browser knows of it.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
ANSWER_S = 30.0


class Browser:
    """One tab."""

    def __init__(self, to_it: int, from_it: int) -> None:
        self._to, self._from = to_it, from_it
        self._numbers = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable")

    def look(self, page: Path, *, width: int, height: int = 1000, media: str = "screen", scheme: str = "light") -> None:
        """Opens a page in a window of that size, as paper or screen, dark or light."""
        self.events.clear()
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.open(page.resolve().as_uri())

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url=url)
        self._until("Page.loadEventFired")

    def press(self, key: str) -> None:
        """A function key: `F5`."""
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=111 + int(key[1:]))

    def type(self, letter: str) -> None:
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def give_clipboard(self) -> None:
        """What a window in front of a person has without asking: the focus, and the clipboard."""
        self.ask("Emulation.setFocusEmulationEnabled", enabled=True)
        self._ask("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])

    def received(self) -> str:
        """What came over the page's websockets as bytes, as text."""
        frames = [
            event["params"]["response"]
            for event in self.events
            if event.get("method") == "Network.webSocketFrameReceived"
        ]
        return b"".join(base64.b64decode(f["payloadData"]) for f in frames if f["opcode"] == 2).decode(errors="replace")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; the page's own policy does not bind us."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"].get("exception", {}).get("description"))[:500])
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> Path:
        """A PNG of the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def pdf(self) -> bytes:
        """The page on paper (A4)."""
        printed = self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        return base64.b64decode(printed["data"])

    def requested(self) -> list[str]:
        """What the page asked the network for, itself included."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the browser wrote to its console: blocked by the policy, not found, wrong."""
        entries = [event["params"]["entry"]["text"] for event in self.events if event.get("method") == "Log.entryAdded"]
        return [text for text in entries if text]

    def ask(self, method: str, **params: Any) -> Any:
        return self._ask(method, session=self._session, **params)

    def _ask(self, method: str, session: str | None = None, **params: Any) -> Any:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(ANSWER_S)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            self.events.append(answer)

    def _until(self, method: str) -> None:
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next(ANSWER_S))

    def _next(self, within_s: float) -> dict[str, Any]:
        end = time.monotonic() + within_s
        while b"\0" not in self._rest:
            if not select.select([self._from], [], [], max(end - time.monotonic(), 0))[0]:
                raise TimeoutError("the browser does not answer")
            read = os.read(self._from, 1 << 20)
            if not read:
                raise RuntimeError("the browser is gone")
            self._rest += read
        message, self._rest = self._rest.split(b"\0", 1)
        whole: dict[str, Any] = json.loads(message)
        return whole


@contextmanager
def browser(program: Path, folder: Path) -> Iterator[Browser]:
    """A browser with a home of its own below `folder`, ended with the block."""
    its_input, to_it = os.pipe()
    from_it, its_output = os.pipe()
    script = f'exec "$@" 3<&{its_input} 4>&{its_output}'  # the protocol's two descriptors are 3 and 4
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", str(program), *ARGUMENTS, f"--user-data-dir={folder / 'home'}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(its_input, its_output),
            env={**os.environ, "HOME": str(folder)},
        )
    os.close(its_input)
    os.close(its_output)
    try:
        yield Browser(to_it, from_it)
    finally:
        os.close(to_it)
        os.close(from_it)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
