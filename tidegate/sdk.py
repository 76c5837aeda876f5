"""All that nodes are written with; `tidegate` itself has the same names."""

from pydantic import Field

from engine.errors import InputError, NodeError
from engine.node import (
    CallFlow,
    CallResult,
    Context,
    Input,
    Node,
    Number,
    Output,
    RunsIn,
    Wait,
    WaitForSignal,
    WaitUntil,
)
from engine.ports import UNSET, Constant, HoldsSecrets, Kind, Many, PortKind, Secret, Stream
from engine.status import JoinMode

__all__ = [
    "UNSET",
    "CallFlow",
    "CallResult",
    "Constant",
    "Context",
    "Field",
    "HoldsSecrets",
    "Input",
    "InputError",
    "JoinMode",
    "Kind",
    "Many",
    "Node",
    "NodeError",
    "Number",
    "Output",
    "PortKind",
    "RunsIn",
    "Secret",
    "Stream",
    "Wait",
    "WaitForSignal",
    "WaitUntil",
]
