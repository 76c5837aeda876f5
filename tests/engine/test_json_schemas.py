"""Schemas of users that would take long, or for ever."""

from typing import Any

from engine.json_schemas import MOST_REFERENCES, misfit, schema_problem


def doubling(steps: int) -> Any:
    """A schema whose references are followed 2 to the power of `steps` times."""
    definitions: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(steps)}
    return {"$ref": "#/$defs/a0", "$defs": {**definitions, f"a{steps}": {}}}


def test_references_that_multiply_are_followed_only_so_often():
    assert misfit(1, doubling(40)) == (
        f"the schema's references would have to be followed more than {MOST_REFERENCES} times"
    )
    assert misfit(1, doubling(5)) is None


def test_references_are_counted_for_each_value_anew():
    schema = {"items": {"$ref": "#/$defs/number"}, "$defs": {"number": {"type": "number"}}}
    for _ in range(3):
        assert misfit([1] * (MOST_REFERENCES // 2), schema) is None


def test_what_cannot_be_stored_makes_a_schema_invalid():
    assert schema_problem({"const": float("nan")}) == "has something in it that cannot be stored"
