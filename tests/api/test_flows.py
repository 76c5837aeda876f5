"""Flows over the API."""

import asyncio
import threading

import asyncpg
import pytest

from schema.paging import encode_cursor
from tests.api.client import DOUBLING, PATIENCE, Client, Json
from tests.api.logs import FLOW_COMPLETED, FLOW_STARTED, append
from tests.eventually import eventually

FLOW = "id name description ownerId createdAt updatedAt latest { id version name document }"
CREATE = f"mutation($d: JSON!) {{ createFlow(input: {{document: $d}}) {{ flow {{ {FLOW} }} }} }}"
UPDATE = f"mutation($i: UpdateFlowInput!) {{ updateFlow(input: $i) {{ flow {{ {FLOW} }} }} }}"
DELETE = "mutation($id: ID!) { deleteFlow(id: $id) { deletedId } }"
FIND = f"query($id: ID!) {{ flow(id: $id) {{ {FLOW} }} }}"
LIST = """query($first: Int! = 50, $after: String, $search: String) {
  flows(first: $first, after: $after, search: $search) {
    edges { cursor node { id name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
UNKNOWN = "FL0000000000000000"


async def test_a_flow_comes_back_as_it_was_sent(client: Client) -> None:
    metadata = {"z": 1e16, "a": -0.0, "list": [1, 1.0, 0.1, 9007199254740993], "text": "ü😀"}
    document = {**DOUBLING, "metadata": metadata, "description": "Doubles."}
    flow = (await client.ask(CREATE, d=document))["createFlow"]["flow"]
    assert flow["latest"] == {"id": f"{flow['id']}@1", "version": 1, "name": "Doubling", "document": document}
    assert repr(flow["latest"]["document"]["metadata"]) == repr(metadata)
    assert (flow["description"], flow["ownerId"]) == ("Doubles.", "local")
    assert (await client.ask(FIND, id=flow["id"]))["flow"] == flow


async def test_an_update_adds_a_version_and_the_old_one_stays(client: Client) -> None:
    flow = await client.create_flow()
    changed = {**DOUBLING, "name": "Twice"}
    updated = await client.ask(UPDATE, i={"id": flow, "document": changed, "expectedVersion": 1})
    assert (updated["updateFlow"]["flow"]["name"], updated["updateFlow"]["flow"]["latest"]["version"]) == ("Twice", 2)
    found = await client.ask(
        """query($id: ID!) { flow(id: $id) {
             version(number: 1) { name }
             versions(first: 1) { edges { node { version } cursor } pageInfo { hasNextPage } } } }""",
        id=flow,
    )
    assert found["flow"]["version"] == {"name": "Doubling"}
    assert [edge["node"]["version"] for edge in found["flow"]["versions"]["edges"]] == [2]
    rest = await client.ask(
        "query($id: ID!, $a: String) { flow(id: $id) { versions(after: $a) { edges { node { version } } } } }",
        id=flow,
        a=found["flow"]["versions"]["edges"][0]["cursor"],
    )
    assert [edge["node"]["version"] for edge in rest["flow"]["versions"]["edges"]] == [1]


async def test_an_update_from_another_version_is_a_conflict_that_names_the_current_one(client: Client) -> None:
    flow = await client.create_flow()
    refused = await client.failure(UPDATE, i={"id": flow, "document": DOUBLING, "expectedVersion": 7})
    assert refused == {"code": "CONFLICT", "currentVersion": 1}


@pytest.mark.parametrize(("query", "field"), [(CREATE, "createFlow"), (UPDATE, "updateFlow")])
async def test_an_invalid_document_is_refused_with_all_its_problems(client: Client, query: str, field: str) -> None:
    document = {"tidegate": 1, "name": "x", "nodes": [{"id": "a", "type": "no.such"}], "edges": [{"from": "a.q"}]}
    given = {"d": document} if field == "createFlow" else {"i": {"id": UNKNOWN, "document": document}}
    refused = await client.failure(query, **given)
    checked = await client.ask(
        "mutation($d: JSON!) { validateFlow(document: $d) { valid problems { path code message } } }",
        d=document,
    )
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.document")
    assert refused["problems"] == checked["validateFlow"]["problems"]
    assert not checked["validateFlow"]["valid"]
    assert {problem["path"] for problem in refused["problems"]} >= {"/nodes/0/type"}


async def test_a_valid_document_has_no_problems(client: Client) -> None:
    checked = await client.ask(
        "mutation($d: JSON!) { validateFlow(document: $d) { valid problems { path } } }", d=DOUBLING
    )
    assert checked["validateFlow"] == {"valid": True, "problems": []}


@pytest.mark.parametrize("document", ["text", 7, [], {}, True])
async def test_what_is_no_document_at_all_has_problems(client: Client, document: Json) -> None:
    checked = await client.ask("mutation($d: JSON!) { validateFlow(document: $d) { valid } }", d=document)
    assert checked["validateFlow"] == {"valid": False}


async def test_a_deleted_flow_is_gone_but_what_it_ran_stays(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    execution = await client.create_execution(flow)
    assert (await client.failure(DELETE, id=flow))["code"] == "CONFLICT"
    await append(connection, execution, FLOW_STARTED, FLOW_COMPLETED)
    assert await client.ask(DELETE, id=flow) == {"deleteFlow": {"deletedId": flow}}

    answer = await client.answer(FIND, id=flow)
    assert answer["data"] == {"flow": None}
    assert answer["errors"][0]["path"] == ["flow"]
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await client.failure(DELETE, id=flow))["code"] == "NOT_FOUND"
    found = await client.ask(
        "query($id: ID!) { execution(id: $id) { flow { id } flowVersion { version document } } }", id=execution
    )
    assert found["execution"]["flow"] is None
    assert found["execution"]["flowVersion"] == {"version": 1, "document": DOUBLING}
    assert (await client.ask(LIST))["flows"]["edges"] == []


async def test_flows_are_listed_newest_first_and_every_page_goes_on_after_the_last(client: Client) -> None:
    made = [await client.create_flow(name=f"Flow {number}") for number in range(5)]
    seen, after, pages = [], None, []
    while True:
        flows = (await client.ask(LIST, first=2, after=after))["flows"]
        seen += [edge["node"]["id"] for edge in flows["edges"]]
        pages.append(flows["pageInfo"])
        after = pages[-1]["endCursor"]
        if not pages[-1]["hasNextPage"]:
            break
    assert seen == made[::-1]
    assert [(page["hasNextPage"], page["hasPreviousPage"]) for page in pages] == [
        (True, False),
        (True, True),
        (False, True),
    ]


async def test_a_search_finds_a_part_of_the_name_in_either_case(client: Client) -> None:
    await client.create_flow(name="Order total")
    await client.create_flow(name="Something 100%_else")
    for search, names in (("TOTAL", ["Order total"]), ("%_", ["Something 100%_else"]), ("nothing", [])):
        flows = (await client.ask(LIST, search=search))["flows"]
        assert [edge["node"]["name"] for edge in flows["edges"]] == names


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_size_out_of_range_is_refused_and_never_clamped(client: Client, first: int) -> None:
    assert await client.failure(LIST, first=first) == {"code": "BAD_USER_INPUT", "field": "first"}


NO_CURSORS = ["", "no cursor", "IA", encode_cursor("root", "EX0"), "😀", "W10", encode_cursor("flow", 1)]
NO_KEYS = [encode_cursor("flow", "\0"), encode_cursor("flow", "é")]


@pytest.mark.parametrize("after", NO_CURSORS + NO_KEYS)
async def test_what_is_no_cursor_of_the_list_is_refused(client: Client, after: str) -> None:
    assert await client.failure(LIST, after=after) == {"code": "BAD_USER_INPUT", "field": "after"}


async def test_a_cursor_of_no_version_that_can_be_is_refused(client: Client) -> None:
    query = "query($id: ID!, $after: String) { flow(id: $id) { versions(after: $after) { edges { cursor } } } }"
    flow = await client.create_flow()
    for number in (-1, 2**31, 2**62, True):
        refused = await client.failure(query, id=flow, after=encode_cursor("flowVersion", number))
        assert refused == {"code": "BAD_USER_INPUT", "field": "after"}


async def test_a_version_shows_its_parts_and_what_it_takes_and_gives(client: Client) -> None:
    nodes = [{**DOUBLING["nodes"][0], "title": "N", "ui": {"position": {"x": 1}}}, *DOUBLING["nodes"][1:]]
    flow = await client.create_flow(nodes=nodes)
    found = await client.ask(
        """query($id: ID!) { flow(id: $id) { latest {
             nodes { id nodeId type title inputs parentNodeId position } edges { source target }
             inputs { name schema required } outputs { name schema required } } } }""",
        id=flow,
    )
    latest = found["flow"]["latest"]
    assert latest["nodes"][0] == {
        "id": f"{flow}@1:number",
        "nodeId": "number",
        "type": "flow.input",
        "title": "N",
        "inputs": {"name": "number", "schema": {"type": "number"}},
        "parentNodeId": None,
        "position": {"x": 1},
    }
    assert latest["edges"][0] == {"source": "number.value", "target": "double.a"}
    assert latest["inputs"] == [{"name": "number", "schema": {"type": "number"}, "required": True}]
    assert [(port["name"], port["required"]) for port in latest["outputs"]] == [("doubled", False)]


async def test_node_types_are_listed_by_name_with_their_ports(client: Client) -> None:
    ask = """query($c: String) { nodeTypes(category: $c) {
      id type title category description pure inputSchema outputSchema
      inputs { name kind schema required many description } outputs { name kind } } }"""
    types = (await client.ask(ask))["nodeTypes"]
    names = [each["type"] for each in types]
    assert names == sorted(names)
    arithmetic = types[names.index("math.arithmetic")]
    assert (arithmetic["id"], arithmetic["category"], arithmetic["pure"]) == ("math.arithmetic", "math", True)
    assert [(port["name"], port["kind"], port["required"]) for port in arithmetic["inputs"]] == [
        ("a", "NUMBER", True),
        ("b", "NUMBER", True),
        ("operation", "ENUM", True),
    ]
    assert arithmetic["inputSchema"]["type"] == "object"
    only = (await client.ask(ask, c="math"))["nodeTypes"]
    assert {each["category"] for each in only} == {"math"}


async def test_everything_with_an_id_is_found_again_by_it(client: Client) -> None:
    flow = await client.create_flow()
    execution = await client.create_execution(flow)
    ids = {
        flow: "Flow",
        f"{flow}@1": "FlowVersion",
        f"{flow}@1:double": "GraphNode",
        execution: "Execution",
        f"{execution}:double": "NodeState",
        f"{execution}@root": "RootExecution",
        f"{execution}@member": "ExecutionTreeNode",
        "math.arithmetic": "NodeType",
    }
    for id, name in ids.items():
        assert await client.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=id) == {
            "node": {"__typename": name, "id": id}
        }


@pytest.mark.parametrize("id", ["", "x", "FL0", "FL0@1", "EX0", "EX0:a", "no.such", "EX0@root", "EX0@member"])
async def test_an_id_of_nothing_is_not_found(client: Client, id: str) -> None:
    answer = await client.answer("query($id: ID!) { node(id: $id) { id } }", id=id)
    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("id", ["\x00", "FL\ud800", "EX\x00:a"])
async def test_an_id_that_no_store_can_hold_is_bad_input(client: Client, id: str) -> None:
    refused = await client.failure("query($id: ID!) { node(id: $id) { id } }", id=id)
    assert refused["code"] == "BAD_USER_INPUT"


async def test_the_viewer_is_the_local_developer(client: Client) -> None:
    assert await client.ask("{ viewer { id name roles } }") == {
        "viewer": {"id": "local", "name": "Local developer", "roles": ["owner"]}
    }


async def test_another_owners_flow_is_not_there(client: Client, connection: asyncpg.Connection) -> None:
    flow = await client.create_flow()
    await connection.execute("update flows set owner_id = 'somebody'")
    assert (await client.failure(FIND, id=flow))["code"] == "NOT_FOUND"
    assert (await client.failure(DELETE, id=flow))["code"] == "NOT_FOUND"
    assert (await client.failure(UPDATE, i={"id": flow, "document": DOUBLING}))["code"] == "NOT_FOUND"
    assert (await client.failure("query($id: ID!) { node(id: $id) { id } }", id=f"{flow}@1"))["code"] == "NOT_FOUND"
    assert (await client.ask(LIST))["flows"]["edges"] == []
    create = "mutation($i: CreateExecutionInput!) { createExecution(input: $i) { created } }"
    assert (await client.failure(create, i={"flowId": flow}))["code"] == "NOT_FOUND"


async def test_others_are_served_while_a_document_is_checked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, served = threading.Event(), threading.Event()

    def check(*_: object) -> tuple[None, list[object]]:
        begun.set()
        assert served.wait(PATIENCE)
        return None, []

    monkeypatch.setattr("resolvers.flows.check_document", check)
    checking = asyncio.create_task(client.ask("mutation { validateFlow(document: {}) { valid } }"))
    await eventually(begun.is_set)
    assert await client.ask("{ viewer { id } }") == {"viewer": {"id": "local"}}
    served.set()
    assert (await checking)["validateFlow"] == {"valid": True}
