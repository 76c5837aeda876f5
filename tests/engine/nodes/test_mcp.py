"""The MCP nodes against a real server of the protocol's own package."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import orjson
import pytest

from engine.ai.tools import ToolInput, open_tools
from engine.connection import Connection
from engine.errors import NodeError
from engine.in_place import NOWHERE
from engine.node import Context
from engine.reach import Reach
from engine.secret_use import SecretUse
from tests.engine.nodes.bench import Bench
from tests.engine.nodes.http_server import Received, answer, serving
from tests.eventually import eventually
from tests.ports import free_port

KEY = "canary-4711"
ASKED = [{"role": "user", "content": "Greet Ada."}]
PACE = 0.1
SCRIPT = Path(__file__).parent / "mcp_server.py"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a running server."""
    free = free_port()
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(free), KEY])
    try:
        yield free
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
async def mcp(node: Bench, port: int) -> Bench:
    """A bench whose operator has opened the server, once that listens."""

    async def find(name: str) -> str:
        return KEY if name == "key" else "wrong"

    await eventually(lambda: _listens(port))
    return node.given(reach=Reach(frozenset({f"127.0.0.1:{port}"})), secrets=SecretUse(find))


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _connection(port: int, key: str = "key") -> dict[str, Any]:
    return {"url": f"http://127.0.0.1:{port}/mcp", "key": {"$secret": key}}


@pytest.mark.parametrize(
    ("node_type", "inputs", "result"),
    [
        (
            "mcp.call_tool",
            {"name": "forecast", "arguments": {"city": "Oslo", "days": 2}},
            {"city": "Oslo", "days": 2, "sky": "blue"},
        ),
        ("mcp.call_tool", {"name": "greet", "arguments": {"name": "Ada"}}, "Hello Ada"),
        ("mcp.call_tool", {"name": "blow"}, {"wind": "a" * 24 + "!"}),
        ("mcp.read_resource", {"name": "weather://station"}, "On the hill."),
        ("mcp.read_resource", {"name": "weather://days/{day}", "arguments": {"day": "Monday"}}, "Monday: sunny"),
        (
            "mcp.get_prompt",
            {"name": "advise", "arguments": {"city": "Oslo"}},
            [{"role": "user", "content": "What should I wear in Oslo?"}],
        ),
    ],
)
async def test_a_server_is_asked(mcp: Bench, port: int, node_type: str, inputs: dict[str, Any], result: Any) -> None:
    assert await mcp.run(node_type, connection=_connection(port), **inputs) == {"result": result}


@pytest.mark.parametrize(
    ("node_type", "inputs", "complaint"),
    [
        ("mcp.call_tool", {"name": "fail"}, "It rains."),
        ("mcp.call_tool", {"name": "nothing"}, "nothing"),
        ("mcp.call_tool", {"name": "forecast", "arguments": {}}, "city"),
        ("mcp.read_resource", {"name": "weather://nowhere"}, "weather://nowhere"),
        ("mcp.get_prompt", {"name": "nothing"}, "refused"),
        ("mcp.get_prompt", {"name": "advise", "arguments": {"city": 1}}, "has to be a text"),
    ],
)
async def test_what_a_server_refuses_is_said(
    mcp: Bench, port: int, node_type: str, inputs: dict[str, Any], complaint: str
) -> None:
    error = await mcp.fail(node_type, connection=_connection(port), **inputs)
    assert complaint in error.message
    assert error.retryable is False


async def test_what_a_server_repeats_of_its_key_is_not_told_to_a_model(mcp: Bench, port: int) -> None:
    calls = [{"id": name, "function": {"name": name, "arguments": f'{{"name": "{KEY}"}}'}} for name in ("greet", KEY)]
    rounds = iter([{"content": None, "tool_calls": calls}, {"content": "Done."}])
    async with serving() as model:
        model.answers["/chat/completions"] = lambda _: answer(
            200, orjson.dumps({"choices": [{"message": next(rounds)}]})
        )
        mcp.given(reach=Reach(frozenset({f"127.0.0.1:{port}", f"127.0.0.1:{model.port}"})))
        tools = [{"mcp": _connection(port)}]
        await mcp.run("ai.tools", connection={"url": model.url}, model="m", messages=ASKED, tools=tools)
    told = [each["content"] for each in orjson.loads(model.received[1].body)["messages"] if each["role"] == "tool"]
    assert told[0] == "Hello [secret key]"
    assert "[secret key]" in told[1]
    assert KEY not in told[1]


async def test_a_wrong_key_is_refused(mcp: Bench, port: int) -> None:
    error = await mcp.fail("mcp.call_tool", connection=_connection(port, "other"), name="greet")
    assert "401" in error.message


async def test_a_server_that_is_not_public_is_refused(mcp: Bench, port: int) -> None:
    mcp.given(reach=Reach())
    error = await mcp.fail("mcp.call_tool", connection=_connection(port), name="greet")
    assert "public internet" in error.message


async def test_a_server_that_repeats_the_key_puts_it_into_no_log(node: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def echo(request: Received) -> bytes:
        return answer(200, request.headers["authorization"].encode(), "Content-Type: application/json")

    async def find(name: str) -> str:
        return KEY

    async with serving() as server:
        server.answers["/mcp"] = echo
        node.given(reach=Reach(frozenset({f"127.0.0.1:{server.port}"})), secrets=SecretUse(find))
        await node.fail("mcp.call_tool", connection=_connection(server.port), name="greet")
    assert server.received
    assert KEY not in caplog.text


STREAM = "Content-Type: text/event-stream"
SESSION = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
GREETED = {"content": [{"type": "text", "text": "Hello Ada"}]}


class Hasty:
    """A server that ends each stream at once and says that the client may come back at once, `times` times."""

    def __init__(self, times: int) -> None:
        self.came: list[float] = []
        self._times = times
        self._asked = 0

    def answer(self, request: Received) -> bytes:
        if request.line.startswith("GET"):
            self.came.append(asyncio.get_running_loop().time())
            is_over = len(self.came) >= self._times and "last-event-id" in request.headers
            return self._stream(GREETED if is_over else None)
        message = orjson.loads(request.body) if request.body else {}
        match message.get("method"):
            case "initialize":
                return self._result(message["id"], SESSION)
            case "tools/call":
                self._asked = message["id"]
                return self._stream(None)
            case "tools/list":
                return self._result(message["id"], {"tools": []})
        return answer(202) if "id" not in message else answer(404)

    def _result(self, id: int, result: Any) -> bytes:
        body = orjson.dumps({"jsonrpc": "2.0", "id": id, "result": result})
        return answer(200, body, "Content-Type: application/json", "Mcp-Session-Id: 1")

    def _stream(self, result: Any) -> bytes:
        data = orjson.dumps({"jsonrpc": "2.0", "id": self._asked, "result": result}) if result else b""
        return answer(200, b"retry: 0\nid: 1\ndata: " + data + b"\n\n", STREAM)


async def test_a_server_that_ends_its_streams_at_once_is_not_asked_without_end(
    node: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.mcp_session.PACE_SECONDS", PACE)
    hasty = Hasty(6)
    async with serving() as server:
        server.answers["/mcp"] = hasty.answer
        node.given(reach=Reach(frozenset({f"127.0.0.1:{server.port}"})))
        connection = {"url": f"{server.url}/mcp"}
        assert await node.run("mcp.call_tool", connection=connection, name="greet") == {"result": "Hello Ada"}
    # Half a turn is for the ways to the server, which take unlike times.
    assert hasty.came[-1] - hasty.came[0] > PACE * (len(hasty.came) - 1.5)


async def test_a_list_of_tools_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = AsyncMock()
    endless.list_tools.return_value = SimpleNamespace(tools=[], next_cursor="more")

    @asynccontextmanager
    async def session(connection: Connection, context: Context) -> AsyncIterator[AsyncMock]:
        yield endless

    monkeypatch.setattr("engine.ai.tools.mcp_session", session)
    tool = ToolInput(mcp=Connection(url="https://example.com/mcp"))
    async with AsyncExitStack() as stack:
        with pytest.raises(NodeError, match="pages"):
            await open_tools([tool], NOWHERE, stack)
