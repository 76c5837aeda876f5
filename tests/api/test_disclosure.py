"""What a server in production keeps to itself."""

import logging
from collections.abc import AsyncIterator
from typing import NoReturn

import httpx
import pytest
from graphql import get_introspection_query

from resolvers.loaders import Reads
from resolvers.policy import Policy
from tests.api.client import Client, opened_socket
from tests.api.server import RunningServer, running_server
from tests.api.streaming import EVENTS, EventStream, posted

CANARY = "the canary sings"
ORIGIN = "https://app.example"


@pytest.fixture
async def server(database_url: str, redis_url: str) -> AsyncIterator[RunningServer]:
    """A server as `tidegate serve` is, with pages elsewhere."""
    async with running_server(database_url, redis_url, Policy(origins=frozenset({ORIGIN}))) as running:
        yield running


async def test_the_schema_is_not_shown(client: Client) -> None:
    for query in (get_introspection_query(), '{ __type(name: "Flow") { name } }', "{ __schema { types { name } } }"):
        assert (await client.failure(query))["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert await client.ask("{ __typename viewer { __typename } }") == {
        "__typename": "Query",
        "viewer": {"__typename": "Viewer"},
    }


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ flowz { id } }", {}),
        ('{ flow(idd: "FL0") { id } }', {}),
        ("{ viewer { idd } }", {}),
        ("{ rootExecutions(filter: {statuses: [RUNNIN]}) { edges { cursor } } }", {}),
        ("query($f: ExecutionFilter) { rootExecutions(filter: $f) { edges { cursor } } }", {"f": {"statusez": []}}),
        ("query($f: ExecutionFilte) { viewer { id } }", {}),
    ],
)
async def test_no_names_are_suggested(client: Client, query: str, variables: dict[str, object]) -> None:
    answer = await client.answer(query, **variables)
    assert answer["errors"]
    assert "Did you mean" not in str(answer)
    async with opened_socket(client.server) as socket:
        await socket.subscribe(query, **variables)
        assert "Did you mean" not in str(await socket.receive())


async def test_in_development_names_are_suggested(database_url: str, redis_url: str) -> None:
    async with running_server(database_url, redis_url) as server, httpx.AsyncClient() as http:
        assert "Did you mean 'flow'" in str(await Client(server, http).answer("{ flowz { id } }"))


async def test_a_defect_shows_only_its_id_which_the_log_has_too(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Reads, id: str) -> NoReturn:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(Reads, "seen_flow", broken)
    monkeypatch.setattr(Reads, "execution", broken)
    ask = '{ flow(id: "FL0") { id } }'
    watch = 'subscription { executionEvents(executionId: "EX0") { nextIndex } }'
    shown = [str(await client.answer(ask))]
    with caplog.at_level(logging.ERROR):
        for query in (ask, watch):
            async with opened_socket(client.server) as socket:
                await socket.subscribe(query)
                shown.append(str(await socket.receive()))
            async with posted(client.server, EVENTS, query) as response:
                shown.append(str([sent.data for sent in await EventStream(response).to_the_end()]))
    assert len(shown) == 5
    assert all("INTERNAL_SERVER_ERROR" in each and "the log has it as" in each for each in shown)
    assert CANARY not in str(shown)
    assert CANARY in caplog.text


async def test_pages_of_an_allowed_origin_may_ask_and_read(server: RunningServer) -> None:
    async with httpx.AsyncClient() as http:
        asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        preflight = await http.options(server.url, headers={"origin": ORIGIN, **asked})
        assert preflight.headers["access-control-allow-origin"] == ORIGIN
        body = {"query": "{ viewer { id } }"}
        answer = await http.post(server.url, json=body, headers={"origin": ORIGIN})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
        for origin in ("https://app.example.evil", "http://app.example", "null", f"{ORIGIN}:444"):
            refused = await http.post(server.url, json=body, headers={"origin": origin})
            assert refused.status_code == 403
            assert "access-control-allow-origin" not in refused.headers
