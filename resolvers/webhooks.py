"""Queries and mutations of webhooks; whoever may see or operate a flow may see or manage its webhooks."""

from engine.errors import BadUserInput
from engine.interface import check_inputs
from engine.webhook_signature import new_key, show_key
from resolvers.context import Context, Info
from resolvers.creation import check_listener
from resolvers.flow_parts import allowed
from schema.arguments import After, First, FlowId
from schema.paging import Connection, check_first, decode_cursor, encode_cursor, page
from schema.webhooks import CreateWebhookPayload, DeleteWebhookPayload, EventName, Webhook, WebhookId
from storage import webhooks as store
from storage.access import Access
from storage.transaction import transaction
from storage.versions import Version
from storage.webhooks import WebhookRow

CURSOR = "webhook"


async def webhooks(info: Info, flow_id: FlowId, first: First = 50, after: After = None) -> Connection[Webhook]:
    """The webhooks of a flow, newest first."""
    key = decode_cursor(after, CURSOR, str)
    limit = check_first(first) + 1
    flow = await info.context.flow(flow_id)
    async with info.context.pool.acquire() as connection:
        rows = await store.list_webhooks(connection, flow_id=flow.id, limit=limit, after=key[0] if key else None)
    return page(rows, first, after, _show, lambda row: encode_cursor(CURSOR, row.id))


async def create_webhook(info: Info, flow_id: FlowId, event_name: EventName) -> CreateWebhookPayload:
    """Let others start a flow for an event by signed messages; its signing key is shown this once."""
    context = info.context
    flow = await context.flow(flow_id, Access.OPERATE)
    _check(event_name, await context.services.versions.get(flow.id, flow.latest_version))
    key = new_key()
    async with transaction(context.pool) as connection:
        row = await store.create_webhook(
            connection,
            context.services.keys,
            flow_id=flow.id,
            owner_id=context.owner_of_new(flow),
            event_name=event_name,
            signing_key=key,
        )
    return CreateWebhookPayload(webhook=_show(row), signing_key=show_key(key))


async def delete_webhook(info: Info, id: WebhookId) -> DeleteWebhookPayload:
    """Take a webhook out; what is sent to it from now on is refused, and the executions that it has made stay."""
    row = await seen_webhook(info.context, id, Access.OPERATE)
    async with transaction(info.context.pool) as connection:
        await store.delete_webhook(connection, row.id)
    return DeleteWebhookPayload(deleted_id=id)


async def seen_webhook(context: Context, id: str, need: Access = Access.SEE) -> WebhookRow:
    """A webhook with whose flow the viewer may do what is needed; raises `NotFound` and `Forbidden`."""
    async with context.pool.acquire() as connection:
        row = (await store.webhooks_by_id(connection, [id])).get(id)
    return await allowed(context, row, "webhook", need)


def _check(event_name: str, version: Version) -> None:
    check_listener(event_name, version, "eventName")
    for _, message in check_inputs(version.document, {}):
        raise BadUserInput(f"A webhook gives a flow an event and no inputs: {message}", field="flowId")


def _show(row: WebhookRow) -> Webhook:
    return Webhook(row=row)
