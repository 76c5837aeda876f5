"""The subscription to the list of root executions."""

from collections.abc import AsyncIterator, Sequence

from resolvers.context import Context, Info
from resolvers.executions import OfFlow
from schema.lookahead import names_below
from schema.trees import RootExecutionsChange, show_root


async def root_executions_changed(info: Info, flow_id: OfFlow = None) -> AsyncIterator[RootExecutionsChange]:
    """What changes in the list of root executions: those that are new, and those that are in another status.

    The first message comes at once and is empty: what changes from then on is told, so read the list after it. There
    are at most four messages a second; several changes of one execution in between are one.
    """
    context, names = info.context, names_below(info)
    if flow_id is not None:
        await context.flow(flow_id)
    async with context.services.roots.watch(context.viewer.reader, flow_id) as watcher:
        with context.services.permits.hold(watcher, context.viewer):
            yield RootExecutionsChange(executions=[])
            while True:
                change = await _change(context, await watcher.take(), names)
                if change.executions:
                    yield change


async def _change(context: Context, ids: Sequence[str], names: frozenset[str]) -> RootExecutionsChange:
    # What nested fields have read for the message before may have changed, too.
    context.asks.forget()
    rows = await context.services.roots.read(context.viewer.reader, ids)
    known = await context.asks.known(rows, names)
    return RootExecutionsChange(executions=[show_root(known, row) for row in rows])
