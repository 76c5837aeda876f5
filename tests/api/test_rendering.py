"""Events are shown byte for byte as graphql-core shows them, whatever is selected of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
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
from schema.drawings import DRAWN_PER_EVENT, Drawing, drawing_of
from schema.events import EVENT_VIEWS, ExecutionEvent, ExecutionEventBatch, ShownEvent, show_event
from schema.rendering import PlainExecutor
from schema.scalars import SCALARS
from schema.source import Sourced
from storage.events import EventRow
from tests.api.selections import VARIABLES, Selecting
from tests.engine.sample_events import bare, full

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
EVENTS = [make(model) for model in EVENT_TYPES.values() for make in (full, bare)]


def rows() -> list[EventRow]:
    return [EventRow("EX1", n, event.kind, MOMENT, event.encode().decode()) for n, event in enumerate(EVENTS, -1)]


@dataclass
class Context(Sourced):
    """What is shown and how, in batches of these sizes; after them `error` is raised."""

    rows: Sequence[EventRow]
    show: Any = show_event
    sizes: Sequence[int] = ()
    error: Exception | None = None


@strawberry.type
class Query:
    @strawberry.field
    def events(self, info: strawberry.Info[Context, None]) -> list[ExecutionEvent]:
        return [info.context.show(row) for row in info.context.rows]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def batches(self, info: strawberry.Info[Context, None]) -> AsyncIterator[ExecutionEventBatch]:
        asked = info.context
        for size in asked.sizes:
            shown = [asked.show(row) for row in asked.rows[:size]]
            yield ExecutionEventBatch(
                events=shown, next_index=size, caught_up=bool(size % 2), status=ExecutionStatus.RUNNING
            )
        if asked.error:
            raise asked.error


def schema_with(executor: type[StrawberryGraphQLCoreExecutionContext]) -> strawberry.Schema:
    return strawberry.Schema(
        Query,
        subscription=Subscription,
        types=EVENT_VIEWS,
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=executor,
    )


QUICK, PLAIN = schema_with(PlainExecutor), schema_with(StrawberryGraphQLCoreExecutionContext)


@st.composite
def operations(draw: st.DrawFn, kind: str) -> str:
    selecting = Selecting(PLAIN._schema, draw)
    text = selecting.query() if kind == "query" else selecting.subscription()
    assume(not validate(PLAIN._schema, parse(text)))
    return text


def context_of(schema: strawberry.Schema, events: Sequence[EventRow], **others: Any) -> Context:
    return Context(events, show_event if schema is QUICK else ShownEvent, **others)


def shown(schema: strawberry.Schema, operation: str, events: Sequence[EventRow]) -> tuple[bytes, list[GraphQLError]]:
    variables: dict[str, Any] = {name: name == "yes" for name in VARIABLES}
    result = schema.execute_sync(operation, variable_values=variables, context_value=context_of(schema, events))
    return write_json(result.data), list(result.errors or ())


async def streamed(schema: strawberry.Schema, operation: str, context: Context) -> list[tuple[bytes, Any]]:
    variables: dict[str, Any] = {name: name == "yes" for name in VARIABLES}
    found = []
    async for result in await schema.subscribe(operation, variables, context):
        found.append((write_json(result.data), [_told(error) for error in result.errors or ()]))
        while context.source and (data := await context.source.plain()):
            found.append((write_json(data), []))
    return found


def _told(error: GraphQLError) -> tuple[str, Any]:
    return error.message, error.path


@settings(max_examples=50, deadline=None)
@given(operations("query"))
def test_random_selections_give_the_same_bytes_the_quick_way_and_the_long_way(operation: str) -> None:
    assert shown(QUICK, operation, rows()) == shown(PLAIN, operation, rows())


@settings(max_examples=30, deadline=None)
@given(operations("subscription"))
def test_random_selections_of_batches_give_the_same_bytes_the_quick_way_and_the_long_way(operation: str) -> None:
    sizes = (0, 1, 40)
    quick = asyncio.run(streamed(QUICK, operation, context_of(QUICK, rows(), sizes=sizes)))
    assert [errors for _, errors in quick] == [[]] * len(sizes)
    assert quick == asyncio.run(streamed(PLAIN, operation, context_of(PLAIN, rows(), sizes=sizes)))


TYPED = "subscription { batches { events { index ... on NodeCompletedEvent { attempt } } nextIndex } }"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[PlainExecutor]:
    """The executors that have executed something."""
    made: list[PlainExecutor] = []
    execute = PlainExecutor.execute_operation

    def keeping(self: PlainExecutor, serially: bool | None = None) -> Any:
        made.append(self)
        return execute(self, serially)

    monkeypatch.setattr(PlainExecutor, "execute_operation", keeping)
    return made


async def test_only_the_first_batch_of_a_plain_subscription_is_executed(made: list[PlainExecutor]) -> None:
    found = await streamed(QUICK, TYPED, context_of(QUICK, rows(), sizes=[3] * 20))
    assert (len(found), len(made)) == (20, 1)


async def test_a_batch_that_cannot_just_be_read_is_executed_and_the_stream_goes_on(made: list[PlainExecutor]) -> None:
    event = NodeCompleted(node_id="a", node_type="t", attempt=1, outputs={"x": Value.of(1)}, execution_time=1)
    broken = event.encode().decode().replace('"attempt":1', '"attempt":null')
    spoilt = [*rows()[:3], EventRow("EX1", 2, event.kind, MOMENT, broken)]
    quick, plain = [
        await streamed(schema, TYPED, context_of(schema, spoilt, sizes=[3, 3, 4, 3, 3])) for schema in (QUICK, PLAIN)
    ]
    assert quick == plain
    assert [bool(errors) for _, errors in quick] == [False, False, True, False, False]
    assert len(made) == 2


async def test_what_ends_a_stream_is_told_as_if_all_of_it_had_been_executed() -> None:
    quick, plain = [
        await streamed(schema, TYPED, context_of(schema, rows(), sizes=[1, 2], error=ValueError("Enough.")))
        for schema in (QUICK, PLAIN)
    ]
    assert quick == plain
    assert [errors for _, errors in quick] == [[], [], [("Enough.", None)]]


async def test_batches_that_are_executed_leave_nothing_behind_in_their_executor(made: list[PlainExecutor]) -> None:
    context = context_of(QUICK, rows(), sizes=[50] * 20)
    # Nobody asks the source for anything.
    assert len([result async for result in await QUICK.subscribe(TYPED, None, context)]) == 20
    assert len(made) == 20
    assert {id(executor._selections) for executor in made} == {id(made[0]._selections)}
    assert not any(executor._relevant_sub_fields for executor in made)
    assert len(made[0]._selections._collected) <= 1 + len(EVENT_TYPES)
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


@pytest.mark.parametrize(("chosen", "shared"), [(True, True), (False, False)])
def test_a_batch_is_written_once_for_all_who_run_the_same_operation_with_the_same_choices(
    chosen: bool, shared: bool
) -> None:
    document = parse(
        "subscription ($of: Int, $yes: Boolean!) { batches { nextIndex events @include(if: $yes) { index } } }"
    )
    executors: list[Any] = [
        PlainExecutor.build(QUICK._schema, document, raw_variable_values={"of": number, "yes": yes})
        for number, yes in ((1, True), (2, chosen))
    ]
    events: Any = rows()
    batch = ExecutionEventBatch(events=events, next_index=1, caught_up=True, status=ExecutionStatus.RUNNING, drawn={})
    one, other = [executor._selections.batch()[1](batch) for executor in executors]
    assert (one is other) == shared


def test_the_same_selection_gives_the_same_drawing() -> None:
    kind: Any = QUICK._schema.type_map["NodeStartedEvent"]
    shape = (("a", "index", ()), ("b", "nodeId", ()))
    assert isinstance(drawing_of(kind, shape), Drawing)
    assert drawing_of(kind, shape) is drawing_of(kind, shape)
