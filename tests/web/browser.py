"""A headless Chromium, driven over its own protocol.

Source: chromedevtools.github.io/devtools-protocol. Each page has a profile of its own, and notes down what it asks for
and what goes wrong in it, workers included.
"""

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]
T = TypeVar("T")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)
DEADLINE = 60.0
LOOK_SECONDS = 0.02
LARGEST_MESSAGE = 64 * 1024 * 1024


def chromium() -> str | None:
    """The path of a Chromium on this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def soon(look: Callable[[], T], what: str, within: float = DEADLINE) -> T:
    """The first true value of `look`; fails the test if there is none in time."""
    deadline = time.monotonic() + within
    while not (value := look()):
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(LOOK_SECONDS)
    return value


class Browser:
    """The connection to a running Chromium."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._pages: dict[str, Page] = {}

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Json:
        """Call a method and wait for its result."""
        id = self.send(method, session, **parameters)
        while (message := json.loads(self._socket.recv(DEADLINE))).get("id") != id:
            self._note(message)
        assert "error" not in message, f"{method}: {message['error']}"
        result: Json = message["result"]
        return result

    def send(self, method: str, session: str | None = None, **parameters: Any) -> int:
        id = next(self._ids)
        message = {"id": id, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return id

    @contextmanager
    def page(self, url: str) -> Iterator["Page"]:
        """A new page at this address."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session)
        page.open(url)
        try:
            yield page
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=context)

    def _note(self, message: Json) -> None:
        page = self._pages.get(message.get("sessionId", ""))
        if page is None or "method" not in message:
            return
        if message["method"] == "Target.attachedToTarget":
            self._follow_worker(page, message["params"]["sessionId"])
        page.note(message["method"], message["params"])

    def _follow_worker(self, page: "Page", session: str) -> None:
        self._pages[session] = page
        for method in ("Network.enable", "Runtime.enable", "Log.enable", "Runtime.runIfWaitingForDebugger"):
            self.send(method, session)


class Page:
    """One page: what it shows, what is done to it, and what it did."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.requests: list[str] = []
        self.workers: list[str] = []
        self.kilobytes = 0.0
        self.forget()

    def forget(self) -> None:
        """Begin anew with what was sent and what went wrong."""
        self.sent: list[Json] = []
        self.socket_texts: list[str] = []
        self.troubles: list[str] = []

    def call(self, method: str, **parameters: Any) -> Json:
        return self._browser.call(method, self._session, **parameters)

    def open(self, url: str) -> None:
        """Load a page, once everything that it does is noted."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)
        size = {"width": 1440, "height": 860, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.prefer(dark=False)
        self.call("Page.navigate", url=url)

    def prefer(self, *, dark: bool, still: bool = False) -> None:
        """Let the user like dark or light pages, and perhaps none that move."""
        likes = {"color-scheme": "dark" if dark else "light", "reduced-motion": "reduce" if still else "no-preference"}
        features = [{"name": f"prefers-{name}", "value": value} for name, value in likes.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def note(self, method: str, details: Json) -> None:
        """Take note of an event."""
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(details["request"]["url"])
                self.sent.append(details["request"])
            case "Network.webSocketCreated":
                self.requests.append(details["url"])
            case "Network.webSocketFrameSent":
                self.socket_texts.append(details["response"]["payloadData"])
            case "Network.loadingFinished":
                self.kilobytes += details["encodedDataLength"] / 1000
            case "Target.attachedToTarget":
                self.workers.append(details["targetInfo"]["url"])
            case "Runtime.exceptionThrown":
                self.troubles.append(str(details["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if details["type"] in ("error", "assert"):
                self.troubles.append(str(details["args"]))
            case "Log.entryAdded" if details["entry"]["level"] == "error":
                self.troubles.append(details["entry"]["text"])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited if it is a promise."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, expression: str, within: float = DEADLINE) -> Any:
        """The first true value of an expression."""
        return soon(lambda: self.evaluate(expression), expression, within)

    def hear(self, noted: Callable[[], T], what: str) -> T:
        """The first true value of something that this page notes down."""
        return soon(lambda: self.evaluate("1") and noted(), what)

    def click(self, selector: str) -> None:
        """Click in the middle of the first element that a selector finds."""
        self.call("Page.bringToFront")
        find = f"document.querySelector({json.dumps(selector)})"
        place = self.wait(
            f"(() => {{ const box = {find}?.getBoundingClientRect();"
            " return box?.width && [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        at = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
        for type in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=type, **at)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser(path: str, profile: Path) -> Iterator[Browser]:
    """A Chromium with a new profile in an empty folder, for as long as it is used."""
    with (profile.parent / f"{profile.name}.log").open("w") as log:
        process = subprocess.Popen(
            [path, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        address = _address(process, profile)
        # No pings: their thread takes numbers from `random`, which Hypothesis refuses while it makes examples.
        with connect(address, max_size=LARGEST_MESSAGE, compression=None, ping_interval=None) as socket:
            opened = Browser(socket)
            yield opened
            opened.send("Browser.close")
            process.wait(DEADLINE)
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], profile: Path) -> str:
    port_file = profile / "DevToolsActivePort"

    def lines() -> list[str]:
        assert process.poll() is None, f"Chromium has ended with {process.returncode}"
        return port_file.read_text().split() if port_file.exists() else []

    port, path = soon(lambda: found if len(found := lines()) == 2 else None, "Chromium's port") or ("", "")
    return f"ws://127.0.0.1:{port}{path}"
