"""Typed ports, derived from the pydantic models of a node.

A port's kind comes from its field's annotation; what travels between ports is checked by kind, and nothing converts.
"""

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from engine.pieces import Pieces
from engine.secret_reference import SecretReference, contains_reference, is_reference
from engine.stream_reference import is_stream_reference

SYSTEM_PREFIX = "__"
EXECUTE = "__execute"
AFTER = "__after"
SUCCESS = "__success"
ERROR = "__error"
ERROR_MESSAGE = "__errorMessage"
SYSTEM_INPUTS = (EXECUTE, AFTER)
SYSTEM_OUTPUTS = (SUCCESS, ERROR, ERROR_MESSAGE)
ERROR_OUTPUTS = (ERROR, ERROR_MESSAGE)


class PortKind(StrEnum):
    """What kind of value a port carries."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    ENUM = "enum"
    STREAM = "stream"
    SECRET = "secret"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Many:
    """Marks an input that takes any number of edges: `parts: Annotated[list[str], Many()]`."""


@dataclass(frozen=True, slots=True)
class Constant:
    """Marks an input whose value must be in the document, because it shapes the node: never an edge or port value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """States a port's kind where the annotation alone does not, as `Secret` and `Stream` do."""

    kind: PortKind


Secret: TypeAlias = Annotated[SecretReference, Kind(PortKind.SECRET)]
"""The annotation of a port that takes, or gives, a reference to a secret: `token: Secret`; see `Context.secret`."""


Stream: TypeAlias = Annotated[Pieces, Kind(PortKind.STREAM)]
"""The annotation of a port that takes, or gives, a stream.

An input of it is read with `async for piece in inputs.stream`; an output is declared `stream: Stream = UNSET`, left
unset by `run`, and written with `Context.chunk`.
"""

UNSET: Any = None
"""What an output is declared with that `run` need not give a value."""


@dataclass(frozen=True, slots=True)
class HoldsSecrets:
    """Marks an input whose value, where it is a constant or given at the creation, may have references inside."""


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a node.

    `schema` is the JSON Schema of one value (of one item for a `many` port); `kind` likewise. `required` inputs need an
    edge or a constant. `constant` inputs take a constant only. `holds_secrets` is true of inputs whose own values may
    have references to secrets inside.
    """

    name: str
    kind: PortKind
    schema: Mapping[str, Any] = field(default_factory=dict)
    required: bool = False
    many: bool = False
    constant: bool = False
    description: str | None = None
    holds_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of a node, without the system ports that every node has."""

    inputs: Mapping[str, Port]
    outputs: Mapping[str, Port]


def ports_of(model: type[BaseModel]) -> dict[str, Port]:
    """Read the ports from a model's fields; a field's alias, where it has one, is the port's name."""
    return {port.name: port for port in (_port(name, info) for name, info in model.model_fields.items())}


def _port(name: str, info: FieldInfo) -> Port:
    many = any(isinstance(mark, Many) for mark in info.metadata)
    annotation = get_args(info.annotation)[0] if many else info.annotation
    return Port(
        name=info.alias or name,
        kind=_stated(info.metadata) or kind_of_annotation(annotation),
        schema=_schema(annotation),
        required=info.is_required(),
        many=many,
        constant=any(isinstance(mark, Constant) for mark in info.metadata),
        description=info.description,
        holds_secrets=any(isinstance(mark, HoldsSecrets) for mark in info.metadata),
    )


def _stated(marks: Iterable[object]) -> PortKind | None:
    return next((mark.kind for mark in marks if isinstance(mark, Kind)), None)


def is_stream(info: FieldInfo) -> bool:
    """Whether a model's field is a stream."""
    return _stated(info.metadata) is PortKind.STREAM


def _schema(annotation: Any) -> Mapping[str, Any]:
    return TypeAdapter(annotation).json_schema(by_alias=True)


_KINDS: Mapping[type, PortKind] = {
    str: PortKind.STRING,
    bool: PortKind.BOOLEAN,
    int: PortKind.NUMBER,
    float: PortKind.NUMBER,
    list: PortKind.ARRAY,
    tuple: PortKind.ARRAY,
    dict: PortKind.OBJECT,
}


def kind_of_annotation(annotation: Any) -> PortKind:
    """The kind of a type annotation; None in a union is ignored, a union of several kinds is `any`."""
    if isinstance(annotation, TypeAliasType):
        return kind_of_annotation(annotation.__value__)
    origin = get_origin(annotation)
    if origin is Annotated:
        plain, *marks = get_args(annotation)
        return _stated(marks) or kind_of_annotation(plain)
    if origin is Literal:
        return PortKind.ENUM
    if origin in (Union, types.UnionType):
        kinds = {kind_of_annotation(part) for part in get_args(annotation) if part is not type(None)}
        return kinds.pop() if len(kinds) == 1 else PortKind.ANY
    plain = origin or annotation
    if isinstance(plain, type) and issubclass(plain, Enum):
        return PortKind.ENUM
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return PortKind.OBJECT
    return _KINDS.get(plain, PortKind.ANY)


def kind_of_value(data: Any) -> PortKind | None:
    """The kind of a JSON value; None for null, which only `any` ports take."""
    return None if data is None else _KINDS.get(type(data), PortKind.ANY)


def compatible(source: PortKind, target: PortKind) -> bool:
    """Whether an edge may join the two kinds: the same, enum → string, or anything ↔ any.

    A secret does not fit `any`, and a stream fits nothing but a stream.
    """
    if source == target:
        return True
    if PortKind.ANY in (source, target):
        return source is not PortKind.SECRET and PortKind.STREAM not in (source, target)
    return source is PortKind.ENUM and target is PortKind.STRING


def accepts(kind: PortKind, data: Any) -> bool:
    """Whether a value fits a port's kind (an enum's members are checked by the node's own model)."""
    if kind is PortKind.ANY:
        return True
    if kind is PortKind.SECRET:
        return is_reference(data)
    if kind is PortKind.STREAM:
        return is_stream_reference(data) or isinstance(data, Pieces)
    found = kind_of_value(data)
    return found is (PortKind.STRING if kind is PortKind.ENUM else kind)


def conversion(source: PortKind, target: PortKind) -> str | None:
    """Which node makes the one kind into the other, in words, where there is one for it."""
    if source is PortKind.STREAM:
        return "The node type stream.buffer makes an array of a stream."
    return "The node type stream.split makes a stream of an array." if target is PortKind.STREAM else None


def refusal_of(port: Port, data: Any) -> str | None:
    """Why a port takes nothing like this as a constant, or from a caller; None if it may be.

    Streams come along edges only, and references to secrets are for the ports that are made for them.
    """
    if port.kind is PortKind.STREAM:
        return "A stream comes along an edge only, from an output of kind stream."
    if port.kind is PortKind.SECRET or not contains_reference(data):
        return None
    if not port.holds_secrets:
        return misplaced_secret(port.kind)
    return "A reference to a secret fits inside of this input, not in its place." if is_reference(data) else None


def misplaced_secret(kind: PortKind) -> str:
    """What is said of a reference that came to an input of another kind."""
    return f"A reference to a secret fits inputs of kind secret; this one is of kind {kind}."
