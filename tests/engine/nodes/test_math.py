"""Numbers: integers stay integers, nothing is out of range, and failures say what failed."""

from typing import Any

import pytest

from tests.engine.nodes.bench import Bench


@pytest.mark.parametrize(
    ("a", "operation", "b", "result"),
    [
        (20, "multiply", 3, 60),
        (2**53, "add", 1, 2**53 + 1),
        (6, "divide", 3, 2),
        (1, "divide", 4, 0.25),
        (-7, "modulo", 3, 2),
        (7, "modulo", -3, -2),
        (2, "power", 10, 1024),
        (2, "power", -1, 0.5),
        (-1, "power", 10**9 + 1, -1),
        (3, "power", 39, 3**39),
        (0.5, "subtract", 1, -0.5),
    ],
)
async def test_arithmetic_is_exact(node: Bench, a: Any, operation: str, b: Any, result: Any) -> None:
    outputs = await node.run("math.arithmetic", a=a, b=b, operation=operation)
    assert outputs == {"result": result}
    assert type(outputs["result"]) is type(result)


@pytest.mark.parametrize(
    ("a", "operation", "b", "said"),
    [
        (1, "divide", 0, "divides 1 by zero"),
        (1, "modulo", 0, "divides 1 by zero"),
        (0, "power", -1, "divides 0 by zero"),
        (2**62, "add", 2**62, "64 bits"),
        (10, "power", 10**9, "out of range"),
        (1e308, "multiply", 10, "not a finite number"),
        (-8, "power", 0.5, "not a real number"),
    ],
)
async def test_a_result_that_does_not_exist_fails(node: Bench, a: Any, operation: str, b: Any, said: str) -> None:
    error = await node.fail("math.arithmetic", a=a, b=b, operation=operation)
    assert error.failure_code == "NODE"
    assert f"The result of {operation}" in error.message
    assert said in error.message


@pytest.mark.parametrize(
    ("operation", "results"),
    [
        ("eq", [False, True, False]),
        ("ne", [True, False, True]),
        ("lt", [True, False, False]),
        ("le", [True, True, False]),
        ("gt", [False, False, True]),
        ("ge", [False, True, True]),
    ],
)
async def test_comparisons(node: Bench, operation: str, results: list[bool]) -> None:
    pairs = [(1, 2), (1, 1.0), (2**53 + 1, float(2**53))]
    assert [(await node.run("math.compare", a=a, b=b, operation=operation))["result"] for a, b in pairs] == results


async def test_only_numbers_are_compared(node: Bench) -> None:
    error = await node.fail("math.compare", a="1", b=2, operation="eq")
    assert error.message == "Input 'a': expected number, got string."


@pytest.mark.parametrize(
    ("value", "digits", "mode", "result"),
    [
        (2.5, 0, "half_even", 2),
        (2.5, 0, "half_up", 3),
        (-2.5, 0, "half_up", -3),
        (2.675, 2, "half_up", 2.68),
        (1.005, 2, "half_up", 1.01),
        (-1.1, 0, "floor", -2),
        (-1.1, 0, "ceil", -1),
        (-1.9, 0, "truncate", -1),
        (1250, -2, "half_even", 1200),
        (1250.0, -2, "half_up", 1300),
        (7, 2, "half_even", 7),
        (1e17, 2, "half_even", 1e17),
        (5e-324, 30, "ceil", 1e-30),
    ],
)
async def test_rounding_goes_by_the_decimal_digits(
    node: Bench, value: Any, digits: int, mode: str, result: Any
) -> None:
    outputs = await node.run("math.round", value=value, digits=digits, mode=mode)
    assert outputs == {"result": result}
    assert type(outputs["result"]) is type(result)


async def test_rounding_is_half_even_to_an_integer_by_default(node: Bench) -> None:
    assert repr((await node.run("math.round", value=3.5))["result"]) == "4"
    assert "64 bits" in (await node.fail("math.round", value=1e300)).message


@pytest.mark.parametrize(
    ("operation", "array", "result"),
    [
        ("sum", [], 0),
        ("sum", [2**53, 1], 2**53 + 1),
        ("sum", [0.1] * 10, 1.0),
        ("count", [], 0),
        ("mean", [1, 2, 3], 2),
        ("mean", [1, 2], 1.5),
        ("min", [3, 1.5, 2], 1.5),
        ("max", [3, 1.5, 2], 3),
        ("median", [3, 1, 2], 2),
        ("median", [4, 1, 2, 3], 2.5),
        ("median", [1, 3], 2),
    ],
)
async def test_aggregates(node: Bench, operation: str, array: list[Any], result: Any) -> None:
    outputs = await node.run("math.aggregate", operation=operation, array=array)
    assert outputs == {"result": result}
    assert type(outputs["result"]) is type(result)


@pytest.mark.parametrize("operation", ["mean", "min", "max", "median"])
async def test_an_empty_array_has_only_a_sum_and_a_count(node: Bench, operation: str) -> None:
    assert (
        f"The {operation} of an empty array"
        in (await node.fail("math.aggregate", array=[], operation=operation)).message
    )


@pytest.mark.parametrize(("item", "kind"), [("2", "string"), (True, "boolean"), (None, "null")])
async def test_an_item_that_is_no_number_is_named_by_its_index(node: Bench, item: Any, kind: str) -> None:
    error = await node.fail("math.aggregate", array=[1, item], operation="sum")
    assert error.failure_code == "INPUT"
    assert error.message == f"Input 'array': item 1 is of kind {kind}; expected number."


async def test_a_sum_beyond_its_range_fails(node: Bench) -> None:
    assert "64 bits" in (await node.fail("math.aggregate", array=[2**62, 2**62], operation="sum")).message
    assert "out of range" in (await node.fail("math.aggregate", array=[1e308, 1e308], operation="sum")).message


async def test_the_same_seed_draws_the_same_number(node: Bench) -> None:
    for seed in (7, "seven"):
        drawn = [await node.run("math.random", seed=seed, max=10**9) for _ in range(3)]
        assert drawn[0] == drawn[1] == drawn[2]


async def test_numbers_are_drawn_between_the_bounds(node: Bench) -> None:
    floats = [(await node.run("math.random", seed=seed))["result"] for seed in range(50)]
    assert all(isinstance(number, float) and 0 <= number <= 1 for number in floats)
    assert len(set(floats)) == 50
    dice = {(await node.run("math.random", seed=seed, min=1, max=6, integer=True))["result"] for seed in range(99)}
    assert dice == {1, 2, 3, 4, 5, 6}


async def test_bounds_without_a_number_between_them_are_refused(node: Bench) -> None:
    assert "'max'" in (await node.fail("math.random", min=2, max=1)).message
    assert "'max'" in (await node.fail("math.random", min=0.2, max=0.8, integer=True)).message
