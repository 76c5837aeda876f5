"""What can happen to statements: connections cut, errors of the server, locks, places taken, values that it refuses."""

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import asyncpg

from jobs.dispatch import Doorbell
from tests.claim_notes import NOTE_CLAIMS, NOTE_NO_MORE
from tests.eventually import eventually
from tests.faults.flows import Flow, document
from tests.faults.load import CREATE, install
from tests.faults.scene import FIRES_WITHIN, Fault, Scene
from tests.pauses import locked

RAISE = """
create sequence raised;
create function raise_now_and_then() returns trigger language plpgsql as $$
begin
    if random() < 0.2 then
        perform nextval('raised');
        raise exception 'as ordered by the campaign' using errcode = '{state}';
    end if;
    return new;
end $$;
create trigger raise_now_and_then before insert on execution_events
    for each statement execute function raise_now_and_then();
create trigger raise_now_and_then before update on queue for each statement execute function raise_now_and_then();
"""
NO_LONGER = """
drop trigger raise_now_and_then on execution_events;
drop trigger raise_now_and_then on queue;
drop function raise_now_and_then;
drop sequence raised;
"""
RAISED = "select case when is_called then last_value else 0 end from raised"

TAKEN_FOR_LOST = re.compile(r"(EX\w+) belongs to another worker now")
"""What a worker logs that lets go of an execution because of what an append said."""

TAKEN_BY_OTHERS = "select distinct execution_id from taken where worker_id <> $1"

BAD_NODES = ("test.nul", "test.crooked", "test.surrogate", "test.exiting", "test.giving_up")
RINGS = 300


async def cut_commits(point: str, times: int, scene: Scene) -> None:
    """The connection is cut under appends, so that nobody knows what became of them; the worker lives on."""
    await scene.stage.pool.execute(NOTE_CLAIMS)
    try:
        await _cut_commits(point, times, scene)
    finally:
        await scene.stage.pool.execute(NOTE_NO_MORE)


async def _cut_commits(point: str, times: int, scene: Scene) -> None:
    # What a load seldom does, such as spawning, may come only once to a worker: many are spawned in one commit.
    passings = scene.chance.sample(range(1, 4 * times), times) if times > 1 else [1]
    victim = await scene.victim(",".join(f"{point}:cut@{passing}" for passing in passings))
    scene.begin()
    await scene.fires(victim, times=times)
    await scene.end()
    if not victim.is_running:
        scene.complaints.append("the worker did not live on")
    others = {row["execution_id"] for row in await scene.stage.pool.fetch(TAKEN_BY_OTHERS, victim.id)}
    for execution_id in set(TAKEN_FOR_LOST.findall(victim.log)) - others:
        scene.complaints.append(f"the worker took {execution_id} for another's, though nobody else had claimed it")


async def raise_errors(state: str, scene: Scene) -> None:
    """The server answers statements with an error that is about the moment, not about the data."""
    await scene.stage.pool.execute(RAISE.format(state=state))
    try:
        await scene.is_under_load()
        await eventually(lambda: scene.stage.pool.fetchval(f"select ({RAISED}) >= 10"), within=FIRES_WITHIN)
        scene.fired += await scene.stage.pool.fetchval(RAISED)
    finally:
        await scene.stage.pool.execute(NO_LONGER)


async def exhaust_connections(scene: Scene) -> None:
    """Somebody takes all connections that the server has left, for a while."""
    await scene.is_under_load(0.1)
    async with AsyncExitStack() as stack:
        while not scene.fired:
            try:
                taken = await asyncpg.connect(scene.stage.postgres.url)
                stack.push_async_callback(taken.close)
            except asyncpg.TooManyConnectionsError:
                scene.fired += 1
        # Whoever has lost its connections comes back to a server that takes nobody.
        terminate = """select pg_terminate_backend(pid) from pg_stat_activity
            where application_name in ('tidegate journal', 'tidegate events')"""
        await scene.stage.pool.execute(terminate)
        await asyncio.sleep(1.5)


async def hold_a_head(scene: Scene) -> None:
    """A client freezes in a transaction that holds a row; all others must end meanwhile."""
    scene.begin()
    await eventually(lambda: len(scene.load.acknowledged.executions) > 3)
    held = scene.chance.choice(list(scene.load.acknowledged.executions))
    async with locked(scene.stage.postgres.url, held):
        scene.fired += 1
        others = "select count(*) from executions where completed_at is not null and root_id <> $1"
        await eventually(lambda: scene.stage.pool.fetchval(f"select ({others}) >= {scene.load.least // 2}", held))


async def poison_values(scene: Scene) -> None:
    """Among many executions some give what cannot be stored: only they fail."""
    nodes = [
        {"id": f"n{number}", "type": kind, "inputs": {"notes": str(scene.stage.notes)} if kind == "test.block" else {}}
        for number, kind in enumerate(BAD_NODES)
    ]
    flows = await install(scene.gateway, [Flow("bad", document("bad", [node], []), {}) for node in nodes])
    await scene.is_under_load()
    made = [await scene.gateway.ask(CREATE, input={"flowId": flow, "autoStart": True}) for flow in (*flows, *flows)]
    bad = [each["createExecution"]["execution"]["id"] for each in made]
    ended = "select count(*) = cardinality($1::text[]) from executions where id = any ($1) and completed_at is not null"
    await eventually(lambda: scene.stage.pool.fetchval(ended, bad), within=FIRES_WITHIN)
    rows = await scene.stage.pool.fetch("select id, status, error from executions where id = any ($1::text[])", bad)
    scene.fired += sum(row["status"] == "FAILED" for row in rows)
    for row in rows:
        if row["status"] != "FAILED" or not json.loads(row["error"])["message"]:
            scene.complaints.append(f"poison: {row['id']} is {row['status']} with {row['error']}")


async def ring_all(scene: Scene) -> None:
    """Everybody hears far too many rings: each execution is claimed once."""
    scene.begin()
    async with AsyncExitStack() as stack:
        doorbell = Doorbell(scene.stage.valkey.url)
        await doorbell.start()
        stack.push_async_callback(doorbell.stop)
        for _ in range(RINGS):
            doorbell.ring()
            scene.fired += 1
            await asyncio.sleep(0.006)


FAULTS: Sequence[Fault] = (
    Fault("cut in_append", partial(cut_commits, "in_append", 4)),
    Fault("cut in_spawn", partial(cut_commits, "in_spawn", 1)),
    Fault("cut before_append", partial(cut_commits, "before_append", 4), is_long=True),
    Fault("deadlocks (40P01)", partial(raise_errors, "40P01")),
    Fault("lock timeouts (55P03)", partial(raise_errors, "55P03"), is_long=True),
    Fault("serialization failures (40001)", partial(raise_errors, "40001"), is_long=True),
    Fault("disk full as the server says it (53100)", partial(raise_errors, "53100"), is_long=True),
    Fault("no connections left", exhaust_connections),
    Fault("a frozen transaction", hold_a_head),
    Fault("poison values", poison_values),
    Fault("rings for all", ring_all, is_harmless=True),
)
