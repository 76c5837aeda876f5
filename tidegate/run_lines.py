"""The lines that tell a run to people."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from tidegate.event_stream import Event
from tidegate.printable import printable

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
ID_WIDTH, TYPE_WIDTH = 20, 16


def duration(milliseconds: float) -> str:
    """A duration as people say it: `<1 ms`, `250 ms`, `1.25 s`, `2 min 5 s`, `1 h 2 min`."""
    if milliseconds < 1:
        return "<1 ms"
    if milliseconds < SECOND - 0.5:
        return f"{milliseconds:.0f} ms"
    if milliseconds < MINUTE - 5:
        return f"{milliseconds / SECOND:.2f} s"
    if milliseconds < HOUR:
        return f"{milliseconds // MINUTE:.0f} min {milliseconds % MINUTE // SECOND:.0f} s"
    return f"{milliseconds // HOUR:.0f} h {milliseconds % HOUR // MINUTE:.0f} min"


def event_line(event: Event) -> Text | None:
    """The line that tells an event; None for what is told in another way."""
    data = event["data"]
    match event["type"]:
        case "NODE_COMPLETED":
            return _node("✓", "green", data, duration(data["executionTime"]))
        case "NODE_FAILED":
            return _node("✗", "red", data, duration(data["executionTime"]), data["error"]["message"])
        case "NODE_SKIPPED":
            return _node("–", "bright_black", data, "skipped", data.get("reason"))
        case "NODE_RETRYING":
            again = f"attempt {data['attempt']} failed; again in {duration(data['delay'])}"
            return _node("↻", "yellow", data, again, data["error"]["message"])
        case "NODE_DEBUG_LOG_STRING":
            return _node("·", "bright_black", data, "", data["log"])
        case "EXECUTION_RECOVERED":
            return Text("↻ a worker was lost; another one goes on", "yellow")
        case _:
            return None


def _node(glyph: str, style: str, data: Mapping[str, Any], state: str, remark: str | None = None) -> Text:
    return node_line(glyph, style, data["nodeId"], data["nodeType"], state, remark)


def node_line(glyph: str, style: str, id_: str, type_: str, state: str, remark: str | None = None) -> Text:
    """The line of one node: glyph, id, type, state or duration, remark."""
    line = Text.assemble(
        (glyph, style), " ", (f"{id_:<{ID_WIDTH}}", "bold"), " ", (f"{type_:<{TYPE_WIDTH}}", "cyan"), " ", state
    )
    if remark:
        line.append(f"  {printable(' '.join(remark.split()))}", style)
    return line
