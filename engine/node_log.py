"""What nodes write to their logs: bounded, only while their attempts run, and for nothing where nobody records it."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from engine.attempt import printable
from engine.commands import NodeLogged
from engine.secret_use import SecretUse
from engine.state import State
from engine.status import NodeStatus

LINE_BYTES = 8192

LINES_WAITING = 1000
"""How many lines of one node may wait to be recorded; what comes beyond is left out, which one line says."""

LEFT_OUT = "Lines come faster than they can be recorded; some are left out here."


class NodeLogs:
    """The logs of an execution's nodes. `report` gets each line; `taken` must be told when it has been dealt with."""

    def __init__(self, state: State, report: Callable[[NodeLogged], None]) -> None:
        self._state = state
        self._report = report
        self._is_recorded = state.records_all
        self._waiting: Counter[int] = Counter()

    def of(self, number: int, attempt: int, secrets: SecretUse) -> Callable[[str], None]:
        """What an attempt calls to write a line; the secrets that it has used are taken out."""
        return partial(self._write, number, attempt, secrets) if self._is_recorded else _ignore

    def taken(self, line: NodeLogged) -> None:
        """Note that a line waits no longer."""
        self._waiting[line.node] -= 1

    def _write(self, number: int, attempt: int, secrets: SecretUse, text: object) -> None:
        record = self._state.nodes[number]
        if record.status is not NodeStatus.EXECUTING or record.attempt != attempt:
            return
        waiting = self._waiting[number]
        if waiting <= LINES_WAITING:
            self._waiting[number] += 1
            said = printable(text, LINE_BYTES, secrets=secrets) if waiting < LINES_WAITING else LEFT_OUT
            self._report(NodeLogged(number, attempt, said))


def _ignore(text: str) -> None:
    pass
