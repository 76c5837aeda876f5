"""Expressions that users write, in the Common Expression Language (https://cel.dev).

A *plain* expression does an amount of work that its length bounds and is evaluated on the spot. Any other (a macro such
as `map` can nest, `matches` can search) is evaluated by `engine.confinement`, which can end it.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from engine.errors import NodeError
from engine.lean import cel
from engine.moments import iso_text

LENGTH_LIMIT = 4_000
# Evaluation recurses once per operator, on a stack that overflows without an error.
OPERATOR_LIMIT = 500
# How often the largest value may be put into the result: each addition and each comma may do it once more.
PLAIN_REPETITIONS = 32

_OPERATOR = re.compile(r"[-+*/%<>=!&|?.\[({]")
_COSTLY = re.compile(
    r"//|`|\b(?:map|filter|all|exists|exists_one|existsOne|matches|bind|block"
    r"|transformList|transformMap|transformMapEntry|timestamp|duration)\b"
)
# A method is no key, and after a comment anything may follow.
_ITEM = re.compile(r"\bitem\b(?:\.([A-Za-z_]\w*)\b(?!\s*\())?")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_EXACT = (bool, int, str, type(None))


class InvalidExpression(NodeError):
    """The expression is not valid."""

    error_code = "INPUT"


class EvaluationFailed(NodeError):
    """The expression could not be evaluated."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `names` are those that it refers to, `plain` whether its work is bounded.

    `item_keys` are those that it looks at of an item, None where it may look at all of it.
    """

    program: cel.Program
    names: frozenset[str]
    plain: bool
    item_keys: frozenset[str] | None

    def used(self, scope: Mapping[str, Any]) -> dict[str, Any]:
        """The part of a scope that the expression refers to; the library would convert all the rest, too."""
        return {name: data for name, data in scope.items() if name in self.names}

    def part(self, item: Any) -> Any:
        """The part of an item that the expression looks at: to convert all of a row takes ten times as long."""
        if self.item_keys is None or not isinstance(item, dict):
            return item
        return {key: item[key] for key in self.item_keys if key in item}

    def evaluate(self, scope: dict[str, Any]) -> Any:
        """Evaluate with these names; gives a JSON value or raises `EvaluationFailed`."""
        try:
            result = self.program.execute(scope)
        except (KeyboardInterrupt, SystemExit):
            raise
        except KeyError as error:
            raise EvaluationFailed(f"There is no key {error.args[0]!r}.") from None
        except BaseException as error:  # a panic of the library is no Exception
            raise EvaluationFailed(_sentence(error)) from None
        return result if type(result) in _EXACT else _as_json(result)


@lru_cache(maxsize=1024)
def compiled(text: str) -> Expression:
    """Compile an expression; raises `InvalidExpression` that says where it is wrong."""
    if len(text) > LENGTH_LIMIT:
        raise InvalidExpression(f"The expression has {len(text)} characters; the limit is {LENGTH_LIMIT}.")
    if len(_OPERATOR.findall(text)) > OPERATOR_LIMIT:
        raise InvalidExpression(f"The expression has more than {OPERATOR_LIMIT} operators.")
    try:
        program = cel.compile(text)
    except ValueError as error:
        raise InvalidExpression(f"The expression is not valid: {_syntax(error)}") from None
    return Expression(program, frozenset(program.variables()), _is_plain(text), _item_keys(text))


def _is_plain(text: str) -> bool:
    return not _COSTLY.search(text) and text.count("+") + text.count(",") <= PLAIN_REPETITIONS


def _item_keys(text: str) -> frozenset[str] | None:
    keys = set(_ITEM.findall(text))
    return None if "" in keys or "//" in text else frozenset(keys)


def _syntax(error: ValueError) -> str:
    found = _PLACE.search(str(error))
    if not found:
        return _sentence(error)
    line, column, message = found.groups()
    return f"line {line}, column {column}: {message.partition(' expecting {')[0]}."


def _sentence(error: BaseException) -> str:
    """The library's first sentence; the rest is advice to programmers."""
    return str(error).partition("\n")[0].partition(". ")[0].rstrip(".") + "."


def _as_json(data: Any) -> Any:
    """Turn a result into a JSON value: a timestamp into text, a duration into milliseconds; keys by name."""
    match data:
        case None | bool() | int() | str():
            return data
        case float() if math.isfinite(data):
            return data
        case list():
            return [_as_json(item) for item in data]
        case dict():
            # The library keeps no order; the same expression has to give the same text each time.
            return {key: _as_json(data[key]) for key in sorted(map(_key, data))}
        case datetime():
            return iso_text(data.astimezone(UTC))
        case timedelta():
            return data / timedelta(milliseconds=1)
        case float():
            raise EvaluationFailed("The result is not a finite number.")
        case _:
            raise EvaluationFailed(f"The result is of type {type(data).__name__}, which JSON does not have.")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise EvaluationFailed(f"The result has the key {key!r}; keys have to be strings.")
    return key


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Evaluate an expression that sees the keys of the values."""
    expression = compiled(text)
    return expression.evaluate(expression.used(values))


def evaluate_items(text: str, items: list[Any], values: Mapping[str, Any], start: int) -> list[Any]:
    """Evaluate an expression once for each item of an array, beginning at an index."""
    evaluate_item = item_evaluator(text, values)
    return [evaluate_item(index, item) for index, item in enumerate(items[start:], start)]


def fold_items(text: str, items: list[Any], values: Mapping[str, Any], initial: Any, start: int) -> Any:
    """Evaluate an expression for each item in turn, beginning at an index; `acc` is the initial value, then the result
    before."""
    evaluate_item, acc = item_evaluator(text, values), initial
    for index, item in enumerate(items[start:], start):
        acc = evaluate_item(index, item, acc=acc)
    return acc


def item_evaluator(text: str, values: Mapping[str, Any]) -> Callable[..., Any]:
    """Make the function that evaluates an expression for an index, an item and further names.

    The expression sees the keys of the values, the item as `item` and its index as `index`; a failure names the index.
    """
    expression = compiled(text)
    used = expression.used(values)

    def evaluate_item(index: int, item: Any, **more: Any) -> Any:
        try:
            return expression.evaluate({**used, "item": item, "index": index, **more})
        except EvaluationFailed as error:
            raise EvaluationFailed(f"item {index}: {error.message}") from None

    return evaluate_item
