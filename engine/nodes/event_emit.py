"""event.emit: has the flow's listeners run for an event."""

from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Constant


class EventEmitInput(Input):
    eventName: Annotated[str, Constant(), Field(min_length=1, max_length=200)] = Field(description="The event's name.")
    payload: Any = Field(default=None, description="What the listeners are given.")


class EventEmitOutput(Output):
    childExecutionId: str = Field(default="", description="The execution that runs for it, if there is a listener.")


class EventEmit(Node[EventEmitInput, EventEmitOutput]):
    """Emits an event. Where the flow has an `event.listen` of this name, a child execution is started that runs the
    listeners and what follows from them; nobody waits for it but the end of the execution."""

    type = "event.emit"
    safe = True

    async def run(self, inputs: EventEmitInput, context: Context) -> EventEmitOutput:
        child_id = context.emit(inputs.eventName, inputs.payload)
        return EventEmitOutput() if child_id is None else EventEmitOutput(childExecutionId=child_id)
