"""What hangs on a flow, such as a schedule: who may do something with the flow may do it with that."""

from typing import Protocol, TypeVar

from engine.errors import NotFound
from resolvers.context import Context
from storage.access import Access


class FlowPart(Protocol):
    """A row that names its flow."""

    @property
    def flow_id(self) -> str: ...


FlowPartT = TypeVar("FlowPartT", bound=FlowPart)
ThingT = TypeVar("ThingT")


async def allowed(context: Context, row: FlowPartT | None, noun: str, need: Access) -> FlowPartT:
    """The row, if the viewer may do what is needed with its flow; raises `NotFound` and `Forbidden`."""
    part = found(row, noun)
    found(await context.asks.seen_flow(part.flow_id), noun)
    await context.flow(part.flow_id, need)
    return part


def found(thing: ThingT | None, noun: str) -> ThingT:
    """What is there; raises `NotFound`."""
    if thing is None:
        raise NotFound(f"There is no such {noun}.")
    return thing
