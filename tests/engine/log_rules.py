"""What every log must obey, checked line by line against the naive reference."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any

from engine.entry import Entry
from engine.event import Event
from engine.events import (
    DebugBreakpointHit,
    EdgeTransferCompleted,
    EdgeTransferFailed,
    EdgeTransferStarted,
    ExecutionRecovered,
    NodeCompleted,
    NodeEvent,
    NodeFailed,
    NodeOutputChunk,
    NodePortResolved,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeStatusChanged,
    NodeWaiting,
    TerminalEvent,
)
from engine.status import NodeStatus
from engine.values import Value
from tests.engine.facts import facts
from tests.engine.reference import Dead, Facts, Ready
from tests.engine.running import Run

LEFT_OUT = ("EDGE_TRANSFER_STARTED", "EDGE_TRANSFER_COMPLETED", "EDGE_TRANSFER_FAILED")
LEFT_OUT_OF_NODES = (*LEFT_OUT, "NODE_STATUS_CHANGED", "NODE_DEBUG_LOG_STRING")
ENDS = (NodeCompleted, NodeFailed, NodeSkipped)
BESIDE = (NodeStatusChanged, DebugBreakpointHit, NodePortResolved, NodeOutputChunk)


def check_log(run: Run, document: Mapping[str, Any]) -> None:
    """Check all rules that hold for any log of a run that has ended."""
    entries = run.ledger.entries
    check_frame(entries)
    check_outcomes(document, entries)
    check_nothing_is_silent(run, document)
    for node in run.plan.nodes:
        check_node(run.of_node(node.id))
    check_fold(run)


def check_frame(entries: Sequence[Entry]) -> None:
    """Indices without a gap, times that never go back, one terminal event at the end."""
    assert [entry.index for entry in entries] == list(range(len(entries)))
    assert all(earlier.at <= later.at for earlier, later in pairwise(entries))
    terminal = [entry.index for entry in entries if isinstance(entry.event, TerminalEvent)]
    assert terminal == [len(entries) - 1]


def check_nothing_is_silent(run: Run, document: Mapping[str, Any]) -> None:
    """Whatever began has ended, and when the flow completed, everything in the document has."""
    assert all(not record.attempt or record.status.ended for record in run.state.nodes)
    if run.events[-1].kind == "FLOW_COMPLETED":
        assert all(run.statuses[node["id"]].ended for node in document["nodes"])
    ended = {event.node_id for event in run.events if isinstance(event, ENDS)}
    assert ended == {node for node, status in run.statuses.items() if status.ended}


def check_outcomes(document: Mapping[str, Any], entries: Sequence[Entry]) -> None:
    """Each node started or was skipped only when the rules said so, with the right inputs and causes."""
    chronicle = Chronicle(Facts(document))
    for entry in entries:
        chronicle.read(entry)


@dataclass
class Chronicle:
    """Reads a log line by line, and checks each against the facts so far; `running` are the nodes at work."""

    facts: Facts
    running: set[str] = field(default_factory=set)

    def read(self, entry: Entry) -> None:
        """Check an entry, and learn from it."""
        facts, event = self.facts, entry.event
        match event:
            case NodeStarted() if event.node_id not in facts.begun:
                verdict = facts.verdict(event.node_id)
                assert isinstance(verdict, Ready), f"{event.node_id} started at {entry.index}: {verdict}"
                assert _data(event.inputs) in verdict.choices, event.node_id
                facts.begin(event.node_id)
            case NodePortResolved():
                assert event.node_id in self.running
                facts.resolve(entry.index, event.node_id, {event.port: event.value.data})
            case NodeSkipped():
                verdict = facts.verdict(event.node_id)
                assert event.node_id not in facts.begun
                assert isinstance(verdict, Dead), f"{event.node_id} skipped at {entry.index}: {verdict}"
                assert frozenset(event.caused_by) in verdict.causes
                facts.end(entry.index, event.node_id, "SKIPPED")
            case NodeCompleted():
                facts.resolve(entry.index, event.node_id, {**_data(event.outputs), "__success": True})
                facts.end(entry.index, event.node_id, "COMPLETED")
            case NodeFailed():
                said = {"__error": True, "__errorMessage": event.error.message}
                facts.resolve(entry.index, event.node_id, said)
                facts.end(entry.index, event.node_id, "FAILED")
            case NodeRetrying():
                self._take_back(event.node_id)
            case ExecutionRecovered():
                self._lose()
        self._note_running(event)

    def _note_running(self, event: Event) -> None:
        if isinstance(event, NodeStarted) and self.facts.nodes[event.node_id]["type"] != "group":
            self.running.add(event.node_id)
        elif isinstance(event, (NodeCompleted, NodeFailed, NodeRetrying, NodeWaiting)):
            self.running.discard(event.node_id)

    def _lose(self) -> None:
        """What was running begins anew, unless others have ended with what it gave."""
        lost = [node for node in self.facts.nodes if node in self.running]
        self.running.clear()
        for node in lost:
            if not any(user in self.facts.ended for user in self.facts.users(node)):
                self._take_back(node)

    def _take_back(self, node: str) -> None:
        if self.facts.gave_early(node):
            self.running -= set(self.facts.take_back(node))


def _data(values: Mapping[str, Value]) -> dict[str, Any]:
    return {port: value.data for port, value in values.items()}


def check_node(events: Sequence[NodeEvent]) -> None:
    """One node's events come in the order that the contract gives."""
    plain = [event for event in events if not isinstance(event, BESIDE)]
    check_gifts(events)
    attempts = [event.attempt for event in plain if isinstance(event, NodeStarted)]
    assert attempts == list(range(1, len(attempts) + 1))
    assert sum(isinstance(event, ENDS) for event in plain) <= 1
    assert not any(isinstance(event, ENDS) for event in plain[:-1])
    for earlier, later in zip([None, *plain], plain, strict=False):
        assert _may_follow(earlier, later), f"{later.kind} after {earlier.kind if earlier else 'nothing'}"
    _check_status_changes(events)


def check_gifts(events: Sequence[NodeEvent]) -> None:
    """What a node gives before its end it gives in the attempt that runs, each port once, and the pieces in order."""
    attempt, resolved, pieces = 0, set[str](), Counter[str]()
    for event in events:
        match event:
            case NodeStarted():
                attempt, resolved, pieces = event.attempt, set(), Counter()
            case NodePortResolved():
                assert (event.attempt, event.port in resolved) == (attempt, False)
                resolved.add(event.port)
            case NodeOutputChunk():
                assert (event.attempt, event.sequence) == (attempt, pieces[event.port])
                assert event.count == len(event.chunk.data) > 0
                pieces[event.port] += event.count


def _may_follow(earlier: Event | None, later: Event) -> bool:
    match later:
        case NodeStarted():
            # Started again without a word: a worker was lost meanwhile, or what it was given was taken back.
            return earlier is None or isinstance(earlier, (NodeStarted, NodeRetrying, NodeWaiting))
        case NodeRetrying():
            return isinstance(earlier, (NodeStarted, NodeWaiting))
        case NodeWaiting():
            # One that goes on with what it called may call again.
            return isinstance(earlier, NodeStarted) or (isinstance(earlier, NodeWaiting) and earlier.calls is not None)
        case NodeCompleted(attempt=0):
            # Taken over from the execution that this one was forked from.
            return earlier is None
        case NodeCompleted():
            return isinstance(earlier, (NodeStarted, NodeWaiting))
        case NodeFailed():
            return earlier is None or isinstance(earlier, (NodeStarted, NodeWaiting, NodeRetrying))
        case NodeSkipped():
            # What had begun may be skipped when what it was given was taken back, and nothing came instead.
            return not isinstance(earlier, ENDS)
    return True


_ENTERED = {
    NodeStarted: NodeStatus.EXECUTING,
    NodeWaiting: NodeStatus.WAITING,
    NodeRetrying: NodeStatus.WAITING,
    NodeCompleted: NodeStatus.COMPLETED,
    NodeFailed: NodeStatus.FAILED,
    NodeSkipped: NodeStatus.SKIPPED,
}


def _check_status_changes(events: Sequence[NodeEvent]) -> None:
    """Where status changes are recorded, one comes right before each event that it is about."""
    changes = [event for event in events if isinstance(event, NodeStatusChanged)]
    if not changes:
        return
    status = NodeStatus.IDLE
    for before, event in zip([None, *events], events, strict=False):
        entered = _ENTERED.get(type(event), status)
        if entered is not status:
            assert isinstance(before, NodeStatusChanged)
            assert before.new_status is entered
        status = entered
    assert all(change.old_status is not change.new_status for change in changes)


def check_transfers(events: Sequence[Event]) -> None:
    """Edges come in pairs, right before the first start of the node that they lead to."""
    for is_edge, some in groupby(enumerate(events), lambda pair: pair[1].kind in LEFT_OUT):
        if not is_edge:
            continue
        transfers = list(some)
        started, arrived = [event for _, event in transfers[::2]], [event for _, event in transfers[1::2]]
        assert all(isinstance(event, EdgeTransferStarted) for event in started)
        assert all(isinstance(event, (EdgeTransferCompleted, EdgeTransferFailed)) for event in arrived)
        assert [(e.source, e.target) for e in started] == [(e.source, e.target) for e in arrived]
        start = events[transfers[-1][0] + 2]
        assert isinstance(start, NodeStarted)
        assert start.attempt == 1
        assert all(event.target.startswith(f"{start.node_id}.") for event in started)


def check_fold(run: Run) -> None:
    """The state that is read back from the log is the state of the run."""
    told = run.replayed()
    assert facts(run.state) == facts(told)
    for node, live, read in zip(run.plan.nodes, run.state.nodes, told.nodes, strict=True):
        for name in ("inputs", "outputs", "error", "started_at", "completed_at", "promised"):
            assert getattr(live, name) == getattr(read, name), (node.id, name)
        assert live.status is read.status, node.id
        assert _bytes(live.inputs) == _bytes(read.inputs)
        assert _bytes(live.outputs) == _bytes(read.outputs)
    for name in ("status", "last_index", "last_at", "started_at", "error", "outputs", "failed_node_count", "executing"):
        assert getattr(run.state, name) == getattr(told, name), name
    assert run.state.active_ms(run.state.last_at) == told.active_ms(told.last_at)


def _bytes(values: Mapping[str, Value] | None) -> list[tuple[str, bytes]]:
    return [(port, value.wire) for port, value in (values or {}).items()]
