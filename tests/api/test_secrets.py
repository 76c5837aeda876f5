"""Secrets over the API: stored, listed by name, deleted, and never shown."""

from typing import Any

import asyncpg
import pytest

from schema.paging import encode_cursor
from tests.api.callers import caller, wants_tokens
from tests.api.client import Client, Json
from tests.api.server import RunningServer, running_server
from tests.keys import KEYS

SECRET = "secret { __typename id name keyId updatedAt }"
PUT = f"mutation($n: String!, $v: String!) {{ putSecret(name: $n, value: $v) {{ {SECRET} }} }}"
DELETE = "mutation($n: String!) { deleteSecret(name: $n) { deletedId } }"
LIST = """query($first: Int! = 50, $after: String) {
  secrets(first: $first, after: $after) { edges { cursor node { id name } } pageInfo { hasNextPage endCursor } }
}"""
NODE = "query($id: ID!) { node(id: $id) { __typename id ... on Secret { name keyId updatedAt } } }"


@pytest.fixture
def server_options() -> dict[str, Any]:
    return {"policy": wants_tokens(), "keys": KEYS}


@pytest.fixture
def client(ada: Client) -> Client:
    return ada


async def names(client: Client, **given: Json) -> list[str]:
    return [edge["node"]["name"] for edge in (await client.ask(LIST, **given))["secrets"]["edges"]]


async def test_a_secret_is_stored_replaced_found_again_and_deleted(client: Client) -> None:
    first = (await client.ask(PUT, n="key", v="one"))["putSecret"]["secret"]
    again = (await client.ask(PUT, n="key", v="two"))["putSecret"]["secret"]
    assert (first["name"], first["keyId"], first["id"]) == ("key", "old", again["id"])
    assert first["updatedAt"] <= again["updatedAt"]
    assert (await client.ask(NODE, id=first["id"]))["node"] == again
    assert (await client.ask(DELETE, n="key"))["deleteSecret"] == {"deletedId": first["id"]}
    for query, given in ((NODE, {"id": first["id"]}), (DELETE, {"n": "key"})):
        assert (await client.failure(query, **given))["code"] == "NOT_FOUND"


async def test_what_is_stored_is_not_what_was_given(client: Client, connection: asyncpg.Connection) -> None:
    for _ in range(2):
        await client.ask(PUT, n="key", v="canary-4711")
        stored = await connection.fetchval("select sealed from secrets")
        assert b"canary" not in stored
        assert len(stored) == 12 + len("canary-4711") + 16


async def test_secrets_are_listed_by_name_page_by_page(client: Client) -> None:
    for name in ("c", "a", "B", "d"):
        await client.ask(PUT, n=name, v="value")
    page = (await client.ask(LIST, first=2))["secrets"]
    assert [edge["node"]["name"] for edge in page["edges"]] == ["B", "a"]
    assert page["pageInfo"]["hasNextPage"]
    await client.ask(DELETE, n="a")
    assert await names(client, first=2, after=page["pageInfo"]["endCursor"]) == ["c", "d"]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"first": 0}, "first"), ({"first": 101}, "first"), ({"after": encode_cursor("flow", "FL1")}, "after")],
)
async def test_a_page_that_is_none_is_refused(client: Client, given: Json, field: str) -> None:
    refused = await client.failure(LIST, **given)
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", field)


async def test_a_name_or_value_that_is_none_is_refused_and_named(client: Client) -> None:
    cases = [(name, "value", "name") for name in ("", "1a", "a b", "ä", "a" * 65, "a\n", "a/b")]
    cases += [("key", value, "value") for value in ("", "x" * 65_537, "ü" * 32_769, "a\0b", "a\ud800")]
    for name, value, field in cases:
        [error] = (await client.answer(PUT, n=name, v=value))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field), (name, value)
        assert len(error["message"]) < 200
    assert await names(client) == []


async def test_the_longest_name_and_value_are_stored(client: Client) -> None:
    for name, value in (("a" * 64, "x" * 65_536), ("a_.-9", "ü")):
        assert (await client.ask(PUT, n=name, v=value))["putSecret"]["secret"]["name"] == name


async def test_names_are_of_each_owner(client: Client, server: RunningServer) -> None:
    mine = (await client.ask(PUT, n="key", v="mine"))["putSecret"]["secret"]["id"]
    async with caller(server, "eve") as eve:
        assert await names(eve) == []
        for query, given in ((NODE, {"id": mine}), (DELETE, {"n": "key"})):
            assert (await eve.failure(query, **given))["code"] == "NOT_FOUND"
        assert (await eve.ask(PUT, n="key", v="hers"))["putSecret"]["secret"]["id"] != mine
        await eve.ask(DELETE, n="key")
    assert await names(client) == ["key"]


async def test_without_keys_nothing_is_stored(database_url: str, redis_url: str) -> None:
    async with running_server(database_url, redis_url, wants_tokens()) as server, caller(server, "ada") as client:
        [error] = (await client.answer(PUT, n="key", v="canary"))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "TIDEGATE_SECRET_KEYS is not set" in error["message"]
        assert await names(client) == []
