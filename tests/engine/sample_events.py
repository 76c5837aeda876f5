"""An event of each kind, with all its fields or with as few as it can have."""

from dataclasses import MISSING
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from engine.event import Event, fields_of
from engine.events import Calls
from engine.records import ExecutionError
from engine.status import ErrorCode, NodeStatus
from engine.values import INLINE_LIMIT, Value

ERROR = ExecutionError(code=ErrorCode.TIMEOUT, message='odd "text" \n ä 𝄞', node_id="a", retryable=True)
VALUES = {"z": Value.of({"b": [1, -0.0, None], "a": "ä"}), "a": Value.of(1e16), "large": Value.of("x" * INLINE_LIMIT)}

CALLS = Calls(flow_id="FL1", flow_version=2, flow_name="Called", inputs=VALUES["large"], count=3, concurrency=2)


def sample(annotation: Any) -> Any:
    """A value of this type that is no default."""
    plain = _plain(annotation)
    if get_origin(plain) is not None:
        return VALUES if get_origin(plain) is dict else ["n1", "n2"]
    given = {
        str: "text",
        int: 7,
        float: 12.5,
        bool: True,
        Value: VALUES["z"],
        ExecutionError: ERROR,
        NodeStatus: NodeStatus.WAITING,
        Calls: CALLS,
    }
    return given[plain]


def _plain(annotation: Any) -> Any:
    """The type without its marks and without None."""
    if get_origin(annotation) in (Union, UnionType):
        return _plain(next(part for part in get_args(annotation) if part is not type(None)))
    return _plain(get_args(annotation)[0]) if get_origin(annotation) is Annotated else annotation


def full(kind: type[Event]) -> Event:
    """An event all of whose fields are set."""
    return kind(**{field.name: sample(field.type) for field in fields_of(kind)})


def bare(kind: type[Event]) -> Event:
    """An event with only the fields that it must have."""
    return kind(**{field.name: sample(field.type) for field in fields_of(kind) if field.default is MISSING})
