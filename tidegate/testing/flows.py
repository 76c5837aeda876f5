"""Runs a flow in memory, and tells what it did."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from engine.commands import Signal
from engine.document import FlowDocument
from engine.errors import TidegateError
from engine.event import Event
from engine.events import FlowFailed, NodeDebugLogString
from engine.guests import check_guest
from engine.interface import checked_inputs
from engine.node import AnyNode
from engine.nodes import BUILT_IN
from engine.options import ExecutionOptions
from engine.records import ExecutionError
from engine.registry import Registry
from engine.spawns import FlowEvent
from engine.state import Setup
from engine.status import ExecutionStatus, NodeStatus, RecordEvents
from engine.validation import load_document
from engine.values import Value
from tidegate.flow_file import read_flow_file
from tidegate.testing.family import Family, Member, Surroundings
from tidegate.testing.in_place import InPlace
from tidegate.testing.memory import EPOCH
from tidegate.testing.vault import Vault
from tidegate.testing.virtual_clock import Standstill, run_virtual

Flow = Mapping[str, Any] | str | PathLike[str]
"""A flow document, or the path of a file that has one, in YAML or JSON."""


class NothingComes(TidegateError):
    """A flow of a test waits for what never comes."""


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What became of an execution.

    `outputs` and `nodes` (their statuses) are by name and id, `events` its log from FLOW_STARTED on, `logs` what its
    nodes logged, as pairs of node id and line. `duration_ms` is the time on the virtual clock.
    """

    status: ExecutionStatus
    outputs: Mapping[str, Any]
    error: ExecutionError | None
    nodes: Mapping[str, NodeStatus]
    events: Sequence[Event]
    logs: Sequence[tuple[str, str]]
    children: Sequence["FlowResult"]
    duration_ms: int

    def events_of(self, kind: str) -> list[Event]:
        """The events of a kind, such as NODE_COMPLETED."""
        return [event for event in self.events if event.kind == kind]


async def run_flow(
    flow: Flow,
    inputs: Mapping[str, Any] | None = None,
    *,
    nodes: Sequence[type[AnyNode]] = (),
    secrets: Mapping[str, str] | None = None,
    signals: Sequence[tuple[str, Any]] = (),
    events: Sequence[tuple[str, Any]] = (),
    flows: Mapping[str, Flow] | None = None,
    options: ExecutionOptions | None = None,
) -> FlowResult:
    """Run a flow to its end without a server, on a clock that skips all waiting.

    `nodes` are types beside the built-in ones, `secrets` those of the owner by name, `flows` what can be called by its
    id. Each of `signals` (name and payload) is sent when something waits for it; `events` are events from outside, as
    at `createExecution`. Nodes that block run in place.

    Raises what is wrong with the flow or the inputs (`InvalidDocument`, `InvalidFlowFile`, `BadUserInput`), with a node
    type (`InvalidNodeType`), and `NothingComes` if the flow would wait for ever.
    """
    registry = Registry(BUILT_IN.values(), [check_guest(each) for each in nodes])
    document = _document(flow, registry)
    setup = Setup(
        execution_id="EX-test",
        created_at=EPOCH,
        options=options or ExecutionOptions(record_events=RecordEvents.ALL),
        inputs=_values(checked_inputs(document, dict(inputs or {}), "inputs")),
        external_events=[FlowEvent(name, Value.of(payload)) for name, payload in events],
    )
    called = {id_: _document(each, registry) for id_, each in (flows or {}).items()}
    around = Surroundings(registry, InPlace(), called, Vault(secrets or {}).find)
    sent = [Signal(name, Value.of(payload)) for name, payload in signals]
    family = Family(around, sent, setup.options.max_children)
    root = Member(family, around.plan(document), setup)
    # A thread of its own: its clock cannot be that of the loop which this runs in.
    return await asyncio.to_thread(_live, family, root)


def _live(family: Family, root: Member) -> FlowResult:
    try:
        run_virtual(family.live(root))
    except Standstill:
        raise _nothing_comes(root) from None
    return _result(root)


def _nothing_comes(root: Member) -> NothingComes:
    waiting = [node.id for node in root.plan.nodes if root.state.nodes[node.number].status is NodeStatus.WAITING]
    names = ", ".join(waiting) or "nothing that is known"
    return NothingComes(f"The flow would wait for ever, for {names}: give what comes with signals=[(name, payload)].")


def _document(flow: Flow, registry: Registry) -> FlowDocument:
    if isinstance(flow, Mapping):
        return load_document(flow, registry)
    return read_flow_file(str(flow), registry).document


def _values(data: Mapping[str, Any]) -> Mapping[str, Value]:
    return {name: Value.of(each) for name, each in data.items()}


def _result(member: Member) -> FlowResult:
    state, entries = member.state, member.ledger.entries
    events = [entry.event for entry in entries]
    return FlowResult(
        status=state.status,
        outputs={name: value.data for name, value in (state.outputs or {}).items()},
        error=next((event.error for event in events if isinstance(event, FlowFailed)), None),
        nodes={node.id: state.nodes[node.number].status for node in member.plan.nodes},
        events=events,
        logs=[(event.node_id, event.log) for event in events if isinstance(event, NodeDebugLogString)],
        children=[_result(child) for child in member.children],
        duration_ms=entries[-1].at - member.setup.created_at,
    )
