"""What workers cannot run: each declines what it found so, and passes over it from then on."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.claims import Claim
from storage.pool import Connection
from storage.queries import load

QUERIES = load("capability")


class Kind(NamedTuple):
    """What executions have in common that a worker can run or cannot."""

    flow_id: str
    flow_version: int
    log_format: int

    @classmethod
    def of(cls, claim: Claim) -> "Kind":
        """The kind of a claimed execution."""
        return cls(claim.flow_id, claim.flow_version, claim.log_format)


class Refusal(NamedTuple):
    """That a worker has declined an execution, and why, in words about the worker."""

    worker_id: str
    reason: str


async def decline(connection: Connection, worker_id: str, kind: Kind, reason: str) -> None:
    """Have a worker pass over this kind from now on; does nothing if the worker was given up."""
    await connection.execute(QUERIES["decline"], worker_id, *kind, reason)


async def is_left_to_nobody(connection: Connection, kind: Kind) -> bool:
    """Whether every worker that takes work has declined this kind."""
    return bool(await connection.fetchval(QUERIES["left_to_nobody"], *kind))


async def is_anything_left_to_others(connection: Connection, worker_id: str) -> bool:
    """Whether something is ready and unclaimed that this worker has declined and another one has not."""
    return bool(await connection.fetchval(QUERIES["left_to_others"], worker_id))


async def without_capable_worker(connection: Connection, execution_ids: Sequence[str]) -> dict[str, list[Refusal]]:
    """Those of the executions that wait though there are workers, because all of those have declined them; and why."""
    found: dict[str, list[Refusal]] = {}
    for row in await connection.fetch(QUERIES["without_capable_worker"], list(execution_ids)):
        found.setdefault(row["execution_id"], []).append(Refusal(row["worker_id"], row["reason"]))
    return found
