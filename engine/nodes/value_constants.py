"""The value nodes, text, markdown, html, number, boolean, object and array: each a value of one kind."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Number, Output


class TextInput(Input):
    value: str = Field(description="The text.")


class TextOutput(Output):
    value: str = Field(description="The same text.")


class Text(Node[TextInput, TextOutput]):
    """Holds a text, or passes one on."""

    type = "value.text"
    pure = True

    async def run(self, inputs: TextInput, context: Context) -> TextOutput:
        return TextOutput(value=inputs.value)


class Markdown(Node[TextInput, TextOutput]):
    """Holds a text that is written in Markdown, or passes one on."""

    type = "value.markdown"
    pure = True

    async def run(self, inputs: TextInput, context: Context) -> TextOutput:
        return TextOutput(value=inputs.value)


class Html(Node[TextInput, TextOutput]):
    """Holds a text that is HTML, or passes one on. Nothing is escaped or cleaned."""

    type = "value.html"
    title = "Value HTML"
    pure = True

    async def run(self, inputs: TextInput, context: Context) -> TextOutput:
        return TextOutput(value=inputs.value)


class NumberInput(Input):
    value: Number = Field(description="The number; integers stay integers.")


class NumberOutput(Output):
    value: Number = Field(description="The same number.")


class NumberValue(Node[NumberInput, NumberOutput]):
    """Holds a number, or passes one on."""

    type = "value.number"
    pure = True

    async def run(self, inputs: NumberInput, context: Context) -> NumberOutput:
        return NumberOutput(value=inputs.value)


class BooleanInput(Input):
    value: bool = Field(description="True or false.")


class BooleanOutput(Output):
    value: bool = Field(description="The same boolean.")


class Boolean(Node[BooleanInput, BooleanOutput]):
    """Holds true or false, or passes it on."""

    type = "value.boolean"
    pure = True

    async def run(self, inputs: BooleanInput, context: Context) -> BooleanOutput:
        return BooleanOutput(value=inputs.value)


class ObjectInput(Input):
    value: dict[str, Any] = Field(description="The object.")


class ObjectOutput(Output):
    value: dict[str, Any] = Field(description="The same object, its keys in the same order.")


class Object(Node[ObjectInput, ObjectOutput]):
    """Holds an object, or passes one on."""

    type = "value.object"
    pure = True

    async def run(self, inputs: ObjectInput, context: Context) -> ObjectOutput:
        return ObjectOutput(value=inputs.value)


class ArrayInput(Input):
    value: list[Any] = Field(description="The array.")


class ArrayOutput(Output):
    value: list[Any] = Field(description="The same array.")


class Array(Node[ArrayInput, ArrayOutput]):
    """Holds an array, or passes one on."""

    type = "value.array"
    pure = True

    async def run(self, inputs: ArrayInput, context: Context) -> ArrayOutput:
        return ArrayOutput(value=inputs.value)
