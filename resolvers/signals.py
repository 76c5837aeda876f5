"""Whether a signal can be sent: the flow must wait for one of that name, and what waits now must be able to take it."""

from typing import Any

from engine.errors import BadUserInput, ValueRefused
from engine.spelling import SHOWN, did_you_mean
from engine.values import Value
from resolvers.context import Context
from storage.access import Access


async def check_signal(context: Context, execution_id: str, name: str, payload: Any) -> None:
    """Refuse what no node of the execution's flow could take; raises `BadUserInput`, or `NotFound`."""
    row = await context.execution(execution_id, Access.OPERATE)
    version = await context.services.versions.get(row.flow_id, row.flow_version)
    if name not in version.plan.signal_nodes:
        said = f"The flow has no signal.wait for {name[:SHOWN]!r}.{did_you_mean(name, version.plan.signal_nodes)}"
        raise BadUserInput(said, field="name")
    try:
        value = Value.of(payload)
    except ValueRefused as error:
        raise BadUserInput(error.message, field="payload") from None
    if reason := await context.services.snapshots.signal_refusal(row, name, value):
        raise BadUserInput(f"The payload does not fit: {reason}.", field="payload")
