"""JSON: what was written is what is read, or it is refused."""

from typing import Any

import pytest

from tests.engine.nodes.bench import Bench


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"b": 1, "a": [true, null, "é\\u00e9"]}', {"b": 1, "a": [True, None, "éé"]}),
        ("9223372036854775807", 2**63 - 1),
        ("1e16", 1e16),
        ("-0.0", -0.0),
        (" 1.0 ", 1.0),
    ],
)
async def test_values_are_read_exactly(node: Bench, text: str, value: Any) -> None:
    outputs = await node.run("json.parse", text=text)
    assert repr(outputs["value"]) == repr(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1, column 1"),
        ('{"a": 1,\n  "b" 2}', "Line 2, column 7"),
        ("[1] 2", "Line 1, column 5"),
        ("NaN", "NaN is not valid JSON"),
        ("-Infinity", "-Infinity is not valid JSON"),
        ("1e999", "out of range"),
        ("9223372036854775808", "64 bits"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' more than once"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_place(node: Bench, text: str, said: str) -> None:
    error = await node.fail("json.parse", text=text)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'text': ")
    assert said in error.message


@pytest.mark.timeout(30)
async def test_a_number_of_millions_of_digits_is_refused_at_once(node: Bench) -> None:
    assert "64 bits" in (await node.fail("json.parse", text="9" * 5_000_000)).message


async def test_what_is_written_on_one_line_has_no_spaces(node: Bench) -> None:
    outputs = await node.run("json.serialize", value={"b": [1, 1.5, True, None], "a": "é"})
    assert outputs == {"text": '{"b":[1,1.5,true,null],"a":"é"}'}


async def test_an_indent_puts_each_item_on_its_line(node: Bench) -> None:
    assert await node.run("json.serialize", value={"a": [1]}, indent=2) == {"text": '{\n  "a": [\n    1\n  ]\n}'}


@pytest.mark.parametrize("indent", [-1, 11, 1.5])
async def test_an_indent_is_at_most_ten(node: Bench, indent: Any) -> None:
    assert "'indent'" in (await node.fail("json.serialize", value=1, indent=indent)).message
