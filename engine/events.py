"""Every kind of event of an execution's log, declared once.

A class here is the event's stored form, its GraphQL type (`NodeStarted` → `NodeStartedEvent`), its enum value
(`NODE_STARTED`), its row of the transition table (`leaves`, `enters`) and its documentation.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import orjson
from pydantic import Field

from engine.records import DateTimeText, ExecutionError, Id, Record, Values, encode_part, made
from engine.status import ExecutionStatus, NodeStatus
from engine.values import Value

CREATED, RUNNING, PAUSED = ExecutionStatus.CREATED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED


EVENT_TYPES: dict[str, type["Event"]] = {}
"""Every event class by its kind, in the order of declaration."""


class Event(Record):
    """Something that happened in an execution."""

    kind: ClassVar[str] = ""
    leaves: ClassVar[frozenset[ExecutionStatus]] = frozenset()
    enters: ClassVar[ExecutionStatus | None] = None
    wire: ClassVar[tuple[tuple[str, str], ...]] = ()
    all_fields: ClassVar[set[str]] = set()

    def __init_subclass__(cls, **declared: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        abstract: bool = False,
        leaves: frozenset[ExecutionStatus] | None = None,
        enters: ExecutionStatus | None = None,
        **options: Any,
    ) -> None:
        super().__pydantic_init_subclass__(**options)
        cls.leaves = leaves if leaves is not None else cls.leaves
        cls.enters = enters or cls.enters
        cls.wire = tuple((field.alias or name, name) for name, field in cls.model_fields.items())
        cls.all_fields = set(cls.model_fields)
        if not abstract:
            cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
            EVENT_TYPES[cls.kind] = cls

    if not TYPE_CHECKING:
        # For mypy it is pydantic's plugin that declares it, with the fields of each class.
        @classmethod
        def model_construct(cls, **fields: Any) -> Self:
            """Make an event of all its fields without checking them: for the kinds that every node has."""
            return made(cls, fields, cls.all_fields)

    def values(self) -> Iterable[Value]:
        """The values that the event carries."""
        return ()

    def encode(self) -> bytes:
        """The event's `data` as JSON text."""
        fields = self.__dict__
        return orjson.dumps({alias: fields[name] for alias, name in self.wire}, default=encode_part)


def decode(kind: str, data: str | bytes | Mapping[str, Any]) -> Event:
    """Read an event back from its kind and its `data`."""
    fields = data if isinstance(data, Mapping) else orjson.loads(data)
    return EVENT_TYPES[kind].model_validate(fields)


# --- the execution ----------------------------------------------------------------------------------------------------


class ExecutionCreated(Event):
    """The execution exists and its stream is open; always the first event, at index -1."""

    flow_id: Id = Field(description="The flow that is run.")
    flow_version: int = Field(description="The version of it, pinned for the whole run.")
    flow_name: str = Field(description="The flow's name in that version.")
    owner_id: Id = Field(description="Whom the execution belongs to.")
    root_execution_id: Id = Field(description="The root of the tree; the execution itself if it is the root.")
    parent_execution_id: Id | None = Field(None, description="The execution that spawned it.")
    depth: int = Field(0, description="The distance from the root.")
    forked_from_id: Id | None = Field(
        None,
        description="The execution that it was forked from. The NODE_COMPLETED events before FLOW_STARTED are those of "
        "the nodes that were taken over from there, and the NODE_OUTPUT_CHUNK events the streams of these.",
    )


class ExecutionRecovered(Event):
    """A worker took over from one that was lost; running attempts of the lost worker are repeated."""

    worker_id: str = Field(description="The worker that goes on.")
    previous_worker_id: str | None = Field(None, description="The worker that was lost.")
    failure_count: int = Field(description="How many workers this execution has lost so far.")
    alone: bool = Field(False, description="Whether that worker's process was seen to die while it ran nothing else.")


class FlowStarted(Event, leaves=frozenset({CREATED}), enters=RUNNING):
    """The start was accepted; nodes run from now on."""

    worker_id: str = Field(description="The worker that runs it.")


class TerminalEvent(Event, abstract=True):
    """The end of an execution: the last event of its log."""

    execution_time: float = Field(description="Milliseconds since FLOW_STARTED; 0 if it never started.")


class FlowCompleted(TerminalEvent, leaves=frozenset({RUNNING}), enters=ExecutionStatus.COMPLETED):
    """Every node has ended and no failure was left unhandled."""

    outputs: Values = Field(description="The values of the flow.output nodes by name.")
    failed_node_count: int = Field(0, description="How many nodes failed and were handled.")

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class FlowFailed(TerminalEvent, leaves=frozenset({CREATED, RUNNING, PAUSED}), enters=ExecutionStatus.FAILED):
    """The execution failed."""

    error: ExecutionError = Field(description="What failed it.")


class FlowCancelled(TerminalEvent, leaves=frozenset({CREATED, RUNNING, PAUSED}), enters=ExecutionStatus.STOPPED):
    """The execution was stopped."""

    reason: str | None = Field(None, description="The reason that was given.")


class FlowPaused(Event, leaves=frozenset({RUNNING, PAUSED}), enters=PAUSED):
    """No node starts from now on; those that run may finish."""

    reason: str | None = Field(None, description="The reason that was given.")
    running_nodes: int = Field(description="How many nodes are still running.")
    by_parent: bool = Field(False, description="Whether it was paused along with its parent.")


class FlowDrained(Event):
    """The last node that was running when the execution was paused has ended."""


class FlowResumed(Event, leaves=frozenset({RUNNING, PAUSED}), enters=RUNNING):
    """A paused execution goes on."""


class FlowStepped(Event):
    """One node of the paused execution may start: the first ready one in document order, or the next to become so."""


class BreakpointsSet(Event):
    """The breakpoints were replaced."""

    node_ids: list[Id] = Field(description="The nodes that the execution now stops before.")


# --- nodes ------------------------------------------------------------------------------------------------------------


class NodeEvent(Event, abstract=True):
    """Something that happened to one node."""

    node_id: Id = Field(description="The node's id in the flow document.")
    node_type: str = Field(description="The node's type.")


class NodeStarted(NodeEvent):
    """An attempt of the node begins."""

    attempt: int = Field(description="Counts from 1; a retry or a run repeated after a crash is a new attempt.")
    inputs: Values = Field(description="The values at the node's input ports.")
    idempotency_key: str = Field(
        description="The same in every attempt: outside systems use it to count an effect once."
    )

    def values(self) -> Iterable[Value]:
        return self.inputs.values()


class NodeCompleted(NodeEvent):
    """The node ended well; its outputs are the checkpoint that a recovery goes on from."""

    attempt: int = Field(description="The attempt that ended; 0 if the node was taken over and did not run here.")
    outputs: Values = Field(description="The values at the output ports that resolved.")
    execution_time: float = Field(description="Milliseconds that the attempt took.")

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class NodeFailed(NodeEvent):
    """The node failed for good: there are no more attempts."""

    attempt: int = Field(description="The last attempt; 0 if none was made.")
    error: ExecutionError = Field(description="Why it failed.")
    execution_time: float = Field(description="Milliseconds that the attempt took.")


class NodeRetrying(NodeEvent):
    """An attempt failed and another follows after a delay."""

    attempt: int = Field(description="The attempt that failed.")
    error: ExecutionError = Field(description="Why it failed.")
    delay: float = Field(description="Milliseconds until the next attempt.")


class NodeSkipped(NodeEvent):
    """The node will not run, because what it waits for cannot come."""

    reason: str | None = Field(None, description="Why, for people.")
    caused_by: list[Id] = Field(description="The nodes whose outcome caused it.")


class Calls(Record):
    """Runs of one flow version that a node asked for, each a child execution."""

    flow_id: Id = Field(description="The flow that is called.")
    flow_version: int = Field(description="Its version: the newest one when the calling execution was created.")
    flow_name: str = Field(description="Its name in that version.")
    inputs: Value = Field(description="The inputs of each run, as a list of objects by flow.input name.")
    count: int = Field(description="How many runs there are.")
    concurrency: int | None = Field(None, description="How many of them may run at once; null: all.")
    memo: Value | None = Field(None, description="What the node wants to know again when it goes on.")

    def values(self) -> Iterable[Value]:
        """The values that it carries."""
        return (self.inputs,) if self.memo is None else (self.inputs, self.memo)


class NodeWaiting(NodeEvent):
    """The node waits without holding a worker."""

    until: DateTimeText | None = Field(None, description="When the wait ends at the latest.")
    signal_name: str | None = Field(None, description="The signal that it waits for.")
    child_count: int | None = Field(None, description="How many child executions it waits for.")
    outputs: Values | None = Field(
        None, alias="promised", description="What the node will give when its time has come."
    )
    calls: Annotated[Calls, "JSON"] | None = Field(None, description="The child executions that it asked for.")

    def values(self) -> Iterable[Value]:
        yield from (self.outputs or {}).values()
        if self.calls:
            yield from self.calls.values()


class NodeStatusChanged(NodeEvent):
    """The node went from one status to another."""

    old_status: NodeStatus = Field(description="The status before.")
    new_status: NodeStatus = Field(description="The status from now on.")


class NodeDebugLogString(NodeEvent):
    """The node wrote a line to its log."""

    log: str = Field(description="The line.")


class NodePortResolved(NodeEvent):
    """The node gave an output a value before it ended; it is void when another attempt follows."""

    attempt: int = Field(description="The attempt that gave it.")
    port: str = Field(description="The output port.")
    value: Value = Field(description="The value; of a stream, whose pieces follow, a reference to it.")

    def values(self) -> Iterable[Value]:
        return (self.value,)


class NodeOutputChunk(NodeEvent):
    """The node wrote to a stream: pieces that came close together, as one list.

    Whoever shows the stream appends them, the pieces of a text joined without anything in between, and begins anew when
    `sequence` is 0.
    """

    attempt: int = Field(description="The attempt that wrote them; what an earlier one wrote is void.")
    port: str = Field(description="The stream's output port.")
    sequence: int = Field(description="The place in the stream of the first of these pieces, from 0.")
    count: int = Field(description="How many pieces these are.")
    chunk: Value = Field(description="The pieces, as a list.")

    def values(self) -> Iterable[Value]:
        return (self.chunk,)


# --- edges ------------------------------------------------------------------------------------------------------------


class EdgeEvent(Event, abstract=True):
    """Something that happened on one edge."""

    source: str = Field(description="The source port as `node.port`.")
    target: str = Field(description="The target port as `node.port`.")


class EdgeTransferStarted(EdgeEvent):
    """A value sets out along an edge."""


class EdgeTransferCompleted(EdgeEvent):
    """The value has arrived."""

    transfer_time: float = Field(description="Milliseconds since the source port resolved.")


class EdgeTransferFailed(EdgeEvent):
    """The value does not fit the port that it came to."""

    error: ExecutionError = Field(description="Both kinds, and why they do not fit.")


# --- children, signals, breakpoints -----------------------------------------------------------------------------------


class ChildEvent(Event, abstract=True):
    """Something that happened to a child execution."""

    child_execution_id: Id = Field(description="The child.")
    spawned_by_node_id: Id | None = Field(None, description="The node that spawned it; null for an external event.")
    event_name: str | None = Field(None, description="The event that it runs for; null for a call.")


class ChildExecutionSpawned(ChildEvent):
    """A child execution was created, in this very append."""

    event_data: Value | None = Field(None, description="The payload of the event that it runs for.")

    def values(self) -> Iterable[Value]:
        return (self.event_data,) if self.event_data else ()


class ChildExecutionCompleted(ChildEvent):
    """A child execution completed."""

    outputs: Values = Field(description="The child's outputs.")

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class ChildExecutionFailed(ChildEvent):
    """A child execution failed or was stopped."""

    error: ExecutionError = Field(description="Why.")


class SignalReceived(Event):
    """A signal came in; it wakes one wait, or is kept for one to come."""

    signal_name: str | None = Field(None, description="The signal's name.")
    payload: Value | None = Field(None, description="What it carries.")
    accepted: bool = Field(description="False if the payload does not fit the wait's schema; the wait goes on.")
    reason: str | None = Field(None, description="Why it was not accepted.")

    def values(self) -> Iterable[Value]:
        return (self.payload,) if self.payload else ()


class DebugBreakpointHit(NodeEvent, leaves=frozenset({RUNNING}), enters=PAUSED):
    """The execution stopped before this node."""


_make_enum: Any = StrEnum
ExecutionEventType: type[StrEnum] = _make_enum("ExecutionEventType", {kind: kind for kind in EVENT_TYPES})
ExecutionEventType.__doc__ = "The kinds of events; new ones may come, so have a default branch."
