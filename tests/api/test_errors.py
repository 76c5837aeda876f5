"""What went wrong, as clients see it."""

import logging
from typing import NoReturn

import pytest
from graphql import GraphQLError, parse

from engine.errors import BadUserInput, InvalidState, NotFound, ServiceUnavailable, ShuttingDown
from resolvers.loaders import Reads
from schema.errors import Interrupted, error_for_client
from schema.variables import place_of_variable
from tests.api.client import Client, opened_socket

ASK = 'query { flow(id: "FL0") { id } }'
CANARY = "the canary sings"


def break_reads(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    async def broken(self: Reads, flow_id: str) -> NoReturn:
        raise error

    monkeypatch.setattr(Reads, "seen_flow", broken)


@pytest.mark.parametrize("error", [RuntimeError(CANARY), ServiceUnavailable(CANARY), KeyError(CANARY)])
async def test_a_defect_is_masked_and_logged_under_the_id_that_is_shown(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    break_reads(monkeypatch, error)
    with caplog.at_level(logging.ERROR):
        answer = await client.answer(ASK)
    shown = answer["errors"][0]
    assert shown["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert shown["path"] == ["flow"]
    assert CANARY not in str(answer)
    assert shown["extensions"]["id"] in caplog.text
    assert CANARY in caplog.text
    assert answer["data"] == {"flow": None}


async def test_a_defect_is_masked_on_sockets_too(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_reads(monkeypatch, RuntimeError(CANARY))
    async with opened_socket(client.server) as socket:
        await socket.subscribe(ASK)
        payload = (await socket.receive())["payload"]
    assert payload["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert CANARY not in str(payload)
    assert CANARY in caplog.text


async def test_a_defect_in_a_subscription_is_one_masked_error(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(self: Reads, execution_id: str) -> NoReturn:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(Reads, "execution", broken)
    async with opened_socket(client.server) as socket:
        await socket.subscribe('subscription { executionEvents(executionId: "EX0") { nextIndex } }')
        message = await socket.receive()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert CANARY not in str(message)
    assert CANARY in caplog.text


async def test_what_the_client_did_wrong_is_not_logged_as_a_defect(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    await client.answer(ASK)
    await client.answer("{ nothing }")
    assert not caplog.records


@pytest.mark.parametrize(
    ("cause", "extensions"),
    [
        (NotFound(), {"code": "NOT_FOUND"}),
        (BadUserInput("No.", field="input.x.0"), {"code": "BAD_USER_INPUT", "field": "input.x.0"}),
        (InvalidState("No.", status="PAUSED"), {"code": "INVALID_STATE", "status": "PAUSED"}),
    ],
)
def test_an_error_of_ours_shows_its_message_code_and_extensions(
    cause: NotFound | BadUserInput | InvalidState, extensions: dict[str, str]
) -> None:
    shown = error_for_client(GraphQLError("something", path=["a", 0], original_error=cause))
    assert (shown.message, shown.path, shown.extensions) == (cause.message, ["a", 0], extensions)


@pytest.mark.parametrize(
    ("cause", "message", "extensions"),
    [
        (NotFound("Gone."), "Gone.", {"code": "NOT_FOUND", "nextIndex": 7}),
        (BadUserInput("No.", field="x"), "No.", {"code": "BAD_USER_INPUT", "field": "x", "nextIndex": 7}),
        (ShuttingDown(), "The server is shutting down.", {"code": "INTERNAL_SERVER_ERROR", "nextIndex": 7}),
    ],
)
def test_what_ends_a_stream_before_its_time_also_shows_where_to_resume(
    cause: Exception, message: str, extensions: dict[str, str | int]
) -> None:
    interrupted = Interrupted(cause, {"nextIndex": 7})
    shown = error_for_client(GraphQLError(str(interrupted), original_error=interrupted))
    assert (shown.message, shown.extensions) == (message, extensions)


def test_a_defect_that_ends_a_stream_is_masked_and_shows_where_to_resume(caplog: pytest.LogCaptureFixture) -> None:
    interrupted = Interrupted(RuntimeError(CANARY), {"nextIndex": 7})
    shown = error_for_client(GraphQLError(str(interrupted), original_error=interrupted))
    extensions = shown.extensions or {}
    assert (extensions["code"], extensions["nextIndex"]) == ("INTERNAL_SERVER_ERROR", 7)
    assert CANARY not in str(shown.formatted)
    assert extensions["id"] in caplog.text
    assert CANARY in caplog.text


def test_an_error_with_a_code_stays_as_it_is() -> None:
    error = GraphQLError("x", extensions={"code": "QUERY_TOO_COMPLEX"})
    assert error_for_client(error) is error


async def test_an_argument_that_must_not_be_null_is_named(client: Client) -> None:
    refused = await client.failure("query($n: Int = 5) { flows(first: $n) { edges { cursor } } }", n=None)
    assert refused == {"code": "BAD_USER_INPUT", "field": "first"}


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("query($x: Int) { a(first: $x) }", ["first"]),
        ("query($x: Int) { a { b(input: {deep: {er: $x}}) } }", ["input", "deep", "er"]),
        ("query($x: Int) { a(list: [{at: $x}]) }", ["list", "at"]),
        ("query($x: Int) { a }", ["x"]),
    ],
)
def test_a_variable_is_found_where_it_is_used(query: str, place: list[str]) -> None:
    assert place_of_variable(parse(query), "x") == place
