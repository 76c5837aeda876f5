"""Node types that did not come with Tidegate: whether they are what they must be, before any flow meets them."""

import sys
from collections.abc import Iterable
from inspect import iscoroutinefunction
from typing import Any, get_args

from pydantic.errors import PydanticUserError

from engine.document import is_port_name
from engine.node import AnyNode, Input, Node, Output, RunsIn
from engine.ports import Port, PortKind, Ports
from engine.registry import TYPE_PATTERN, InvalidNodeType

PLACES = get_args(RunsIn)


def check_guest(candidate: Any) -> type[AnyNode]:
    """A node type that others have written; raises `InvalidNodeType` with all that is wrong with it in one line."""
    if not (isinstance(candidate, type) and issubclass(candidate, Node)):
        raise InvalidNodeType(f"{candidate!r} is no subclass of tidegate.Node.")
    if problems := _problems(candidate):
        raise InvalidNodeType(f"{candidate.__qualname__}: {' '.join(problems)}")
    return candidate


def _problems(node_type: type[AnyNode]) -> list[str]:
    return [*_naming(node_type), *(_models(node_type) or _ports(node_type) or _running(node_type))]


def _naming(node_type: type[AnyNode]) -> list[str]:
    name = getattr(node_type, "type", None)
    if not isinstance(name, str) or not TYPE_PATTERN.match(name):
        return [f"Its type is {name!r}; it must be of the form category.name, such as shop.order."]
    return []


def _models(node_type: type[AnyNode]) -> list[str]:
    wanted = {"input_model": Input, "output_model": Output}
    missing = [each for name, each in wanted.items() if not _is_model(getattr(node_type, name, None), each)]
    if not missing:
        return []
    names = " and ".join(f"tidegate.{each.__name__}" for each in missing)
    return [f"It needs a model that is a subclass of {names}: class X(Node[XInput, XOutput])."]


def _is_model(model: Any, wanted: type) -> bool:
    return isinstance(model, type) and issubclass(model, wanted)


def _ports(node_type: type[AnyNode]) -> list[str]:
    try:
        ports = node_type.declared_ports()
        schemas = node_type.input_model.model_json_schema, node_type.output_model.model_json_schema
        for schema in schemas:
            schema(by_alias=True)
    except (PydanticUserError, NameError, TypeError) as error:
        said = str(error).partition("\n")[0]
        return [f"Its ports cannot be expressed as JSON Schema: {said}"]
    return _port_names(ports)


def _port_names(ports: Ports) -> list[str]:
    wrong = [name for name in (*ports.inputs, *ports.outputs) if not is_port_name(name)]
    return [f"A port cannot be named {name!r}: a letter, then letters, digits and '_'." for name in wrong]


def _running(node_type: type[AnyNode]) -> list[str]:
    if node_type.engine_run:
        return ["engine_run is for the engine's own types."]
    if node_type.runs_in not in PLACES:
        return [f"runs_in is {node_type.runs_in!r}; it must be one of {', '.join(PLACES)}."]
    if node_type.run is Node.run:
        return ["It has no run."]
    if node_type.runs_in == "loop":
        return [] if iscoroutinefunction(node_type.run) else [_NOT_ASYNC]
    return _beside(node_type)


_NOT_ASYNC = (
    "Its run is no `async def`, so it would hold up every other execution: make it one, or say where else it runs, "
    'with runs_in = "thread" or "process".'
)


def _beside(node_type: type[AnyNode]) -> list[str]:
    problems = []
    if iscoroutinefunction(node_type.run):
        problems.append(f"In a {node_type.runs_in} its run must be a plain `def`.")
    if node_type.resume is not Node.resume:
        problems.append("Only nodes on the loop can call flows and resume.")
    if node_type.runs_in == "process" and not is_importable(node_type):
        problems.append("A process must be able to import it: put it at the top level of a module.")
    if node_type.runs_in == "process" and any(port.kind is PortKind.STREAM for port in _inputs(node_type)):
        problems.append("In a process no stream can be read: let it run in a thread.")
    return problems


def _inputs(node_type: type[AnyNode]) -> Iterable[Port]:
    return node_type.declared_ports().inputs.values()


def is_importable(node_type: type[AnyNode]) -> bool:
    """Whether another process finds the class by its module and name."""
    module = sys.modules.get(node_type.__module__)
    return node_type.__module__ != "__main__" and getattr(module, node_type.__qualname__, None) is node_type
