"""From what is stored of an execution to what the engine begins with."""

from collections.abc import Iterable, Mapping

from engine.entry import milliseconds
from engine.spawns import FlowEvent
from engine.state import Setup
from engine.values import Value
from storage.claims import Claim
from storage.execution_rows import ExecutionRow


def setup_of(execution_id: str, stored: Claim | ExecutionRow) -> Setup:
    """What an execution was created with; a root spawns a child for each of its events, others run for their own."""
    events = tuple(FlowEvent(each["eventName"], Value.stored(each["payload"])) for each in stored.external_events)
    spawns = stored.parent_id is None and not stored.runs_event
    return Setup(
        execution_id=execution_id,
        created_at=milliseconds(stored.created_at),
        options=stored.options,
        inputs={name: Value.stored(data) for name, data in stored.inputs.items()},
        port_values=_port_values(stored.port_values),
        root_execution_id=stored.root_id,
        parent_execution_id=stored.parent_id,
        depth=stored.depth,
        integration=stored.integration,
        external_events=events if spawns else (),
        event=None if spawns or not events else events[0],
    )


def _port_values(given: Iterable[Mapping[str, object]]) -> dict[str, dict[str, Value]]:
    values: dict[str, dict[str, Value]] = {}
    for item in given:
        values.setdefault(str(item["nodeId"]), {})[str(item["port"])] = Value.stored(item["value"])
    return values
