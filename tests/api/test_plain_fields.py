"""Fields that are just read give what graphql-core gives, errors included; and what a page asks for is known before."""

import asyncio
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

from resolvers.json_text import write_json
from schema.lookahead import names_below
from schema.rendering import PlainExecutor
from schema.source import Sourced
from schema.view import of_row, resolved, resolved_unless_known


@strawberry.type
class Row:
    name: str = "n"
    size: int | None = 3
    tags: list[str] = field(default_factory=lambda: ["a", "b"])

    @property
    def broken(self) -> str:
        raise ValueError("Broken.")

    @property
    def missing(self) -> None:
        return None

    @property
    def huge(self) -> int:
        return 2**40


@strawberry.type
class Thing:
    row: strawberry.Private[Row]
    known: strawberry.Private[Mapping[str, Any]] = field(default_factory=dict)

    name: str = of_row("name", "")
    size: int | None = of_row("size", "")
    tags: list[str] = of_row("tags", "")
    broken: str | None = of_row("broken", "")
    missing: str | None = of_row("missing", "")
    missing_required: str = of_row("missing", "")
    huge: int | None = of_row("huge", "")
    inner: Row = strawberry.field(default_factory=Row)

    @resolved("")
    async def asked(self, text: str = "x") -> str:
        await asyncio.sleep(0)
        return text

    @resolved_unless_known("")
    async def other(self) -> "Thing | None":
        return Thing(row=Row(name="worked out"))


@strawberry.type
class Query:
    @strawberry.field
    async def things(self, info: strawberry.Info[Any, None]) -> list[Thing | None]:
        info.context.names = names_below(info)
        return [Thing(row=Row()), None, Thing(row=Row(size=None), known={"other": Thing(row=Row(name="known"))})]


class Context(Sourced):
    """What the resolver has seen coming."""

    names: frozenset[str] = frozenset()


QUICK = strawberry.Schema(Query, execution_context_class=PlainExecutor)
LONG = strawberry.Schema(Query)

DOCUMENTS = [
    "{ things { name size tags } }",
    "{ things { __typename tags n: name name asked inner { size name __typename } } }",
    '{ things { other { name } asked(text: "y") name other { size } } }',
    "{ things { name broken asked } }",
    "{ things { missing huge size } }",
    "{ things { name missingRequired } }",
    "{ things { name asked other { missingRequired } } }",
    "{ things { ...a ... on Thing { size } name @skip(if: true) } } fragment a on Thing { name other { ...b } } "
    "fragment b on Thing { tags asked }",
    "{ __schema { queryType { name } } things { other { other { name } } } }",
    "query ($yes: Boolean = true) { things { name @include(if: $yes) size @skip(if: $yes) } }",
]


async def shown(schema: strawberry.Schema, text: str, **variables: Any) -> tuple[bytes, list[Any]]:
    result = await schema.execute(text, variable_values=variables, context_value=Context())
    return write_json(result.data), sorted(map(_told, result.errors or ()), key=str)


def _told(error: GraphQLError) -> tuple[str, Any]:
    return error.message, error.path


@pytest.mark.parametrize("text", DOCUMENTS)
async def test_both_ways_give_the_same_bytes_and_errors(text: str) -> None:
    expected = await shown(LONG, text)
    for _ in range(2):
        assert await shown(QUICK, text) == expected


async def test_what_is_worked_out_for_one_choice_is_not_taken_for_another() -> None:
    text = DOCUMENTS[-1]
    for yes in (True, False, True):
        assert await shown(QUICK, text, yes=yes) == await shown(LONG, text, yes=yes)


async def test_what_is_known_is_not_asked_for_again() -> None:
    data, errors = await shown(QUICK, "{ things { other { name } } }")
    assert not errors
    assert data == b'{"things":[{"other":{"name":"worked out"}},null,{"other":{"name":"known"}}]}'


async def test_a_resolver_knows_all_names_that_are_selected_below_it() -> None:
    context = Context()
    await QUICK.execute(DOCUMENTS[7], context_value=context)
    assert context.names == {"size", "name", "other", "tags", "asked"}
