"""The test kit of node authors: it runs what they write as a worker does, without a server and without waiting."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.errors import BadUserInput, InvalidDocument
from engine.events import NodeCompleted
from engine.registry import InvalidNodeType
from engine.status import ErrorCode
from tidegate import UNSET, Context, Input, Node, Output, RunsIn, Secret, Stream, WaitForSignal, WaitUntil
from tidegate.testing import NothingComes, run_flow, run_node

DAY_MS = 24 * 3600 * 1000
NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


class CallInput(Input):
    token: Secret


class CallOutput(Output):
    said: str


class Call(Node[CallInput, CallOutput]):
    """Gives its secret away, wherever it can."""

    type = "kit.call"

    async def run(self, inputs: CallInput, context: Context) -> CallOutput:
        token = await context.secret(inputs.token)
        context.log(f"Calling with {token}.")
        context.emit("called", {"with": token})
        return CallOutput(said=f"{token} at attempt {context.attempt}")


class CallBeside(Node[CallInput, CallOutput]):
    """Does the same where it may block."""

    type = "kit.call_beside"
    runs_in: RunsIn = "process"

    def run(self, inputs: CallInput, context: Context) -> CallOutput:
        token = context.wait(context.secret(inputs.token))
        context.log(f"Calling with {token}.")
        context.emit("called", {"with": token})
        return CallOutput(said=f"{token} at attempt {context.attempt}")


class EchoInput(Input):
    stream: Stream


class EchoOutput(Output):
    first: str = UNSET
    stream: Stream = UNSET


class Echo(Node[EchoInput, EchoOutput]):
    """Writes what it reads."""

    type = "kit.echo"

    async def run(self, inputs: EchoInput, context: Context) -> EchoOutput:
        first = str(await anext(inputs.stream))
        await context.resolve("first", first)
        async for piece in inputs.stream:
            await context.chunk("stream", f"{first} {piece}")
        return EchoOutput()


class NapInput(Input):
    signal: bool = False


class NapOutput(Output):
    payload: Any = None


class Nap(Node[NapInput, NapOutput]):
    """Waits for an hour, or for a signal."""

    type = "kit.nap"

    async def run(self, inputs: NapInput, context: Context) -> NapOutput | WaitUntil | WaitForSignal:
        if inputs.signal:
            return WaitForSignal("wake")
        return WaitUntil(context.now() + timedelta(hours=1), NapOutput(payload="slept"))


class Blocks(Node[Input, Output]):
    """Would block every other execution."""

    type = "kit.blocks"

    def run(self, inputs: Input, context: Context) -> Output:
        return Output()


def flow(nodes: Sequence[dict[str, Any]], *edges: str) -> dict[str, Any]:
    pairs = [edge.split(" > ") for edge in edges]
    return {
        "tidegate": 1,
        "name": "Kit",
        "nodes": list(nodes),
        "edges": [{"from": source, "to": target} for source, target in pairs],
    }


def out(name: str) -> dict[str, Any]:
    return {"id": name, "type": "flow.output", "inputs": {"name": name}}


@pytest.mark.parametrize("node_type", [Call, CallBeside])
async def test_a_node_that_is_run_by_itself_tells_what_it_did_without_the_secrets_that_it_used(
    node_type: type[Node[Any, Any]],
) -> None:
    token = {"$secret": "shop"}
    result = await run_node(node_type, {"token": token}, secrets={"shop": "sk-4711"}, attempt=2)
    assert result.error is None
    assert result.outputs == {"said": "[secret shop] at attempt 2"}
    assert result.logs == ["Calling with [secret shop]."]
    assert result.emitted == [("called", {"with": "[secret shop]"})]
    missing = await run_node(node_type, {"token": token})
    assert missing.error
    assert missing.error.message == "There is no secret 'shop'."


async def test_what_a_node_waits_for_is_told() -> None:
    nap = await run_node(Nap, now=NOON)
    assert (nap.waits_until, nap.outputs) == (NOON + timedelta(hours=1), {"payload": "slept"})
    assert (await run_node(Nap, {"signal": True})).waits_for == "wake"


async def test_a_stream_is_given_and_told_as_a_list() -> None:
    result = await run_node(Echo, {"stream": ["a", "b", "c"]})
    assert (result.error, result.outputs, result.pieces) == (None, {"first": "a"}, {"stream": ["a b", "a c"]})


async def test_wrong_inputs_are_an_error_of_the_node_and_a_wrong_type_one_of_the_test() -> None:
    wrong = await run_node(Nap, {"signal": "yes"})
    assert wrong.error
    assert (wrong.error.code, wrong.error.retryable) == (ErrorCode.INPUT, False)
    assert wrong.error.message == "Input 'signal': expected boolean, got string."
    with pytest.raises(InvalidNodeType, match="no `async def`"):
        await run_node(Blocks)


async def test_a_flow_that_sleeps_for_a_day_takes_no_time() -> None:
    began = time.monotonic()
    nodes = [{"id": "sleep", "type": "time.sleep", "inputs": {"durationMs": DAY_MS}}, {"id": "nap", "type": "kit.nap"}]
    result = await run_flow(flow([*nodes, out("said")], "nap.payload > said.value"), nodes=[Nap])
    assert (result.status, result.outputs) == ("COMPLETED", {"said": "slept"})
    assert result.duration_ms == DAY_MS
    assert time.monotonic() - began < 60
    assert result.nodes == {"sleep": "COMPLETED", "nap": "COMPLETED", "said": "COMPLETED"}
    completed = result.events_of("NODE_COMPLETED")
    assert [event.node_id for event in completed if isinstance(event, NodeCompleted)] == ["nap", "said", "sleep"]


async def test_a_flow_gets_the_signals_and_secrets_that_the_test_gives_and_keeps_its_logs() -> None:
    nodes = [
        {"id": "nap", "type": "kit.nap", "inputs": {"signal": True}},
        {"id": "call", "type": "kit.call_beside", "inputs": {"token": {"$secret": "shop"}}},
        out("woken"),
    ]
    document = flow(nodes, "nap.payload > woken.value", "nap.__success > call.__execute")
    result = await run_flow(
        document, nodes=[Nap, CallBeside], signals=[("wake", {"by": "Ada"})], secrets={"shop": "sk-4711"}
    )
    assert result.outputs == {"woken": {"by": "Ada"}}
    assert result.logs == [("call", "Calling with [secret shop].")]
    with pytest.raises(NothingComes, match="for nap: give what comes with signals="):
        await run_flow(document, nodes=[Nap, CallBeside])


async def test_flows_that_are_called_run_as_children() -> None:
    item = {"id": "item", "type": "flow.input", "inputs": {"name": "item"}}
    inner = flow([item, out("same")], "item.value > same.value")
    outer = flow(
        [{"id": "map", "type": "flow.map", "inputs": {"flowId": "FL-inner", "items": [1, 2]}}, out("all")],
        "map.results > all.value",
    )
    result = await run_flow(outer, flows={"FL-inner": inner})
    assert result.outputs == {"all": [{"same": 1}, {"same": 2}]}
    assert [child.outputs for child in result.children] == [{"same": 1}, {"same": 2}]


async def test_what_really_takes_time_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(
        "{tidegate: 1, name: CEL, nodes: [{id: two, type: expr.cel, inputs: {expression: 1 + 1}}, "
        "{id: out, type: flow.output, inputs: {name: two}}], edges: [{from: two.result, to: out.value}]}"
    )
    assert (await run_flow(path)).outputs == {"two": 2}


async def test_a_failure_names_its_node_and_a_flow_or_inputs_that_are_wrong_are_refused() -> None:
    failing = flow([{"id": "call", "type": "kit.call", "inputs": {"token": {"$secret": "none"}}}])
    result = await run_flow(failing, nodes=[Call])
    assert result.status == "FAILED"
    assert result.error
    assert (result.error.node_id, result.error.message) == ("call", "There is no secret 'none'.")
    with pytest.raises(InvalidDocument, match=r"no node type 'kit\.call'"):
        await run_flow(failing)
    with pytest.raises(BadUserInput, match="no input 'x'"):
        await run_flow(flow([]), {"x": 1})


def test_the_kit_can_be_used_where_no_loop_runs() -> None:
    assert asyncio.run(run_flow(flow([]))).status == "COMPLETED"
