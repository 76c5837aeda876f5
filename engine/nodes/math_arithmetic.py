"""math.arithmetic: combines two numbers."""

import operator
from collections.abc import Callable, Mapping
from typing import Literal

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Number, Output
from engine.numbers import checked_number

Operation = Literal["add", "subtract", "multiply", "divide", "modulo", "power"]
POWER_BITS = 128


class ArithmeticInput(Input):
    a: Number = Field(description="The left operand.")
    b: Number = Field(description="The right operand.")
    operation: Operation = Field(description="What to do with them.")


class ArithmeticOutput(Output):
    result: Number = Field(description="An integer where the operands and the outcome are exact, else a float.")


class Arithmetic(Node[ArithmeticInput, ArithmeticOutput]):
    """Adds, subtracts, multiplies, divides, takes the remainder or raises to a power. Integers stay integers and are
    exact to 64 bits; a division gives an integer only when it is exact; a remainder has the divisor's sign."""

    type = "math.arithmetic"
    pure = True

    async def run(self, inputs: ArithmeticInput, context: Context) -> ArithmeticOutput:
        return ArithmeticOutput(result=_calculated(inputs))


def _calculated(inputs: ArithmeticInput) -> Number:
    origin = f"The result of {inputs.operation}"
    try:
        result = OPERATIONS[inputs.operation](inputs.a, inputs.b)
    except ZeroDivisionError:
        raise NodeError(f"{origin} does not exist: it divides {inputs.a} by zero.") from None
    except OverflowError:
        raise NodeError(f"{origin} is out of range.") from None
    if isinstance(result, complex):
        raise NodeError(f"{origin} is not a real number.")
    return checked_number(result, origin)


def _divide(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def _power(a: Number, b: Number) -> Number | complex:
    """Refuses, before they are calculated, integers that could only be far out of range."""
    if isinstance(a, int) and isinstance(b, int) and abs(a) > 1 and a.bit_length() * b > POWER_BITS:
        raise OverflowError
    result: Number | complex = a**b
    return result


OPERATIONS: Mapping[str, Callable[[Number, Number], Number | complex]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _divide,
    "modulo": operator.mod,
    "power": _power,
}
