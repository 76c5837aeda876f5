"""Events are shown byte for byte as graphql-core shows them, whatever is selected of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.events import EVENT_TYPES, NodeCompleted
from engine.status import ExecutionStatus
from engine.values import Value
from resolvers.json_text import write_json
from schema import drawings
from schema.drawings import DRAWN_PER_EVENT, Drawing
from schema.events import EVENT_VIEWS, ExecutionEvent, ExecutionEventBatch, ShownEvent, show_event
from schema.rendering import EventExecutor
from schema.scalars import SCALARS
from storage.events import EventRow
from tests.api.selections import VARIABLES, Selecting
from tests.engine.sample_events import bare, full

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
EVENTS = [make(model) for model in EVENT_TYPES.values() for make in (full, bare)]


def rows() -> list[EventRow]:
    return [EventRow("EX1", n, event.kind, MOMENT, event.encode().decode()) for n, event in enumerate(EVENTS, -1)]


@strawberry.type
class Query:
    @strawberry.field
    def events(self, info: strawberry.Info) -> list[ExecutionEvent]:
        show: Any = info.context["show"]
        return [show(row) for row in info.context["rows"]]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def batches(self, info: strawberry.Info) -> AsyncIterator[ExecutionEventBatch]:
        show: Any = info.context["show"]
        for size in info.context["sizes"]:
            shown = [show(row) for row in info.context["rows"][:size]]
            yield ExecutionEventBatch(
                events=shown, next_index=size, caught_up=bool(size % 2), status=ExecutionStatus.RUNNING
            )


def schema_with(executor: type[StrawberryGraphQLCoreExecutionContext]) -> strawberry.Schema:
    return strawberry.Schema(
        Query,
        subscription=Subscription,
        types=EVENT_VIEWS,
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=executor,
    )


QUICK, PLAIN = schema_with(EventExecutor), schema_with(StrawberryGraphQLCoreExecutionContext)


@st.composite
def operations(draw: st.DrawFn, kind: str) -> str:
    selecting = Selecting(PLAIN._schema, draw)
    text = selecting.query() if kind == "query" else selecting.subscription()
    assume(not validate(PLAIN._schema, parse(text)))
    return text


def context_of(schema: strawberry.Schema, events: Sequence[EventRow], sizes: Sequence[int] = ()) -> dict[str, Any]:
    return {"rows": events, "show": show_event if schema is QUICK else ShownEvent, "sizes": sizes}


def shown(schema: strawberry.Schema, operation: str, events: Sequence[EventRow]) -> tuple[bytes, list[GraphQLError]]:
    variables: dict[str, Any] = {name: name == "yes" for name in VARIABLES}
    result = schema.execute_sync(operation, variable_values=variables, context_value=context_of(schema, events))
    return write_json(result.data), list(result.errors or ())


async def streamed(schema: strawberry.Schema, operation: str, sizes: Sequence[int]) -> list[tuple[bytes, Any]]:
    variables: dict[str, Any] = {name: name == "yes" for name in VARIABLES}
    results = await schema.subscribe(operation, variables, context_of(schema, rows(), sizes))
    return [(write_json(result.data), result.errors) async for result in results]


@settings(max_examples=100, deadline=None)
@given(operations("query"))
def test_random_selections_give_the_same_bytes_the_quick_way_and_the_long_way(operation: str) -> None:
    assert shown(QUICK, operation, rows()) == shown(PLAIN, operation, rows())


@settings(max_examples=60, deadline=None)
@given(operations("subscription"))
def test_random_selections_of_batches_give_the_same_bytes_the_quick_way_and_the_long_way(operation: str) -> None:
    sizes = (0, 1, 40)
    quick = asyncio.run(streamed(QUICK, operation, sizes))
    assert [errors for _, errors in quick] == [None] * len(sizes)
    assert quick == asyncio.run(streamed(PLAIN, operation, sizes))


async def test_batches_of_a_subscription_leave_nothing_behind_in_its_executor(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[EventExecutor] = []
    execute = EventExecutor.execute_operation

    def keeping(self: EventExecutor, serially: bool | None = None) -> Any:
        made.append(self)
        return execute(self, serially)

    monkeypatch.setattr(EventExecutor, "execute_operation", keeping)
    await streamed(
        QUICK, "subscription { batches { events { index ... on NodeEvent { nodeId } } nextIndex } }", [50] * 20
    )
    assert len(made) == 20
    assert {id(executor._selections) for executor in made} == {id(made[0]._selections)}
    assert [len(executor._relevant_sub_fields) for executor in made] == [0] * 20
    assert len(made[0]._selections._drawings) == 1


def test_the_quick_way_is_taken_whatever_is_selected_of_every_kind() -> None:
    """Else the test above would compare the long way with itself."""
    events = rows()
    assert not shown(
        QUICK, "{ events { ...all } } fragment all on ExecutionEvent { index type data timestamp }", events
    )[1]
    assert [len(row.drawn) for row in events] == [1] * len(events)
    typed = "{ events { ... on NodeFailedEvent { error { code } } ... on BreakpointsSetEvent { nodeIds } } }"
    assert not shown(QUICK, typed, events)[1]
    assert [len(row.drawn) for row in events] == [2] * len(events)


def test_an_event_is_rendered_once_for_all_who_select_the_same_of_it() -> None:
    events = rows()
    for operation in (
        "{ events { index data } }",
        "query Other { events { ...two } } fragment two on ExecutionEvent { index data }",
    ):
        shown(QUICK, operation, events)
    assert {len(row.drawn) for row in events} == {1}


def test_only_so_many_renderings_are_kept_with_an_event() -> None:
    events = rows()
    for number in range(3 * DRAWN_PER_EVENT):
        text, _ = shown(QUICK, f"{{ events {{ a{number}: index }} }}", events)
        assert text.startswith(f'{{"events":[{{"a{number}":-1}}'.encode())
    assert {len(row.drawn) for row in events} == {DRAWN_PER_EVENT}


def test_what_cannot_be_rendered_the_quick_way_gives_the_errors_of_the_long_way() -> None:
    event = NodeCompleted(node_id="a", node_type="t", attempt=1, outputs={"x": Value.of(1)}, execution_time=1)
    broken = event.encode().decode().replace('"attempt":1', '"attempt":null')
    assert broken != event.encode().decode()
    spoilt = [*rows()[:3], EventRow("EX1", 2, event.kind, MOMENT, broken)]
    operation = "{ events { index ... on NodeCompletedEvent { attempt } } }"
    (data, quick), (_, plain) = shown(QUICK, operation, spoilt), shown(PLAIN, operation, spoilt)
    assert data == b"null"
    assert [(error.message, error.path) for error in quick] == [(error.message, error.path) for error in plain]
    assert quick[0].path == ["events", 3, "attempt"]


def test_the_data_of_an_event_is_shown_as_it_is_stored() -> None:
    stored = '{"outputs": {"b": 1e16, "a": -0.0, "long": 0.1000000000000000055511151231257827}}'
    text, _ = shown(QUICK, "{ events { data } }", [EventRow("EX1", 0, "NODE_COMPLETED", MOMENT, stored)])
    assert text == b'{"events":[{"data":' + stored.encode() + b"}]}"


def test_the_same_selection_gives_the_same_drawing() -> None:
    kind: Any = QUICK._schema.type_map["NodeStartedEvent"]
    shape = (("a", "index", ()), ("b", "nodeId", ()))
    assert isinstance(drawings._drawing_of(kind, shape), Drawing)
    assert drawings._drawing_of(kind, shape) is drawings._drawing_of(kind, shape)
