"""What an operation may ask for at most."""

import asyncio

import pytest
from graphql import get_introspection_query

from schema.limits import LIMITS, LITERAL_LIMIT, NUMBER_LENGTH, OPERATIONS_LIMIT, TEXT_LIMIT, TOKEN_LIMIT
from tests.api.client import Client


def deep(depth: int) -> str:
    """A query of executions and their children, `depth` fields deep."""
    levels = (depth - 2) // 3
    inner = "id"
    for _ in range(levels):
        inner = f"children {{ edges {{ node {{ {inner} }} }} }}"
    return f'{{ execution(id: "EX0") {{ {inner} }} }}'


FRAGMENTS = (
    " ".join(f"fragment F{n} on Viewer {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20))
    + " fragment F20 on Viewer { id }"
)


@pytest.mark.parametrize(
    "query",
    [
        deep(LIMITS.depth + 3),
        "{ " + " ".join(f"a{n}: viewer {{ id }}" for n in range(LIMITS.aliases + 1)) + " }",
        "{ " + "viewer { id name roles } " * (LIMITS.fields // 4 + 1) + "}",
        "{ viewer { " + "id " * (LIMITS.repeats + 1) + "} }",
        "{ viewer { id " + "@skip(if: false) " * (LIMITS.directives + 1) + "} }",
        "{ viewer { " + "... { id } " * (LIMITS.fragments + 1) + "} }",
        "{ viewer { " + "id " * TOKEN_LIMIT + "} }",
        "{ viewer { ...F0 } } " + FRAGMENTS,
        "{ validateFlow(document: {" + " ".join(f"k{n}: 1" for n in range(LITERAL_LIMIT + 1)) + "}) { valid } }",
        f"{{ flows(first: {'9' * (NUMBER_LENGTH + 1)}) {{ edges {{ cursor }} }} }}",
        f"{{ validateFlow(document: 0.{'9' * 5_000}) {{ valid }} }}",
        "a" * (TEXT_LIMIT + 1),
        " ".join(f"query Q{n} {{ viewer {{ id }} }}" for n in range(OPERATIONS_LIMIT + 1)),
    ],
    ids=[
        *("depth", "aliases", "fields", "repeats", "directives", "inline", "tokens", "fragments", "literal"),
        *("integer", "float", "text"),
        "operations",
    ],
)
async def test_what_asks_for_too_much_is_refused(client: Client, query: str) -> None:
    assert (await client.failure(query))["code"] == "QUERY_TOO_COMPLEX"


async def test_others_are_served_while_it_is_refused(client: Client) -> None:
    refused, served = await asyncio.gather(
        client.failure("{ viewer { ...F0 } } " + FRAGMENTS), client.ask("{ viewer { id } }")
    )
    assert refused["code"] == "QUERY_TOO_COMPLEX"
    assert served == {"viewer": {"id": "local"}}


async def test_fragments_in_a_circle_are_invalid(client: Client) -> None:
    query = "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }"
    assert (await client.failure(query))["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_introspection_of_tools_passes(client: Client) -> None:
    found = await client.ask(get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert found["__schema"]["subscriptionType"] == {"name": "Subscription", "kind": "OBJECT"}
