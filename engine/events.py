"""Every kind of event of an execution's log, declared once.

A class here is the event's stored form, its GraphQL type (`NodeStarted` → `NodeStartedEvent`), its enum value
(`NODE_STARTED`), its row of the transition table (`leaves`, `enters`) and its documentation.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter

from engine.event import DECLARED, Event, about
from engine.records import DateTimeText, ExecutionError, Id, Record, Values
from engine.status import CREATED, PAUSED, RUNNING, ExecutionStatus, NodeStatus
from engine.values import Value

# --- the execution ----------------------------------------------------------------------------------------------------


class ExecutionCreated(Event):
    """The execution exists and its stream is open; always the first event, at index -1."""

    flow_id: Id = about("The flow that is run.")
    flow_version: int = about("The version of it, pinned for the whole run.")
    flow_name: str = about("The flow's name in that version.")
    owner_id: Id = about("Whom the execution belongs to.")
    root_execution_id: Id = about("The root of the tree; the execution itself if it is the root.")
    parent_execution_id: Id | None = about("The execution that spawned it.", None)
    depth: int = about("The distance from the root.", 0)
    forked_from_id: Id | None = about(
        "The execution that it was forked from. The NODE_COMPLETED events before FLOW_STARTED are those of "
        "the nodes that were taken over from there, and the NODE_OUTPUT_CHUNK events the streams of these.",
        None,
    )


class ExecutionRecovered(Event):
    """A worker took over from one that was lost; running attempts of the lost worker are repeated."""

    worker_id: str = about("The worker that goes on.")
    previous_worker_id: str | None = about("The worker that was lost.", None)
    failure_count: int = about("How many workers this execution has lost so far.")
    alone: bool = about("Whether that worker's process was seen to die while it ran nothing else.", False)


class FlowStarted(Event, leaves=frozenset({CREATED}), enters=RUNNING):
    """The start was accepted; nodes run from now on."""

    worker_id: str = about("The worker that runs it.")


class TerminalEvent(Event, abstract=True):
    """The end of an execution: the last event of its log."""

    execution_time: float = about("Milliseconds since FLOW_STARTED; 0 if it never started.")


class FlowCompleted(TerminalEvent, leaves=frozenset({RUNNING}), enters=ExecutionStatus.COMPLETED):
    """Every node has ended and no failure was left unhandled."""

    outputs: Values = about("The values of the flow.output nodes by name.")
    failed_node_count: int = about("How many nodes failed and were handled.", 0)

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class FlowFailed(TerminalEvent, leaves=frozenset({CREATED, RUNNING, PAUSED}), enters=ExecutionStatus.FAILED):
    """The execution failed."""

    error: ExecutionError = about("What failed it.")


class FlowCancelled(TerminalEvent, leaves=frozenset({CREATED, RUNNING, PAUSED}), enters=ExecutionStatus.STOPPED):
    """The execution was stopped."""

    reason: str | None = about("The reason that was given.", None)


class FlowPaused(Event, leaves=frozenset({RUNNING, PAUSED}), enters=PAUSED):
    """No node starts from now on; those that run may finish."""

    reason: str | None = about("The reason that was given.", None)
    running_nodes: int = about("How many nodes are still running.")
    by_parent: bool = about("Whether it was paused along with its parent.", False)


class FlowDrained(Event):
    """The last node that was running when the execution was paused has ended."""


class FlowResumed(Event, leaves=frozenset({RUNNING, PAUSED}), enters=RUNNING):
    """A paused execution goes on."""


class FlowStepped(Event):
    """One node of the paused execution may start: the first ready one in document order, or the next to become so."""


class BreakpointsSet(Event):
    """The breakpoints were replaced."""

    node_ids: list[Id] = about("The nodes that the execution now stops before.")


# --- nodes ------------------------------------------------------------------------------------------------------------


class NodeEvent(Event, abstract=True):
    """Something that happened to one node."""

    node_id: Id = about("The node's id in the flow document.")
    node_type: str = about("The node's type.")


class NodeStarted(NodeEvent):
    """An attempt of the node begins."""

    attempt: int = about("Counts from 1; a retry or a run repeated after a crash is a new attempt.")
    inputs: Values = about("The values at the node's input ports.")
    idempotency_key: str = about("The same in every attempt: outside systems use it to count an effect once.")

    def values(self) -> Iterable[Value]:
        return self.inputs.values()


class NodeCompleted(NodeEvent):
    """The node ended well; its outputs are the checkpoint that a recovery goes on from."""

    attempt: int = about("The attempt that ended; 0 if the node was taken over and did not run here.")
    outputs: Values = about("The values at the output ports that resolved.")
    execution_time: float = about("Milliseconds that the attempt took.")

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class NodeFailed(NodeEvent):
    """The node failed for good: there are no more attempts."""

    attempt: int = about("The last attempt; 0 if none was made.")
    error: ExecutionError = about("Why it failed.")
    execution_time: float = about("Milliseconds that the attempt took.")


class NodeRetrying(NodeEvent):
    """An attempt failed and another follows after a delay."""

    attempt: int = about("The attempt that failed.")
    error: ExecutionError = about("Why it failed.")
    delay: float = about("Milliseconds until the next attempt.")


class NodeSkipped(NodeEvent):
    """The node will not run, because what it waits for cannot come."""

    reason: str | None = about("Why, for people.", None)
    caused_by: list[Id] = about("The nodes whose outcome caused it.")


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

    until: DateTimeText | None = about("When the wait ends at the latest.", None)
    signal_name: str | None = about("The signal that it waits for.", None)
    child_count: int | None = about("How many child executions it waits for.", None)
    outputs: Values | None = about("What the node will give when its time has come.", None, stored_as="promised")
    calls: Annotated[Calls, "JSON"] | None = about("The child executions that it asked for.", None)

    def values(self) -> Iterable[Value]:
        yield from (self.outputs or {}).values()
        if self.calls:
            yield from self.calls.values()


class NodeStatusChanged(NodeEvent):
    """The node went from one status to another."""

    old_status: NodeStatus = about("The status before.")
    new_status: NodeStatus = about("The status from now on.")


class NodeDebugLogString(NodeEvent):
    """The node wrote a line to its log."""

    log: str = about("The line.")


class NodePortResolved(NodeEvent):
    """The node gave an output a value before it ended; it is void when another attempt follows."""

    attempt: int = about("The attempt that gave it.")
    port: str = about("The output port.")
    value: Value = about("The value; of a stream, whose pieces follow, a reference to it.")

    def values(self) -> Iterable[Value]:
        return (self.value,)


class NodeOutputChunk(NodeEvent):
    """The node wrote to a stream: pieces that came close together, as one list.

    Whoever shows the stream appends them, the pieces of a text joined without anything in between, and begins anew when
    `sequence` is 0.
    """

    attempt: int = about("The attempt that wrote them; what an earlier one wrote is void.")
    port: str = about("The stream's output port.")
    sequence: int = about("The place in the stream of the first of these pieces, from 0.")
    count: int = about("How many pieces these are.")
    chunk: Value = about("The pieces, as a list.")

    def values(self) -> Iterable[Value]:
        return (self.chunk,)


# --- edges ------------------------------------------------------------------------------------------------------------


class EdgeEvent(Event, abstract=True):
    """Something that happened on one edge."""

    source: str = about("The source port as `node.port`.")
    target: str = about("The target port as `node.port`.")


class EdgeTransferStarted(EdgeEvent):
    """A value sets out along an edge."""


class EdgeTransferCompleted(EdgeEvent):
    """The value has arrived."""

    transfer_time: float = about("Milliseconds since the source port resolved.")


class EdgeTransferFailed(EdgeEvent):
    """The value does not fit the port that it came to."""

    error: ExecutionError = about("Both kinds, and why they do not fit.")


# --- children, signals, breakpoints -----------------------------------------------------------------------------------


class ChildEvent(Event, abstract=True):
    """Something that happened to a child execution."""

    child_execution_id: Id = about("The child.")
    spawned_by_node_id: Id | None = about("The node that spawned it; null for an external event.", None)
    event_name: str | None = about("The event that it runs for; null for a call.", None)


class ChildExecutionSpawned(ChildEvent):
    """A child execution was created, in this very append."""

    event_data: Value | None = about("The payload of the event that it runs for.", None)

    def values(self) -> Iterable[Value]:
        return (self.event_data,) if self.event_data else ()


class ChildExecutionCompleted(ChildEvent):
    """A child execution completed."""

    outputs: Values = about("The child's outputs.")

    def values(self) -> Iterable[Value]:
        return self.outputs.values()


class ChildExecutionFailed(ChildEvent):
    """A child execution failed or was stopped."""

    error: ExecutionError = about("Why.")


class SignalReceived(Event):
    """A signal came in; it wakes one wait, or is kept for one to come."""

    signal_name: str | None = about("The signal's name.", None)
    payload: Value | None = about("What it carries.", None)
    accepted: bool = about("False if the payload does not fit the wait's schema; the wait goes on.")
    reason: str | None = about("Why it was not accepted.", None)

    def values(self) -> Iterable[Value]:
        return (self.payload,) if self.payload else ()


class DebugBreakpointHit(NodeEvent, leaves=frozenset({RUNNING}), enters=PAUSED):
    """The execution stopped before this node."""


EVENT_TYPES: Mapping[str, type[Event]] = dict(DECLARED)
"""Every event class by its kind, in the order of declaration."""

_make_enum: Any = StrEnum
ExecutionEventType: type[StrEnum] = _make_enum("ExecutionEventType", {kind: kind for kind in EVENT_TYPES})
ExecutionEventType.__doc__ = "The kinds of events; new ones may come, so have a default branch."


def decode(kind: str, data: str | bytes | Mapping[str, Any]) -> Event:
    """Read an event back from its kind and its `data`; raises pydantic's `ValidationError` where that is not one."""
    return _reader(kind).validate_python(data if isinstance(data, Mapping) else orjson.loads(data))


@cache
def _reader(kind: str) -> TypeAdapter[Event]:
    return TypeAdapter(EVENT_TYPES[kind])
