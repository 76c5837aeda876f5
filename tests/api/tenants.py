"""Two tenants, what one of them has, and how everything of that can be asked for, found in the schema."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from engine.ids import new_execution_id
from storage.access import Reader
from storage.flows import flows_by_id
from storage.webhooks import create_webhook
from tests.api.client import DOUBLING, Client, Json
from tests.keys import KEYS
from tests.storage.seeds import create

MISSING = {prefix: f"{prefix}00000000000000ZZ" for prefix in ("FL", "EX", "SC", "SE", "WH")}


@dataclass(frozen=True, slots=True)
class Case:
    """An operation that asks for something by `$id`, which is one of the owner's `things`."""

    thing: str
    operation: str
    variables: Json = field(default_factory=dict)
    nothing: Json | None = None
    """The answer where nothing is found, if that is no error."""


def ex(mutation: str, more: str = "") -> str:
    return f"mutation($id: ID!) {{ {mutation}(executionId: $id{more}) {{ execution {{ id }} }} }}"


NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
ROOTS = "query($id: ID!) { rootExecutions(%s) { edges { node { id } } } }"
NO_ROOTS: Json = {"rootExecutions": {"edges": []}}
BULK = ("stopExecutions", "pauseExecutions", "resumeExecutions")


def bulk(mutation: str, name: str, thing: str) -> Case:
    filter = f"{{{name}: $id, statuses: [CREATED, RUNNING, PAUSED, COMPLETED, FAILED, STOPPED]}}"
    operation = f"mutation($id: ID!) {{ {mutation}(filter: {filter}) {{ results {{ executionId }} }} }}"
    return Case(thing, operation, nothing={mutation: {"results": []}})


THINGS = ("flow", "version", "graph", "execution", "state", "root", "schedule", "webhook", "secret")


def sc(mutation: str) -> str:
    return f"mutation($id: ID!) {{ {mutation}(id: $id) {{ schedule {{ id }} }} }}"


CASES: dict[str, list[Case]] = {
    "Query.node(id)": [Case(thing, NODE) for thing in THINGS],
    "Query.flow(id)": [Case("flow", "query($id: ID!) { flow(id: $id) { id name } }")],
    "Query.execution(id)": [Case("execution", "query($id: ID!) { execution(id: $id) { id status } }")],
    "Query.executionTree(executionId)": [
        Case(thing, "query($id: ID!) { executionTree(executionId: $id) { edges { cursor } } }")
        for thing in ("execution", "child")
    ],
    "Query.rootExecutions(flowId)": [Case("flow", ROOTS % "flowId: $id", nothing=NO_ROOTS)],
    "Query.rootExecutions(filter.flowId)": [Case("flow", ROOTS % "filter: {flowId: $id}", nothing=NO_ROOTS)],
    "Query.rootExecutions(filter.ownerId)": [Case("owner", ROOTS % "filter: {ownerId: $id}", nothing=NO_ROOTS)],
    "Query.rootExecutions(filter.parentExecutionId)": [
        Case("execution", ROOTS % "filter: {parentExecutionId: $id}", nothing=NO_ROOTS)
    ],
    "Query.payload(executionId)": [
        Case("execution", "query($id: ID!, $payload: ID!) { payload(executionId: $id, payloadId: $payload) }")
    ],
    "Query.payload(payloadId)": [
        Case("payload", "query($id: ID!, $own: ID!) { payload(executionId: $own, payloadId: $id) }")
    ],
    "Query.whyNotRunning(executionId)": [
        Case("execution", "query($id: ID!) { whyNotRunning(executionId: $id) { running reasons { code } } }")
    ],
    "Mutation.updateFlow(input.id)": [
        Case(
            "flow",
            "mutation($id: ID!, $d: JSON!) { updateFlow(input: {id: $id, document: $d}) { flow { id } } }",
            {"d": DOUBLING},
        )
    ],
    "Mutation.deleteFlow(id)": [Case("flow", "mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }")],
    "Mutation.grantFlowAccess(flowId)": [
        Case(
            "flow",
            'mutation($id: ID!) { grantFlowAccess(flowId: $id, userId: "eve", role: OPERATOR) { flow { id } } }',
        )
    ],
    "Mutation.revokeFlowAccess(flowId)": [
        Case("flow", 'mutation($id: ID!) { revokeFlowAccess(flowId: $id, userId: "eve") { flow { id } } }')
    ],
    "Mutation.createExecution(input.flowId)": [
        Case(
            "flow",
            "mutation($id: ID!) { createExecution(input: {flowId: $id, inputs: {number: 1}}) { execution { id } } }",
        )
    ],
    "Mutation.startExecution(executionId)": [Case("execution", ex("startExecution"))],
    "Mutation.pauseExecution(executionId)": [Case("execution", ex("pauseExecution"))],
    "Mutation.resumeExecution(executionId)": [Case("execution", ex("resumeExecution"))],
    "Mutation.stepExecution(executionId)": [Case("execution", ex("stepExecution"))],
    "Mutation.setBreakpoints(executionId)": [Case("execution", ex("setBreakpoints", ', nodeIds: ["double"]'))],
    "Mutation.sendSignal(executionId)": [Case("execution", ex("sendSignal", ', name: "ok"'))],
    "Mutation.stopExecution(executionId)": [Case(thing, ex("stopExecution")) for thing in ("execution", "child")],
    "Mutation.retryExecution(executionId)": [Case("execution", ex("retryExecution"))],
    "Mutation.forkExecution(input.executionId)": [
        Case(
            "execution",
            'mutation($id: ID!) { forkExecution(input: {executionId: $id, fromNodeId: "double"}) { created } }',
        )
    ],
    **{f"Mutation.{name}(filter.flowId)": [bulk(name, "flowId", "flow")] for name in BULK},
    **{f"Mutation.{name}(filter.ownerId)": [bulk(name, "ownerId", "owner")] for name in BULK},
    **{f"Mutation.{name}(filter.parentExecutionId)": [bulk(name, "parentExecutionId", "execution")] for name in BULK},
    "Query.schedules(flowId)": [
        Case(
            "flow",
            "query($id: ID!) { schedules(flowId: $id) { edges { node { id } } } }",
            nothing={"schedules": {"edges": []}},
        )
    ],
    "Query.webhooks(flowId)": [
        Case("flow", "query($id: ID!) { webhooks(flowId: $id) { edges { node { id } } } }"),
    ],
    "Mutation.createSchedule(input.flowId)": [
        Case(
            "flow",
            """mutation($id: ID!) { createSchedule(input: {flowId: $id, cron: "@daily", inputs: {number: 1}}) {
                schedule { flowId } } }""",
        )
    ],
    "Mutation.pauseSchedule(id)": [Case("schedule", sc("pauseSchedule"))],
    "Mutation.resumeSchedule(id)": [Case("schedule", sc("resumeSchedule"))],
    "Mutation.deleteSchedule(id)": [
        Case("schedule", "mutation($id: ID!) { deleteSchedule(id: $id) { deletedId } }"),
    ],
    "Mutation.createWebhook(flowId)": [
        Case("flow", 'mutation($id: ID!) { createWebhook(flowId: $id, eventName: "x") { webhook { id } } }'),
    ],
    "Mutation.deleteWebhook(id)": [
        Case("webhook", "mutation($id: ID!) { deleteWebhook(id: $id) { deletedId } }"),
    ],
    "Subscription.executionEvents(executionId)": [
        Case("execution", "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex } }")
    ],
    "Subscription.executionTreeEvents(executionId)": [
        Case(thing, "subscription($id: ID!) { executionTreeEvents(executionId: $id) { cursor } }")
        for thing in ("execution", "child")
    ],
    "Subscription.rootExecutionsChanged(flowId)": [
        Case("flow", "subscription($id: ID!) { rootExecutionsChanged(flowId: $id) { executions { id } } }")
    ],
}
"""How each argument that takes the id of something is used."""

INNER = {
    "Execution.nodeState(nodeId)",
    "Execution.nodeStates(nodeIds)",
    "Mutation.setBreakpoints(nodeIds)",
    "Mutation.createExecution(input.portValues.nodeId)",
    "Mutation.createExecution(input.options.breakpoints)",
    "Mutation.forkExecution(input.fromNodeId)",
    "Mutation.forkExecution(input.portValues.nodeId)",
    "Query.whyNotRunning(nodeId)",
    "Mutation.grantFlowAccess(userId)",
    "Mutation.revokeFlowAccess(userId)",
}
"""The arguments that name a part of what was asked for already, or a user: they lead to nobody's object."""


def id_arguments(schema: GraphQLSchema) -> Iterator[str]:
    """Every argument, or field of an input, that takes ids: `Type.field(argument.field)`."""
    for name, type in schema.type_map.items():
        if isinstance(type, GraphQLObjectType) and not name.startswith("__"):
            for field_name, declared in type.fields.items():
                for path in _id_paths({arg: each.type for arg, each in declared.args.items()}):
                    yield f"{name}.{field_name}({path})"


def _id_paths(types: dict[str, Any]) -> Iterator[str]:
    for name, type in types.items():
        named = get_named_type(type)
        if named.name == "ID":
            yield name
        if isinstance(named, GraphQLInputObjectType):
            inner = {key: each.type for key, each in named.fields.items()}
            yield from (f"{name}.{path}" for path in _id_paths(inner))


def everything(schema: GraphQLSchema, type_name: str, depth: int = 4) -> str:
    """A selection of all that can be asked of a type without arguments, so many lists and objects deep."""
    return _everything(schema.type_map[type_name], depth)


def _everything(type: Any, depth: int) -> str:
    parts = ["__typename"]
    for name, declared in getattr(type, "fields", {}).items():
        named = get_named_type(declared.type)
        if any(is_required_argument(argument) for argument in declared.args.values()):
            continue
        if is_leaf_type(named):
            parts.append(name)
        elif depth:
            first = "(first: 5)" if "first" in declared.args else ""
            parts.append(f"{name}{first} {_everything(named, depth - 1)}")
    return f"{{ {' '.join(parts)} }}"


def is_list(type: Any) -> bool:
    """Whether a field's type is a list."""
    return isinstance(type.of_type if isinstance(type, GraphQLNonNull) else type, GraphQLList)


async def belongings(owner: Client, connection: asyncpg.Connection) -> dict[str, str]:
    """Things of an owner: a flow, an execution that has a child and a large input, and their parts."""
    flow_id = await owner.create_flow(
        nodes=[*DOUBLING["nodes"], {"id": "ok", "type": "signal.wait", "inputs": {"name": "ok"}}]
    )
    large = {"id": "large", "type": "flow.input", "inputs": {"name": "large", "default": ""}}
    of_large = await owner.create_flow(nodes=[large], edges=[])
    execution = await owner.create_execution(flow_id)
    with_payload = await owner.create_execution(of_large, inputs={"large": "x" * 70_000})
    asked = await owner.ask("query($id: ID!) { execution(id: $id) { inputs } }", id=with_payload)
    secret = await owner.ask('mutation { putSecret(name: "key", value: "canary-4711") { secret { id } } }')
    rows = await flows_by_id(connection, Reader("ada"), [flow_id])
    family = {"id": new_execution_id(), "root_id": execution, "parent_id": execution, "depth": 1}
    child = await create(connection, rows[flow_id].row, **family)
    scheduled = await owner.ask(
        """mutation($id: ID!) { createSchedule(input: {flowId: $id, cron: "@daily", inputs: {number: 1}}) {
            schedule { id } } }""",
        id=flow_id,
    )
    async with connection.transaction():
        webhook = await create_webhook(
            connection, KEYS, flow_id=flow_id, owner_id="ada", event_name="x", signing_key=b"key"
        )
    return {
        "flow": flow_id,
        "schedule": scheduled["createSchedule"]["schedule"]["id"],
        "webhook": webhook.id,
        "version": f"{flow_id}@1",
        "graph": f"{flow_id}@1:double",
        "execution": execution,
        "child": child.id,
        "state": f"{execution}:double",
        "root": f"{execution}@root",
        "owner": "ada",
        "secret": secret["putSecret"]["secret"]["id"],
        "payload": asked["execution"]["inputs"]["large"]["$payload"]["id"],
        "with_payload": with_payload,
    }


def missing(id: str) -> str:
    """An id like this one, of something that is not there."""
    for prefix, other in MISSING.items():
        if id.startswith(prefix):
            return other + id[len(other) :]
    return "0" * len(id)
