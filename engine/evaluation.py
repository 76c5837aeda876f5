"""Evaluates expressions for nodes without holding up others.

A plain expression is evaluated on the spot, with a pause for other work every `SLICE_SECONDS`; any other in a child
process.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from engine.cel import EvaluationFailed, InvalidExpression, compiled, evaluate, item_evaluator
from engine.confinement import confined
from engine.values import VALUE_LIMIT

SLICE_SECONDS = 0.01
STRIDE = 64
FOLD_LIMIT = 1024


async def evaluate_once(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate an expression that sees the keys of the values."""
    if compiled(text).plain:
        return evaluate(text, values)
    return await confined("evaluate", text=text, values=values)


async def evaluate_each(text: str, items: list[Any], values: Mapping[str, Any]) -> list[Any]:
    """Evaluate an expression for each item of an array, which it sees as `item` and `index`."""
    if not compiled(text).plain:
        confined_results: list[Any] = await confined("evaluate_items", text=text, items=items, values=values)
        return confined_results
    evaluate_item, pause, results, size = item_evaluator(text, values), Pause(), [], 0
    for index, item in enumerate(items):
        results.append(evaluate_item(index, item))
        size += _size(results[-1])
        if size > VALUE_LIMIT:
            raise EvaluationFailed(f"item {index}: the results have more than {VALUE_LIMIT} bytes.")
        if index % STRIDE == 0:
            await pause.when_due()
    return results


async def fold(text: str, items: list[Any], values: Mapping[str, Any], initial: Any) -> Any:
    """Evaluate an expression for each item in turn, which sees the result before as `acc`."""
    expression, evaluate_item, pause, acc = compiled(text), item_evaluator(text, values), Pause(), initial
    for index, item in enumerate(items):
        # A result that is put together from the last one can double with every item.
        if not expression.plain or _size(acc) > FOLD_LIMIT:
            return await confined("fold_items", text=text, items=items, values=values, initial=acc, start=index)
        acc = evaluate_item(index, item, acc=acc)
        if index % STRIDE == 0:
            await pause.when_due()
    return acc


def _size(data: Any) -> int:
    """About how many bytes the data has as JSON."""
    match data:
        case str():
            return len(data)
        case list() | dict():
            return len(orjson.dumps(data))
        case _:
            return 1


def expression_problems(constants: Mapping[str, Any], port: str = "expression") -> Mapping[str, str]:
    """What `check` says about a constant expression."""
    text = constants.get(port)
    if not isinstance(text, str):
        return {}
    try:
        compiled(text)
    except InvalidExpression as error:
        return {port: error.message}
    return {}


class Pause:
    """Lets other work run when the last pause is `SLICE_SECONDS` ago."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def when_due(self) -> None:
        """Pause now if it is time."""
        if time.perf_counter() - self._since >= SLICE_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
