"""From an execution and what is wanted of it to a fork that can be stored; every refusal names its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.capability import changed_types
from engine.errors import BadUserInput, InvalidState
from engine.events import NodeEvent
from engine.forks import Original, changed_nodes, downstream, take_over
from engine.ids import new_execution_id
from engine.interface import check_inputs
from engine.labels import Label
from engine.options import ExecutionOptions
from engine.plan import Plan
from engine.spelling import SHOWN, did_you_mean
from engine.status import ExecutionStatus
from engine.values import Value
from resolvers.context import Context
from resolvers.creation import check_port_values
from schema.inputs import ForkExecutionInput
from storage.access import Access
from storage.execution_rows import ExecutionRow
from storage.executions import NewExecution
from storage.forks import TakenOver, load_values, payload_ids, read_original, stored_values
from storage.versions import Version

FROM_NODE = "input.fromNodeId"
RETRIED = (ExecutionStatus.FAILED, ExecutionStatus.STOPPED)


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork to be made of an execution, for an owner, on a version.

    `port_values` are `{"nodeId", "port", "value"}`, `external_events` `{"eventName", "payload"}`.
    """

    row: ExecutionRow
    version: Version
    owner_id: str
    inputs: Mapping[str, Value]
    port_values: Sequence[Mapping[str, Any]]
    external_events: Sequence[Mapping[str, Any]]
    events: Sequence[NodeEvent]

    @property
    def taken_over(self) -> TakenOver:
        """What it begins with."""
        outputs = (value for event in self.events for value in event.values())
        ports = (item["value"] for item in self.port_values if isinstance(item["value"], Value))
        external = (event["payload"] for event in self.external_events)
        payloads = payload_ids([*outputs, *self.inputs.values(), *ports, *external])
        return TakenOver(self.row.id, self.events, payloads)

    def execution(self, key: str | None, request: str | None, labels: Sequence[Label]) -> NewExecution:
        """The execution itself; what is not said is the original's."""
        return NewExecution(
            id=new_execution_id(),
            flow_id=self.row.flow_id,
            flow_version=self.version.row.version,
            flow_name=self.version.row.name,
            owner_id=self.owner_id,
            inputs=self.inputs,
            port_values=self.port_values,
            options=_options(self.row.options, self.version.plan),
            integration=self.row.integration,
            external_events=self.external_events,
            priority=self.row.priority,
            idempotency_key=key,
            request_digest=request,
            forked_from_id=self.row.id,
            runs_event=_runs_event(self.row),
            labels=labels,
        )


async def retry_of(context: Context, row: ExecutionRow) -> Fork:
    """What a retry is made of; raises `InvalidState` where nothing is to run again, `NotFound` for a deleted flow."""
    await context.flow(row.flow_id, Access.OPERATE)
    if not row.status.ended:
        raise InvalidState(f"Cannot retry an execution in status {row.status}", status=row.status)
    version = await context.services.versions.get(row.flow_id, row.flow_version)
    original = await read_original(context.pool, row, version.plan)
    if row.status not in RETRIED and not original.has_failures:
        message = f"Cannot retry an execution in status {row.status} in which nothing has failed"
        raise InvalidState(message, status=row.status)
    fork = _unchanged(context, row, version, take_over(original, frozenset()))
    return replace(fork, external_events=_events(row, original)) if _only_spawns(row) else fork


async def fork_of(context: Context, row: ExecutionRow, given: ForkExecutionInput) -> Fork:
    """What a fork is made of; raises `BadUserInput`, or `NotFound` for a flow or version that is not there."""
    flow = await context.flow(row.flow_id, Access.OPERATE)
    old = await context.services.versions.get(flow.id, row.flow_version)
    new = old if given.flow_version is None else await context.services.versions.get(flow.id, given.flow_version)
    edits = check_port_values(given.port_values or [], new.document, new.node_types)
    original = await read_original(context.pool, row, old.plan)
    left_out = _cut(row, original, new.plan, given.from_node_id)
    if new.row.version != old.row.version:
        left_out |= changed_nodes(original.state, new.plan, _changed_types(old) | _changed_types(new))
    fork = _unchanged(context, row, new, take_over(original, left_out))
    _refuse_late_edits(edits, fork)
    if new.row.version != old.row.version:
        fork = await _fitted(context, fork)
    return replace(fork, port_values=_edited(fork.port_values, edits))


def _unchanged(context: Context, row: ExecutionRow, version: Version, taken: Sequence[NodeEvent]) -> Fork:
    external = [{**event, "payload": Value.stored(event["payload"])} for event in row.external_events]
    ports = [{**item, "value": Value.stored(item["value"])} for item in row.port_values]
    return Fork(row, version, context.viewer.id, stored_values(row.inputs), ports, external, taken)


def _runs_event(row: ExecutionRow) -> bool:
    return bool(row.external_events) and not _only_spawns(row)


def _only_spawns(row: ExecutionRow) -> bool:
    """Whether it runs no node, but only children for events from outside."""
    return bool(row.external_events) and row.parent_id is None and not row.runs_event


def _events(row: ExecutionRow, original: Original) -> list[dict[str, Any]]:
    """The events from outside whose children have not completed, to be run for again."""
    events = [row.external_events[place] for place in original.open_events]
    return [{**event, "payload": Value.stored(event["payload"])} for event in events]


def _cut(row: ExecutionRow, original: Original, plan: Plan, node_id: str) -> frozenset[str]:
    """The nodes that are to run again in any case."""
    if _only_spawns(row):
        said = "The execution runs no node itself, but a child for each of its events. Fork one of those."
        raise BadUserInput(said, field=FROM_NODE)
    if node_id not in plan.numbers:
        said = f"The flow has no node {node_id[:SHOWN]!r}.{did_you_mean(node_id, plan.numbers)}"
        raise BadUserInput(said, field=FROM_NODE)
    event = original.state.setup.event
    if plan.numbers[node_id] not in plan.scope(event.name if event else None).nodes:
        raise BadUserInput(f"The node {node_id!r} takes no part in this run.", field=FROM_NODE)
    return downstream(plan, node_id)


def _changed_types(version: Version) -> frozenset[str]:
    """The node types that have other ports here than when the version was stored."""
    known = {node.type for node in version.document.nodes} <= version.node_types.keys()
    if not known:
        return frozenset(node.type for node in version.document.nodes if node.type not in version.node_types)
    return changed_types(version.document, version.row.node_types, version.node_types)


def _refuse_late_edits(edits: Sequence[Mapping[str, Any]], fork: Fork) -> None:
    """A value for a node that does not run again would have no effect."""
    taken = {event.node_id for event in fork.events}
    for number, item in enumerate(edits):
        if item["nodeId"] in taken:
            said = f"The node {item['nodeId']!r} is taken over as it completed. Fork from it, or from a node before it."
            raise BadUserInput(said, field=f"input.portValues.{number}.nodeId")


async def _fitted(context: Context, fork: Fork) -> Fork:
    """Check that another version can run for the same inputs and event, and drop the port values that it has not."""
    await load_values(context.pool, fork.row.root_id, fork.inputs.values())
    data = {name: value.data for name, value in fork.inputs.items()}
    for _, message in check_inputs(fork.version.document, data):
        _refuse_version(fork, message)
    for event in fork.external_events:
        if event["eventName"] not in fork.version.plan.listeners:
            _refuse_version(fork, f"It has no event.listen for {event['eventName']!r}.")
    return replace(fork, port_values=[item for item in fork.port_values if _has_place(item, fork.version.plan)])


def _refuse_version(fork: Fork, message: str) -> None:
    said = f"Version {fork.version.row.version} cannot run for what the execution was given. {message}"
    raise BadUserInput(said, field="input.flowVersion")


def _has_place(item: Mapping[str, Any], plan: Plan) -> bool:
    """Whether a node takes a value at this port, and no edge leads there."""
    if item["nodeId"] not in plan.numbers:
        return False
    node, port = plan.node(item["nodeId"]), item["port"]
    ports = node.node_type.ports({name: value.data for name, value in node.constants.items()}).inputs
    return port in ports and port not in node.incoming and port not in node.shaping


def _edited(ports: Sequence[Mapping[str, Any]], edits: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    given = {(item["nodeId"], item["port"]) for item in edits}
    return [*(item for item in ports if (item["nodeId"], item["port"]) not in given), *edits]


def _options(options: ExecutionOptions, plan: Plan) -> ExecutionOptions:
    """The original's options, without breakpoints at nodes that the version has not."""
    kept = [node_id for node_id in options.breakpoints if node_id in plan.numbers]
    return options.model_copy(update={"breakpoints": kept})
