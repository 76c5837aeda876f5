"""ai.structured: asks a language model for a value of a given form."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from engine.ai.completion import CUT, Model, ModelFailed
from engine.ai.messages import Choice, Messages, ModelConnection
from engine.connection import connected
from engine.errors import InputError
from engine.json_schemas import misfit, schema_problem
from engine.json_text import InvalidJson, parse_json
from engine.node import Context, Input, Node, Output
from engine.ports import HoldsSecrets


class StructuredInput(Input):
    connection: Annotated[ModelConnection, HoldsSecrets()] = Field(
        description='Where the model\'s service is, as `{"url": "https://…/v1", "key": {"$secret": "name"}}`.'
    )
    model: str = Field(min_length=1, description="The model's name, as the service knows it.")
    messages: Messages = Field(description="The conversation so far; the model gives the value that it asks for.")
    schema_: dict[str, Any] = Field(alias="schema", description="A JSON Schema that the value must fit.")


class StructuredOutput(Output):
    value: Any = Field(description="The value, which fits the schema.")
    usage: dict[str, Any] = Field(description="What the service counted, in its own terms; empty if it does not say.")


class Structured(Node[StructuredInput, StructuredOutput]):
    """Asks a language model for a value that fits a JSON Schema, and fails if it gives another one; a retry asks again.
    The service is told the schema, and the answer is checked here as well."""

    type = "ai.structured"
    title = "AI structured answer"
    category = "ai"

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        problem = schema_problem(constants["schema"]) if isinstance(constants.get("schema"), dict) else None
        return {"schema": f"The schema {problem}."} if problem else {}

    async def run(self, inputs: StructuredInput, context: Context) -> StructuredOutput:
        if problem := schema_problem(inputs.schema_):
            raise InputError(f"Input 'schema': the schema {problem}.")
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": inputs.schema_, "strict": True}}
        async with connected(inputs.connection, context) as client:
            model = Model(client, inputs.connection, inputs.model)
            completion = await model.complete(inputs.messages, response_format=form)
        value = _value(completion.choices[0], inputs.schema_)
        return StructuredOutput(value=value, usage=completion.usage or {})


def _value(choice: Choice, schema: dict[str, Any]) -> Any:
    if choice.finish_reason == CUT:
        raise ModelFailed("The model's answer was cut: it has as many tokens as it may have.", retryable=True)
    try:
        value = parse_json(choice.message.content or "")
    except InvalidJson as error:
        raise ModelFailed(f"The model's answer is no JSON: {error.message}", retryable=True) from None
    if problem := misfit(value, schema):
        raise ModelFailed(f"The model's answer does not fit the schema: {problem}", retryable=True)
    return value
