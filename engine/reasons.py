"""Why an execution, or one of its nodes, does not run right now, as far as its log tells: the root cause first."""

from collections.abc import Iterable, Iterator

from pydantic import Field

from engine.entry import time_text
from engine.node_record import NodeRecord
from engine.plan import PlanEdge, PlanNode
from engine.ports import AFTER, EXECUTE
from engine.records import Id, Record
from engine.state import State
from engine.status import ExecutionStatus, JoinMode, NodeStatus, NotRunningCode

UNDER_WAY = (NodeStatus.READY, NodeStatus.EXECUTING, NodeStatus.WAITING)
REASONS_AT_MOST = 100


class NotRunningReason(Record):
    """One thing that is waited for, or that keeps from running for good."""

    code: NotRunningCode = Field(description="What kind of thing it is.")
    message: str = Field(description="The same for people.")
    node_id: Id | None = Field(None, description="The node that it is about.")
    port: str | None = Field(None, description="The port of the asked node that waits.")
    execution_id: Id | None = Field(None, description="The execution that is paused, or a child that is waited for.")


def because(
    code: NotRunningCode,
    message: str,
    node_id: str | None = None,
    port: str | None = None,
    execution_id: str | None = None,
) -> NotRunningReason:
    """Make a reason."""
    return NotRunningReason(code=code, message=message, node_id=node_id, port=port, execution_id=execution_id)


Reasons = Iterator[NotRunningReason]
Code = NotRunningCode


def is_at_work(state: State, node_id: str | None) -> bool:
    """Whether the node, or (None) any node, is executing."""
    if state.status.ended:
        return False
    if node_id is None:
        return state.executing > 0
    return state.nodes[state.plan.numbers[node_id]].status is NodeStatus.EXECUTING


def can_start(state: State, node_id: str | None) -> bool:
    """Whether a worker that has the execution could start the node, or (None) any node, at once."""
    ready = [number for number, record in enumerate(state.nodes) if record.status is NodeStatus.READY]
    numbers = ready if node_id is None else [number for number in ready if state.plan.nodes[number].id == node_id]
    return state.status is ExecutionStatus.RUNNING and bool(numbers) and state.has_place


def reasons(state: State, node_id: str | None) -> list[NotRunningReason]:
    """Why the node, or (None) the execution, does not run; empty if nothing that the log tells keeps it from it."""
    found = _of_execution(state) if node_id is None else _of_node(state, state.plan.node(node_id))
    return list(dict.fromkeys(found))[:REASONS_AT_MOST]


def _of_execution(state: State) -> Reasons:
    if state.status is not ExecutionStatus.RUNNING:
        yield from _of_status(state)
    if not state.status.ended and not state.executing:
        for node in _inside(state):
            yield from _of_wait(state, node)
        yield from _of_children(state, None)


def _of_status(state: State) -> Reasons:
    match state.status:
        case ExecutionStatus.CREATED:
            yield because(Code.NOT_STARTED, "The execution was not started yet.")
        case ExecutionStatus.PAUSED if state.halted:
            for number in sorted(state.halted):
                node = state.plan.nodes[number]
                said = f"A breakpoint stopped the execution before the node {_name(node)}."
                yield because(Code.BREAKPOINT, said, node.id)
        case ExecutionStatus.PAUSED:
            yield because(Code.PAUSED, "The execution is paused.", execution_id=state.setup.execution_id)
        case status if status.ended:
            said = f" {state.error.message}" if state.error else ""
            yield because(Code.ENDED, f"The execution has ended: it is {status}.{said}")


def _of_node(state: State, node: PlanNode) -> Reasons:
    record = state.nodes[node.number]
    if not state.is_inside(node.number):
        yield because(Code.SOURCE_SKIPPED, f"The node {_name(node)} takes no part in this run.", node.id)
    elif record.status is NodeStatus.SKIPPED:
        yield from _of_skip(state, node)
    elif record.status.ended:
        yield because(Code.ENDED, f"The node {_name(node)} has ended: it is {record.status}.", node.id)
    elif record.status is not NodeStatus.EXECUTING:
        yield from _of_open_node(state, node, record)


def _of_open_node(state: State, node: PlanNode, record: NodeRecord) -> Reasons:
    if state.status.ended:
        yield from _of_losses(state, node)
    if state.status is not ExecutionStatus.RUNNING:
        yield from _of_status(state)
    yield from _of_wait(state, node)
    if record.status is NodeStatus.READY and not state.has_place:
        limit = state.setup.options.max_concurrency
        said = f"{limit} nodes are running, and maxConcurrency allows no more."
        yield because(Code.CONCURRENCY_LIMIT, said, node.id)
    elif record.status is NodeStatus.IDLE and state.status not in (ExecutionStatus.CREATED, *_ENDED):
        yield from _of_ports(state, node)


_ENDED = tuple(status for status in ExecutionStatus if status.ended)


# --- what a node waits for --------------------------------------------------------------------------------------------


def _of_wait(state: State, node: PlanNode) -> Reasons:
    record = state.nodes[node.number]
    if record.status is not NodeStatus.WAITING:
        return
    limit = f" until {time_text(record.until)}" if record.until is not None else ""
    if record.signal is not None:
        said = f"The node {_name(node)} waits for the signal {record.signal!r}{limit}."
        yield because(Code.WAITING_FOR_SIGNAL, said, node.id)
    elif record.calls is not None:
        yield from _of_children(state, node)
    else:
        what = "for its next attempt" if record.retrying else "for its time"
        yield because(Code.WAITING_FOR_TIMER, f"The node {_name(node)} waits {what}{limit}.", node.id)


def _of_children(state: State, node: PlanNode | None) -> Reasons:
    """What is awaited of the children that a node called, or (None) of those that run for events."""
    calls = None if node is None else state.nodes[node.number].calls
    unfinished = [id_ for id_, call in state.children.items() if call.calls is calls]
    count = len(unfinished) if calls is None else calls.spec.count - len(calls.ends)
    if count:
        who = "The execution" if node is None else f"The node {_name(node)}"
        said = f"{who} waits for {count} child execution{'' if count == 1 else 's'} to end."
        child = unfinished[0] if unfinished else None
        yield because(Code.WAITING_FOR_CHILDREN, said, node.id if node else None, execution_id=child)


def _of_ports(state: State, node: PlanNode) -> Reasons:
    """First what the sources of the open ports wait for in the end, then which port waits for which source."""
    for number in _blockers(state, node):
        yield from _of_wait(state, state.plan.nodes[number])
    if node.parent is not None and not state.nodes[node.parent].is_under_way:
        group = state.plan.nodes[node.parent]
        said = f"The group {_name(group)} around the node {_name(node)} has not started."
        yield because(Code.WAITING_FOR_PORT, said, group.id)
    for edge in _open_edges(state, node):
        source = state.plan.nodes[edge.source_node]
        how = state.nodes[source.number].status
        said = f"The port {edge.target_port!r} of the node {_name(node)} waits for {edge.source}, whose node is {how}."
        yield because(Code.WAITING_FOR_PORT, said, source.id, edge.target_port)


def _blockers(state: State, node: PlanNode) -> list[int]:
    """The nodes under way, up all open edges and groups, that this one waits for in the end."""
    seen, waiting = {node.number}, [node.number]
    found: list[int] = []
    while waiting:
        for number in _awaited(state, state.plan.nodes[waiting.pop(0)]):
            if number not in seen:
                seen.add(number)
                (found if state.nodes[number].status in UNDER_WAY else waiting).append(number)
                if state.plan.nodes[number].is_group and state.nodes[number].status in UNDER_WAY:
                    waiting.append(number)
    return found


def _awaited(state: State, node: PlanNode) -> Iterator[int]:
    yield from (edge.source_node for edge in _open_edges(state, node))
    if node.parent is not None and not state.nodes[node.parent].is_under_way:
        yield node.parent
    if state.nodes[node.number].is_under_way:
        yield from (number for number in node.members if not state.nodes[number].status.ended)


def _open_edges(state: State, node: PlanNode) -> Iterator[PlanEdge]:
    """The edges from which something may still come that the node needs."""
    readiness = state.nodes[node.number].readiness
    is_content = node.join is JoinMode.ANY and (readiness.is_content or bool(readiness.met))
    for port, edges in node.incoming.items():
        waits_for_all = port == AFTER or port in node.many
        is_met = port in readiness.first and not waits_for_all
        if is_met or (is_content and port not in (EXECUTE, AFTER)):
            continue
        yield from (edge for edge in edges if _may_come(state, edge))


def _may_come(state: State, edge: PlanEdge) -> bool:
    source = state.nodes[edge.source_node]
    return edge.source_port not in source.outputs and not source.status.ended


# --- what keeps a node from ever running ------------------------------------------------------------------------------


def _of_skip(state: State, node: PlanNode) -> Reasons:
    """The origin of a skip first, then what was skipped in between."""
    chain, seen = [node], {node.number}
    for each in chain:
        for number in state.nodes[each.number].readiness.causes:
            if number not in seen:
                seen.add(number)
                chain.append(state.plan.nodes[number])
    yield from (_loss(state, each) for each in reversed(chain) if each is not node or each.disabled)


def _of_losses(state: State, node: PlanNode) -> Reasons:
    """The failures that ended the execution before the node could run."""
    upstream, seen = [node], {node.number}
    for each in upstream:
        for edge in (edge for edges in each.incoming.values() for edge in edges):
            if edge.source_node not in seen:
                seen.add(edge.source_node)
                upstream.append(state.plan.nodes[edge.source_node])
    failed = (each for each in upstream if state.nodes[each.number].status is NodeStatus.FAILED)
    yield from (_loss(state, each) for each in failed)


def _loss(state: State, node: PlanNode) -> NotRunningReason:
    record = state.nodes[node.number]
    if record.status is NodeStatus.FAILED:
        said = f"The node {_name(node)} failed: {record.error.message if record.error else ''}"
        return because(Code.SOURCE_FAILED, said, node.id)
    if node.disabled:
        return because(Code.SOURCE_SKIPPED, f"The node {_name(node)} is disabled.", node.id)
    how = "was skipped" if record.status is NodeStatus.SKIPPED else "completed without giving what is needed"
    return because(Code.SOURCE_SKIPPED, f"The node {_name(node)} {how}.", node.id)


def _name(node: PlanNode) -> str:
    return repr(node.id) if node.title is None else f"{node.id!r} ({node.title})"


def _inside(state: State) -> Iterable[PlanNode]:
    return (state.plan.nodes[number] for number in state.scope.nodes)
