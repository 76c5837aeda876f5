"""flow.switch: goes the way of the first case that the value equals."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.document import is_port_name
from engine.equality import equal
from engine.node import Context, Input, Node, Output
from engine.ports import SYSTEM_PREFIX, Constant, Port, PortKind, Ports

DEFAULT = "default"


class Case(BaseModel):
    """One way: the port that is taken when the value equals this."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    port: str = Field(description="The name of the output port.")
    equals: Any = Field(description="The value that takes this way; 1 equals 1.0, true does not equal 1.")


class SwitchInput(Input):
    value: Any = Field(description="What to compare, and what the taken port carries.")
    cases: Annotated[list[Case], Constant()] = Field(
        min_length=1, description="The ways as objects of `port` and `equals`; the first that fits is taken."
    )


class SwitchOutput(Output):
    model_config = ConfigDict(extra="allow")

    default: Any = Field(default=None, description="Resolves when no case fits.")


class Switch(Node[SwitchInput, SwitchOutput]):
    """Takes one of several ways: the port of the first case that the value equals, else `default`, carries the value.
    Whatever hangs on the other ports is skipped."""

    type = "flow.switch"
    pure = True

    @classmethod
    def ports(cls, constants: Mapping[str, Any]) -> Ports:
        declared = cls.declared_ports()
        described = {case.port: _port(case) for case in _cases(constants)}
        return Ports(declared.inputs, {**described, DEFAULT: declared.outputs[DEFAULT]})

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        names = [case.port for case in _cases(constants)]
        problems = [problem for name, times in Counter(names).items() if (problem := _name_problem(name, times))]
        return {"cases": " ".join(problems)} if problems else {}

    async def run(self, inputs: SwitchInput, context: Context) -> SwitchOutput:
        taken = next((case.port for case in inputs.cases if equal(case.equals, inputs.value)), DEFAULT)
        return SwitchOutput.model_validate({taken: inputs.value})


def _cases(constants: Mapping[str, Any]) -> list[Case]:
    """The cases that are well formed; the input model reports the others."""
    given = constants.get("cases")
    found = []
    for case in given if isinstance(given, list) else []:
        try:
            found.append(Case.model_validate(case))
        except ValidationError:
            continue
    return found


def _port(case: Case) -> Port:
    return Port(case.port, PortKind.ANY, description=f"Resolves when the value equals {case.equals!r}.")


def _name_problem(name: str, times: int) -> str | None:
    if name.startswith(SYSTEM_PREFIX):
        return f"The port {name!r} begins with {SYSTEM_PREFIX!r}, which is reserved for system ports."
    if not is_port_name(name):
        return f"The port {name!r} is not a letter followed by letters, digits and underscores."
    if name == DEFAULT:
        return f"The port {DEFAULT!r} is taken when no case fits; a case needs another name."
    return f"The port {name!r} is given {times} times." if times > 1 else None
