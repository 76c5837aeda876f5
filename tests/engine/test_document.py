"""What the parts of a flow document mean."""

from typing import Any

import pytest
from pydantic import ValidationError

from engine.document import PortReference, RetryPolicy, parse_document
from engine.reading import Format, read_document

EXAMPLE = """
tidegate: 1
name: Order total
nodes:
  - {id: price, type: flow.input, inputs: {name: price, schema: {type: number}, default: 20}}
  - {id: qty, type: value.number, inputs: {value: 3}}
  - {id: total, type: math.arithmetic, inputs: {operation: multiply}, retry: {maxAttempts: 3, initialDelayMs: 200},
     timeoutMs: 5000}
  - {id: out, type: flow.output, inputs: {name: total}}
edges:
  - {from: price.value, to: total.a}
  - {from: qty.value, to: total.b}
  - {from: total.result, to: out.value}
"""


def retry(**keys: Any) -> RetryPolicy:
    node = {"id": "a", "type": "x", "retry": keys}
    policy = parse_document({"tidegate": 1, "name": "x", "nodes": [node]}).nodes[0].retry
    assert policy is not None
    return policy


def test_a_document_keeps_its_order_and_its_constants() -> None:
    document = parse_document(read_document(EXAMPLE, Format.YAML).data)
    assert [node.id for node in document.nodes] == ["price", "qty", "total", "out"]
    assert list(document.nodes[0].inputs) == ["name", "schema", "default"]
    assert document.nodes[2].timeout_ms == 5000
    assert document.edges[2].source == PortReference("total", "result")
    assert str(document.edges[2]) == "total.result → out.value"


def test_a_retry_has_defaults() -> None:
    assert retry() == RetryPolicy(
        max_attempts=3, initial_delay_ms=1000, factor=2.0, max_delay_ms=60_000, jitter=0.5, on=None
    )


@pytest.mark.parametrize(("given", "fraction"), [(True, 0.5), (False, 0), (0, 0), (1, 1), (0.25, 0.25)])
def test_jitter_is_a_fraction_or_true_or_false(given: object, fraction: float) -> None:
    assert retry(jitter=given).jitter == fraction


def test_the_wait_grows_by_the_factor_up_to_the_longest() -> None:
    policy = retry(initialDelayMs=100, factor=3, maxDelayMs=1000, jitter=False)
    assert [policy.delay_ms(attempt, 0.9) for attempt in (1, 2, 3, 4, 100)] == [100, 300, 900, 1000, 1000]


def test_jitter_takes_a_random_part_off_the_wait() -> None:
    policy = retry(initialDelayMs=100, factor=1, jitter=0.5)
    assert [policy.delay_ms(1, chance) for chance in (0.0, 0.5, 1.0)] == [100, 75, 50]


def test_a_document_cannot_be_changed() -> None:
    document = parse_document({"tidegate": 1, "name": "x", "nodes": []})
    with pytest.raises(ValidationError):
        document.name = "y"  # type: ignore[misc]


def test_the_names_of_the_program_are_no_keys_of_the_document() -> None:
    with pytest.raises(ValidationError):
        parse_document({"tidegate": 1, "name": "x", "nodes": [{"id": "a", "type": "x", "timeout_ms": 5}]})


def test_a_document_goes_back_to_its_own_keys() -> None:
    data = {"tidegate": 1, "name": "x", "nodes": [], "edges": [{"from": "a.x", "to": "b.y"}]}
    assert parse_document(data).model_dump(by_alias=True, exclude_unset=True, mode="json") == data
