"""Every kind of event survives its log, and says what it does to the status."""

from typing import Any

import pytest

from engine.event import fields_of
from engine.events import (
    EVENT_TYPES,
    ExecutionEventType,
    NodeCompleted,
    TerminalEvent,
    decode,
)
from engine.status import ExecutionStatus
from tests.engine.sample_events import CALLS, VALUES, bare, full, sample


@pytest.mark.parametrize("kind", EVENT_TYPES)
@pytest.mark.parametrize("make", [full, bare])
def test_an_event_comes_back_from_the_log_as_it_was(kind: str, make: Any) -> None:
    event = make(EVENT_TYPES[kind])
    read = decode(kind, event.encode())
    assert read == event
    assert read.encode() == event.encode()
    assert type(read) is EVENT_TYPES[kind]


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_keys_that_a_later_version_adds_are_ignored(kind: str) -> None:
    event = full(EVENT_TYPES[kind])
    assert decode(kind, b'{"addedLater": [1], ' + event.encode()[1:]) == event if EVENT_TYPES[kind].stored else True


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_kind_and_field_is_described(kind: str) -> None:
    assert EVENT_TYPES[kind].__doc__
    assert all(field.metadata["description"] for field in fields_of(EVENT_TYPES[kind]))


def test_kinds_are_named_after_their_classes_and_make_up_the_enum() -> None:
    assert EVENT_TYPES["NODE_PORT_RESOLVED"].__name__ == "NodePortResolved"
    assert [kind.value for kind in ExecutionEventType] == list(EVENT_TYPES)


def test_no_kind_leaves_a_status_that_has_ended_and_only_terminal_ones_enter_such() -> None:
    for kind in EVENT_TYPES.values():
        assert not any(status.ended for status in kind.leaves)
        assert bool(kind.enters and kind.enters.ended) == issubclass(kind, TerminalEvent)
        assert (kind.enters is None) == (not kind.leaves)


def test_every_status_but_the_first_is_entered_by_some_kind() -> None:
    entered = {kind.enters for kind in EVENT_TYPES.values()} - {None}
    assert entered == set(ExecutionStatus) - {ExecutionStatus.CREATED}


def test_an_event_names_the_large_values_whose_payloads_belong_beside_it() -> None:
    for kind in EVENT_TYPES.values():
        event = full(kind)
        large = [sample(field.type) in (VALUES, CALLS) for field in fields_of(kind)]
        assert [value for value in event.values() if value.payload] == [VALUES["large"]] * sum(large)


def test_outputs_keep_the_order_of_their_ports() -> None:
    event = NodeCompleted(node_id="a", node_type="t", attempt=1, outputs=VALUES, execution_time=1)
    assert list(decode("NODE_COMPLETED", event.encode()).outputs) == ["z", "a", "large"]  # type: ignore[attr-defined]
