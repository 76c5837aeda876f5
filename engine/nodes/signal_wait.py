"""signal.wait: waits for a signal from outside."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from engine.document import SIGNAL_WAIT
from engine.json_schemas import schema_problem
from engine.moments import TEN_YEARS_MS
from engine.node import Context, Input, Node, Output, WaitForSignal
from engine.nodes.flow_input import kind_of_schema
from engine.ports import Constant, Port, Ports


class SignalWaitInput(Input):
    name: Annotated[str, Constant(), Field(min_length=1, max_length=200)] = Field(description="The signal's name.")
    schema_: Annotated[dict[str, Any] | None, Constant()] = Field(
        default=None, alias="schema", description="The JSON Schema of the payload; without it anything is taken."
    )
    timeoutMs: Annotated[int | float, Field(gt=0, le=TEN_YEARS_MS)] | None = Field(
        default=None, description="How long to wait at most, in milliseconds; without it there is no limit."
    )


class SignalWaitOutput(Output):
    payload: Any = Field(description="What came with the signal.")


class SignalWait(Node[SignalWaitInput, SignalWaitOutput]):
    """Waits for a signal of this name, such as a person's approval, and gives its payload. The wait holds no worker and
    goes on through restarts. A signal that came early is taken at once; after the time limit the node fails with the
    code TIMEOUT."""

    type = SIGNAL_WAIT
    safe = True

    @classmethod
    def ports(cls, constants: Mapping[str, Any]) -> Ports:
        schema = constants.get("schema")
        if not isinstance(schema, dict):
            return cls.declared_ports()
        payload = Port("payload", kind_of_schema(schema), schema, description="What came with the signal.")
        return Ports(cls.declared_ports().inputs, {"payload": payload})

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        schema = constants.get("schema")
        problem = schema_problem(schema) if isinstance(schema, dict) else None
        return {"schema": f"The schema {problem}."} if problem else {}

    async def run(self, inputs: SignalWaitInput, context: Context) -> WaitForSignal:
        limit = inputs.timeoutMs
        until = None if limit is None else context.now() + timedelta(milliseconds=limit)
        return WaitForSignal(inputs.name, until)
