"""The lines that tell what a run waits for, what it was told, and how its children do."""

from collections.abc import Mapping
from typing import Any

import orjson
from rich.text import Text

from tidegate.event_stream import Event
from tidegate.printable import printable
from tidegate.run_lines import node_line

PAUSED = "paused; resumeExecution lets it go on, stepExecution one node"
LONGEST_OUTPUTS = 200


def waits_for(data: Mapping[str, Any]) -> str:
    """What a node waits for, by its NODE_WAITING: a signal, its children, a time."""
    signal, children, until = data.get("signalName"), data.get("childCount"), data.get("until")
    what = [f"for the signal {signal!r}"] * bool(signal) + [f"for {_executions(children or 0)}"] * bool(children)
    return ", ".join([*what, *[f"until {until}"] * bool(until)])


def _executions(count: int) -> str:
    return f"{count} child execution{'s' * (count != 1)}"


def control_line(event: Event) -> Text | None:
    """The line that tells a wait, a command or a child; None for any other event."""
    kind, data = event["type"], event["data"]
    if kind.startswith("CHILD_EXECUTION_"):
        return _child_line(kind, data)
    match kind:
        case "NODE_WAITING" if data.get("signalName") or data.get("childCount"):
            return node_line("…", "yellow", data["nodeId"], data["nodeType"], f"waits {waits_for(data)}")
        case "SIGNAL_RECEIVED" if data["accepted"]:
            return Text(f"→ the signal {data['signalName']!r} came in", "blue")
        case "SIGNAL_RECEIVED":
            return Text(f"→ the signal {data['signalName']!r} is not accepted: {printable(data['reason'])}", "yellow")
        case "DEBUG_BREAKPOINT_HIT":
            return node_line("‖", "yellow", data["nodeId"], data["nodeType"], "breakpoint", PAUSED)
        case "FLOW_PAUSED":
            reason = f" ({printable(data['reason'])})" if data.get("reason") else ""
            return Text(f"‖ {PAUSED}{reason}", "yellow")
        case "FLOW_STEPPED":
            return Text("▸ one node may start", "blue")
        case "FLOW_RESUMED":
            return Text("▸ goes on", "blue")
        case _:
            return None


def _child_line(kind: str, data: Mapping[str, Any]) -> Text | None:
    whose = f"for the event {data['eventName']!r}" if data.get("eventName") else f"of {data.get('spawnedByNodeId')}"
    child = f"child {data['childExecutionId']} {whose}"
    match kind:
        # Those of a call are told of by its NODE_WAITING, all at once.
        case "CHILD_EXECUTION_SPAWNED" if data.get("eventName"):
            return Text(f"↳ {child}", "blue")
        case "CHILD_EXECUTION_COMPLETED":
            return Text(f"✓ {child}{_given(data) if data.get('eventName') else ''}", "green")
        case "CHILD_EXECUTION_FAILED":
            return Text(f"✗ {child}: {printable(data['error']['message'])}", "red")
        case _:
            return None


def _given(data: Mapping[str, Any]) -> str:
    """The outputs of a child; those of a call are outputs of its node, and told there."""
    outputs = data.get("outputs")
    text = printable(orjson.dumps(outputs).decode()) if outputs else ""
    return f": {text if len(text) <= LONGEST_OUTPUTS else f'{text[:LONGEST_OUTPUTS]}…'}" if text else ""
