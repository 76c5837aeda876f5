"""Finding anything again by its global id."""

import re
from typing import Annotated, TypeVar

import strawberry
from strawberry import ID

from engine.errors import NotFound
from resolvers.context import Context, Info
from resolvers.schedules import seen_schedule
from resolvers.viewer import Viewer as Caller
from resolvers.webhooks import seen_webhook
from schema.executions import Execution
from schema.flows import Flow, FlowVersion
from schema.node import Node
from schema.node_states import NodeState
from schema.node_types import NodeType
from schema.schedules import Schedule
from schema.secrets import Secret
from schema.trees import MEMBER_SUFFIX, ROOT_SUFFIX, ExecutionTreeNode, RootExecution
from schema.viewer import Viewer
from schema.webhooks import Webhook
from storage.secrets import secret_by_id

ThingT = TypeVar("ThingT")

GlobalId = Annotated[ID, strawberry.argument(description="The `id` of any object that has one.")]

_VERSION = re.compile(r"(FL\w+)@(\d{1,9})(?::(.+))?\Z", re.DOTALL)


async def node(info: Info, id: GlobalId) -> Node | None:
    """Whatever has this global id."""
    context = info.context
    if id in context.services.node_types:
        return NodeType(row=context.services.node_types[id])
    if id.startswith("EX"):
        return await _in_execution(context, id)
    if id.startswith("SC"):
        return Schedule(row=await seen_schedule(context, id))
    if id.startswith("WH"):
        return Webhook(row=await seen_webhook(context, id))
    if match := _VERSION.match(id):
        return await _in_flow(context, *match.groups())
    if id.startswith("SE"):
        return await _secret(context, id)
    return Flow(row=await context.flow(id))


async def _secret(context: Context, id: str) -> Secret:
    async with context.pool.acquire() as connection:
        return Secret(row=await secret_by_id(connection, id, context.viewer.reader))


async def _in_execution(context: Context, id: str) -> Node:
    execution_id, has_node, node_id = id.removesuffix(ROOT_SUFFIX).removesuffix(MEMBER_SUFFIX).partition(":")
    row = await context.asks.execution(execution_id)
    if has_node:
        states = await context.asks.node_states(row)
        return NodeState(execution_id=row.id, row=_found(states.get(node_id)))
    if id.endswith(ROOT_SUFFIX):
        return RootExecution(row=_found(row if row.parent_id is None else None))
    return ExecutionTreeNode(row=row) if id.endswith(MEMBER_SUFFIX) else Execution(row=row)


async def _in_flow(context: Context, flow_id: str, number: str, node_id: str | None) -> Node:
    row = await context.flow(flow_id)
    version = FlowVersion(row=await context.asks.flow_version(row.id, int(number)))
    return version if node_id is None else _found(version.node(node_id))


def viewer(info: Info) -> Viewer:
    """Who asks."""
    caller: Caller = info.context.viewer
    return Viewer(id=ID(caller.id), name=caller.name, roles=list(caller.roles))


def _found(thing: ThingT | None) -> ThingT:
    if thing is None:
        raise NotFound
    return thing
