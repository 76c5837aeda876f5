"""All that nodes are written with; `tidegate` itself has the same names."""

from pydantic import Field

from engine.errors import InputError, NodeError
from engine.node import Context, Input, Node, Number, Output, RunsIn, Wait, WaitForSignal, WaitUntil
from engine.ports import Constant, HoldsSecrets, Kind, Many, PortKind, Secret
from engine.status import JoinMode

__all__ = [
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
    "Wait",
    "WaitForSignal",
    "WaitUntil",
]
