"""schema.validate: holds a value against a JSON Schema."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.confinement import confined
from engine.json_schemas import MOST_MISFITS, are_quick, misfits, schema_problem
from engine.node import Context, Input, Node, Output


class ValidateInput(Input):
    value: Any = Field(description="The value.")
    schema_: dict[str, Any] = Field(
        alias="schema", description="The JSON Schema, in draft 2020-12; patterns are in RE2's syntax."
    )


class ValidateOutput(Output):
    valid: bool = Field(description="Whether the value fits the schema.")
    errors: list[dict[str, str]] = Field(
        description=f"What does not fit, at most {MOST_MISFITS} objects: path, a JSON Pointer such as /items/0/price, "
        "and message. Empty if the value fits."
    )


class Validate(Node[ValidateInput, ValidateOutput]):
    """Tells whether a value fits a JSON Schema, and what of it does not: "7" at /id, where an integer has to be. That a
    value does not fit is no failure; a schema that is not valid is one."""

    type = "schema.validate"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        problem = schema_problem(constants["schema"]) if isinstance(constants.get("schema"), dict) else None
        return {"schema": f"The schema {problem}."} if problem else {}

    async def run(self, inputs: ValidateInput, context: Context) -> ValidateOutput:
        with attributed("schema"):
            errors = await _misfits(inputs.value, inputs.schema_)
        return ValidateOutput(valid=not errors, errors=errors)


async def _misfits(value: Any, schema: Mapping[str, Any]) -> list[dict[str, str]]:
    if are_quick(value, schema):
        return misfits(value, schema)
    errors: list[dict[str, str]] = await confined("misfits", data=value, schema=schema)
    return errors
