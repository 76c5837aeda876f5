"""GraphQL over HTTP, by its specification."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from resolvers.policy import Policy
from tests.api.client import Client, Json
from tests.api.server import RunningServer, running_server

ASK = "{ viewer { id } }"
DATA = {"data": {"viewer": {"id": "local"}}}
MODERN = {"accept": "application/graphql-response+json"}
MUTATION = 'mutation { deleteFlow(id: "FL0") { deletedId } }'


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.at("/")) as opened:
        yield opened


async def post(http: httpx.AsyncClient, body: Json, **headers: str) -> httpx.Response:
    return await http.post("/graphql", json=body, headers=headers)


async def test_a_query_is_answered_by_post_and_by_get(http: httpx.AsyncClient) -> None:
    for response in (
        await post(http, {"query": ASK}),
        await http.get("/graphql", params={"query": ASK, "variables": "{}", "extensions": ""}),
    ):
        assert (response.status_code, response.json()) == (200, DATA)


LOCAL = Policy(loopback=True)


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        (
            "application/graphql-response+json; charset=utf-8, application/json;q=0.9",
            "application/graphql-response+json",
        ),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/graphql-response+json;q=0, */*", "application/json"),
        ("application/graphql-response+jsonp", "application/json"),
        ('text/html;x=", application/graphql-response+json"', "application/json"),
        ("text/html", "application/json"),
    ],
)
async def test_the_answer_has_the_type_that_is_accepted(http: httpx.AsyncClient, accept: str, answered: str) -> None:
    response = await post(http, {"query": ASK}, accept=accept)
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ viewer {", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { flows(first: $n) { edges { cursor } } }", {"n": "one"}, "BAD_USER_INPUT"),
    ],
)
async def test_a_wrong_request_has_no_data_and_400_where_the_new_type_is_accepted(
    http: httpx.AsyncClient, query: str, variables: Json, code: str
) -> None:
    for headers, status in ((MODERN, 400), ({}, 200)):
        response = await post(http, {"query": query, "variables": variables}, **headers)
        assert response.status_code == status
        assert response.json()["errors"][0]["extensions"]["code"] == code
        assert "data" not in response.json()


@pytest.mark.parametrize(
    "body",
    [
        [{"query": ASK}],
        "text",
        {},
        {"query": 7},
        {"query": ""},
        {"query": ASK, "variables": [1]},
        {"query": ASK, "variables": "{}"},
        {"query": ASK, "operationName": 1},
        {"query": ASK, "extensions": "x"},
        {"documentId": 7},
    ],
)
async def test_a_body_of_another_form_is_a_bad_request(http: httpx.AsyncClient, body: Json) -> None:
    response = await post(http, body)
    assert (response.status_code, list(response.json())) == (400, ["errors"])
    extensions = response.json()["errors"][0]["extensions"]
    wrong = list(body)[-1] if isinstance(body, dict) and body else "query"
    assert extensions == {"code": "BAD_USER_INPUT", **({"field": wrong} if isinstance(body, dict) else {})}


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"query": "\xff"}',
        json.dumps({"query": ASK}).encode("utf-16"),
        b'{"query": "{ viewer { id } }", "query": "{ viewer { name } }"}',
        b'{"query": "{ viewer { id } }", "variables": {"a": [{"b": 1, "c": 2, "b": 1}]}}',
    ],
)
async def test_a_body_that_is_no_json_is_a_bad_request(http: httpx.AsyncClient, text: bytes) -> None:
    response = await http.post("/graphql", content=text, headers={"content-type": "application/json"})
    assert response.status_code == 400


async def test_nulls_for_what_is_optional_are_fine(http: httpx.AsyncClient) -> None:
    body = {"query": ASK, "variables": None, "operationName": None, "extensions": None}
    assert (await post(http, body)).json() == DATA


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("APPLICATION/JSON", 200),
        ('application/json; charset="UTF-8"', 200),
        ("application/json; charset=utf-80", 415),
        ("application/json; note=utf-8; charset=latin-1", 415),
        ("application/json, application/json", 415),
        ("application/jsonp", 415),
        ("application/json+x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data", 415),
        ("application/json; charset=latin-1", 415),
        ("", 415),
    ],
)
async def test_the_content_type_is_matched_exactly(http: httpx.AsyncClient, content_type: str, status: int) -> None:
    body = b'{"query": "{ viewer { id } }"}'
    response = await http.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.status_code == status


async def test_a_mutation_by_get_is_not_allowed(http: httpx.AsyncClient) -> None:
    for method, accept in (("GET", "*/*"), ("GET", "text/event-stream"), ("HEAD", "*/*")):
        response = await http.request(method, "/graphql", params={"query": MUTATION}, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_other_methods_are_told_which_are_allowed(http: httpx.AsyncClient) -> None:
    for method in ("PUT", "PATCH", "DELETE", "PROPFIND"):
        response = await http.request(method, "/graphql", json={"query": ASK})
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    response = await http.options("/graphql")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")


async def test_head_is_answered_as_get_without_the_body(http: httpx.AsyncClient) -> None:
    streamed = {"query": 'subscription { executionEvents(executionId: "EX0") { nextIndex } }'}
    get, head = await http.get("/graphql", params={"query": ASK}), await http.head("/graphql", params={"query": ASK})
    assert (head.status_code, head.content) == (200, b"")
    for header in ("content-type", "content-length", "vary"):
        assert head.headers[header] == get.headers[header]
    stream = await http.head("/graphql", params=streamed, headers={"accept": "text/event-stream"})
    assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


async def test_a_parameter_that_is_there_twice_is_a_bad_request(http: httpx.AsyncClient) -> None:
    response = await http.get(f"/graphql?query={ASK}&query={ASK}")
    assert response.status_code == 400
    assert "`query` is there twice" in response.json()["errors"][0]["message"]


async def test_answers_say_that_they_depend_on_what_is_accepted_and_refusals_are_not_to_be_cached(
    http: httpx.AsyncClient,
) -> None:
    answered, refused = await http.get("/graphql", params={"query": ASK}), await http.get("/graphql")
    assert (answered.headers["vary"], answered.headers.get("cache-control")) == ("accept", None)
    assert (refused.headers["vary"], refused.headers["cache-control"]) == ("accept", "no-store")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "text/*",
        "application/json",
        "multipart/mixed",
        "multipart/mixed;subscriptionSpec=2.0",
        'x/y;z="text/event-stream"',
        "text/event-stream;q=0, application/json",
    ],
)
async def test_a_subscription_whose_client_asks_for_no_stream_is_told_the_three_ways(
    http: httpx.AsyncClient, accept: str, method: str
) -> None:
    query = 'subscription { executionEvents(executionId: "EX0") { nextIndex } }'
    asked: Json = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
    response = await http.request(method, "/graphql", headers={"accept": accept}, **asked)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    for way in ("graphql-transport-ws", "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"):
        assert way in error["message"]


async def test_the_named_operation_is_run_and_an_unknown_name_is_wrong(http: httpx.AsyncClient) -> None:
    query = "query A { viewer { id } } query B { viewer { name } }"
    assert (await post(http, {"query": query, "operationName": "B"})).json()["data"] == {
        "viewer": {"name": "Local developer"}
    }
    response = await post(http, {"query": query, "operationName": "C"}, **MODERN)
    assert (response.status_code, "data" in response.json()) == (400, False)


async def test_a_body_of_more_than_five_mebibytes_is_too_large(http: httpx.AsyncClient) -> None:
    response = await post(http, {"query": ASK, "variables": {"text": "x" * 5 * 1024 * 1024}})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_a_document_of_four_mebibytes_passes(client: Client) -> None:
    text = "x" * (4 * 1024 * 1024 - 2000)
    flow = await client.create_flow(metadata=text)
    found = await client.ask("query($id: ID!) { flow(id: $id) { latest { document } } }", id=flow)
    assert found["flow"]["latest"]["document"]["metadata"] == text


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:{port}", 200),
        ("https://127.0.0.1:{port}", 200),
        ("http://127.0.0.1:1", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
async def test_only_pages_of_the_same_host_may_ask(server: RunningServer, origin: str, status: int) -> None:
    async with httpx.AsyncClient() as http:
        headers = {"origin": origin.format(port=server.port)}
        assert (await http.post(server.url, json={"query": ASK}, headers=headers)).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost:5173", 200), ("http://[::1]:3000", 200), ("http://localhost.evil.example", 403), ("null", 403)],
)
async def test_a_server_for_this_machine_lets_front_ends_under_development_in(
    database_url: str, redis_url: str, origin: str, status: int
) -> None:
    async with (
        running_server(database_url, redis_url, LOCAL) as server,
        httpx.AsyncClient() as http,
    ):
        wish = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        before = await http.options(server.url, headers={"origin": origin, **wish})
        answer = await http.post(server.url, json={"query": ASK}, headers={"origin": origin})
        assert (before.status_code == 200, answer.status_code) == (status == 200, status)
        assert (answer.headers.get("access-control-allow-origin") == origin) is (status == 200)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("127.0.0.1", 200),
        ("[::1]:9", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
    ],
)
async def test_a_server_for_this_machine_wants_to_be_asked_by_a_name_of_it(
    database_url: str, redis_url: str, host: str, status: int
) -> None:
    async with (
        running_server(database_url, redis_url, LOCAL) as server,
        httpx.AsyncClient() as http,
    ):
        response = await http.post(server.url, json={"query": ASK}, headers={"host": host})
        assert response.status_code == status
