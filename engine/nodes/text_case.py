"""text.case: changes between capitals and small letters."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output

Case = Literal["upper", "lower", "title", "sentence", "camel", "pascal", "snake", "kebab"]
NAME_LIMIT = 10_000

_WORD = re.compile(r"\S+")
_CHUNK = re.compile(r"[^\W_]+")


class CaseInput(Input):
    text: str = Field(description="The text.")
    case: Case = Field(
        description="upper: ALL CAPITALS, lower: all small, title: Each Word, sentence: The first word; and as names "
        "of programs have it, of up to 10000 characters, camel: orderTotal, pascal: OrderTotal, snake: order_total, "
        "kebab: order-total."
    )


class CaseOutput(Output):
    text: str = Field(description="The text in that case.")


class ChangeCase(Node[CaseInput, CaseOutput]):
    """Writes a text in capitals, in small letters or as a name: order total in camel is orderTotal. Names are made of
    the text's letters and digits; a new word begins after anything else, and at a capital after a small letter."""

    type = "text.case"
    pure = True

    async def run(self, inputs: CaseInput, context: Context) -> CaseOutput:
        if inputs.case in NAMES and len(inputs.text) > NAME_LIMIT:
            raise InputError(f"Input 'text': it has {len(inputs.text)} characters; a name has at most {NAME_LIMIT}.")
        return CaseOutput(text=CASES[inputs.case](inputs.text))


def _title(text: str) -> str:
    return _WORD.sub(lambda word: word[0].capitalize(), text)


def _camel(text: str) -> str:
    first, *others = _words(text) or [""]
    return first + "".join(map(str.capitalize, others))


def _pascal(text: str) -> str:
    return "".join(map(str.capitalize, _words(text)))


def _words(text: str) -> list[str]:
    """The words of a name in small letters: HTTPServer2 Name is http, server2, name."""
    return [word.lower() for chunk in _CHUNK.findall(text) for word in _parted(chunk)]


def _parted(chunk: str) -> Iterator[str]:
    begins = 0
    for index in range(1, len(chunk)):
        if _begins_word(chunk[index - 1], chunk[index], chunk[index + 1 : index + 2]):
            yield chunk[begins:index]
            begins = index
    yield chunk[begins:]


def _begins_word(before: str, letter: str, after: str) -> bool:
    return letter.isupper() and (not before.isupper() or after.islower())


NAMES: Mapping[Case, Callable[[str], str]] = {
    "camel": _camel,
    "pascal": _pascal,
    "snake": lambda text: "_".join(_words(text)),
    "kebab": lambda text: "-".join(_words(text)),
}

CASES: Mapping[Case, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _title,
    "sentence": str.capitalize,
    **NAMES,
}
