"""Schemas of users that would take long, or for ever."""

from typing import Any

import pytest

from engine.json_schemas import MOST_REFERENCES, misfit, schema_problem, together


def doubling(steps: int) -> Any:
    """A schema whose references are followed 2 to the power of `steps` times."""
    definitions: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(steps)}
    return {"$ref": "#/$defs/a0", "$defs": {**definitions, f"a{steps}": {}}}


def test_references_that_multiply_are_followed_only_so_often():
    assert f"more than {MOST_REFERENCES} times" in str(misfit(1, doubling(40)))
    assert misfit(1, doubling(5)) is None


def test_references_are_counted_for_each_value_anew():
    schema = {"items": {"$ref": "#/$defs/number"}, "$defs": {"number": {"type": "number"}}}
    for _ in range(3):
        assert misfit([1] * (MOST_REFERENCES // 2), schema) is None


def test_values_that_are_checked_together_share_their_references():
    schema = doubling(12)
    with together():
        problems = [misfit(1, schema) for _ in range(100)]
    assert problems[0] is None
    assert "for all values together" in str(problems[-1])
    assert misfit(1, schema) is None


@pytest.mark.parametrize(
    "schema",
    [{"not": {"$ref": "#"}}, {"$dynamicRef": "#"}, {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#"}}}],
)
def test_a_schema_that_refers_to_itself_without_end_is_said_so(schema):
    assert misfit({"a": 1}, schema) == "the schema refers to itself without end"


def test_a_schema_may_refer_to_itself_for_parts_of_the_value():
    tree = {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#"}}}}
    assert misfit({"children": [{"children": []}, {}]}, tree) is None
    assert "is not of type" in str(misfit({"children": [{"children": [1]}]}, tree))


def test_what_cannot_be_stored_makes_a_schema_invalid():
    assert schema_problem({"const": float("nan")}) == "has something in it that cannot be stored"
