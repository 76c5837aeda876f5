"""Numbers and enums, written as texts and read from them."""

from typing import Any

import pytest

from engine.nodes import BUILT_IN
from engine.ports import PortKind
from tests.engine.nodes.bench import Bench


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234567.891, "#,##0.##", "-1,234,567.89"),
        (12345678, "#,##,##0", "1,23,45,678"),
        (999, "#,##0", "999"),
        (0.125, "0.00", "0.12"),
        (2.675, "0.00", "2.68"),
        (-0.001, "0.00", "0.00"),
        (0.1234, "0.#%", "12.3%"),
        (7, "000", "007"),
        (0.5, "#.##", ".5"),
        (0, "#.##", "0"),
        (3, "0.0#", "3.0"),
        (-5, "€0.00", "-€5.00"),
        (5, "0.00 'EUR'", "5.00 EUR"),
        (5, "0 '#''s'", "5 #'s"),
        (1e300, "#,##0", "1" + ",000" * 100),
        (9223372036854775807, "#,##0", "9,223,372,036,854,775,807"),
    ],
)
async def test_numbers_are_written_by_patterns(node: Bench, value: Any, pattern: str, text: str) -> None:
    assert await node.run("number.format", value=value, pattern=pattern) == {"text": text}


@pytest.mark.parametrize(("value", "text"), [(20, "20"), (-0.25, "-0.25"), (1e21, "1" + "0" * 21), (1e-7, "0.0000001")])
async def test_without_a_pattern_all_digits_are_written(node: Bench, value: Any, text: str) -> None:
    assert await node.run("number.format", value=value) == {"text": text}


@pytest.mark.parametrize(
    "pattern", ["", "abc", "0.00 EUR", "0,", ",0", "#,,##0", "0.0.0", "0#", "0E0", "'0", "0" * 31, "0;-0", "x" * 201]
)
async def test_a_pattern_that_cannot_be_read_is_refused(node: Bench, pattern: str) -> None:
    error = await node.fail("number.format", value=1, pattern=pattern)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'pattern': ")
    assert "pattern" in BUILT_IN["number.format"].check({"pattern": pattern})


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("20", 20),
        (" -12\n", -12),
        ("+007", 7),
        ("1234.50", 1234.5),
        ("1e3", 1000.0),
        ("9223372036854775807", 2**63 - 1),
    ],
)
async def test_numbers_are_read_as_they_are_written(node: Bench, text: str, number: Any) -> None:
    outputs = await node.run("number.parse", text=text)
    assert outputs == {"result": number}
    assert type(outputs["result"]) is type(number)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,234", "'1,234' is not a number"),
        ("12 EUR", "is not a number"),
        ("0x1F", "is not a number"),
        ("٣", "is not a number"),
        ("NaN", "is not a number"),
        ("", "is not a number"),
        ("9223372036854775808", "64 bits"),
        ("1e999", "not a finite number"),
        ("9" * 1_001, "1000 characters"),
    ],
)
async def test_what_is_no_number_is_refused(node: Bench, text: str, said: str) -> None:
    error = await node.fail("number.parse", text=text)
    assert error.message.startswith("Input 'text': ")
    assert said in error.message


async def test_an_enum_is_one_of_its_options_letter_by_letter(node: Bench) -> None:
    options = ["add", "subtract"]
    assert await node.run("enum.parse", text="add", options=options) == {"result": "add"}
    error = await node.fail("enum.parse", text="substract", options=options)
    assert error.message == "Input 'text': 'substract' is none of the options. Did you mean 'subtract'?"
    assert (await node.fail("enum.parse", text="Add", options=options)).failure_code == "INPUT"
    assert BUILT_IN["enum.parse"].ports({}).outputs["result"].kind is PortKind.ENUM
