"""Signals: each wakes one wait, the oldest that it fits; one that comes before its wait is kept."""

from engine.closing import node_time
from engine.commands import Signal
from engine.decision import Decision
from engine.endings import completion
from engine.events import SignalReceived
from engine.json_schemas import misfit
from engine.records import Values
from engine.state import State
from engine.values import Value

PAYLOAD = "payload"
"""The output of a node that waits for a signal."""

KEPT_SIGNALS = 1_000
KEPT_BYTES = 8 * 1024 * 1024
"""What an execution keeps of signals that came before their waits; it stays in the memory of whoever runs it."""

FULL = f"The execution keeps {KEPT_SIGNALS} signals, or {KEPT_BYTES} bytes of them, for waits to come already."


def receive(state: State, command: Signal, now: int) -> Decision:
    """Hand a signal to the oldest wait that it fits, keep it for one to come, or say why it is not accepted."""
    waiting = state.waiting_for(command.name)
    receiver = next((number for number in waiting if _misfit(state, number, command.payload) is None), None)
    if receiver is None:
        return _keep_or_refuse(state, command, waiting or _to_come(state, command.name))
    elapsed = node_time(state.nodes[receiver], now)
    return Decision((_received(command), *completion(state, receiver, {PAYLOAD: command.payload}, elapsed)))


def refusal(state: State, name: str, payload: Value) -> str | None:
    """Why a signal fits none of the nodes that wait for it now; None if it fits one, or none waits."""
    reasons = [_misfit(state, number, payload) for number in state.waiting_for(name)]
    return reasons[0] if reasons and None not in reasons else None


def take_kept(state: State, number: int, name: str) -> Values | None:
    """The outputs of a node that begins to wait and finds a signal that was kept and fits; None if there is none."""
    for payload in state.kept.get(name, ()):
        if _misfit(state, number, payload) is None:
            return {PAYLOAD: payload}
    return None


def _keep_or_refuse(state: State, command: Signal, numbers: list[int]) -> Decision:
    """Keep what fits a node to come; of nodes that wait there is none that it fits."""
    reasons = [_misfit(state, number, command.payload) for number in numbers]
    if None in reasons:
        return Decision((_received(command, FULL if _keeps_too_much(state) else None),))
    said = f"The payload does not fit: {reasons[0]}." if reasons else "No node will wait for this signal any more."
    return Decision((_received(command, said),))


def _keeps_too_much(state: State) -> bool:
    kept = [payload for payloads in state.kept.values() for payload in payloads]
    return len(kept) >= KEPT_SIGNALS or sum(len(payload.text) for payload in kept) >= KEPT_BYTES


def _received(command: Signal, reason: str | None = None) -> SignalReceived:
    return SignalReceived(signal_name=command.name, payload=command.payload, accepted=reason is None, reason=reason)


def _to_come(state: State, name: str) -> list[int]:
    """The nodes of the run that may still come to wait for this signal."""
    return [
        number
        for number in state.plan.signal_nodes.get(name, ())
        if state.is_inside(number) and not state.nodes[number].status.ended
    ]


def _misfit(state: State, number: int, payload: Value) -> str | None:
    schema = state.constants(state.plan.nodes[number]).get("schema")
    return misfit(payload.data, schema.data) if schema is not None and isinstance(schema.data, dict) else None
