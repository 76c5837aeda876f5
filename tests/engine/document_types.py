"""A few node types, and documents of them, for the tests of flow documents."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.node import Context, Input, Node, Number, Output
from engine.nodes.flow_input import FlowInput
from engine.nodes.flow_output import FlowOutput
from engine.nodes.group import Group
from engine.ports import Constant, HoldsSecrets, Kind, Many, Port, PortKind, Ports
from engine.registry import Registry
from engine.secret_reference import SecretReference


class CalcInput(Input):
    a: Number
    b: Number
    operation: Literal["add", "subtract"]
    digits: int | None = Field(default=None, ge=0)


class CalcOutput(Output):
    result: Number
    chosen: Literal["add", "subtract"]


class Calc(Node[CalcInput, CalcOutput]):
    """Calculates."""

    type = "test.calc"
    pure = True

    async def run(self, inputs: CalcInput, context: Context) -> CalcOutput:
        raise NotImplementedError


class JoinInput(Input):
    parts: Annotated[list[str], Many()]
    case_: str = Field(default="", alias="case")


class TextOutput(Output):
    text: str


class Join(Node[JoinInput, TextOutput]):
    """Joins texts."""

    type = "test.join"
    pure = True

    async def run(self, inputs: JoinInput, context: Context) -> TextOutput:
        raise NotImplementedError


class Way(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    port: str
    weight: int = 1


class WaysInput(Input):
    value: Any
    ways: Annotated[list[Way], Constant()]


class WaysOutput(Output):
    default: Any = None


class Ways(Node[WaysInput, WaysOutput]):
    """Takes one of the ways that its constants name."""

    type = "test.ways"
    pure = True

    @classmethod
    def ports(cls, constants: Mapping[str, Any]) -> Ports:
        if "fail" in constants:
            raise ZeroDivisionError("division by zero")
        named = {way["port"]: Port(way["port"], PortKind.ANY) for way in constants["ways"]}
        return Ports(cls.declared_ports().inputs, {**cls.declared_ports().outputs, **named})

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return {"ways": "There must be two ways."} if len(constants["ways"]) < 2 else {}

    async def run(self, inputs: WaysInput, context: Context) -> WaysOutput:
        raise NotImplementedError


class FetchInput(Input):
    url: str
    token: Annotated[SecretReference | None, Kind(PortKind.SECRET)] = None
    body: Any = None
    headers: Annotated[dict[str, str | SecretReference], HoldsSecrets()] = Field(default_factory=dict)


class FetchOutput(Output):
    status: int
    ok: bool


class Fetch(Node[FetchInput, FetchOutput]):
    """Fetches."""

    type = "test.fetch"

    async def run(self, inputs: FetchInput, context: Context) -> FetchOutput:
        raise NotImplementedError


TYPES = Registry([Calc, Join, Ways, Fetch, FlowInput, FlowOutput, Group])


def flow(*nodes: Any, edges: Any = (), **keys: Any) -> dict[str, Any]:
    """A document with these nodes, and edges written "a.x → b.y"."""
    joined = [dict(zip(("from", "to"), edge.split(" → "), strict=True)) for edge in edges]
    return {"tidegate": 1, "name": "Test", "nodes": list(nodes), "edges": joined, **keys}


def calc(id: str, **keys: Any) -> dict[str, Any]:
    """A node with nothing missing: result = 1 + 2."""
    return {"id": id, "type": "test.calc", "inputs": {"a": 1, "b": 2, "operation": "add"}, **keys}


def node(id: str, type: str, keys: Mapping[str, Any] | None = None, **inputs: Any) -> dict[str, Any]:
    """A node of this type with these constants."""
    return {"id": id, "type": type, "inputs": inputs, **(keys or {})}


def group(id: str, **keys: Any) -> dict[str, Any]:
    """A group."""
    return {"id": id, "type": "group", **keys}
