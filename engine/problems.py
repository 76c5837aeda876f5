"""What can be wrong with a flow document."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class FlowProblemCode(StrEnum):
    """The kind of a problem in a flow document."""

    UNKNOWN_KEY = "UNKNOWN_KEY"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    UNKNOWN_PORT = "UNKNOWN_PORT"
    UNKNOWN_NODE = "UNKNOWN_NODE"
    DUPLICATE_ID = "DUPLICATE_ID"
    INVALID_ID = "INVALID_ID"
    CYCLE = "CYCLE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    MISSING_INPUT = "MISSING_INPUT"
    INVALID_VALUE = "INVALID_VALUE"
    MULTIPLE_SOURCES = "MULTIPLE_SOURCES"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"


class Problem(BaseModel):
    """One thing that is wrong with a flow document."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="Where it is, as a JSON Pointer (RFC 6901); empty for the document itself.")
    code: FlowProblemCode = Field(description="What kind of problem it is.")
    message: str = Field(description="What is wrong and what would be right.")
    related: str | None = Field(
        default=None,
        description="The other place that has to do with it, such as the first of two equal ids, as a JSON Pointer.",
    )
