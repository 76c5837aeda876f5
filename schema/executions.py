"""Executions, their place in trees, and their lists."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from engine.errors import BadUserInput, NotFound
from engine.labels import Label as LabelModel
from engine.options import ExecutionOptions as OptionsModel
from engine.status import ExecutionCommand, ExecutionStatus, NodeStatus
from schema.arguments import NO_TYPES, After, EventTypes, First, FirstOfMany, FromIndex, NodeId
from schema.asks import Info
from schema.derive import output_of
from schema.events import ExecutionError, ExecutionEventPage, event_page
from schema.flows import Flow, FlowVersion, show_flow
from schema.lookahead import names_below
from schema.node import Node
from schema.node_states import NodeState, NodeStatusCount, ShownNodeState
from schema.paging import LONG_PAGE_LIMIT, Connection, check_first, decode_cursor, encode_cursor, page
from schema.scalars import JSON
from schema.selection import check_from_index, kinds
from schema.view import NOTHING, Known, of_row, resolved, resolved_unless_known, viewed
from storage.executions import ExecutionRow

CHILD_CURSOR = "child"
NODE_STATE_CURSOR = "nodeState"

NodeIds: TypeAlias = Annotated[list[ID] | None, strawberry.argument(description="Only these nodes.")]
NodeStatuses: TypeAlias = Annotated[
    list[NodeStatus] | None, strawberry.argument(description="Only nodes in one of these.")
]


@output_of(OptionsModel)
class ExecutionOptions: ...


@strawberry.type(description="An event that came from outside, or that a child execution runs for.")
class ExternalEvent:
    event_name: str = viewed("Its name.", itemgetter("eventName"))
    payload: JSON | None = viewed("What it carries.", itemgetter("payload"))


@strawberry.type(description="A name with a value that an execution is found by.")
class Label:
    name: str = strawberry.field(description="What is said of the execution, as in `customer`.")
    value: str = strawberry.field(description="What it is in this case.")


def show_labels(labels: Sequence[LabelModel]) -> list[Label]:
    """Make the GraphQL objects of labels."""
    return [Label(name=name, value=value) for name, value in labels]


@strawberry.type(description="One run of a flow version.")
class Execution(Node):
    row: strawberry.Private[ExecutionRow]
    known: strawberry.Private[Known] = field(default_factory=dict)

    owner_id: ID = of_row("owner_id", "Whom it belongs to.")
    status: ExecutionStatus = of_row("status", "Where it stands; it changes only by an event of its log.")
    root_execution_id: ID = of_row("root_id", "The root of its tree; itself if it is the root.")
    parent_execution_id: ID | None = of_row("parent_id", "The execution that spawned it.")
    depth: int = of_row("depth", "Its distance from the root.")
    forked_from_id: ID | None = of_row("forked_from_id", "The execution that it was forked or retried from.")
    created_at: datetime = of_row("created_at", "When it was created.")
    updated_at: datetime = of_row("updated_at", "When its log or its worker last changed.")
    started_at: datetime | None = of_row("started_at", "When its start was applied.")
    completed_at: datetime | None = of_row("completed_at", "When it ended, in whatever way.")
    inputs: JSON = of_row("inputs", "The values that it was given, by flow.input name.")
    outputs: JSON | None = of_row("outputs", "The values by flow.output name; null until COMPLETED.")
    error: ExecutionError | None = of_row("error", "Why it failed.")
    failed_node_count: int = of_row("failed_node_count", "How many nodes have failed.")
    options: ExecutionOptions = of_row("options", "How it is run.")
    integration: JSON | None = of_row("integration", "What its creator gave for the nodes to know.")
    external_events: list[ExternalEvent] = of_row(
        "external_events",
        "The events that it spawns children for; of a child, or a fork of one, the event that it runs for.",
    )
    priority: int = of_row("priority", "The higher, the earlier it is run where room is short.")
    failure_count: int = of_row("failure_count", "How many workers it has lost.")
    last_failure_reason: str | None = of_row("last_failure_reason", "Why it lost its last worker.")
    last_failure_at: datetime | None = of_row("last_failure_at", "When it lost its last worker.")
    processing_started_at: datetime | None = of_row("claimed_at", "When the worker that holds it took it.")
    processing_worker_id: str | None = of_row("worker_id", "The worker that holds it.")
    last_event_index: int = of_row("last_index", "The index of its newest event.")

    @property
    def global_id(self) -> str:
        return self.row.id

    @resolved_unless_known("The flow that is run; null once it has been deleted.")
    async def flow(self, info: Info) -> Flow | None:
        return show_flow(await info.context.asks.flow(self.row.flow_id))

    @resolved_unless_known("The version that is run; it stays when the flow is deleted.")
    async def flow_version(self, info: Info) -> FlowVersion:
        return FlowVersion(row=await info.context.asks.flow_version(self.row.flow_id, self.row.flow_version))

    @resolved_unless_known("The commands that were accepted and are not yet applied, in order.")
    async def pending_commands(self, info: Info) -> list[ExecutionCommand]:
        return list(await info.context.asks.pending_commands(self.row.id))

    @resolved_unless_known(
        "Its labels, as they were given at the creation of its root: those of a whole tree are the same."
    )
    async def labels(self, info: Info) -> list[Label]:
        return show_labels(await info.context.asks.labels(self.row.root_id))

    @resolved("The states of its nodes, in document order; `first` is 1 to 1000.")
    async def node_states(
        self,
        info: Info,
        first: FirstOfMany = 100,
        after: After = None,
        node_ids: Annotated[list[ID] | None, strawberry.argument(description="Only these nodes.")] = None,
        statuses: Annotated[
            list[NodeStatus] | None, strawberry.argument(description="Only nodes in one of these.")
        ] = None,
    ) -> Connection[NodeState]:
        check_first(first, LONG_PAGE_LIMIT)
        states = await info.context.asks.node_states(self.row)
        rest = [state for state in _behind(states, after) if _is_wanted(state, node_ids, statuses)]
        return page(rest, first, after, self._show_state, _state_cursor)

    @resolved("The state of one node.")
    async def node_state(self, info: Info, node_id: NodeId) -> NodeState | None:
        state = (await info.context.asks.node_states(self.row)).get(node_id)
        if state is None:
            raise NotFound("The flow has no such node.")
        return self._show_state(state)

    @resolved("How many nodes have each status; statuses that no node has are left out.")
    async def node_status_counts(self, info: Info) -> list[NodeStatusCount]:
        states = await info.context.asks.node_states(self.row)
        counts = Counter(state.status for state in states.values())
        return [NodeStatusCount(status=status, count=counts[status]) for status in NodeStatus if counts[status]]

    @resolved("A piece of the log from an index on; with `eventTypes` only those kinds.")
    async def events(
        self,
        info: Info,
        from_index: FromIndex = -1,
        event_types: EventTypes = NO_TYPES,
        first: FirstOfMany = 100,
    ) -> ExecutionEventPage:
        check_first(first, LONG_PAGE_LIMIT)
        check_from_index(from_index)
        read = await info.context.asks.events(self.row.id, from_index, first, kinds(event_types))
        return event_page(read, max(self.row.last_index + 1, from_index))

    @resolved("The executions that it spawned, newest first; `first` is 1 to 100.")
    async def children(self, info: Info, first: First = 50, after: After = None) -> "Connection[Execution]":
        key = decode_cursor(after, CHILD_CURSOR, str)
        limit = check_first(first) + 1
        rows = await info.context.asks.children(self.row.id, limit, key[0] if key else None)
        known = await info.context.asks.known(rows, names_below(info))
        show = partial(show_execution, known)
        return page(rows, first, after, show, lambda row: encode_cursor(CHILD_CURSOR, row.id))

    def _show_state(self, state: ShownNodeState) -> NodeState:
        return NodeState(execution_id=self.row.id, row=state)


def show_execution(known: Mapping[str, Known], row: ExecutionRow) -> Execution:
    """Make the GraphQL object of a row, with what is known beside it by the id of each execution."""
    return Execution(row=row, known=known.get(row.id, NOTHING))


def _state_cursor(state: ShownNodeState) -> str:
    return encode_cursor(NODE_STATE_CURSOR, state.node_id)


def _behind(states: Mapping[str, ShownNodeState], after: str | None) -> Iterator[ShownNodeState]:
    """The states that follow the one at a cursor, in document order."""
    key = decode_cursor(after, NODE_STATE_CURSOR, str)
    if key and key[0] not in states:
        raise BadUserInput("This is not a cursor of this list.", field="after")
    rest = iter(states.values())
    if key:
        next(state for state in rest if state.node_id == key[0])
    return rest


def _is_wanted(state: ShownNodeState, node_ids: Sequence[str] | None, statuses: Sequence[NodeStatus] | None) -> bool:
    return (node_ids is None or state.node_id in node_ids) and (statuses is None or state.status in statuses)
