"""text.regex: searches a text with a regular expression."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from engine.attribution import attributed, text_problems
from engine.confinement import confined
from engine.errors import InputError
from engine.node import Context, Input, Node, Output
from engine.patterns import PATTERN_LIMIT, compiled, is_quick, search


class RegexInput(Input):
    text: str = Field(description="The text to search.")
    pattern: str = Field(
        max_length=PATTERN_LIMIT,
        description="The regular expression, in RE2's syntax: without look-around and back-references.",
    )
    operation: Literal["match", "findall", "replace", "split"] = Field(
        description="match: the first match, findall: all of them, replace: put something in their place, split: the "
        "texts between them."
    )
    replacement: str | None = Field(
        default=None, description=r"What replace puts in the place of a match; \1 and \g<name> stand for its groups."
    )


class RegexOutput(Output):
    result: Any = Field(
        description="match: an object of text, start, groups and named, or null; findall: for each match an object of "
        "its named groups, else an array of its groups, else its text; replace: the new text; split: the parts."
    )
    matched: bool = Field(description="Whether there was a match.")


class Regex(Node[RegexInput, RegexOutput]):
    """Searches a text with a regular expression: finds the first match or all, replaces them or splits the text at
    them. Groups with a name, written (?P<name>…), come as the keys of an object."""

    type = "text.regex"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return text_problems(constants, "pattern", compiled)

    async def run(self, inputs: RegexInput, context: Context) -> RegexOutput:
        if inputs.operation == "replace" and inputs.replacement is None:
            raise InputError("Input 'replacement' is missing: replace needs one.")
        with attributed("pattern"):
            result, matched = await _search(inputs)
        return RegexOutput(result=result, matched=matched)


async def _search(inputs: RegexInput) -> Any:
    operation, text, pattern, replacement = inputs.operation, inputs.text, inputs.pattern, inputs.replacement or ""
    if is_quick(text, pattern, replacement):
        return search(operation, text, pattern, replacement)
    return await confined("search", operation=operation, text=text, pattern=pattern, replacement=replacement)
