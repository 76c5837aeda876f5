"""What an event is, and how its kinds are declared."""

import re
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, dataclass_transform

import orjson
from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from engine.records import encode_part
from engine.status import ExecutionStatus
from engine.values import Value

DECLARED: dict[str, type["Event"]] = {}
"""The kinds that have been declared so far, in that order; `engine.events` has all of them."""


def about(description: str, default: Any = MISSING, *, stored_as: str | None = None) -> Any:
    """Declare a field of an event: what it says, for people, and its key in `data` where that is not its own name."""
    metadata = {"description": description, **({"alias": stored_as} if stored_as else {})}
    return field(default=default, metadata=metadata)


def fields_of(kind: type["Event"]) -> tuple[Field[Any], ...]:
    """The fields of a kind, in the order of declaration."""
    declared: Any = kind
    return fields(declared)


def stored_key(declared: Field[Any]) -> str:
    """The key of a field in `data`."""
    return str(declared.metadata.get("alias") or to_camel(declared.name))


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(about,))
class Event:
    """Something that happened in an execution."""

    # Each subclass is a dataclass, and a kind unless it is abstract. What `decide` makes an event of was checked at the
    # ports, so only what is read from a log is checked. An event is frozen for the type checker alone: it would take
    # three times as long to make one that is so as well when the program runs.

    kind: ClassVar[str] = ""
    leaves: ClassVar[frozenset[ExecutionStatus]] = frozenset()
    enters: ClassVar[ExecutionStatus | None] = None
    stored: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The key in `data` and the name of each field."""
    _data: ClassVar[Any]

    __pydantic_config__ = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    def __init_subclass__(
        cls,
        *,
        abstract: bool = False,
        leaves: frozenset[ExecutionStatus] | None = None,
        enters: ExecutionStatus | None = None,
    ) -> None:
        dataclass(kw_only=True)(cls)
        cls.leaves = cls.leaves if leaves is None else leaves
        cls.enters = enters or cls.enters
        cls.stored = tuple((stored_key(each), each.name) for each in fields_of(cls))
        cls._data = staticmethod(_reader(cls.stored))
        if not abstract:
            cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
            DECLARED[cls.kind] = cls

    def values(self) -> Iterable[Value]:
        """The values that the event carries."""
        return ()

    def encode(self) -> bytes:
        """The event's `data` as JSON text."""
        return orjson.dumps(self._data(self), default=encode_part)


def _reader(stored: Iterable[tuple[str, str]]) -> Callable[[Event], dict[str, Any]]:
    """A function that gives the `data` of an event of a kind.

    It is written out, as a dataclass's own are: a dict that is put together of pairs takes four times as long.
    """
    items = ", ".join(f"{key!r}: event.{name}" for key, name in stored)
    read: Callable[[Event], dict[str, Any]] = eval(f"lambda event: {{{items}}}")
    return read
