"""What the tests of executions that lose their workers look at: processes, recoveries, and who is left."""

from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.nodes import Notes

MANY = 60.0
"""Seconds: every loss of a worker takes a lease, and every process a start."""


def deaths(notes: Notes, node: str) -> list[int]:
    """The processes in which a node began, in order."""
    return [int(line[2]) for line in notes.read("began") if line[0].endswith(f":{node}")]


async def nobody_is_left(client: Client) -> None:
    """Wait until every process that ran an execution alone has signed off."""
    left = "select count(*) from workers where id like '%-alone-%'"

    async def is_empty() -> bool:
        return bool(await client.pool.fetchval(left) == 0)

    await eventually(is_empty)


async def recoveries(client: Client, execution: str) -> list[tuple[int, bool]]:
    """What each recovery has counted, and whether it came of a process that ran nothing else."""
    events = await client.events(execution)
    return [(data["failureCount"], data["alone"]) for kind, data in events if kind == "EXECUTION_RECOVERED"]
