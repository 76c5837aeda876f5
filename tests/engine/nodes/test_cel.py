"""Expressions: what they give, what they refuse, and that they can be ended."""

from typing import Any

import pytest

from engine.cel import compiled
from engine.nodes import BUILT_IN
from tests.engine.nodes.bench import Bench, turns_of_others

EVALUATING = (
    "expr.cel",
    *(f"array.{name}" for name in ("map", "filter", "partition", "group_by", "reduce", "sort")),
)
VALUES = {"price": 2.5, "qty": 4, "tags": ["a", "b"], "order": {"paid": True, "note": None}}


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("price * double(qty)", 10.0),
        ("qty + 1", 5),
        ("order.paid && qty > 3 ? 'big' : 'small'", "big"),
        ("order.note", None),
        ("has(order.missing)", False),
        ("'a' in tags", True),
        ("{'n': qty, 'list': [1, 2.5]}", {"n": 4, "list": [1, 2.5]}),
        ("tags.map(tag, tag + '!')", ["a!", "b!"]),
        ("tags.exists(tag, tag.matches('^b$'))", True),
        ("timestamp('2030-01-31T13:00:00.5+01:00')", "2030-01-31T12:00:00.500Z"),
        ("duration('1.5s')", 1500.0),
        ("7u", 7),
        ("18446744073709551615u", 2**64 - 1),
    ],
)
async def test_results_are_json(node: Bench, expression: str, result: Any) -> None:
    outputs = await node.run("expr.cel", expression=expression, values=VALUES)
    assert outputs == {"result": result}
    assert type(outputs["result"]) is type(result)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1.0 / 0.0", "not a finite number"),
        ("[0.0 / 0.0]", "not a finite number"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "overflow"),
        ("b'abc'", "type bytes"),
        ("{1: 2}", "keys have to be strings"),
        ("optional.of(1)", "type OptionalValue"),
        ("missing", "'missing'"),
        ("order.missing", "no key 'missing'"),
        ("qty * price", "overload"),
        ("order.paid.__class__", ""),
        ("open('/etc/passwd')", "'open'"),
    ],
)
async def test_what_is_no_json_or_does_not_exist_fails(node: Bench, expression: str, said: str) -> None:
    error = await node.fail("expr.cel", expression=expression, values=VALUES)
    assert error.failure_code == "NODE"
    assert error.message.startswith("Input 'expression': ")
    assert said in error.message


@pytest.mark.parametrize(
    "expression", ["{'b': 1, 'c': {'z': 1, 'y': 2}, 'a': 2}", "[order][0]", "[order].map(o, o)[0]"]
)
async def test_the_keys_of_a_result_have_always_the_same_order(node: Bench, expression: str) -> None:
    order = {"c": {"z": 1, "y": 2}, "b": 1, "a": 2}
    result = (await node.run("expr.cel", expression=expression, values={"order": order}))["result"]
    assert list(result) == ["a", "b", "c"]
    assert list(result["c"]) == ["y", "z"]


@pytest.mark.parametrize(
    ("expression", "keys"),
    [
        ("item.price * item.qty", {"price", "qty"}),
        ("item.order.id + n", {"order"}),
        ("has(item.note) ? item.note : ''", {"note"}),
        ("index * 2", set()),
        ("items.a + item_.b", set()),
        ("[1].map(n, n + item.price)", {"price"}),
        ("item", None),
        ("item['price']", None),
        ("item.size()", None),
        ("item.size () + item.price", None),
        ("'price' in item", None),
        ("item .price", None),
        ("item.size //\n()", None),
        ("[1].map(item, item)", None),
    ],
)
def test_of_an_item_only_the_keys_are_converted_that_the_expression_names(
    expression: str, keys: set[str] | None
) -> None:
    assert compiled(expression).item_keys == keys


@pytest.mark.parametrize("name", EVALUATING)
def test_a_syntax_error_is_a_problem_of_the_document(name: str) -> None:
    problems = BUILT_IN[name].check({"expression": "1 +\n * 2"})
    assert list(problems) == ["expression"]
    assert "line 2, column 2" in problems["expression"]
    assert BUILT_IN[name].check({"expression": "1 + 2"}) == {}
    assert BUILT_IN[name].check({}) == {}


@pytest.mark.parametrize("expression", ["1" + " + 1" * 600, "x" * 4_001, "[" * 501, "!" * 501 + "true", "("])
async def test_an_expression_that_could_overflow_the_stack_is_not_compiled(node: Bench, expression: str) -> None:
    error = await node.fail("expr.cel", expression=expression)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'expression': ")


def _nested(levels: int) -> str:
    zeros = "[" + ",".join("0" * 40) + "]"
    expression = "1"
    for level in range(levels):
        expression = f"{zeros}.map(x{level}, {expression})"
    return expression


BOMBS = {
    "nested macros": _nested(6),
    "a doubled text": "['x']" + ".map(a, a + a)" * 40,
    "a doubled list": "[[1]]" + ".map(a, [a, a, a, a])" * 40,
    "a hidden macro": "[1].//\nmap(a, [a, a, a, a, a, a])" + ".map(a, [a, a, a, a])" * 40,
}


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_ended(node: Bench, bomb: str) -> None:
    assert not compiled(BOMBS[bomb]).plain
    error = await node.fail("expr.cel", expression=BOMBS[bomb])
    assert "the work was ended" in error.message


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("expression", ["acc + acc", "[acc, acc]"])
async def test_a_result_that_doubles_with_each_item_is_ended(node: Bench, expression: str) -> None:
    initial = "x" if "+" in expression else []
    error = await node.fail("array.reduce", array=[0] * 100, expression=expression, initial=initial)
    assert "the work was ended" in error.message


async def test_results_that_add_up_to_gigabytes_are_refused(node: Bench) -> None:
    values = {"big": "x" * 60_000}
    error = await node.fail("array.map", array=[0] * 10_000, expression="big", values=values)
    assert "item 279: the results have more than" in error.message


async def test_a_large_value_does_not_hold_up_others(node: Bench) -> None:
    rows = [{"id": index, "tags": ["a", "b"]} for index in range(50_000)]
    async with turns_of_others() as turns:
        assert await node.run("expr.cel", expression="rows[7].id", values={"rows": rows, "other": rows}) == {
            "result": 7
        }
        outputs = await node.run("array.map", array=[0, rows, 2], expression="type(item) == list")
    assert outputs == {"result": [False, True, False]}
    assert turns() > 5
