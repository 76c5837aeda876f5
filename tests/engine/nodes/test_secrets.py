"""Nodes that use secrets: secret.get, http.request, and nodes of others."""

from collections.abc import AsyncIterator

import pytest

from engine.attempt import MESSAGE_BYTES, node_error
from engine.errors import InputError, NodeError
from engine.nodes import BUILT_IN
from engine.reach import Reach
from engine.secret_use import SecretUse
from tests.engine.nodes.bench import Bench
from tests.engine.nodes.http_server import Received, Server, answer, redirect, serving

STORED = {"key": "canary-4711", "lines": "a\r\nb: c"}


async def find(name: str) -> str:
    if name not in STORED:
        raise InputError(f"There is no secret {name!r}.")
    return STORED[name]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
def http(node: Bench, server: Server) -> Bench:
    allow = frozenset({f"127.0.0.1:{server.port}", f"localhost:{server.port}"})
    return node.given(reach=Reach(allow), secrets=SecretUse(find))


async def test_a_secret_is_got_as_a_reference(node: Bench) -> None:
    assert await node.given(secrets=SecretUse(find)).run("secret.get", name="key") == {"secret": {"$secret": "key"}}


@pytest.mark.parametrize("name", ["none", "no name", ""])
async def test_a_secret_that_is_not_there_fails_as_an_input(node: Bench, name: str) -> None:
    error = await node.given(secrets=SecretUse(find)).fail("secret.get", name=name)
    assert error.failure_code == "INPUT"
    assert "secret" in error.message


def test_a_name_that_is_none_is_complained_of_in_the_document() -> None:
    assert "letter" in BUILT_IN["secret.get"].check({"name": "no name"})["name"]
    assert BUILT_IN["secret.get"].check({"name": "name"}) == {}


@pytest.mark.parametrize(
    ("inputs", "name", "sent"),
    [
        ({"headers": {"X-Key": {"$secret": "key"}}}, "x-key", "canary-4711"),
        ({"headers": {"X-Key": ["Key ", {"$secret": "key"}, "!"]}}, "x-key", "Key canary-4711!"),
        ({"bearer": {"$secret": "key"}}, "authorization", "Bearer canary-4711"),
    ],
)
async def test_a_header_has_a_secret(
    http: Bench, server: Server, inputs: dict[str, object], name: str, sent: str
) -> None:
    server.answers["/"] = lambda _: answer(200)
    await http.run("http.request", url=server.url + "/", **inputs)
    assert server.received[0].headers[name] == sent


def echo(request: Received) -> bytes:
    return answer(200, request.headers["x-key"].encode(), f"Echo: {request.headers['x-key']}")


async def test_an_echo_of_a_secret_is_taken_out_of_the_answer(http: Bench, server: Server) -> None:
    server.answers["/"] = echo
    found = await http.run("http.request", url=server.url + "/", headers={"X-Key": {"$secret": "key"}})
    assert (found["text"], found["headers"]["echo"]) == ("[secret key]", "[secret key]")


@pytest.mark.parametrize("name", ["x-key", "user-agent"])
async def test_a_secret_does_not_follow_a_redirect_to_another_origin(http: Bench, server: Server, name: str) -> None:
    server.answers["/here"] = redirect(302, "/same")
    server.answers["/same"] = redirect(302, f"http://localhost:{server.port}/there")
    server.answers["/there"] = lambda _: answer(200)
    await http.run("http.request", url=server.url + "/here", headers={name: {"$secret": "key"}})
    assert [request.headers.get(name) for request in server.received] == [STORED["key"], STORED["key"], None]


async def test_a_secret_that_no_header_can_have_is_not_shown(http: Bench, server: Server) -> None:
    error = await http.fail("http.request", url=server.url + "/", headers={"X-Key": {"$secret": "lines"}})
    assert (error.failure_code, "x-key" in error.message.lower(), "b: c" in error.message) == ("INPUT", True, False)
    assert server.received == []


async def test_two_authorizations_are_refused(http: Bench, server: Server) -> None:
    error = await http.fail(
        "http.request", url=server.url + "/", headers={"Authorization": "x"}, bearer={"$secret": "key"}
    )
    assert "'bearer' and 'headers'" in error.message


@pytest.mark.parametrize("headers", [{"X-Key": {"$secret": 3}}, {"X-Key": {"secret": "key"}}, {"X-Key": [1]}])
async def test_what_is_no_reference_is_no_header(http: Bench, server: Server, headers: dict[str, object]) -> None:
    error = await http.fail("http.request", url=server.url + "/", headers=headers)
    assert (error.failure_code, "headers" in error.message) == ("INPUT", True)


async def test_secrets_are_taken_out_before_a_message_is_cut() -> None:
    secrets = SecretUse(find)
    await secrets.look_up("key")
    text = "x" * (MESSAGE_BYTES - 6) + STORED["key"]
    assert "canary" not in node_error(ValueError(text), secrets).message
    assert isinstance(node_error(ValueError(text), secrets), NodeError)
