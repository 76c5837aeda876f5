"""What an event is, and how its kinds are declared."""

import re
from collections.abc import Iterable
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


def stored_key(declared: Field[Any]) -> str:
    """The key of a field in `data`."""
    return str(declared.metadata.get("alias") or to_camel(declared.name))


@dataclass_transform(kw_only_default=True, field_specifiers=(about,))
@dataclass(kw_only=True)
class Event:
    """Something that happened in an execution."""

    # Each subclass is a dataclass, and a kind unless it is abstract. What `decide` makes an event of was checked at the
    # ports, so only what is read from a log is checked. Not frozen, which would triple the time to make one, but nobody
    # changes an event.

    kind: ClassVar[str] = ""
    leaves: ClassVar[frozenset[ExecutionStatus]] = frozenset()
    enters: ClassVar[ExecutionStatus | None] = None
    stored: ClassVar[tuple[tuple[str, str], ...]] = ()
    """The key in `data` and the name of each field."""

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
        cls.stored = tuple((stored_key(each), each.name) for each in fields(cls))
        if not abstract:
            cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).upper()
            DECLARED[cls.kind] = cls

    def values(self) -> Iterable[Value]:
        """The values that the event carries."""
        return ()

    def encode(self) -> bytes:
        """The event's `data` as JSON text."""
        return orjson.dumps({key: getattr(self, name) for key, name in self.stored}, default=encode_part)
