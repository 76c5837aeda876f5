"""What one attempt gives before it ends: `Context.resolve` and `Context.chunk`."""

import asyncio
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson
from pydantic import ValidationError

from engine.attempt import take_value
from engine.chunking import Chunking
from engine.commands import NodeResolved, NodeWrote
from engine.errors import NodeError, ValueRefused
from engine.misfits import output_misfit
from engine.plan import PlanNode
from engine.ports import SYSTEM_OUTPUTS, Port, PortKind
from engine.secret_use import SecretUse
from engine.spelling import did_you_mean
from engine.values import Value

PIECE_BYTES = 4 * 1024 * 1024
"""What a piece of a stream may have as JSON text."""

Report = Callable[[NodeResolved | NodeWrote], None]


class EarlyOutputs:
    """Checks what an attempt gives, and hands it to `report`; until it is closed."""

    def __init__(self, node: PlanNode, attempt: int, secrets: SecretUse, report: Report) -> None:
        self._node = node
        self._attempt = attempt
        self._secrets = secrets
        self._report = report
        self._is_open = True
        self._given: dict[str, Value] = {}
        self._streams: dict[str, Chunking] = {}

    async def resolve(self, port: str, value: Any) -> None:
        """Give an output its value; raises `NodeError` if it cannot be given this one now."""
        if self._port(port).kind is PortKind.STREAM:
            raise NodeError(f"Output '{port}' is a stream: it is written with chunk(), piece by piece.")
        if port in self._given:
            raise NodeError(f"Output '{port}' was given a value already.")
        self._check(port, value)
        self._given[port] = taken = take_value(port, value, self._secrets)
        self._report(NodeResolved(self._node.number, self._attempt, port, taken))
        await asyncio.sleep(0)

    async def chunk(self, port: str, piece: Any) -> None:
        """Write a piece to a stream; raises `NodeError` if it cannot be written there now."""
        if self._port(port).kind is not PortKind.STREAM:
            raise NodeError(f"Output '{port}' is no stream: it is given its value with resolve(), or at the end.")
        try:
            value = Value.of(piece)
        except ValueRefused as error:
            raise ValueRefused(f"Output '{port}': {error.message}") from None
        if len(value.text) > PIECE_BYTES:
            raise ValueRefused(f"Output '{port}': The piece has {len(value.text)} bytes; the limit is {PIECE_BYTES}.")
        await self._stream(port).write(value)

    def taken(self, port: str) -> None:
        """Note that what a stream has reported is on its way to the log."""
        if port in self._streams:
            self._streams[port].taken()

    def check(self, outputs: Mapping[str, Value]) -> None:
        """Check what the attempt gives in the end; raises `NodeError` for another value than it gave before."""
        refuse_streams(self._node, outputs)
        for port, value in outputs.items():
            if port in self._given and self._given[port] != value:
                raise NodeError(f"Output '{port}' was given another value before the end.")

    def close(self) -> None:
        """Report the rest, and take nothing more; raises `ValueRefused` if a piece was none."""
        self._is_open = False
        for stream in self._streams.values():
            stream.close()

    def abandon(self) -> None:
        """Report and take nothing more."""
        self._is_open = False
        for stream in self._streams.values():
            stream.abandon()

    def _stream(self, port: str) -> Chunking:
        if port not in self._streams:
            number, attempt = self._node.number, self._attempt
            self._streams[port] = Chunking(number, attempt, port, self._secrets, self._report)
        return self._streams[port]

    def _port(self, name: str) -> Port:
        if not self._is_open:
            raise NodeError("A node gives outputs and pieces only while its run() lasts.")
        if name not in self._ports:
            system = " That is for the engine to give." if name in SYSTEM_OUTPUTS else did_you_mean(name, self._ports)
            raise NodeError(f"The node has no output {name!r}.{system}")
        return self._ports[name]

    @cached_property
    def _ports(self) -> Mapping[str, Port]:
        constants = {name: value.data for name, value in self._node.constants.items()}
        return self._node.node_type.ports(constants).outputs

    def _check(self, port: str, data: Any) -> None:
        """Let the model of the outputs judge one of them."""
        kind = self._node.node_type
        try:
            if kind.runs_in == "process":
                # What has come from there is what JSON makes of a value: the text of an enum's member, a tuple's list.
                kind.output_model.model_validate_json(orjson.dumps({port: data}))
            else:
                kind.output_model.model_validate({port: data})
        except ValidationError as error:
            # The others may be missing still.
            if details := [detail for detail in error.errors() if detail["loc"][:1] == (port,)]:
                raise output_misfit(kind.output_model, details) from None


def refuse_streams(node: PlanNode, outputs: Mapping[str, Value]) -> None:
    """Raise `NodeError` where streams are among the outputs that an attempt gives in the end."""
    for port in node.stream_outputs:
        if port in outputs:
            raise NodeError(f"Output '{port}' is a stream: it is written with chunk(), and left unset at the end.")
