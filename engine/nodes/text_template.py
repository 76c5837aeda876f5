"""text.template: fills values into a text."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from engine.attribution import attributed, text_problems
from engine.confinement import confined
from engine.node import Context, Input, Node, Output
from engine.templating import is_plain, render


class TemplateInput(Input):
    template: str = Field(description="The template, in Jinja's language: {{ name }} inserts a value.")
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the template sees: each key of this object under its own name."
    )


class TemplateOutput(Output):
    text: str = Field(description="The template with the values filled in; at most a mebibyte.")


class Template(Node[TemplateInput, TemplateOutput]):
    """Fills values into a template in Jinja's language, with its conditions, loops and filters. Nothing is escaped;
    arrays and objects are inserted as JSON, and a name that does not exist fails."""

    type = "text.template"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return text_problems(constants, "template", is_plain)

    async def run(self, inputs: TemplateInput, context: Context) -> TemplateOutput:
        with attributed("template"):
            return TemplateOutput(text=await _rendered(inputs))


async def _rendered(inputs: TemplateInput) -> str:
    if is_plain(inputs.template):
        return render(inputs.template, inputs.values)
    text: str = await confined("render", text=inputs.template, values=inputs.values)
    return text
