"""Nodes that do what their document tells them: take so long, fail so often, give these outputs."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from engine.errors import NodeError
from engine.node import AnyNode, CallFlow, CallResult, Context, Input, Node, Number, Output, WaitUntil
from engine.nodes import BUILT_IN
from engine.ports import Constant, Many
from engine.registry import Registry
from engine.status import JoinMode


class Script(BaseModel):
    """What a node does: `fails` is how many attempts fail (-1: all), `waits` what follows the work without a worker.

    Of the nodes that can, `early` says when which outputs resolve before the end, and `writes` when pieces are written.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lasts: int = 0
    waits: int = 0
    fails: int = 0
    retryable: bool = True
    code: str = "NODE"
    gives: tuple[str, ...] = ("x", "y", "count", "flag")
    flag: bool = True
    early: dict[str, int] = Field(default_factory=dict)
    writes: tuple[int, ...] = ()


@dataclass
class Recorder:
    """What really happened, as the nodes saw it; an execution carries it as its integration data."""

    began: list[tuple[str, int]] = field(default_factory=list)
    ended: list[tuple[str, int]] = field(default_factory=list)
    on_begin: Callable[[Context, bool], None] = lambda context, is_effect: None
    on_read: Callable[[Context, Any], None] = lambda context, piece: None
    running: int = 0
    most_running: int = 0

    def begin(self, context: Context, is_effect: bool) -> None:
        self.began.append((context.node_id, context.attempt))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.on_begin(context, is_effect)

    def read(self, context: Context, piece: Any) -> None:
        self.on_read(context, piece)

    def end(self, context: Context) -> None:
        self.ended.append((context.node_id, context.attempt))
        self.running -= 1


def recorder(context: Context) -> Recorder:
    """What an execution carries to note what its nodes do."""
    return context.integration if isinstance(context.integration, Recorder) else Recorder()


class ScriptInput(Input):
    does: Annotated[dict[str, Any], Constant()] = Field(default_factory=dict)
    a: Any = None
    b: Any = None
    n: Number = 0
    items: Annotated[list[Any], Many()] = Field(default_factory=list)


class ScriptOutput(Output):
    x: Any = None
    y: Any = None
    count: Number = 0
    flag: bool = False


def blend(node_id: str, inputs: Mapping[str, Any]) -> str:
    """A short text that stands for everything that a node was given."""
    text = json.dumps([node_id, dict(inputs)], sort_keys=True)
    return hashlib.sha1(text.encode()).hexdigest()[:10]


def outputs_of(node_id: str, script: Script, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a node with this script gives for these inputs, by port in the order of declaration."""
    seen = blend(node_id, inputs)
    given = {"x": seen, "y": [seen], "count": len(seen), "flag": script.flag}
    return {port: data for port, data in given.items() if port in script.gives}


class _Scripted(Node[ScriptInput, ScriptOutput]):
    async def run(self, inputs: ScriptInput, context: Context) -> ScriptOutput | WaitUntil:
        script = Script(**inputs.does)
        recorder(context).begin(context, not self.safe)
        try:
            if script.lasts:
                await asyncio.sleep(script.lasts / 1000)
        finally:
            recorder(context).end(context)
        return conclude(script, given_to(inputs), context)


def given_to(inputs: ScriptInput) -> dict[str, Any]:
    """What a node was given, by port."""
    return {name: getattr(inputs, name) for name in sorted(inputs.model_fields_set - {"does"})}


def conclude(script: Script, given: Mapping[str, Any], context: Context) -> ScriptOutput | WaitUntil:
    """How an attempt ends."""
    if script.fails < 0 or context.attempt <= script.fails:
        raise NodeError(f"Attempt {context.attempt}.", retryable=script.retryable, code=script.code)
    outputs = ScriptOutput(**outputs_of(context.node_id, script, given))
    if script.waits:
        return WaitUntil(context.now() + timedelta(milliseconds=script.waits), outputs)
    return outputs


class PureWork(_Scripted):
    """Pure, and may take its time."""

    type = "test.pure"
    pure = True


class SafeWork(_Scripted):
    """Harmless to repeat."""

    type = "test.safe"
    safe = True


class EffectWork(_Scripted):
    """Has an effect."""

    type = "test.effect"


class AnyPureWork(_Scripted):
    """Pure, and content with the first input."""

    type = "test.any_pure"
    pure = True
    join = JoinMode.ANY


class AnyEffectWork(_Scripted):
    """Has an effect, and is content with the first input."""

    type = "test.any_effect"
    join = JoinMode.ANY


class InstantWork(Node[ScriptInput, ScriptOutput]):
    """Pure, and never waits."""

    type = "test.instant"
    pure = True

    async def run(self, inputs: ScriptInput, context: Context) -> ScriptOutput | WaitUntil:
        return conclude(Script(**inputs.does), given_to(inputs), context)


class AnyInstantWork(InstantWork):
    """Pure, never waits, and is content with the first input."""

    type = "test.any_instant"
    join = JoinMode.ANY


class RememberInput(Input):
    texts: list[str] = Field(default_factory=list)


class RememberOutput(Output):
    texts: list[str]


class Remembering(Node[RememberInput, RememberOutput]):
    """Calls the flow "sum" three times, and each time remembers one more text."""

    type = "test.remembering"
    safe = True

    async def run(self, inputs: RememberInput, context: Context) -> RememberOutput | CallFlow:
        return await self._again(inputs.texts, context)

    async def resume(
        self, inputs: RememberInput, results: Sequence[CallResult], context: Context
    ) -> RememberOutput | CallFlow:
        texts = context.memo
        return RememberOutput(texts=texts) if len(texts) == 3 else await self._again(texts, context)

    async def _again(self, texts: list[str], context: Context) -> CallFlow:
        found = await context.reach.find_flow("sum")
        return CallFlow(found, [{"a": 1}], memo=[*texts, str(len(texts)) * 70_000])


WORK: tuple[type[AnyNode], ...] = (
    PureWork, SafeWork, EffectWork, AnyPureWork, AnyEffectWork, InstantWork, AnyInstantWork,
    Remembering,
)  # fmt: skip
SCRIPTED = Registry([*WORK, *BUILT_IN.values()])
