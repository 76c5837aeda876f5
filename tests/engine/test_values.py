"""Values keep exactly what they were given, or are refused."""

import enum
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from engine.errors import ValueRefused
from engine.events import NodeCompleted
from engine.values import INLINE_LIMIT, UNLOADED, VALUE_LIMIT, Value, encode, payload_id
from tests.engine.running import Run, flow, output, run
from tests.engine.test_random_graphs import brief
from tests.engine.virtual_clock import in_virtual_time

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
json_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda part: st.lists(part) | st.dictionaries(text, part),
    max_leaves=20,
).filter(lambda data: not (isinstance(data, dict) and data.keys() == {"$payload"}))


def is_same(one: Any, other: Any) -> bool:
    """Equal to the last bit: also in types, signs of zero and the order of keys."""
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    return type(one) is type(other) and bool(one == other)


def there_and_back(value: Value) -> Value:
    return Value.stored(orjson.loads(value.wire))


# --- kept -------------------------------------------------------------------------------------------------------------


@brief
@given(json_data)
def test_what_json_can_say_comes_back_as_it_was_given(data: Any) -> None:
    value = Value.of(data)
    assert is_same(value.data, data)
    assert is_same(there_and_back(value).data, data)
    assert there_and_back(value).wire == value.wire
    assert is_same(json.loads(value.wire), data)


@pytest.mark.parametrize("data", [1e16, -0.0, 0.1, 1.0, 5e-324, 1.7976931348623157e308, 2**63 - 1, 123456789.123456789])
def test_numbers_keep_their_value_and_kind(data: float) -> None:
    assert is_same(there_and_back(Value.of([data])).data, [data])


def test_keys_keep_their_order() -> None:
    assert list(there_and_back(Value.of({"z": 1, "a": 2, "m": 3})).data) == ["z", "a", "m"]


@pytest.mark.parametrize("said", ["\\u0000", "\\\\u0000", "null", "NaN", "\u2028\x7f", "𝄞"])
def test_a_text_that_only_looks_odd_is_kept(said: str) -> None:
    assert there_and_back(Value.of(said)).data == said


def test_what_is_handed_on_is_the_value_as_stored() -> None:
    class Colour(enum.StrEnum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    class Text(str):
        pass

    for given_, expected in [(Colour.RED, "red"), (Level.HIGH, 3), (Text("t"), "t"), ((1, 2), [1, 2])]:
        assert is_same(Value.of(given_).data, expected)
        assert is_same(Value.of([given_]).data, [expected])


def test_a_model_is_an_object() -> None:
    class Point(BaseModel):
        x: int
        y: Any = None

    assert Value.of([Point(x=1, y=Point(x=2))]).data == [{"x": 1, "y": {"x": 2, "y": None}}]


def test_a_value_is_no_part_of_what_it_was_made_from_nor_of_what_is_made_from_it() -> None:
    data = {"list": [1]}
    value = Value.of(data)
    data["list"].append(2)
    value.fresh()["list"].append(3)
    assert value.data == {"list": [1]}


# --- refused ----------------------------------------------------------------------------------------------------------


@dataclass
class Record:
    x: float


class Odd(enum.Enum):
    NAN = float("nan")


class Reading(BaseModel):
    x: Any


REFUSED: dict[str, Any] = {
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "NaN inside": {"a": [None, float("nan")]},
    "NaN in a tuple": (float("nan"),),
    "NaN in an enum": Odd.NAN,
    "NaN in a model": Reading(x=float("nan")),
    "NaN in a record": Record(float("nan")),
    "a record": Record(1),
    "a moment": datetime.now(UTC),
    "a lone surrogate": "a\ud800b",
    "a lone surrogate as a key": {"\udc00": 1},
    "NUL": "a\0b",
    "NUL as a key": {"\0": 1},
    "NUL after a backslash": "\\\0",
    "NUL after two backslashes": "\\\\\0",
    "65 bits": 2**64,
    "minus 65 bits": -(2**63) - 1,
    "bytes": b"x",
    "a set": {1},
    "keys that are no text": {1: 1},
    "an object": object(),
    "a payload reference": {"$payload": {"id": "x", "bytes": 1, "preview": ""}},
    "a payload reference without an id": {"$payload": 1},
    "more than the limit": "x" * VALUE_LIMIT,
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_kept_exactly_is_refused(what: str) -> None:
    with pytest.raises(ValueRefused):
        Value.of(REFUSED[what])


@brief
@given(st.text(), st.lists(st.sampled_from(["\0", "\ud800", "\\", "u0000", "x"]), max_size=6))
def test_a_text_is_refused_exactly_if_it_has_a_nul_or_half_a_character(before: str, parts: list[str]) -> None:
    said = before + "".join(parts)
    is_fine = "\0" not in said and not any("\ud800" <= character <= "\udfff" for character in said)
    try:
        encode(said)
    except ValueRefused:
        assert not is_fine
    else:
        assert is_fine


# --- large ------------------------------------------------------------------------------------------------------------


def test_a_value_is_large_from_one_byte_over_the_limit_on() -> None:
    assert Value.of("x" * (INLINE_LIMIT - 2)).payload is None
    large = Value.of("x" * (INLINE_LIMIT - 1))
    assert large.payload
    assert large.payload.text == b'"' + b"x" * (INLINE_LIMIT - 1) + b'"'


def test_a_large_value_travels_as_a_reference_with_its_size_and_its_beginning() -> None:
    value = Value.of("ä" * INLINE_LIMIT)
    reference = orjson.loads(value.wire)["$payload"]
    assert value.payload
    assert reference == {
        "id": value.payload.id,
        "bytes": len(value.payload.text),
        "preview": '"' + "ä" * 199,
    }
    assert len(value.wire) < 1000


def test_equal_large_values_share_their_id_and_other_ones_do_not() -> None:
    ids = {payload_id(orjson.loads(Value.of(letter * INLINE_LIMIT).wire)) for letter in "aab"}
    assert len(ids) == 2


def test_a_reference_is_empty_until_its_payload_is_loaded() -> None:
    value = Value.of(["x"] * INLINE_LIMIT)
    read = there_and_back(value)
    assert read.data is UNLOADED
    assert value.payload
    assert read.reference == value.payload.id
    assert value.reference is None
    read.load(value.payload.text)
    assert read.data == value.data
    assert (read.wire, read.text, read.reference) == (value.wire, value.text, None)


def test_values_joined_are_the_list_of_them_also_where_some_or_all_are_large() -> None:
    small, large = Value.of({"a": 1}), Value.of("x" * INLINE_LIMIT)
    assert Value.listed([]).data == []
    assert Value.listed([small, small]) == Value.of([{"a": 1}, {"a": 1}])
    assert Value.listed([small, large]) == Value.of([{"a": 1}, "x" * INLINE_LIMIT])
    many = [Value.of("x" * 30_000)] * 3
    assert Value.listed(many).payload
    with pytest.raises(ValueRefused):
        Value.listed([Value.of("x" * (VALUE_LIMIT // 2))] * 2)


@in_virtual_time
async def test_a_large_value_goes_through_a_flow_whole_and_stands_in_the_log_as_a_reference() -> None:
    document = flow(
        {"id": "t", "type": "value.text", "inputs": {"value": ""}},
        {"id": "n", "type": "text.length"},
        {"id": "all", "type": "flow.collect"},
        output("o"),
        edges=["t.value > n.text", "t.value > all.items", "n.result > all.items", "all.items > o.value"],
    )
    said = "x" * 100_000
    done = await run(document, port_values={"t": {"value": said}})
    assert done.outputs["o"] == [said, 100_000]
    assert all(len(event.encode()) < 5000 for event in done.events)
    (completed,) = done.of_node("t", NodeCompleted)
    assert [value.text for value in completed.values() if value.payload] == [Value.of(said).text]


@in_virtual_time
async def test_a_large_value_is_the_same_after_a_recovery_that_loads_it() -> None:
    document = flow(
        {"id": "t", "type": "value.text", "inputs": {"value": ""}},
        {"id": "sleep", "type": "time.sleep", "inputs": {"durationMs": 60_000}},
        {"id": "n", "type": "text.length"},
        output("o"),
        edges=["t.value > sleep.value", "sleep.value > n.text", "n.result > o.value"],
    )
    waiting = Run.of(document, port_values={"t": {"value": "x" * 100_000}})
    await waiting.go()
    waiting.state = waiting.replayed()
    payloads = [value.payload for event in waiting.events for value in event.values()]
    store = {payload.id: payload.text for payload in payloads if payload}
    records = waiting.state.nodes
    for record in records:
        for values in (record.outputs, record.inputs or {}, record.promised or {}):
            for value in values.values():
                if value.reference:
                    value.load(store[value.reference])
    await waiting.go(warm_seconds=100)
    assert waiting.outputs == {"o": 100_000}
