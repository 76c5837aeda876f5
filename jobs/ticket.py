"""What a worker tells the process that is to run one of its executions alone."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class Ticket:
    """A claim to be taken over, and the id of the worker that is to have it.

    It travels as a line of JSON over standard input, because anybody on the machine may read a command line.
    """

    worker_id: str
    execution_id: str
    token: UUID

    def line(self) -> bytes:
        """The ticket as it travels."""
        return orjson.dumps([self.worker_id, self.execution_id, str(self.token)]) + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read the line; raises ValueError for anything else."""
        worker_id, execution_id, token = orjson.loads(line)
        return cls(worker_id, execution_id, UUID(token))
