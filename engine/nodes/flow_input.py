"""flow.input: gives one of the execution's inputs to the flow."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from engine.errors import InputError
from engine.json_schemas import misfit, schema_problem
from engine.node import Context, Input, Node, Output
from engine.ports import Constant, Port, PortKind, Ports


class FlowInputInput(Input):
    name: Annotated[str, Constant(), Field(min_length=1, description="The input's name; unique in the flow.")]
    schema_: Annotated[dict[str, Any] | None, Constant()] = Field(
        default=None, alias="schema", description="The JSON Schema of the value; without it anything is taken."
    )
    default: Annotated[Any, Constant()] = Field(
        default=None, description="The value where the execution gives none; without it the input is required."
    )


class FlowInputOutput(Output):
    value: Any = Field(description="The execution's input of this name, else the default.")


class FlowInput(Node[FlowInputInput, FlowInputOutput]):
    """Gives the execution's input of this name to the flow. Its schema decides what the value port carries and what
    an execution may be created with; an input without a default has to be given."""

    type = "flow.input"
    pure = True

    @classmethod
    def ports(cls, constants: Mapping[str, Any]) -> Ports:
        schema = constants.get("schema")
        if not isinstance(schema, dict):
            return cls.declared_ports()
        value = Port("value", kind_of_schema(schema), schema, description="The execution's input of this name.")
        return Ports(cls.declared_ports().inputs, {"value": value})

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        schema = constants.get("schema")
        if not isinstance(schema, dict):
            return {}
        if problem := schema_problem(schema):
            return {"schema": f"The schema {problem}."}
        problem = misfit(constants["default"], schema) if "default" in constants else None
        return {"default": f"The default does not fit the schema: {problem}."} if problem else {}

    async def run(self, inputs: FlowInputInput, context: Context) -> FlowInputOutput:
        if inputs.name in context.inputs:
            return FlowInputOutput(value=context.inputs[inputs.name])
        if "default" not in inputs.model_fields_set:
            raise InputError(f"The execution was not given the input '{inputs.name}'.")
        return FlowInputOutput(value=inputs.default)


_KINDS: Mapping[str, PortKind] = {
    "string": PortKind.STRING,
    "number": PortKind.NUMBER,
    "integer": PortKind.NUMBER,
    "boolean": PortKind.BOOLEAN,
    "array": PortKind.ARRAY,
    "object": PortKind.OBJECT,
}


def kind_of_schema(schema: Mapping[str, Any]) -> PortKind:
    """The kind of the values that a JSON Schema describes: that of its one `type`, else any."""
    named = schema.get("type")
    return _KINDS.get(named, PortKind.ANY) if isinstance(named, str) else PortKind.ANY
