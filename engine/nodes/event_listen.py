"""event.listen: begins what runs for an event."""

from typing import Annotated, Any

from pydantic import Field

from engine.document import EVENT_LISTEN
from engine.node import Context, Input, Node, Output
from engine.ports import Constant


class EventListenInput(Input):
    eventName: Annotated[str, Constant(), Field(min_length=1, max_length=200)] = Field(description="The event's name.")


class EventListenOutput(Output):
    payload: Any = Field(description="What came with the event.")


class EventListen(Node[EventListenInput, EventListenOutput]):
    """Begins a part of the flow that runs once for each event of this name, each time as a child execution: this node,
    all that hangs on it, and whatever those wait for. An ordinary run leaves that part out."""

    type = EVENT_LISTEN
    pure = True

    async def run(self, inputs: EventListenInput, context: Context) -> EventListenOutput:
        return EventListenOutput(payload=context.event_payload)
