"""Where an execution stands among those that workers take up."""

from dataclasses import dataclass

from engine.errors import NotFound
from engine.reasons import NotRunningReason, because
from engine.status import NotRunningCode
from storage.pool import Connection
from storage.queries import load

QUERIES = load("places")


@dataclass(frozen=True, slots=True)
class PlaceInQueue:
    """What decides over when a worker takes an execution.

    `is_queued` if it is ready and nobody has taken it, `worker_id` who has. `workers` are alive and look for work,
    `capable` of these can run it, and `refusal` is what another one says. `of_owner` and `of_flow` executions of its
    owner and its flow are held, of `owner_limit` and `flow_limit` (None: any number).
    """

    is_queued: bool
    worker_id: str | None
    workers: int
    capable: int
    refusal: str | None
    of_owner: int
    owner_limit: int | None
    of_flow: int
    flow_limit: int | None

    @property
    def reason(self) -> NotRunningReason | None:
        """Why no worker has taken it, though it is ready; None if one has, or it is not ready."""
        if not self.is_queued:
            return None
        if not self.workers:
            return because(NotRunningCode.NO_WORKER, "No worker is alive.")
        if not self.capable:
            said = f"No worker can run it. One says: {self.refusal}"
            return because(NotRunningCode.NO_CAPABLE_WORKER, said)
        return self._limit("owner", self.of_owner, self.owner_limit) or (
            self._limit("flow", self.of_flow, self.flow_limit)
            or because(NotRunningCode.QUEUED, "It waits in the queue for a place at a worker.")
        )

    def _limit(self, whose: str, held: int, limit: int | None) -> NotRunningReason | None:
        if limit is None or held < limit:
            return None
        said = f"Workers have {held} executions of its {whose}, and the limit is {limit}."
        return because(NotRunningCode.CONCURRENCY_LIMIT, said)


async def place_in_queue(connection: Connection, execution_id: str) -> PlaceInQueue:
    """Look where an execution stands; raises `NotFound`."""
    record = await connection.fetchrow(QUERIES["place_in_queue"], execution_id)
    if record is None:
        raise NotFound("There is no such execution.")
    return PlaceInQueue(**record)
