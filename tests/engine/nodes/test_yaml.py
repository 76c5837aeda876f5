"""YAML: read by the core schema, and written so that every reader reads the same."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.yaml_text import parse_yaml, yaml_pieces
from tests.engine.nodes.bench import Bench

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(LETTERS, max_size=12) | st.text("ab \n-#:'\"|>0\t\u0085\u2028", max_size=12) | st.just("k" * 1_025)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(VALUES, st.integers(2, 4))
def test_what_is_written_is_read_again(value: Any, indent: int) -> None:
    assert repr(parse_yaml("".join(yaml_pieces(value, indent)))) == repr(value)


async def test_a_person_can_read_what_is_written(node: Bench) -> None:
    value = {
        "name": "Order total",
        "answer": "no",
        "version": "1.5",
        "items": [{"id": 7, "tags": []}, ["a", None], {}],
        "note": "First.\nSecond: it's\n",
    }
    text = (await node.run("yaml.serialize", value=value))["text"]
    assert text == (
        'name: Order total\nanswer: "no"\nversion: "1.5"\n'
        "items:\n  - id: 7\n    tags: []\n  - - a\n    - null\n  - {}\n"
        "note: |\n  First.\n  Second: it's\n"
    )
    assert await node.run("yaml.parse", text=text) == {"value": value}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("a: true\nb: 0o17\nc: 1.0", {"a": True, "b": 15, "c": 1.0}),
        ("2030-01-31", "2030-01-31"),
        ("# none\n~", None),
        ("[1, {a: b}]", [1, {"a": "b"}]),
    ],
)
async def test_values_are_read_by_the_core_schema(node: Bench, text: str, value: Any) -> None:
    outputs = await node.run("yaml.parse", text=text)
    assert repr(outputs["value"]) == repr(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "Line 2, column 1: The key 'a' is there already."),
        ("a: &x [1]\nb: [*x, *x]", "Line 1, column 4: Anchors"),
        ("a: !!python/object x", "Line 1, column 4: Tags"),
        ("a: .nan", "Line 1, column 4: NaN"),
        ("1: a", "A key must be text"),
        ("a: [", "Line 1"),
        ("[" * 1_000, "More than 200 levels"),
        ("a\n---\nb", "A second document"),
        ("", "The text is empty."),
        ("- x\n" * 1_100_000, "the limit is 4194304"),
    ],
)
async def test_what_cannot_be_kept_is_refused_with_its_place(node: Bench, text: str, said: str) -> None:
    error = await node.fail("yaml.parse", text=text)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'text': ")
    assert said in error.message


async def test_a_long_text_is_read_in_a_child(node: Bench) -> None:
    assert await node.run("yaml.parse", text="- x\n" * 3_000) == {"value": ["x"] * 3_000}


@pytest.mark.usefixtures("hasty")
async def test_a_text_that_takes_too_long_is_ended(node: Bench) -> None:
    error = await node.fail("yaml.parse", text="- x\n" * 1_000_000)
    assert error.message.startswith("Input 'text': the work was ended")


async def test_lines_that_an_indent_would_make_gigabytes_of_are_written_as_one(node: Bench) -> None:
    value: Any = "a\n" * 1_000_000
    for _ in range(150):
        value = [value]
    assert '- "a\\na\\n' in (await node.run("yaml.serialize", value=value, indent=10))["text"]


@pytest.mark.parametrize("name", ["yaml.serialize", "json.serialize"])
async def test_an_indent_that_makes_gigabytes_is_refused(node: Bench, name: str) -> None:
    value: Any = [1] * 1_000_000
    for _ in range(150):
        value = [value]
    error = await node.fail(name, value=value, indent=10)
    assert error.failure_code == "PAYLOAD"
    assert "the limit is 16777216" in error.message
