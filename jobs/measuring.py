"""Taking the measure of what enters the log: each attempt of a node, each end of an execution."""

from collections.abc import Callable, Mapping
from typing import Any

from engine.events import FlowCancelled, FlowCompleted, FlowFailed, NodeCompleted, NodeFailed, NodeRetrying
from engine.ledger import Append
from jobs.metrics import EXECUTIONS_ENDED, NODE_RUNS


def measure(append: Append) -> None:
    """Count what an append that is committed says of nodes, and of the execution's end."""
    for entry in append.entries:
        if note := _NOTES.get(type(entry.event)):
            note(entry.event)


def _completed(event: NodeCompleted) -> None:
    runs = NODE_RUNS.of[event.node_type]
    runs.completed += 1
    runs.time(event.execution_time)


def _failed(event: NodeFailed) -> None:
    runs = NODE_RUNS.of[event.node_type]
    runs.failed += 1
    runs.time(event.execution_time)


def _retried(event: NodeRetrying) -> None:
    NODE_RUNS.of[event.node_type].retried += 1


def _ended(event: FlowCompleted | FlowFailed | FlowCancelled) -> None:
    EXECUTIONS_ENDED.labels(str(event.enters).lower()).inc()


# By type, not by isinstance for one after another: this is asked for every event.
_NOTES: Mapping[type, Callable[[Any], None]] = {
    NodeCompleted: _completed,
    NodeFailed: _failed,
    NodeRetrying: _retried,
    FlowCompleted: _ended,
    FlowFailed: _ended,
    FlowCancelled: _ended,
}
