"""Whether a signal can be sent: the flow must wait for one of that name, and what waits now must be able to take it."""

import difflib
from typing import Any

from engine.errors import BadUserInput, ValueRefused
from engine.values import Value
from resolvers.context import Context


async def check_signal(context: Context, execution_id: str, name: str, payload: Any) -> None:
    """Refuse what no node of the execution's flow could take; raises `BadUserInput`, or `NotFound`."""
    row = await context.asks.execution(execution_id)
    version = await context.services.versions.get(row.flow_id, row.flow_version)
    if name not in version.plan.signal_nodes:
        near = difflib.get_close_matches(name[:100], version.plan.signal_nodes, 1)
        suggestion = f" Did you mean {near[0]!r}?" if near else ""
        raise BadUserInput(f"The flow has no signal.wait for {name[:100]!r}.{suggestion}", field="name")
    try:
        value = Value.of(payload)
    except ValueRefused as error:
        raise BadUserInput(error.message, field="payload") from None
    if reason := await context.services.snapshots.signal_refusal(row, name, value):
        raise BadUserInput(f"The payload does not fit: {reason}.", field="payload")
