"""What a node in a process came to, as messages carry it: outcomes and errors, as JSON."""

from datetime import datetime
from typing import Any

import orjson

from engine.attempt import AwaitingSignal, Outcome, Outputs, Waiting
from engine.errors import NodeError
from engine.events import Calls
from engine.frames import Message
from engine.secret_use import SecretUse
from engine.values import Value


def pack_outcome(outcome: Outcome) -> Message:
    """An outcome as a message; raises `NodeError` for a call of flows, which only nodes on the loop can make."""
    match outcome:
        case Waiting(until, outputs):
            return {"until": until.isoformat(), "outputs": _pack(outputs)}
        case AwaitingSignal(name, until):
            return {"signal": name, "until": until and until.isoformat()}
        case Calls():
            raise NodeError("A node that runs in a process cannot call flows.")
        case _:
            return {"outputs": _pack(outcome)}


def unpack_outcome(message: Message, secrets: SecretUse) -> Outcome:
    """The outcome of a message, without the secrets that the node has used."""
    until = message.get("until")
    time = datetime.fromisoformat(until) if until else None
    if "signal" in message:
        return AwaitingSignal(secrets.scrub(message["signal"]), time)
    outputs = {port: _value(text, secrets) for port, text in message["outputs"].items()}
    return Waiting(time, outputs) if time else outputs


def pack_error(error: NodeError) -> Message:
    """An error as a message."""
    return {"message": error.message, "retryable": error.retryable, "code": error.failure_code}


def unpack_error(message: Message) -> NodeError:
    """The error of a message."""
    return NodeError(message["message"], retryable=message["retryable"], code=message["code"])


def _pack(outputs: Outputs) -> dict[str, str]:
    # As text, so that the worker need not take apart what it only passes on.
    return {port: value.text.decode() for port, value in outputs.items()}


def _value(text: str, secrets: SecretUse) -> Value:
    data: Any = orjson.loads(text)
    return secrets.scrub_value(Value.of(data))
