"""Being let in, over HTTP and on sockets, and for how long."""

import logging
import time
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from engine.errors import Unauthenticated
from resolvers import permits, sockets
from resolvers.authentication import Bearers
from resolvers.quotas import Quotas
from resolvers.tokens import SecretKey, Verifier
from tests.api.callers import SECRET, bearer, caller, token, wants_tokens
from tests.api.client import Client, Json, Socket, opened_socket
from tests.api.server import RunningServer, running_server
from tests.api.streaming import EVENTS, PARTS, EventStream, Parts
from tests.eventually import PATIENCE

ASK = "{ viewer { id name roles } }"
WATCH = "subscription($id: ID!) { executionEvents(executionId: $id) { nextIndex } }"
LATER = SimpleNamespace(time=lambda: time.time() + 7_200)
"""The clock when every token that was good before has expired."""

BAD = [{}, bearer("nonsense"), bearer(token(expires_in=-60)), {"authorization": "Basic YTpi"}]


def refusing(claims: Json) -> Any:
    """A hook with a defect, and one user who has left."""
    if claims["sub"] == "gone":
        raise Unauthenticated("This user has left.")
    raise RuntimeError("the canary sings")


@pytest.fixture
def server_options() -> dict[str, Any]:
    return {"policy": wants_tokens()}


@pytest.fixture
def client(ada: Client) -> Client:
    return ada


@pytest.fixture
async def execution(client: Client) -> str:
    return await client.create_execution(await client.create_flow())


async def test_a_token_says_who_asks(server: RunningServer) -> None:
    async with caller(server, "ada", name="Ada", roles=["admin"]) as ada:
        assert await ada.ask(ASK) == {"viewer": {"id": "ada", "name": "Ada", "roles": ["admin"]}}
        async with opened_socket(server, token=ada.token) as socket:
            await socket.subscribe(ASK)
            assert (await socket.next())["viewer"]["id"] == "ada"


async def test_without_a_valid_token_http_is_401_and_says_what_is_wanted(server: RunningServer) -> None:
    async with httpx.AsyncClient() as http:
        for headers in BAD:
            for accept in ("application/json", EVENTS):
                answer = await http.post(server.url, json={"query": ASK}, headers={**headers, "accept": accept})
                assert answer.status_code == 401
                challenge = 'Bearer error="invalid_token"' if headers else "Bearer"
                assert answer.headers["www-authenticate"] == challenge
                assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
                assert "data" not in answer.json()
        twice = [("authorization", f"Bearer {token()}")] * 2
        assert (await http.post(server.url, json={"query": ASK}, headers=twice)).status_code == 401


async def test_health_needs_no_token(server: RunningServer) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(server.at("/healthz"))).status_code == 200
        assert (await http.get(server.at("/readyz"))).status_code == 200


@pytest.mark.parametrize("payload", [None, {"token": "nonsense"}, {"Authorization": "Basic a"}, {"token": 1}])
async def test_an_init_without_a_valid_token_closes_with_4403(server: RunningServer, payload: Json) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.closed_with() == 4403
        assert "Forbidden" in (socket.connection.close_reason or "")


async def test_subscribing_before_the_init_closes_with_4401(server: RunningServer) -> None:
    async with opened_socket(server, init=False) as socket:
        await socket.subscribe(ASK)
        assert await socket.closed_with() == 4401


async def test_the_handshake_may_have_the_token(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.api import client as clients

    real = clients.connect
    monkeypatch.setattr(clients, "connect", lambda *a, **o: real(*a, **o, additional_headers=bearer(token("eve"))))
    async with opened_socket(server) as socket:
        await socket.subscribe(ASK)
        assert (await socket.next())["viewer"]["id"] == "eve"


async def test_a_socket_closes_with_4403_when_its_token_has_expired(
    server: RunningServer, execution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "LOOK_SECONDS", 0.05)
    async with opened_socket(server, token=token("ada")) as socket:
        await socket.subscribe(WATCH, id=execution)
        await socket.next()
        monkeypatch.setattr(sockets, "time", LATER)
        assert await socket.closed_with() == 4403
        assert socket.connection.close_reason == "The token has expired"


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_a_stream_ends_when_its_token_has_expired_and_says_where_to_resume(
    server: RunningServer, execution: str, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permits, "LOOK_SECONDS", 0.05)
    body = {"query": WATCH, "variables": {"id": execution}}
    headers = {**bearer(token("ada")), "accept": accept}
    # Looks already begun go on by the old clock.
    await server.services.permits.stop()
    await server.services.permits.start()
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("POST", server.url, json=body, headers=headers) as r,
    ):
        stream = EventStream(r) if accept == EVENTS else Parts(r)
        await stream.next()
        monkeypatch.setattr(permits, "time", LATER)
        if isinstance(stream, EventStream):
            found = [sent.json for sent in await stream.to_the_end() if sent.data]
        else:
            found = [part.get("payload") or part for part in await stream.to_the_end()]
    *_, last = [each for each in found if each.get("errors")]
    assert last["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED", "nextIndex": 0}


async def test_who_has_lost_a_grant_is_told_of_nothing_any_more(client: Client, execution: str) -> None:
    flow = (await client.ask("query($id: ID!) { execution(id: $id) { flow { id } } }", id=execution))["execution"]
    grant = 'mutation($id: ID!) { grantFlowAccess(flowId: $id, userId: "eve", role: VIEWER) { flow { id } } }'
    revoke = 'mutation($id: ID!) { revokeFlowAccess(flowId: $id, userId: "eve") { flow { id } } }'
    await client.ask(grant, id=flow["flow"]["id"])
    async with opened_socket(client.server, token=token("eve")) as socket:
        await socket.subscribe(WATCH, "events", id=execution)
        await socket.next()
        tree = "subscription($id: ID!) { executionTreeEvents(executionId: $id) { cursor } }"
        await socket.subscribe(tree, "tree", id=execution)
        await socket.next()
        await client.server.services.permits.look()
        await client.ask(revoke, id=flow["flow"]["id"])
        await client.server.services.permits.look()
        ended = {(await messages(socket))["id"]: None for _ in range(2)}
        assert ended.keys() == {"events", "tree"}


async def messages(socket: Socket) -> Json:
    """The next message, which ends an operation as if there were no such execution."""
    message = await socket.receive()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"
    return message


async def test_a_token_never_shows_in_a_log(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = token("ada"), token("ada", expires_in=-60)
    with caplog.at_level(logging.DEBUG):
        for name in ("websockets.client", "httpcore", "hpack"):
            # The test's own clients.
            logging.getLogger(name).setLevel(logging.WARNING)
        async with httpx.AsyncClient() as http:
            for shown in (good, bad):
                await http.post(server.url, json={"query": "{"}, headers=bearer(shown))
        async with opened_socket(server, token=good) as socket:
            await socket.subscribe("{ nothing }")
            await socket.receive()
        async with opened_socket(server, init=False) as socket:
            await socket.send(type="connection_init", payload={"token": bad})
            await socket.closed_with()
    for shown in (good, bad):
        assert shown.rpartition(".")[2] not in caplog.text


async def test_a_hook_with_a_defect_is_masked_everywhere(
    database_url: str, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    policy = wants_tokens(authenticate=Bearers(Verifier(SecretKey(SECRET)), refusing))
    async with running_server(database_url, redis_url, policy) as server, httpx.AsyncClient() as http:
        answer = await http.post(server.url, json={"query": ASK}, headers=bearer(token()))
        assert answer.status_code == 500
        [error] = answer.json()["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert error["extensions"]["id"] in caplog.text
        async with opened_socket(server, init=False) as socket:
            await socket.send(type="connection_init", payload={"token": token()})
            assert await socket.closed_with() == 4500
        assert "canary" not in answer.text + str(socket.connection.close_reason)
        gone = await http.post(server.url, json={"query": ASK}, headers=bearer(token("gone")))
        assert (gone.status_code, gone.json()["errors"][0]["message"]) == (401, "This user has left.")


# How much


async def test_one_operation_too_many_is_refused_until_later_and_others_are_served(
    database_url: str, redis_url: str
) -> None:
    policy = wants_tokens(quotas=Quotas(per_second=0.3))
    async with running_server(database_url, redis_url, policy) as server, caller(server, "ada") as ada:
        for _ in range(3):
            await ada.ask(ASK)
        answer = await ada.http.post(server.url, json={"query": ASK})
        assert answer.status_code == 429
        extensions = answer.json()["errors"][0]["extensions"]
        assert extensions["code"] == "RATE_LIMITED"
        assert 0 < extensions["retryAfterMs"] <= 4000
        assert 1 <= int(answer.headers["retry-after"]) <= 4
        async with opened_socket(server, token=ada.token) as socket:
            await socket.subscribe(ASK)
            refused = (await socket.failure())["extensions"]
            assert refused["code"] == "RATE_LIMITED"
            assert refused["retryAfterMs"] > 0
        async with caller(server, "eve") as eve:
            await eve.ask(ASK)


async def test_one_stream_or_socket_too_many_is_refused_until_another_ends(database_url: str, redis_url: str) -> None:
    policy = wants_tokens(quotas=Quotas(streams=1))
    async with running_server(database_url, redis_url, policy) as server, caller(server, "ada") as ada:
        async with opened_socket(server, token=ada.token) as first:
            async with opened_socket(server, init=False) as second:
                await second.send(type="connection_init", payload={"token": ada.token})
                assert await second.closed_with() == 1013
            answer = await ada.http.post(server.url, json={"query": ASK}, headers={"accept": EVENTS})
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
            async with opened_socket(server, token=token("eve")):
                pass
            await first.subscribe(ASK)
            await first.next()
        for _ in range(2):
            answer = await ada.http.post(server.url, json={"query": ASK}, headers={"accept": EVENTS})
            assert answer.status_code == 200
