"""What belongs to somebody else is not there: neither by any id, nor in anything that can be reached from one's own."""

import json
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLArgument, GraphQLField, GraphQLID, GraphQLObjectType, GraphQLSchema, GraphQLString

from resolvers.schema import SCHEMA
from tests.api.callers import caller, wants_tokens
from tests.api.client import DOUBLING, Client, Json, opened_socket
from tests.api.tenants import BULK, CASES, INNER, Case, belongings, everything, id_arguments, missing
from tests.keys import KEYS

CANARY = "the canary sings"
GRANT = """mutation($flow: ID!, $user: ID!, $role: FlowRole!) {
  grantFlowAccess(flowId: $flow, userId: $user, role: $role) { flow { id } }
}"""
REVOKE = "mutation($flow: ID!, $user: ID!) { revokeFlowAccess(flowId: $flow, userId: $user) { flow { id } } }"
UPDATE = "mutation($id: ID!, $d: JSON!) { updateFlow(input: {id: $id, document: $d}) { flow { id } } }"


@pytest.fixture
def server_options() -> dict[str, Any]:
    return {"policy": wants_tokens(), "keys": KEYS}


async def answer(client: Client, case: Case, id: str, things: dict[str, str]) -> Json:
    """The first answer to a case, with every trace of the id taken out."""
    variables = {**case.variables, "id": id}
    for name, thing in (("payload", "payload"), ("own", "with_payload")):
        if f"${name}:" in case.operation:
            variables[name] = things[thing]
    if not case.operation.startswith("subscription"):
        found = await client.answer(case.operation, **variables)
    else:
        async with opened_socket(client.server, token=client.token) as socket:
            await socket.subscribe(case.operation, **variables)
            found = await socket.receive()
    return json.loads(json.dumps(found).replace(id, "ID"))


def test_every_argument_that_takes_an_id_has_a_case() -> None:
    assert set(id_arguments(SCHEMA._schema)) == CASES.keys() | INNER


def test_a_new_field_without_a_case_would_be_noticed() -> None:
    argument = {"id": GraphQLArgument(GraphQLID)}
    query = GraphQLObjectType("Query", {"secret": GraphQLField(GraphQLString, args=argument)})
    assert set(id_arguments(GraphQLSchema(query))) - CASES.keys() == {"Query.secret(id)"}


async def test_somebody_elses_object_is_answered_as_one_that_is_not_there(
    ada: Client, eve: Client, connection: asyncpg.Connection
) -> None:
    things = await belongings(ada, connection)
    # What is asked for by a payload's id is asked of an execution that the asker may see.
    mine = {**things, **(await belongings_of_eve(eve))}
    for place, cases in CASES.items():
        for case in cases:
            id = things[case.thing]
            shown = await answer(eve, case, id, mine), await answer(eve, case, missing(id), mine)
            assert shown[0] == shown[1], place
            if case.nothing is not None:
                assert shown[0] == {"data": case.nothing}, place
            else:
                assert "NOT_FOUND" in json.dumps(shown[0]), place


async def belongings_of_eve(eve: Client) -> dict[str, str]:
    return {"with_payload": await eve.create_execution(await eve.create_flow())}


@pytest.mark.parametrize(("who", "roles"), [("ada", []), ("boss", ["admin"])])
async def test_owners_and_admins_are_answered_otherwise(
    ada: Client, connection: asyncpg.Connection, who: str, roles: list[str]
) -> None:
    things = await belongings(ada, connection)
    async with caller(ada.server, who, roles=roles) as asker:
        for place, cases in CASES.items():
            for case in cases:
                id = things[case.thing]
                assert await answer(asker, case, id, things) != await answer(asker, case, missing(id), things), place


async def test_nothing_of_others_is_reached_from_ones_own(ada: Client, eve: Client) -> None:
    flow = await ada.create_flow()
    await ada.ask(GRANT, flow=flow, user="eve", role="OPERATOR")
    await eve.create_execution(flow)
    await ada.ask(REVOKE, flow=flow, user="eve")
    await ada.create_flow(name=CANARY)
    await ada.ask('mutation { putSecret(name: "of-ada", value: "x") { secret { id } } }')
    await ada.create_execution(flow, integration={"note": CANARY})
    await ada.ask(UPDATE, id=flow, d={**DOUBLING, "description": CANARY})
    seen = await all_that_is_seen(ada)
    assert CANARY in seen
    assert "of-ada" in seen
    seen = await all_that_is_seen(eve)
    assert CANARY not in seen
    assert "of-ada" not in seen
    assert seen.count('"flow": null') > 0


async def all_that_is_seen(client: Client) -> str:
    roots = {"flows": "Flow", "rootExecutions": "RootExecution", "schedules": "Schedule", "secrets": "Secret"}
    asked = [f"{root} {{ edges {{ node {everything(SCHEMA._schema, type)} }} }}" for root, type in roots.items()]
    found = [await client.ask(f"{{ viewer {{ id }} {each} }}") for each in asked]
    return json.dumps(found)


NEEDS = {
    "updateFlow": "OWN",
    "deleteFlow": "OWN",
    "grantFlowAccess": "OWN",
    "revokeFlowAccess": "OWN",
    "createExecution": "OPERATE",
    "startExecution": "OPERATE",
    "stopExecution": "OPERATE",
    "pauseExecution": "OPERATE",
    "resumeExecution": "OPERATE",
    "stepExecution": "OPERATE",
    "setBreakpoints": "OPERATE",
    "sendSignal": "OPERATE",
    "retryExecution": "OPERATE",
    "forkExecution": "OPERATE",
    "createSchedule": "OPERATE",
    "pauseSchedule": "OPERATE",
    "resumeSchedule": "OPERATE",
    "deleteSchedule": "OPERATE",
    "createWebhook": "OPERATE",
    "deleteWebhook": "OPERATE",
}
"""What each mutation that names an object needs."""

NO_OBJECT = {"createFlow", "validateFlow", "putSecret", "deleteSecret"}
"""Secrets are named, not by ids, and a name is always one of the viewer's own."""


def test_of_every_mutation_it_is_said_what_it_needs() -> None:
    mutations = SCHEMA._schema.mutation_type
    assert mutations is not None
    assert set(mutations.fields) == NEEDS.keys() | NO_OBJECT | set(BULK)


async def test_a_grant_lets_see_or_operate_and_nothing_more(
    ada: Client, eve: Client, connection: asyncpg.Connection
) -> None:
    things = await belongings(ada, connection)
    for role, forbidden in (("VIEWER", {"OPERATE", "OWN"}), ("OPERATOR", {"OWN"})):
        await ada.ask(GRANT, flow=things["flow"], user="eve", role=role)
        for place, cases in CASES.items():
            mutation = place.removeprefix("Mutation.").partition("(")[0]
            need = NEEDS.get(mutation, "SEE")
            for case in cases:
                if case.thing in ("payload", "owner", "secret"):
                    continue
                found = json.dumps(await answer(eve, case, things[case.thing], things))
                assert ("FORBIDDEN" in found) == (need in forbidden), (role, place)
                assert "no such flow" not in found, place
                assert "no such execution" not in found, place
                assert "no such schedule" not in found, place
                assert "no such webhook" not in found, place
    await ada.ask(REVOKE, flow=things["flow"], user="eve")
    assert (await eve.failure("query($id: ID!) { flow(id: $id) { id } }", id=things["flow"]))["code"] == "NOT_FOUND"


async def test_who_may_only_see_commands_nothing_by_a_filter(ada: Client, eve: Client) -> None:
    flow = await ada.create_flow()
    execution = await ada.create_execution(flow)
    stop = "mutation($id: ID!) { stopExecutions(filter: {flowId: $id}) { results { executionId accepted } } }"
    await ada.ask(GRANT, flow=flow, user="eve", role="VIEWER")
    assert (await eve.ask(stop, id=flow))["stopExecutions"]["results"] == []
    await ada.ask(GRANT, flow=flow, user="eve", role="OPERATOR")
    assert (await eve.ask(stop, id=flow))["stopExecutions"]["results"] == [{"executionId": execution, "accepted": True}]


async def test_a_flows_owner_sees_and_commands_what_others_run_of_it(ada: Client, eve: Client) -> None:
    flow = await ada.create_flow()
    await ada.ask(GRANT, flow=flow, user="eve", role="OPERATOR")
    of_eve, of_ada = await eve.create_execution(flow), await ada.create_execution(flow)
    roots = "query($o: ID) { rootExecutions(filter: {ownerId: $o}) { edges { node { execution { id ownerId } } } } }"
    for client in (ada, eve):
        found = (await client.ask(roots))["rootExecutions"]["edges"]
        assert [edge["node"]["execution"]["id"] for edge in found] == [of_ada, of_eve]
        found = (await client.ask(roots, o="eve"))["rootExecutions"]["edges"]
        assert [edge["node"]["execution"] for edge in found] == [{"id": of_eve, "ownerId": "eve"}]
    stop = "mutation($id: ID!) { stopExecution(executionId: $id) { execution { pendingCommands } } }"
    assert (await ada.ask(stop, id=of_eve))["stopExecution"]["execution"]["pendingCommands"] == ["STOP"]


async def test_a_watched_list_has_what_others_run_and_what_was_granted(ada: Client, eve: Client) -> None:
    flow = await ada.create_flow()
    await ada.ask(GRANT, flow=flow, user="eve", role="OPERATOR")
    watch = "subscription { rootExecutionsChanged { executions { execution { id } } } }"
    async with (
        opened_socket(ada.server, token=ada.token) as of_ada,
        opened_socket(ada.server, token=eve.token) as of_eve,
    ):
        for socket in (of_ada, of_eve):
            await socket.subscribe(watch)
            assert (await socket.next())["rootExecutionsChanged"]["executions"] == []
        for client in (eve, ada):
            id = await client.create_execution(flow)
            for socket in (of_ada, of_eve):
                assert (await socket.next())["rootExecutionsChanged"]["executions"] == [{"execution": {"id": id}}]


@pytest.mark.parametrize("user", ["", "x" * 256, "a\0b", "ada"])
async def test_nobody_can_be_granted_under_what_is_no_other_users_id(ada: Client, user: str) -> None:
    flow = await ada.create_flow()
    refused = await ada.failure(GRANT, flow=flow, user=user, role="VIEWER")
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "userId")
