"""Every error code: with which HTTP status it comes, and how on a socket."""

import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from engine.errors import TidegateError
from resolvers.answers import HTTP_STATUS
from resolvers.loaders import Reads
from schema import errors
from tests.api.client import Client, Json, opened_socket
from tests.api.test_limits import FRAGMENTS

MODERN = {"accept": "application/graphql-response+json"}


class Seen(NamedTuple):
    """The status for each of the media types, and what a socket says."""

    json: int
    modern: int
    socket: str


REFUSED = Seen(200, 400, "error")
"""The operation is not executed. On a socket, this is an `error` for its id."""
EXECUTED = Seen(200, 200, "next")
"""A field has failed, which the result says beside its data."""

BEFORE: dict[str, tuple[Json, Seen]] = {
    "GRAPHQL_PARSE_FAILED": ({"query": "{ viewer {"}, REFUSED),
    "GRAPHQL_VALIDATION_FAILED": ({"query": "{ nothing }"}, REFUSED),
    "QUERY_TOO_COMPLEX": ({"query": "{ viewer { ...F0 } } " + FRAGMENTS}, REFUSED),
    "BAD_USER_INPUT": ({"query": "query($n: Int!) { flows(first: $n) { edges { cursor } } }"}, REFUSED),
    "PERSISTED_QUERY_NOT_FOUND": ({"documentId": "none"}, REFUSED),
}
"""Found in the request, before anything is executed."""

WITHIN = {
    "BAD_USER_INPUT": EXECUTED,
    "CONFLICT": EXECUTED,
    "FORBIDDEN": EXECUTED,
    "INTERNAL_SERVER_ERROR": EXECUTED,
    "INVALID_STATE": EXECUTED,
    "NOT_FOUND": EXECUTED,
    "PAYLOAD_TOO_LARGE": Seen(413, 413, "next"),
    "PERSISTED_QUERY_NOT_FOUND": EXECUTED,
    "QUERY_TOO_COMPLEX": EXECUTED,
    "RATE_LIMITED": Seen(429, 429, "next"),
    "UNAUTHENTICATED": Seen(401, 401, "next"),
}
"""Raised where a field is read."""


def codes_of_ours(kind: type[TidegateError] = TidegateError) -> Iterator[str]:
    """The code of an error and of all that are of its kind."""
    yield kind.code
    for narrower in kind.__subclasses__():
        yield from codes_of_ours(narrower)


def test_the_table_has_every_code() -> None:
    found_in_documents = {errors.PARSE_FAILED, errors.VALIDATION_FAILED, errors.TOO_COMPLEX}
    assert found_in_documents <= BEFORE.keys()
    assert {*codes_of_ours(), *HTTP_STATUS} == WITHIN.keys()


async def test_a_request_that_is_not_executed_has_400_where_the_newer_type_is_accepted(client: Client) -> None:
    found = {code: await seen(client, request, code) for code, (request, _) in BEFORE.items()}
    assert found == {code: expected for code, (_, expected) in BEFORE.items()}


async def test_what_fails_within_an_operation_has_200_or_a_status_of_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: Reads, flow_id: str) -> None:
        raise type("Broken", (TidegateError,), {"code": flow_id})()

    monkeypatch.setattr(Reads, "seen_flow", broken)
    found = {code: await seen(client, {"query": f'{{ flow(id: "{code}") {{ id }} }}'}, code) for code in WITHIN}
    assert found == WITHIN


async def test_a_variable_that_does_not_fit_is_named_on_all_transports(client: Client) -> None:
    query = "mutation($input: CreateExecutionInput!) { createExecution(input: $input) { created } }"
    request = {"query": query, "variables": {"input": {"flowId": "FL0", "options": {"breakpoints": [{}]}}}}
    expected = {"code": "BAD_USER_INPUT", "field": "input.options.breakpoints.0"}
    posted = await client.http.post(client.server.url, json=request)
    streamed = await client.http.post(client.server.url, json=request, headers={"accept": "text/event-stream"})
    (event,) = [line for line in streamed.text.splitlines() if line.startswith("data: {")]
    for answer in (posted.json(), json.loads(event.removeprefix("data: "))):
        assert answer["errors"][0]["extensions"] == expected
    async with opened_socket(client.server) as socket:
        await socket.send(type="subscribe", id="1", payload=request)
        assert (await socket.failure())["extensions"] == expected


async def seen(client: Client, request: Json, code: str) -> Seen:
    """How a request is answered, each time with this code."""
    statuses = []
    for headers in ({}, MODERN):
        response = await client.http.post(client.server.url, json=request, headers=headers)
        assert [error["extensions"]["code"] for error in response.json()["errors"]] == [code]
        statuses.append(response.status_code)
    async with opened_socket(client.server) as socket:
        await socket.send(type="subscribe", id="1", payload=request)
        message = await socket.receive()
    shown = message["payload"]["errors"] if message["type"] == "next" else message["payload"]
    assert [error["extensions"]["code"] for error in shown] == [code]
    return Seen(*statuses, message["type"])
