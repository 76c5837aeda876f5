"""Webhooks: what they are, and what their mutations give back."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from schema.node import Node
from schema.view import of_row, viewed
from storage.webhooks import WebhookRow

PATH = "/hooks/"


@strawberry.type(
    description="Takes signed messages from outside: each makes and starts an execution of the flow for one event."
)
class Webhook(Node):
    row: strawberry.Private[WebhookRow]

    flow_id: ID = of_row("flow_id", "The flow that it runs, always in its newest version.")
    owner_id: ID = of_row("owner_id", "Whom the executions that it makes belong to.")
    event_name: str = of_row("event_name", "The name of the event; its payload is the body of the message, as JSON.")
    path: str = viewed(
        "Where to POST to on this server, signed by the Standard Webhooks specification.",
        lambda webhook: f"{PATH}{webhook.row.id}",
    )
    created_at: datetime = of_row("created_at", "When it was made.")

    @property
    def global_id(self) -> str:
        return self.row.id


@strawberry.type(description="The outcome of createWebhook.")
class CreateWebhookPayload:
    webhook: Webhook = strawberry.field(description="The new webhook.")
    signing_key: str = strawberry.field(description="What its senders sign with: `whsec_…`. It is never shown again.")


@strawberry.type(description="The outcome of deleteWebhook.")
class DeleteWebhookPayload:
    deleted_id: ID = strawberry.field(description="The webhook that is gone.")


WebhookId: TypeAlias = Annotated[ID, strawberry.argument(description="The webhook.")]
EventName: TypeAlias = Annotated[str, strawberry.argument(description="The name that an event.listen of the flow has.")]
