"""Paths into objects, as nodes take them: `order.items[0].price`.

Keys are joined by points; an index is in brackets and counts from the end if it is negative; a key that has a point or
a bracket is in brackets as a JSON text, as in `prices["a.b"]`.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from engine.attribution import text_problems
from engine.errors import InputError
from engine.ports import kind_of_value
from engine.spelling import SHOWN, did_you_mean

PATH_LIMIT = 1_000
STEPS_LIMIT = 100

Step = str | int
"""A key of an object or an index of an array."""

_FORM = "one is written as in order.items[0].price"
_STEP = re.compile(r'(?P<point>\.?)(?P<key>[^.\[\]"]+)|\[(?:(?P<index>-?[0-9]{1,10})|(?P<quoted>"(?:[^"\\]|\\.)*"))\]')


class NoSuchPart(InputError):
    """There is nothing at the path."""


@lru_cache(maxsize=256)
def parsed(path: str) -> tuple[Step, ...]:
    """Read a path; raises `InputError` that says where it is wrong."""
    steps: list[Step] = []
    position = 0
    while position < len(path) <= PATH_LIMIT:
        found = _STEP.match(path, position)
        if not found or (found["key"] is not None and bool(found["point"]) is not bool(steps)):
            raise InputError(f"The path {path[:SHOWN]!r} cannot be read from character {position + 1} on: {_FORM}.")
        steps.append(_step(found))
        position = found.end()
    if not 0 < len(steps) <= STEPS_LIMIT:
        raise InputError(f"A path has 1 to {STEPS_LIMIT} steps and at most {PATH_LIMIT} characters.")
    return tuple(steps)


def path_problems(constants: Mapping[str, Any], port: str = "path") -> Mapping[str, str]:
    """What `check` says about a constant path."""
    return text_problems(constants, port, parsed)


def _step(found: re.Match[str]) -> Step:
    if found["index"] is not None:
        return int(found["index"])
    if found["quoted"] is None:
        return found["key"]
    try:
        return str(orjson.loads(found["quoted"]))
    except orjson.JSONDecodeError:
        raise InputError(f"The path has {found['quoted'][:SHOWN]}, which is no JSON text.") from None


def get(data: Any, steps: Sequence[Step]) -> Any:
    """What is at a path; raises `NoSuchPart` that says which step leads nowhere."""
    for number in range(len(steps)):
        data = data[checked_step(data, steps, number)]
    return data


def with_part(data: Any, steps: Sequence[Step], part: Any, number: int = 0) -> Any:
    """A copy that has the part at a path; objects that are missing on the way are made.

    What is not on the way is shared with the original. Raises `NoSuchPart` where the path leads through anything else
    but objects and items that arrays have.
    """
    if number == len(steps):
        return part
    step = steps[number]
    if isinstance(data, dict) and isinstance(step, str):
        return {**data, step: with_part(data.get(step, {}), steps, part, number + 1)}
    index = checked_step(data, steps, number)
    copy = list(data)
    copy[index] = with_part(data[index], steps, part, number + 1)
    return copy


def checked_step(data: Any, steps: Sequence[Step], number: int) -> Any:
    """The step of this number, which can be taken in the data; raises `NoSuchPart` where it cannot."""
    step, before = steps[number], written(steps[:number]) or "The object"
    match data, step:
        case dict(), str():
            if step not in data:
                raise NoSuchPart(f"{before} has no key {step[:SHOWN]!r}.{did_you_mean(step, data)}")
        case list(), int():
            if not -len(data) <= step < len(data):
                raise NoSuchPart(f"{before} has no item {step}; it has {len(data)}.")
        case _, str():
            raise NoSuchPart(f"{before} is of kind {_kind(data)}, which has no keys such as {step[:SHOWN]!r}.")
        case _:
            raise NoSuchPart(f"{before} is of kind {_kind(data)}, which has no items such as [{step}].")
    return step


def _kind(data: Any) -> str:
    return kind_of_value(data) or "null"


def written(steps: Sequence[Step]) -> str:
    """The path of these steps, at most `SHOWN` characters of it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")[:SHOWN]
