"""What the log stores: values by name, and records with fields that are known beforehand."""

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from engine.status import ErrorCode
from engine.values import Value

Id = Annotated[str, "ID"]
"""A string that GraphQL shows as an ID."""

DateTimeText = Annotated[str, "DateTime"]
"""A point in time as `YYYY-MM-DDTHH:MM:SS.mmmZ`, which GraphQL shows as a DateTime."""

Values = dict[str, Value]
"""Values by port or name, which GraphQL shows as a JSON object."""


class Record(BaseModel):
    """The base of what the log stores: immutable, camel-case on the wire, blind to keys that it does not know."""

    # As those of `engine.node.Input`, validators are built when they are first used.
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore", defer_build=True
    )


class ExecutionError(Record):
    """Why a node or an execution failed."""

    code: ErrorCode = Field(description="What kind of failure it was.")
    message: str = Field(description="What happened, for people.")
    node_id: Id | None = Field(None, description="The node that failed; null if it was no node.")
    retryable: bool = Field(False, description="Whether trying again may help.")


def encode_part(part: Any) -> Any:
    """The stored form of what JSON does not know."""
    if isinstance(part, Value):
        return orjson.Fragment(part.wire)
    if isinstance(part, Record):
        return {field.alias or name: getattr(part, name) for name, field in type(part).model_fields.items()}
    raise TypeError(f"{type(part).__name__} has no stored form")
