"""What nodes may give before their end, and what is said to those that try something else."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, cast
from unittest.mock import AsyncMock

import pytest

from engine.chunking import Chunking
from engine.commands import NodeWrote
from engine.document import FlowDocument
from engine.early_outputs import EarlyOutputs
from engine.errors import NodeError
from engine.node import AnyNode, Context, Input, Node, Number, Output, RunsIn
from engine.plan import compile_plan
from engine.ports import UNSET, PortKind, Stream
from engine.registry import Registry
from engine.secret_use import SecretUse
from engine.status import ExecutionStatus
from engine.validation import check_document
from engine.values import Value
from tests.engine.running import Document, Run, flow, output, work
from tests.engine.streaming import STREAMING, reader, writer
from tests.engine.virtual_clock import in_virtual_time


class GivingOutput(Output):
    stream: Stream = UNSET
    text: str = "text"
    number: Number = 0


Course = Callable[[Context], Awaitable[GivingOutput | None]]


async def gave(course: Course) -> Run:
    """Run a node that does this, and gives its defaults unless told otherwise."""

    class Giving(Node[Input, GivingOutput]):
        """Does what it is told to."""

        type = "test.giving"

        async def run(self, inputs: Input, context: Context) -> GivingOutput:
            return await course(context) or GivingOutput()

    return await Run.of(flow({"id": "n", "type": "test.giving"}), Registry([Giving])).live()


def call(method: str, port: str, value: Any, *, times: int = 1, **outputs: Any) -> Course:
    async def course(context: Context) -> GivingOutput:
        for _ in range(times):
            await getattr(context, method)(port, value)
        return GivingOutput(**outputs)

    return course


@in_virtual_time
@pytest.mark.parametrize(
    ("course", "said"),
    [
        (call("resolve", "tekst", "x"), "The node has no output 'tekst'. Did you mean 'text'?"),
        (call("chunk", "__success", "x"), "The node has no output '__success'. That is for the engine to give."),
        (call("resolve", "stream", []), "Output 'stream' is a stream: it is written with chunk(), piece by piece."),
        (
            call("chunk", "text", "x"),
            "Output 'text' is no stream: it is given its value with resolve(), or at the end.",
        ),
        (call("resolve", "text", "x", times=2), "Output 'text' was given a value already."),
        (call("resolve", "text", "x", text="y"), "Output 'text' was given another value before the end."),
        (call("resolve", "number", "one"), "Output 'number': expected number, got string."),
        (call("resolve", "text", "\0"), "Output 'text': The value contains a NUL character, which cannot be stored."),
        (
            call("chunk", "stream", {1}),
            "Output 'stream': The value cannot be stored as JSON: Type is not JSON serializable: set.",
        ),
        (
            call("chunk", "stream", "x" * 5_000_000),
            "Output 'stream': The piece has 5000002 bytes; the limit is 4194304.",
        ),
    ],
)  # fmt: skip
async def test_what_cannot_be_given_fails_the_node_and_it_is_told_why(course: Course, said: str) -> None:
    done = await gave(course)
    assert done.state.error
    assert done.state.error.message == said


@in_virtual_time
async def test_a_stream_is_not_given_at_the_end() -> None:
    async def course(context: Context) -> GivingOutput:
        return GivingOutput.model_construct({"stream"}, stream=["x"])

    done = await gave(course)
    assert done.state.error
    assert done.state.error.message == (
        "Output 'stream' is a stream: it is written with chunk(), and left unset at the end."
    )


@in_virtual_time
async def test_the_same_value_may_be_given_again_at_the_end_and_a_node_may_go_on_when_it_was_refused() -> None:
    async def course(context: Context) -> GivingOutput:
        await context.resolve("text", "x")
        with pytest.raises(NodeError):
            await context.resolve("text", "y")
        await context.chunk("stream", 1)
        return GivingOutput(text="x")

    done = await gave(course)
    assert done.status is ExecutionStatus.COMPLETED


@in_virtual_time
async def test_a_node_that_goes_on_after_it_has_ended_gives_nothing_any_more() -> None:
    kept: list[Context] = []

    async def course(context: Context) -> None:
        kept.append(context)

    done = await gave(cast(Course, course))
    with pytest.raises(NodeError, match=r"only while its run\(\) lasts"):
        await kept[0].chunk("stream", 1)
    assert done.status is ExecutionStatus.COMPLETED


# --- documents --------------------------------------------------------------------------------------------------------


def messages(document: Document) -> list[str]:
    return [problem.message for problem in check_document(document, STREAMING)[1]]


def test_a_stream_fits_streams_only_and_documents_are_told_how_to_convert() -> None:
    nodes = [
        writer("w"),
        reader("r"),
        work("a"),
        output("o"),
        {"id": "array", "type": "value.array", "inputs": {"value": []}},
    ]
    wrong = flow(
        *nodes, edges=["w.stream > r.stream", "w.stream > a.a", "w.second > o.value", "w.stream > a.__execute"]
    )
    assert messages(wrong) == [
        "w.stream is of kind stream, a.a of kind any. The node type stream.buffer makes an array of a stream.",
        "w.second is of kind stream, o.value of kind any. The node type stream.buffer makes an array of a stream.",
    ]
    assert messages(flow(*nodes, edges=["array.value > r.stream", "w.done > o.value"])) == [
        "array.value is of kind array, r.stream of kind stream. The node type stream.split makes a stream of an array."
    ]


@pytest.mark.parametrize("constant", [[1, 2], {"$stream": {"nodeId": "w", "port": "stream"}}, None])
def test_a_stream_is_no_constant(constant: Any) -> None:
    given = {"id": "r", "type": "test.reader", "inputs": {"stream": constant}}
    assert messages(flow(given)) == ["A stream comes along an edge only, from an output of kind stream."]


def test_outputs_that_are_streams_need_no_value_however_they_are_declared() -> None:
    class Bare(Output):
        stream: Stream
        text: str

    assert Bare(text="x").model_fields_set == {"text"}  # type: ignore[call-arg]
    assert {port.kind for port in STREAMING["test.reader"].declared_ports().inputs.values() if port.many} == {
        PortKind.STREAM
    }


async def test_secrets_that_go_from_each_piece_into_the_next_hold_nothing_back_without_end() -> None:
    secret = "sesame!" * 10_000
    use, sent = SecretUse(AsyncMock(return_value=secret)), list[NodeWrote]()
    await use.look_up("door")

    def send(wrote: NodeWrote) -> None:
        sent.append(wrote)
        asyncio.get_running_loop().call_soon(chunking.taken)

    chunking = Chunking(0, 1, "stream", use, send)
    await chunking.write(Value.of(secret[:100]))
    for _ in range(40):
        await chunking.write(Value.of(secret[100:] + secret[:100]))
    assert sent
    chunking.close()
    pieces = [piece for wrote in sent for piece in wrote.chunk.data]
    assert len(pieces) == 41
    assert "".join(pieces) == "[secret door]" * 40 + secret[:100]


class Size(StrEnum):
    SMALL = "small"


class SizedOutput(Output):
    size: Size
    pair: tuple[int, int]


class SizedInProcess(Node[Input, SizedOutput]):
    """Gives what JSON has no type for."""

    type = "test.sized_in_process"
    runs_in: RunsIn = "process"

    def run(self, inputs: Input, context: Context) -> SizedOutput:
        raise NotImplementedError


class Sized(Node[Input, SizedOutput]):
    """Gives such things on the loop."""

    type = "test.sized"


@pytest.mark.parametrize(
    ("node_type", "taken", "refused"),
    [
        (SizedInProcess, {"size": "small", "pair": [1, 2]}, {"size": "huge", "pair": [1, "2"]}),
        (Sized, {"size": Size.SMALL, "pair": (1, 2)}, {"size": "small", "pair": [1, 2]}),
    ],
    ids=["process", "loop"],
)
async def test_what_comes_from_a_process_is_judged_by_its_json(
    node_type: type[AnyNode], taken: dict[str, Any], refused: dict[str, Any]
) -> None:
    document = FlowDocument.model_validate(flow({"id": "n", "type": node_type.type}))
    node = compile_plan(document, Registry([node_type])).node("n")
    for port in ("size", "pair"):
        given: list[Any] = []
        await EarlyOutputs(node, 1, SecretUse(), given.append).resolve(port, taken[port])
        assert [(each.port, each.value.data) for each in given] == [(port, {"size": "small", "pair": [1, 2]}[port])]
        with pytest.raises(NodeError, match=f"Output '{port}"):
            await EarlyOutputs(node, 1, SecretUse(), given.append).resolve(port, refused[port])
