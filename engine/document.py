"""The flow document, as it is after validation: nodes, joined by edges from port to port.

`engine.validation` says everything that is wrong with a document; what is here only gives its parts names and
types.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

NODE_LIMIT = 10_000
EDGE_LIMIT = 50_000
DOCUMENT_BYTES = 4 * 1024 * 1024
DURATION_LIMIT_MS = 2**31 - 1
NAME_LIMIT = 200
DEFAULT_JITTER = 0.5

GROUP = "group"
FLOW_INPUT = "flow.input"
FLOW_OUTPUT = "flow.output"
EVENT_LISTEN = "event.listen"
SIGNAL_WAIT = "signal.wait"

NODE_ID = r"[A-Za-z][A-Za-z0-9_-]{0,63}"
PORT_NAME = r"[A-Za-z][A-Za-z0-9_]*"
REFERENCE = rf"({NODE_ID})\.((?:__)?{PORT_NAME})"
_NODE_ID = re.compile(rf"{NODE_ID}\Z")
_PORT_NAME = re.compile(rf"{PORT_NAME}\Z")
_REFERENCE = re.compile(rf"{REFERENCE}\Z")


class PortReference(NamedTuple):
    """One port of one node, written `node.port`."""

    node: str
    port: str

    def __str__(self) -> str:
        return f"{self.node}.{self.port}"


def parse_reference(text: Any) -> PortReference:
    """Split `node.port` at its dot; raises `ValueError` for what is not of that form."""
    if isinstance(text, PortReference):
        return text
    found = _REFERENCE.match(text) if isinstance(text, str) else None
    if not found:
        raise PydanticCustomError("invalid_id", "Expected node.port, such as total.result")
    return PortReference(found[1], found[2])


def is_node_id(data: Any) -> bool:
    """Whether this may be the id of a node."""
    return isinstance(data, str) and _NODE_ID.match(data) is not None


def is_port_name(name: str) -> bool:
    """Whether a port of a node may have this name; those of the system have names of their own."""
    return _PORT_NAME.match(name) is not None


def _check_node_id(data: Any) -> Any:
    if not is_node_id(data):
        raise PydanticCustomError(
            "invalid_id", "A node's id is a letter followed by up to 63 letters, digits, '_' or '-'"
        )
    return data


def _check_format(data: Any) -> Any:
    if type(data) is not int or data != 1:
        raise PydanticCustomError("unsupported_format", "This service reads documents of format 1")
    return data


def _jitter_fraction(data: Any) -> Any:
    return DEFAULT_JITTER * data if isinstance(data, bool) else data


Reference = Annotated[
    PortReference,
    PlainValidator(parse_reference),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{REFERENCE}$"}),
]
NodeId = Annotated[str, BeforeValidator(_check_node_id), WithJsonSchema({"type": "string", "pattern": f"^{NODE_ID}$"})]
Jitter = Annotated[
    float,
    BeforeValidator(_jitter_fraction),
    Field(ge=0, le=1),
    WithJsonSchema({"type": ["number", "boolean"], "minimum": 0, "maximum": 1}),
]
Milliseconds = Annotated[int, Field(ge=0, le=DURATION_LIMIT_MS)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class RetryPolicy(_Part):
    """How often and when a failed attempt is tried again.

    After attempt n the wait is `initialDelayMs · factor^(n−1)`, at most `maxDelayMs`, less a random part of it.
    """

    max_attempts: int = Field(
        alias="maxAttempts", default=3, ge=1, le=100, description="How many attempts there are, with the first."
    )
    initial_delay_ms: Milliseconds = Field(
        alias="initialDelayMs", default=1000, description="The wait after the first attempt, in milliseconds."
    )
    factor: float = Field(
        default=2.0, ge=1, le=100, allow_inf_nan=False, description="By how much each wait is longer than the last."
    )
    max_delay_ms: Milliseconds = Field(
        alias="maxDelayMs", default=60_000, description="The longest wait, in milliseconds."
    )
    jitter: Jitter = Field(
        default=DEFAULT_JITTER,
        description="The fraction of each wait that is left to chance; `true` is 0.5, `false` is 0.",
    )
    on: tuple[Annotated[str, Field(min_length=1)], ...] | None = Field(
        default=None,
        strict=False,
        description="The error codes that are tried again; without it whatever calls itself retryable: time limits, "
        "unexpected errors, what a node says of its own.",
    )

    def delay_ms(self, attempt: int, chance: float) -> float:
        """The wait after this attempt (1 is the first) has failed; `chance` is random, 0 ≤ chance < 1."""
        longest = min(self.initial_delay_ms * self.factor ** (attempt - 1), float(self.max_delay_ms))
        return longest * (1 - self.jitter * chance)


class NodeDocument(_Part):
    """One node: its type, the constants at its inputs, and how it is run."""

    id: NodeId = Field(description="What edges call it: a letter, then up to 63 letters, digits, `_` or `-`.")
    type: str = Field(min_length=1, description="What it does: the name of a node type.")
    title: str | None = Field(default=None, description="What people call it; says nothing to the engine.")
    inputs: Mapping[str, Any] = Field(
        default_factory=dict, description="Constants by the names of inputs; an edge beats a constant."
    )
    retry: RetryPolicy | None = Field(default=None, description="Whether it is tried again when it fails.")
    timeout_ms: int | None = Field(
        alias="timeoutMs",
        default=None,
        ge=1,
        le=DURATION_LIMIT_MS,
        description="How long an attempt may take, in milliseconds; an hour without it.",
    )
    parent: str | None = Field(default=None, description="The id of the group that it belongs to.")
    disabled: bool = Field(default=False, description="Whether it is always skipped.")
    ui: Any = Field(default=None, description="What editors keep of it, such as its place; says nothing to the engine.")


class EdgeDocument(_Part):
    """A value's way from an output to an input."""

    source: Reference = Field(
        alias="from", description="The output, as `node.port`; each node has `__success`, `__error`, `__errorMessage`."
    )
    target: Reference = Field(
        alias="to", description="The input, as `node.port`; each node has `__execute` and `__after`."
    )

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"


class FlowDocument(_Part):
    """A flow: nodes, and edges that carry values between them."""

    tidegate: Annotated[Literal[1], BeforeValidator(_check_format)] = Field(description="The format of this document.")
    name: str = Field(min_length=1, max_length=NAME_LIMIT, description="What people call the flow.")
    description: str | None = Field(default=None, description="What the flow is for.")
    metadata: Any = Field(default=None, description="Whatever you like to keep with it; says nothing to the engine.")
    nodes: tuple[NodeDocument, ...] = Field(
        max_length=NODE_LIMIT, strict=False, description="The nodes; of those that are ready, the first starts first."
    )
    edges: tuple[EdgeDocument, ...] = Field(
        default=(), max_length=EDGE_LIMIT, strict=False, description="The edges, each from an output to an input."
    )


def parse_document(data: Any) -> FlowDocument:
    """Read a document that is known to be valid, such as a stored flow version.

    Raises `pydantic.ValidationError`; to learn all that is wrong with a document, use `engine.validation`.
    """
    return FlowDocument.model_validate(data, by_alias=True, by_name=False)
