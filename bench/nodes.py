"""Single nodes on large values, in memory: inputs checked, the node run, and outputs encoded, as the engine does it."""

import time
from collections.abc import Mapping
from typing import Any

from bench.figures import Figure, rounded
from engine.attempt import begin
from engine.in_place import NOWHERE
from engine.nodes import BUILT_IN

ITEMS = 100_000
ROUNDS = 5
MORE = {f"field{number}": "some text" for number in range(10)}
ORDERS = [{"id": f"order-{number}", "price": number % 97, "qty": number % 7, **MORE} for number in range(ITEMS)]

EXPRESSIONS = {
    "on_the_spot": "item.price * item.qty",
    "in_a_child": "[item.price, item.qty].exists(number, number > 90)",
}
"""The second one has a macro: its work is not bounded by its length, so that it is done where it can be ended."""


async def measure() -> None:
    """Print the best time of a map over 100,000 rows of 13 fields, for either kind of expression."""
    for place, expression in EXPRESSIONS.items():
        inputs = {"array": ORDERS, "expression": expression}
        seconds = min([await _seconds("array.map", inputs) for _ in range(ROUNDS)])
        Figure(f"array_map_of_{ITEMS}_{place}", rounded(seconds * 1000), "ms", "<= 1000").print()


async def _seconds(node_type: str, inputs: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    await begin(BUILT_IN[node_type], inputs, NOWHERE)
    return time.perf_counter() - began
