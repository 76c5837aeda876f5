"""What is in a mailbox and an inbox, as the engine understands it."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.commands import (
    ChildEnded,
    Command,
    Pause,
    Resume,
    SetBreakpoints,
    Signal,
    Start,
    Step,
    Stop,
)
from engine.ledger import Letter
from engine.records import ExecutionError
from engine.status import ExecutionCommand
from engine.values import Value
from storage.claims import MailRow
from storage.inbox import InboxKind, InboxRow


class Mail(NamedTuple):
    """What has come for an execution and is not applied: commands of clients, and words of its family.

    Of these there may be more than are read at once.
    """

    commands: Sequence[MailRow] = ()
    family: Sequence[InboxRow] = ()

    @property
    def is_all(self) -> bool:
        """Whether nothing was left for another time."""
        return not (self.family and self.family[-1].follows)


def letters(mail: Mail, worker_id: str) -> list[Letter]:
    """Turn rows into commands, those of clients first."""
    asked = [Letter(row.seq, _asked(row, worker_id)) for row in mail.commands]
    return asked + [Letter(0, _told(row), row.id) for row in mail.family]


def values_told(told: Sequence[Letter]) -> Iterator[Value]:
    """The values that children bring; a large one has to be loaded first."""
    for letter in told:
        if isinstance(letter.command, ChildEnded):
            yield from (letter.command.outputs or {}).values()


def _asked(row: MailRow, worker_id: str) -> Command:
    payload: dict[str, Any] = row.payload or {}
    match row.command:
        case ExecutionCommand.START:
            return Start(worker_id)
        case ExecutionCommand.PAUSE:
            return Pause(payload.get("reason"))
        case ExecutionCommand.RESUME:
            return Resume()
        case ExecutionCommand.STEP:
            return Step()
        case ExecutionCommand.STOP:
            return Stop(payload.get("reason"))
        case ExecutionCommand.SET_BREAKPOINTS:
            return SetBreakpoints(payload["nodeIds"])
        case ExecutionCommand.SIGNAL:
            return Signal(payload["name"], Value.of(payload["payload"]))


def _told(row: InboxRow) -> Command:
    body: dict[str, Any] = row.body or {}
    match row.kind:
        case InboxKind.PAUSE:
            return Pause(body.get("reason"), by_parent=True)
        case InboxKind.RESUME:
            return Resume(by_parent=True)
        case InboxKind.STOP:
            return Stop(body.get("reason"))
        case InboxKind.CHILD_ENDED:
            return _ended(body)


def _ended(body: dict[str, Any]) -> ChildEnded:
    child_id = body["childExecutionId"]
    if "error" in body:
        return ChildEnded(child_id, error=ExecutionError.model_validate(body["error"]))
    return ChildEnded(child_id, {name: Value.stored(data) for name, data in body["outputs"].items()})
