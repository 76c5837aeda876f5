"""The mutations by which the owner of a flow lets others see or operate it."""

from typing import Annotated

import strawberry
from strawberry import ID

from engine.errors import BadUserInput
from resolvers.authentication import ID_LENGTH, is_user_id
from resolvers.context import Info
from schema.arguments import FlowId
from schema.flows import Flow
from schema.outcomes import GrantFlowAccessPayload, RevokeFlowAccessPayload
from storage import access as store
from storage.access import Access, FlowRole
from storage.transaction import transaction

UserId = Annotated[ID, strawberry.argument(description="The user, by the `id` that `viewer` shows to that user.")]
Role = Annotated[FlowRole, strawberry.argument(description="What the user may do; it replaces an earlier grant.")]


async def grant_flow_access(info: Info, flow_id: FlowId, user_id: UserId, role: Role) -> GrantFlowAccessPayload:
    """Let another user see or operate a flow and all its executions; for its owner only."""
    flow = await info.context.flow(flow_id, Access.OWN)
    _check_user(user_id, flow.owner_id)
    async with transaction(info.context.pool) as connection:
        await store.grant(connection, flow.id, user_id, role)
    info.context.asks.forget()
    return GrantFlowAccessPayload(flow=Flow(row=flow))


async def revoke_flow_access(info: Info, flow_id: FlowId, user_id: UserId) -> RevokeFlowAccessPayload:
    """Take back what a user was granted, if anything; running subscriptions end within 30 s. For the owner only.

    What the user has created stays the user's own.
    """
    flow = await info.context.flow(flow_id, Access.OWN)
    async with transaction(info.context.pool) as connection:
        await store.revoke(connection, flow.id, user_id)
    info.context.asks.forget()
    return RevokeFlowAccessPayload(flow=Flow(row=flow))


def _check_user(user_id: str, owner_id: str) -> None:
    if not is_user_id(user_id):
        raise BadUserInput(f"The id must have 1 to {ID_LENGTH} characters.", field="userId")
    if user_id == owner_id:
        raise BadUserInput("The flow belongs to this user already.", field="userId")
