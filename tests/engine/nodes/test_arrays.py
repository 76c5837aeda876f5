"""Arrays: mapped, filtered, folded, sorted and taken apart."""

from typing import Any

import pytest

from engine.evaluation import evaluate_each
from tests.engine.nodes.bench import Bench, turns_of_others

ORDERS = [{"id": "a", "price": 3}, {"id": "b", "price": 1}, {"id": "c", "price": 3}]


async def test_map_sees_item_index_and_values(node: Bench) -> None:
    outputs = await node.run(
        "array.map", array=ORDERS, expression="item.id + string(index) + suffix", values={"suffix": "!", "index": 9}
    )
    assert outputs == {"result": ["a0!", "b1!", "c2!"]}


async def test_map_with_a_macro_gives_the_same_as_without(node: Bench) -> None:
    outputs = await node.run("array.map", array=[[1, 2], []], expression="item.map(x, x + index + n)", values={"n": 1})
    assert outputs == {"result": [[2, 3], []]}


@pytest.mark.parametrize("expression", ["item.price * 2", "[item].map(x, x.price)[0]"])
async def test_a_failure_names_the_item(node: Bench, expression: str) -> None:
    error = await node.fail("array.map", array=[*ORDERS, {}], expression=expression)
    assert error.message == "Input 'expression': item 3: There is no key 'price'."


async def test_filter_keeps_the_items_that_pass(node: Bench) -> None:
    assert await node.run("array.filter", array=ORDERS, expression="item.price > 2") == {
        "result": [ORDERS[0], ORDERS[2]]
    }


async def test_a_filter_that_gives_no_boolean_names_the_item(node: Bench) -> None:
    error = await node.fail("array.filter", array=[True, 1], expression="item")
    assert error.message == "Input 'expression': item 1 gave number; expected boolean."


async def test_reduce_carries_its_result_along(node: Bench) -> None:
    outputs = await node.run("array.reduce", array=ORDERS, expression="acc + item.price * (index + 1)", initial=0)
    assert outputs == {"result": 14}
    assert await node.run("array.reduce", array=[], expression="acc + item", initial=None) == {"result": None}


async def test_reduce_goes_on_where_it_was_when_its_result_grows(node: Bench) -> None:
    outputs = await node.run("array.reduce", array=list(range(1_000)), expression="acc + [index]", initial=[])
    assert outputs == {"result": list(range(1_000))}


async def test_sort_is_stable_in_both_directions(node: Bench) -> None:
    ascending = await node.run("array.sort", array=ORDERS, expression="item.price")
    assert [order["id"] for order in ascending["result"]] == ["b", "a", "c"]
    descending = await node.run("array.sort", array=ORDERS, expression="item.price", descending=True)
    assert [order["id"] for order in descending["result"]] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("array", "result"),
    [([2, 1.5, 1], [1, 1.5, 2]), (["b", "B", "a"], ["B", "a", "b"]), ([True, False], [False, True]), ([], [])],
)
async def test_items_are_sorted_by_themselves(node: Bench, array: list[Any], result: list[Any]) -> None:
    assert await node.run("array.sort", array=array) == {"result": result}


@pytest.mark.parametrize(
    ("array", "said"),
    [([1, "a"], "item 0 gives number but item 1 string"), ([1, True], "item 1 boolean"), ([None], "item 0 gives null")],
)
async def test_what_has_no_common_order_fails(node: Bench, array: list[Any], said: str) -> None:
    error = await node.fail("array.sort", array=array)
    assert "Input 'array'" in error.message
    assert said in error.message
    assert "Input 'expression'" in (await node.fail("array.sort", array=array, expression="item")).message


async def test_unique_keeps_the_first_of_equal_items(node: Bench) -> None:
    array = [1, 1.0, True, "1", None, {"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, [], False, 0, None]
    outputs = await node.run("array.unique", array=array)
    assert repr(outputs["result"]) == repr([1, True, "1", None, {"a": 1, "b": [2]}, [], False, 0])


async def test_length_and_first(node: Bench) -> None:
    assert await node.run("array.length", array=[1, None]) == {"result": 2}
    assert await node.run("array.first", array=[None, 1]) == {"result": None}
    assert "Input 'array': the array is empty." in (await node.fail("array.first", array=[])).message


@pytest.mark.parametrize(
    ("start", "end", "result"),
    [(None, None, [0, 1, 2, 3]), (1, 3, [1, 2]), (-2, None, [2, 3]), (0, -1, [0, 1, 2]), (3, 99, [3]), (9, 12, [])],
)
async def test_slices_count_from_either_end(node: Bench, start: int | None, end: int | None, result: list[int]) -> None:
    assert await node.run("array.slice", array=[0, 1, 2, 3], start=start, end=end) == {"result": result}


@pytest.mark.parametrize("name", ["array.length", "array.first", "array.unique", "array.sort"])
async def test_only_arrays_are_taken(node: Bench, name: str) -> None:
    error = await node.fail(name, array="abc")
    assert error.failure_code == "INPUT"
    assert error.message == "Input 'array': expected array, got string."


async def test_a_long_map_lets_others_work_in_between() -> None:
    array = [{"price": index, "name": "x"} for index in range(50_000)]
    async with turns_of_others() as turns:
        results = await evaluate_each("item.price * 2", array, {})
    assert results[-1] == 99_998
    assert turns() > 5


async def test_a_hundred_thousand_items_are_mapped(node: Bench) -> None:
    array = [{"price": index, "name": "x"} for index in range(100_000)]
    outputs = await node.run("array.map", array=array, expression="item.price * 2")
    assert outputs["result"] == [2 * index for index in range(100_000)]


@pytest.mark.parametrize(
    ("name", "inputs", "result"),
    [
        ("reverse", {"array": [1, None, "a"]}, ["a", None, 1]),
        ("flatten", {"array": [1, [2, [3]], [], {"a": [4]}]}, [1, 2, [3], {"a": [4]}]),
        ("last", {"array": [1, None]}, None),
        ("sum", {"array": []}, 0),
        ("sum", {"array": [2**62, 2**62 - 1]}, 2**63 - 1),
        ("sum", {"array": [0.1] * 10}, 1.0),
        ("element", {"array": ["a", "b", "c"], "index": 1}, "b"),
        ("element", {"array": ["a", "b", "c"], "index": -3}, "a"),
        ("chunk", {"array": [1, 2, 3], "size": 2}, [[1, 2], [3]]),
        ("chunk", {"array": [], "size": 2}, []),
        ("pluck", {"array": ORDERS, "key": "price"}, [3, 1, 3]),
        ("concat", {"arrays": [[1, 2], [], [[3]]]}, [1, 2, [3]]),
        ("zip", {"arrays": [[1, 2], ["a", "b"], [None, {}]]}, [[1, "a", None], [2, "b", {}]]),
        ("zip", {"arrays": [[]]}, []),
        ("range", {"end": 3}, [0, 1, 2]),
        ("range", {"start": 6, "end": 0, "step": -2}, [6, 4, 2]),
        ("range", {"start": 3, "end": 1}, []),
        ("range", {"start": 2**63 - 2, "end": 2**63 - 1}, [2**63 - 2]),
        ("group_by", {"array": ORDERS, "expression": "string(item.price)"}, {"3": ORDERS[::2], "1": ORDERS[1:2]}),
    ],
)
async def test_arrays_are_taken_apart_and_put_together(
    node: Bench, name: str, inputs: dict[str, Any], result: Any
) -> None:
    outputs = await node.run(f"array.{name}", **inputs)
    assert outputs == {"result": result}
    assert type(outputs["result"]) is type(result)


async def test_partition_leaves_nothing_out(node: Bench) -> None:
    outputs = await node.run("array.partition", array=ORDERS, expression="item.price > n", values={"n": 2})
    assert outputs == {"matched": ORDERS[::2], "rest": ORDERS[1:2]}


@pytest.mark.parametrize(
    ("name", "inputs", "said"),
    [
        ("last", {"array": []}, "Input 'array': the array is empty."),
        ("sum", {"array": [1, "2"]}, "Input 'array': item 1 is of kind string; expected number."),
        ("sum", {"array": [2**63 - 1, 1]}, "The sum does not fit into 64 bits."),
        ("sum", {"array": [1e308, 1e308]}, "The sum is out of range."),
        ("element", {"array": [1, 2], "index": 2}, "Input 'index': there is no item 2; the array has 2."),
        ("element", {"array": [1, 2], "index": -3}, "Input 'index': there is no item -3; the array has 2."),
        ("chunk", {"array": [1], "size": 0}, "Input 'size': "),
        ("pluck", {"array": [{"price": 1}, {}], "key": "price"}, "Input 'key': item 1 has no key 'price'."),
        ("pluck", {"array": [{"price": 1}], "key": "prise"}, "Did you mean 'price'?"),
        ("pluck", {"array": [[1]], "key": "a"}, "Input 'array': item 0 is of kind array; expected object."),
        ("concat", {"arrays": [[1], 2]}, "'arrays.1'"),
        ("zip", {"arrays": [[1, 2], [1, 2], [3]]}, "array 0 has 2 items but array 2 has 1"),
        ("range", {"end": 5, "step": 0}, "Input 'step': it is 0"),
        (
            "range",
            {"start": -(2**63), "end": 2**63 - 1},
            "would have 18446744073709551615 items; the limit is 1000000.",
        ),
        ("partition", {"array": [1], "expression": "item"}, "item 0 gave number; expected boolean."),
        ("group_by", {"array": [1], "expression": "item"}, "item 0 gave number; expected string."),
    ],
)
async def test_what_an_array_lacks_is_told(node: Bench, name: str, inputs: dict[str, Any], said: str) -> None:
    assert said in (await node.fail(f"array.{name}", **inputs)).message
