"""The AI nodes against the examples' stand-in for a model, and against services that misbehave, over real HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.attempt import begin, resume
from engine.document import FlowDocument
from engine.errors import InputError, NodeError
from engine.events import Calls
from engine.host import Host
from engine.node import CallResult, Context
from engine.nodes import BUILT_IN
from engine.reach import FoundFlow, Reach
from engine.records import ExecutionError
from engine.secret_use import SecretUse
from engine.spawns import CalledFlow
from examples import model_server
from tests.engine.nodes.bench import Bench
from tests.engine.nodes.http_server import Received, Server, answer, serving

PATH = "/v1/chat/completions"
HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there, how are you?"}]
DOUBLE = FlowDocument.model_validate(
    {
        "tidegate": 1,
        "name": "Double it",
        "nodes": [
            {"id": "n", "type": "flow.input", "inputs": {"name": "n", "schema": {"type": "number"}}},
            {"id": "out", "type": "flow.output", "inputs": {"name": "twice"}},
        ],
        "edges": [{"from": "n.value", "to": "out.value"}],
    }
)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        running.answers[PATH] = _stand_in
        yield running


@pytest.fixture
def said() -> list[str]:
    """What came as pieces of a stream."""
    return []


@pytest.fixture
def ai(node: Bench, server: Server, said: list[str]) -> Bench:
    async def chunk(port: str, piece: Any) -> None:
        assert port == "stream"
        said.append(piece)

    async def find_flow(flow_id: str) -> FoundFlow:
        if flow_id != "FL1":
            raise InputError(f"There is no flow {flow_id!r}.")
        return FoundFlow(CalledFlow("FL1", 1, "Double it"), DOUBLE)

    async def find_secret(name: str) -> str:
        return "canary-4711"

    reach = Reach(frozenset({f"127.0.0.1:{server.port}"}), find_flow=find_flow, node_types=BUILT_IN)
    return node.given(reach=reach, secrets=SecretUse(find_secret), chunk=chunk, use=Host().use)


def _stand_in(request: Received) -> bytes:
    asked = json.loads(request.body)
    message, usage = model_server.answer(asked), {"total_tokens": 7}
    if asked.get("stream"):
        events = "".join([*model_server.pieces_of(message, usage)])
        return answer(200, events.encode(), "Content-Type: text/event-stream")
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    body = orjson.dumps({"choices": choices, "usage": usage, "new_field": 1})
    return answer(200, body, "Content-Type: application/json")


def _connection(server: Server, **more: Any) -> dict[str, Any]:
    return {"url": f"{server.url}/v1/", "key": {"$secret": "key"}, **more}


async def test_a_model_speaks_word_by_word_and_its_answer_is_whole_at_the_end(
    ai: Bench, server: Server, said: list[str]
) -> None:
    connection = _connection(server, parameters={"seed": 1}, headers={"X-Team": "blue"})
    outputs = await ai.run("ai.chat", connection=connection, model="m", messages=HELLO, temperature=0, maxTokens=50)
    assert outputs == {"text": "Hello there, how are you?", "usage": {"total_tokens": 7}}
    assert said == ["Hello", " there,", " how", " are", " you?"]
    [request] = server.received
    assert request.headers["authorization"] == "Bearer canary-4711"
    assert request.headers["x-team"] == "blue"
    sent = json.loads(request.body)
    assert sent["messages"] == HELLO
    assert (sent["model"], sent["temperature"], sent["max_tokens"], sent["seed"]) == ("m", 0, 50, 1)


@pytest.mark.parametrize(
    ("response", "message", "retryable"),
    [
        (answer(401, b'{"error": {"message": "Wrong key."}}'), "status 401: Wrong key.", False),
        (answer(429, b'{"error": "Slow down."}'), "status 429: Slow down.", True),
        (answer(503, b"<html>"), "status 503: <html>", True),
        (answer(302, b"", "Location: http://127.0.0.1:1/"), "status 302", False),
        (answer(200, b"{}", "Content-Type: application/json"), "text/event-stream", True),
        (answer(200, b"data: {\n\n", "Content-Type: text/event-stream"), "not of the protocol's form", True),
        (answer(200, b'data: {"choices": []}\n\n', "Content-Type: text/event-stream"), "ended before", True),
        (answer(200, b'data: {"error": {"message": "Full."}}\n\n', "Content-Type: text/event-stream"), "Full.", True),
        (answer(200, b"x", "Content-Encoding: gzip"), "encoded", False),
        (
            answer(
                200,
                b'data: {"choices": [{"delta": {}, "finish_reason": "content_filter"}]}\n\n',
                "Content-Type: text/event-stream",
            ),
            "content filter",
            False,
        ),
    ],
)
async def test_a_service_that_misbehaves_is_said_so(
    ai: Bench, server: Server, response: bytes, message: str, retryable: bool
) -> None:
    server.answers[PATH] = lambda _: response
    error = await ai.fail("ai.chat", connection=_connection(server), model="m", messages=HELLO)
    assert message in error.message
    assert error.retryable is retryable


async def test_a_service_that_is_not_there_can_be_tried_again(ai: Bench, server: Server) -> None:
    ai.given(reach=Reach(frozenset({"127.0.0.1:9"})))
    connection = {"url": "http://127.0.0.1:9/v1"}
    error = await ai.fail("ai.chat", connection=connection, model="m", messages=HELLO)
    assert error.retryable


async def test_a_service_on_a_host_that_is_not_public_is_refused(ai: Bench, server: Server) -> None:
    ai.given(reach=Reach())
    error = await ai.fail("ai.chat", connection=_connection(server), model="m", messages=HELLO)
    assert "public internet" in error.message
    assert server.received == []


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"messages": []}, "'messages'"),
        ({"messages": [{"role": "king", "content": "x"}]}, "'messages.0.role'"),
        ({"connection": {"url": "ftp://host"}}, "'connection'"),
        ({"connection": {"url": "https://host", "keys": 1}}, "'connection.keys'"),
        ({"temperature": 3}, "'temperature'"),
    ],
)
async def test_bad_inputs_name_the_place(ai: Bench, server: Server, inputs: dict[str, Any], message: str) -> None:
    given = {"connection": _connection(server), "model": "m", "messages": HELLO, **inputs}
    error = await ai.fail("ai.chat", **given)
    assert message in error.message
    assert error.failure_code == "INPUT"


SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": ["good", "bad"]}, "age": {"type": "integer"}},
    "required": ["mood"],
}


async def test_a_structured_answer_is_a_value_that_fits(ai: Bench, server: Server) -> None:
    given = {"connection": _connection(server), "model": "m", "messages": HELLO, "schema": SCHEMA}
    assert await ai.run("ai.structured", **given) == {"value": {"mood": "good", "age": 0}, "usage": {"total_tokens": 7}}
    assert json.loads(server.received[0].body)["response_format"]["json_schema"]["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"message": {"content": '{"mood": "so-so"}'}}, "does not fit the schema"),
        ({"message": {"content": "Fine, thanks."}}, "no JSON"),
        ({"message": {"content": None, "refusal": "No."}}, "refused: No."),
        ({"message": {"content": '{"mo'}, "finish_reason": "length"}, "was cut"),
    ],
)
async def test_a_structured_answer_that_does_not_fit_fails(
    ai: Bench, server: Server, choice: dict[str, Any], message: str
) -> None:
    server.answers[PATH] = lambda _: answer(200, orjson.dumps({"choices": [choice]}))
    given = {"connection": _connection(server), "model": "m", "messages": HELLO, "schema": SCHEMA}
    assert message in (await ai.fail("ai.structured", **given)).message


def _ask(*lines: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "\n".join(lines)}]


def _tool_answers(outputs: dict[str, Any]) -> list[str]:
    return [message["content"] for message in outputs["messages"] if message["role"] == "tool"]


async def test_a_model_uses_nodes_and_goes_on_with_what_they_gave(ai: Bench, server: Server) -> None:
    tools = [
        {"node": "math.arithmetic", "inputs": {"operation": "multiply"}},
        {"node": "text.length", "name": "count", "description": "Counts."},
    ]
    messages = _ask('CALL math_arithmetic {"a": 6, "b": 7}', 'CALL count {"text": "abc"}')
    outputs = await ai.run("ai.tools", connection=_connection(server), model="m", messages=messages, tools=tools)
    assert outputs["text"] == 'The tools said: {"result":42}; {"result":3}'
    assert _tool_answers(outputs) == ['{"result":42}', '{"result":3}']
    assert outputs["usage"] == {"total_tokens": 14}
    declared = {each["function"]["name"]: each["function"] for each in json.loads(server.received[0].body)["tools"]}
    assert declared["count"]["description"] == "Counts."
    assert declared["math_arithmetic"]["parameters"]["properties"].keys() == {"a", "b"}


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("CALL nothing {}", "There is no tool 'nothing'"),
        ('CALL math_arithmetic {"a": 1, "b": 0}', "zero"),
        ('CALL math_arithmetic {"a": "x", "b": 0}', "'a'"),
        ('CALL time_sleep {"durationMs": 5000}', "waits"),
        ('CALL Double_it {"m": 1}', "'m'"),
        ('CALL Double_it {"n": {"$secret": "key"}}', "refer to a secret"),
        ('CALL http_request {"url": "http://127.0.0.1:9", "headers": {"X": {"$secret": "key"}}}', "refer to a secret"),
    ],
)
async def test_a_tool_that_fails_tells_the_model_why(ai: Bench, server: Server, call: str, complaint: str) -> None:
    tools = [{"node": "math.arithmetic", "inputs": {"operation": "divide"}}, {"node": "time.sleep"}, {"flow": "FL1"}]
    tools.append({"node": "http.request"})
    outputs = await ai.run("ai.tools", connection=_connection(server), model="m", messages=_ask(call), tools=tools)
    [told] = _tool_answers(outputs)
    assert told.startswith("Error: ")
    assert complaint in told


async def _call(context: Context, inputs: dict[str, Any]) -> Calls:
    outcome = await begin(BUILT_IN["ai.tools"], inputs, context)
    assert isinstance(outcome, Calls)
    return outcome


async def test_a_flow_that_is_a_tool_runs_as_a_child_and_the_conversation_is_remembered(
    ai: Bench, server: Server
) -> None:
    tools = [{"flow": "FL1", "name": "double"}, {"node": "text.length", "name": "count"}]
    messages = _ask('CALL double {"n": 4}', 'CALL count {"text": "abc"}', 'CALL double {"n": 5}')
    inputs = {"connection": _connection(server), "model": "m", "messages": messages, "tools": tools}
    calls = await _call(ai.context, inputs)
    assert (calls.flow_id, calls.inputs.data) == ("FL1", [{"n": 4}, {"n": 5}])
    assert calls.memo is not None
    failure = ExecutionError.model_validate({"code": "NODE", "message": "Five is too much."})
    results = [CallResult("EX2", {"twice": 8}), CallResult("EX3", error=failure)]
    context = replace(ai.context, memo=calls.memo.fresh())
    outcome = await resume(BUILT_IN["ai.tools"], inputs, results, context)
    assert isinstance(outcome, dict)
    told = _tool_answers({port: value.data for port, value in outcome.items()})
    assert told[:2] == ['{"result":3}', '{"twice":8}']
    assert "Five is too much." in told[2]
    assert len(server.received) == 2


def _calling(name: str, arguments: str = "{}", calls: int = 1) -> bytes:
    """The answer of a model that calls a tool, each time with the same ids."""
    called = [{"id": f"call_{n}", "function": {"name": name, "arguments": arguments}} for n in range(calls)]
    return answer(200, orjson.dumps({"choices": [{"message": {"content": None, "tool_calls": called}}]}))


async def test_a_model_without_an_end_is_stopped_also_if_it_calls_its_calls_the_same_each_time(
    ai: Bench, server: Server
) -> None:
    server.answers[PATH] = lambda _: _calling("count", '{"text": ""}')
    given = {"connection": _connection(server), "model": "m", "messages": HELLO, "maxRounds": 3}
    error = await ai.fail("ai.tools", **given, tools=[{"node": "text.length", "name": "count"}])
    assert "after 3 rounds" in error.message
    assert len(server.received) == 3


async def test_a_conversation_that_grows_too_long_is_stopped(ai: Bench, server: Server) -> None:
    server.answers[PATH] = lambda _: _calling("repeat", calls=30)
    tools = [{"node": "debug.log", "name": "repeat", "inputs": {"message": "-", "value": "x" * 1_000_000}}]
    error = await ai.fail("ai.tools", connection=_connection(server), model="m", messages=HELLO, tools=tools)
    assert "The conversation has more than" in error.message
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("tools", "complaint"),
    [
        ([{"node": "no.such"}], "no.such"),
        ([{"node": "group"}], "group"),
        ([{"flow": "FL2"}], "FL2"),
        ([{"node": "text.length"}, {"node": "text.split", "name": "text_length"}], "text_length"),
        ([{}], "exactly one"),
        ([{"node": "text.length", "flow": "FL1"}], "exactly one"),
    ],
)
async def test_tools_that_cannot_be_are_complained_of(
    ai: Bench, server: Server, tools: list[dict[str, Any]], complaint: str
) -> None:
    error: NodeError = await ai.fail("ai.tools", connection=_connection(server), model="m", messages=HELLO, tools=tools)
    assert complaint in error.message
    assert "tools" in error.message
    assert server.received == []
