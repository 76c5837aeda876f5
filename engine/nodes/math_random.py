"""math.random: draws a number."""

import math
import random

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number


class RandomInput(Input):
    min: Number = Field(default=0, description="The lowest number that can be drawn.")
    max: Number = Field(default=1, description="The highest number that can be drawn.")
    integer: bool = Field(default=False, description="Draw whole numbers only.")
    seed: int | str | None = Field(default=None, description="With the same seed the same number is drawn.")


class RandomOutput(Output):
    result: Number = Field(description="The number that was drawn.")


class Random(Node[RandomInput, RandomOutput]):
    """Draws a number evenly between a minimum and a maximum, by default a float from 0 to 1. It is not fit for keys and
    passwords."""

    type = "math.random"
    safe = True

    async def run(self, inputs: RandomInput, context: Context) -> RandomOutput:
        generator = random.Random(inputs.seed)
        result = _integer(generator, inputs) if inputs.integer else _float(generator, inputs)
        return RandomOutput(result=result)


def _integer(generator: random.Random, inputs: RandomInput) -> Number:
    low, high = math.ceil(inputs.min), math.floor(inputs.max)
    if low > high:
        raise InputError(f"Input 'max': there is no integer from {inputs.min} to {inputs.max}.")
    return checked_number(generator.randint(low, high), "The number")


def _float(generator: random.Random, inputs: RandomInput) -> Number:
    if inputs.min > inputs.max:
        raise InputError(f"Input 'max': {inputs.max} is less than the minimum {inputs.min}.")
    return checked_number(generator.uniform(inputs.min, inputs.max), "The number")
