"""The root types and the schema that is made of them."""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from resolvers.bulk import pause_executions, resume_executions, stop_executions
from resolvers.commands import (
    create_execution,
    pause_execution,
    resume_execution,
    send_signal,
    set_breakpoints,
    start_execution,
    step_execution,
    stop_execution,
)
from resolvers.executions import execution, execution_tree, payload, root_executions
from resolvers.flows import create_flow, delete_flow, flow, flows, node_types, update_flow, validate_flow
from resolvers.forks import fork_execution, retry_execution
from resolvers.grants import grant_flow_access, revoke_flow_access
from resolvers.live import execution_events
from resolvers.nodes import node, viewer
from resolvers.not_running import why_not_running
from resolvers.root_changes import root_executions_changed
from resolvers.schedules import create_schedule, delete_schedule, pause_schedule, resume_schedule, schedules
from resolvers.secrets import delete_secret, put_secret, secrets
from resolvers.tree_events import execution_tree_events
from resolvers.webhooks import create_webhook, delete_webhook, webhooks
from schema.defaults import drop_null_defaults
from schema.documents import CheckedDocuments
from schema.events import EVENT_VIEWS
from schema.masking import ErrorsForClients
from schema.rendering import PlainExecutor
from schema.scalars import SCALARS


def _described(resolver: Callable[..., Any]) -> str:
    return cleandoc(resolver.__doc__ or "")


def _field(resolver: Callable[..., Any]) -> Any:
    return strawberry.field(resolver=resolver, description=_described(resolver))


def _stream(resolver: Callable[..., Any]) -> Any:
    return strawberry.subscription(resolver=resolver, description=_described(resolver))


@strawberry.type(description="What can be read.")
class Query:
    node = _field(node)
    viewer = _field(viewer)
    flow = _field(flow)
    flows = _field(flows)
    node_types = _field(node_types)
    execution = _field(execution)
    execution_tree = _field(execution_tree)
    root_executions = _field(root_executions)
    payload = _field(payload)
    schedules = _field(schedules)
    webhooks = _field(webhooks)
    why_not_running = _field(why_not_running)
    secrets = _field(secrets)


@strawberry.type(description="What can be changed.")
class Mutation:
    create_flow = _field(create_flow)
    update_flow = _field(update_flow)
    delete_flow = _field(delete_flow)
    validate_flow = _field(validate_flow)
    grant_flow_access = _field(grant_flow_access)
    revoke_flow_access = _field(revoke_flow_access)
    create_execution = _field(create_execution)
    start_execution = _field(start_execution)
    stop_execution = _field(stop_execution)
    pause_execution = _field(pause_execution)
    resume_execution = _field(resume_execution)
    step_execution = _field(step_execution)
    set_breakpoints = _field(set_breakpoints)
    send_signal = _field(send_signal)
    retry_execution = _field(retry_execution)
    fork_execution = _field(fork_execution)
    stop_executions = _field(stop_executions)
    pause_executions = _field(pause_executions)
    resume_executions = _field(resume_executions)
    put_secret = _field(put_secret)
    delete_secret = _field(delete_secret)
    create_schedule = _field(create_schedule)
    pause_schedule = _field(pause_schedule)
    resume_schedule = _field(resume_schedule)
    delete_schedule = _field(delete_schedule)
    create_webhook = _field(create_webhook)
    delete_webhook = _field(delete_webhook)


@strawberry.type(description="What can be watched.")
class Subscription:
    execution_events = _stream(execution_events)
    execution_tree_events = _stream(execution_tree_events)
    root_executions_changed = _stream(root_executions_changed)


class Names(NameConverter):
    """Strawberry's names, each made once: with every value of an input it asks for those of all its fields."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        if name not in self._made:
            self._made[name] = super().apply_naming_config(name)
        return self._made[name]


class Schema(strawberry.Schema):
    """A schema without defaults of null, which leaves the logging of errors to where they get their codes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        drop_null_defaults(self._schema)

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        return None


SCHEMA = Schema(
    Query,
    Mutation,
    Subscription,
    types=EVENT_VIEWS,
    config=StrawberryConfig(scalar_map=SCALARS, name_converter=Names()),
    execution_context_class=PlainExecutor,
    extensions=[CheckedDocuments, ErrorsForClients],
)


def sdl() -> str:
    """The schema as text, its types by name, the same at every call; ends with a line break."""
    return print_schema(SCHEMA) + "\n"
