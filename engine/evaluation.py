"""Evaluates expressions for nodes without holding up others.

A plain expression on small values is evaluated on the spot, with a pause for other work every `SLICE_SECONDS`; any
other in a child process.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import orjson

from engine.attribution import located, text_problems
from engine.cel import EvaluationFailed, compiled, evaluate, item_evaluator
from engine.confinement import confined
from engine.ports import PortKind, kind_of_value
from engine.values import INLINE_LIMIT, VALUE_LIMIT

SLICE_SECONDS = 0.01
STRIDE = 64
FOLD_LIMIT = 1024


async def evaluate_once(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate an expression that sees the keys of the values."""
    used = compiled(text).used(values)
    if _is_light(text, used):
        return evaluate(text, used)
    return await confined("evaluate", text=text, values=used)


async def evaluate_each(text: str, items: list[Any], values: Mapping[str, Any]) -> list[Any]:
    """Evaluate an expression for each item of an array, which it sees as `item` and `index`."""
    used, part, results = compiled(text).used(values), compiled(text).part, Results()
    light, evaluate_item, pause = _is_light(text, used), item_evaluator(text, used), Pause()
    for index, item in enumerate(map(part, items)):
        if not light or _size(item) > INLINE_LIMIT:
            parts = list(map(part, items))
            return [*results.all, *await confined("evaluate_items", text=text, items=parts, values=used, start=index)]
        results.add(index, evaluate_item(index, item))
        if index % STRIDE == 0:
            await pause.when_due()
    return results.all


async def evaluate_entries(texts: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluate an expression for each key, all of which see the keys of the values; a failure names the key."""
    results, pause = Results(), Pause()
    for key, text in texts.items():
        with located(key):
            results.add(key, await evaluate_once(text, values))
        await pause.when_due()
    return dict(zip(texts, results.all, strict=True))


async def judge_each(text: str, items: list[Any], values: Mapping[str, Any]) -> list[bool]:
    """Evaluate a condition for each item of an array; raises `EvaluationFailed` where it gives no boolean."""
    return require_each(await evaluate_each(text, items, values), PortKind.BOOLEAN)


def require_each(results: list[Any], kind: PortKind) -> list[Any]:
    """The results for the items of an array, all of one kind; raises `EvaluationFailed` that names the first other."""
    for index, result in enumerate(results):
        if kind_of_value(result) is not kind:
            raise EvaluationFailed(f"item {index} gave {kind_of_value(result) or 'null'}; expected {kind}.")
    return results


async def fold(text: str, items: list[Any], values: Mapping[str, Any], initial: Any) -> Any:
    """Evaluate an expression for each item in turn, which sees the result before as `acc`."""
    used, part, acc = compiled(text).used(values), compiled(text).part, initial
    light, evaluate_item, pause = _is_light(text, used), item_evaluator(text, used), Pause()
    for index, item in enumerate(map(part, items)):
        # A result that is put together from the last one can double with every item.
        if not light or _size(item) > INLINE_LIMIT or _size(acc) > FOLD_LIMIT:
            parts = list(map(part, items))
            return await confined("fold_items", text=text, items=parts, values=used, initial=acc, start=index)
        acc = evaluate_item(index, item, acc=acc)
        if index % STRIDE == 0:
            await pause.when_due()
    return acc


def _is_light(text: str, used: Mapping[str, Any]) -> bool:
    """Whether an evaluation takes milliseconds at most: values are converted each time, some 3 MB a second."""
    return compiled(text).plain and (not used or len(orjson.dumps(used)) <= INLINE_LIMIT)


class Results:
    """The results so far; they may not become more than a value can hold."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._size = 0

    def add(self, place: int | str, result: Any) -> None:
        """Add the result for the item at an index, or for a key."""
        self._size += _size(result)
        if self._size > VALUE_LIMIT:
            name = f"item {place}" if isinstance(place, int) else place
            raise EvaluationFailed(f"{name}: the results have more than {VALUE_LIMIT} bytes.")
        self.all.append(result)


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
    return text_problems(constants, port, compiled)


class Pause:
    """Lets other work run when the last pause is `SLICE_SECONDS` ago."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def when_due(self) -> None:
        """Pause now if it is time."""
        if time.perf_counter() - self._since >= SLICE_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
