"""A YAML language server, as editors run it: over its standard input and output, by the Language Server Protocol."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.tidegate.processes import ROOT

PROGRAM = Path(__file__).parent / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
DEADLINE = 60.0
CAPABILITIES = {"textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}}}}


class LanguageServer:
    """Speaks to the process; a message that is awaited and does not come within the deadline ends it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ids = count()

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and give its result."""
        id = next(self._ids)
        self._send({"id": id, "method": method, "params": params})
        return self._await(lambda message: message.get("id") == id and "method" not in message)["result"]

    def tell(self, method: str, **params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def told(self, method: str) -> Any:
        """Await a notification."""
        return self._await(lambda message: message.get("method") == method)["params"]

    def _await(self, wanted: Any) -> Mapping[str, Any]:
        while not wanted(message := self._receive()):
            if "id" in message and "method" in message:
                self._send({"id": message["id"], "result": None})
        return message

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "The language server has ended."
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message


@contextmanager
def language_server() -> Iterator[LanguageServer]:
    """A language server that is ready for documents."""
    command = [ROOT / "scripts" / "node", PROGRAM, "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        watchdog = threading.Timer(DEADLINE, process.kill)
        watchdog.start()
        try:
            server = LanguageServer(process)
            server.ask("initialize", processId=None, rootUri=None, capabilities=CAPABILITIES)
            server.tell("initialized")
            yield server
        finally:
            watchdog.cancel()
            process.kill()
