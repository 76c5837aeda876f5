"""All that decisions depend on, in words that can be compared."""

from collections.abc import Mapping
from typing import Any

from engine.node_record import NodeRecord
from engine.state import State


def facts(state: State) -> Mapping[str, Any]:
    """What an execution is at some moment; equal facts lead to equal decisions."""
    return {
        "nodes": [_node(record) for record in state.nodes],
        "next": (state.next_to_start(state.last_at), state.next_due(), state.next_retry(), state.next_doomed()),
        "flow": (state.status, state.executing, state.unfinished, state.fatal, state.failure_count),
        "pause": (state.is_draining, state.paused_by_parent, state.grants, set(state.granted), state.next_granted()),
        "breakpoints": (state.breakpoints, set(state.halted), set(state.passed)),
        "signals": (_lists(state.kept), _lists(state.awaited)),
        "children": [(id_, call.node, call.event_name, call.place) for id_, call in state.children.items()],
        "calls": (state.children_spawned, set(state.returned), state.next_caller()),
        "time": (state.last_index, state.last_at, state.active_ms(state.last_at)),
    }


def _lists(named: Mapping[str, list[Any]]) -> Mapping[str, list[Any]]:
    return {name: list(each) for name, each in named.items()}


def _node(record: NodeRecord) -> tuple[Any, ...]:
    calls = record.calls
    return (
        record.status, record.attempt, record.retries, record.until, record.retrying, dict(record.outputs),
        dict(record.early), dict(record.streams), record.turn,
        record.signal, record.spawned, calls and (calls.spec, calls.next, calls.open, dict(calls.ends)),
    )  # fmt: skip
