"""Claims, leases and mailboxes in any order of events: the real SQL against a model of a few lists.

Workers claim, append, park, end, freeze, are given up and come back with what they believed to own; answers are lost
and appends sent again; commands come at any moment. After each step the tables must be exactly what the model says.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from engine.errors import InvalidState
from engine.status import ExecutionCommand
from jobs.declining import Declined
from jobs.family import Family
from jobs.slots import Slots
from jobs.sweeper import Sweeper
from storage.append import Outcome, append
from storage.claims import NO_LIMITS, Claim, claim, release_all, unapplied_mail, wake_due
from storage.commands import Accepted, send_command
from storage.flows import FlowRow, create_flow
from storage.notify import Notifier
from storage.pool import open_pool
from storage.workers import beat, register, remove
from tests.invariants import violations
from tests.jobs.claim_model import COMMANDS, CREATED, NEXT_STATUS, PAUSED, RUNNING, Execution, Model
from tests.jobs.claim_runs import Run
from tests.jobs.claim_tables import EMPTY, ORDER, expected, faults, look, pass_ticks
from tests.storage.seeds import create

T = TypeVar("T")

EXAMPLES = int(os.environ.get("TIDEGATE_CLAIM_EXAMPLES", "40"))
LEASE = 10.0
MOST_WORKERS = 3
MOST_EXECUTIONS = 4

thorough = settings(
    max_examples=EXAMPLES,
    stateful_step_count=60,
    derandomize="TIDEGATE_CLAIM_EXAMPLES" not in os.environ,
    # To make a failure smaller would take minutes; a long campaign has them.
    phases=set(Phase) - (set() if "TIDEGATE_CLAIM_EXAMPLES" in os.environ else {Phase.shrink, Phase.explain}),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)

mostly = st.sampled_from([True] * 7 + [False])
seldom = st.sampled_from([False, False, False, True])
fates = st.sampled_from(["answered"] * 6 + ["unanswered", "unheard"])


class Watch:
    """The sweeper's clock."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class World:
    """What all examples share."""

    runner: asyncio.Runner
    pool: asyncpg.Pool
    flow: FlowRow
    watch: Watch


@dataclass
class Hand:
    """A worker; `runs` by execution."""

    is_frozen: bool = False
    runs: dict[str, Run] = field(default_factory=dict)


class ClaimMachine(RuleBasedStateMachine):
    """Each step is done for real and in the model.

    There is one rule, which weighs what can be done: of several, Hypothesis leaves half out at a time, and would hardly
    ever come to what takes a row of different steps.
    """

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        self.model = Model(LEASE)
        self.hands: dict[str, Hand] = {}
        self.tokens: set[object] = set()
        self.names = 0
        self.sweeper = Sweeper(
            world.pool, LEASE, Slots(1, _nothing), NO_LIMITS, _nothing, _family(world.pool), _declined(world.pool)
        )
        self.is_sound = True

    def real(self, work: Coroutine[Any, Any, T]) -> T:
        self.is_sound = False
        return self.world.runner.run(work)

    def do(self, call: Any, *arguments: Any, **options: Any) -> Any:
        """Call a function of the store on a connection."""

        async def on_a_connection() -> Any:
            async with self.world.pool.acquire() as connection:
                return await call(connection, *arguments, **options)

        return self.real(on_a_connection())

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """Do something that can be done now."""
        steps = [self.send] * 2 + [self.see_to_workers] * 2 + [self.pass_time]
        steps += [self.claim] * 4 if self.awake and self.model.claimable else []
        steps += [self.work] * 8 if self.runs() else []
        steps += [self.work_again] * 4 if self.runs(in_flight=True) else []
        data.draw(st.sampled_from(steps))(data)

    # --- who there is -------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.real(self.world.pool.execute(EMPTY))
        for _ in range(2):
            self.enter()
            self.create()

    def enter(self) -> None:
        self.names += 1
        worker_id = f"worker-{self.names}"
        self.do(register, worker_id, host="host", pid=self.names, concurrency=8)
        self.hands[worker_id], self.model.beats[worker_id] = Hand(), 0

    def create(self) -> None:
        self.model.executions[self.do(create, self.world.flow).id] = Execution()

    def send(self, data: st.DataObject) -> None:
        """A client sends a command, mostly one that is accepted; who holds the execution may hear of it at once."""
        if len(self.unfinished) < MOST_EXECUTIONS and data.draw(seldom):
            self.create()
        execution_id = data.draw(st.sampled_from(self.unfinished or sorted(self.model.executions)))
        accepted_in = self.model.executions[execution_id].accepted
        likely = [ExecutionCommand(name) for name, status in NEXT_STATUS if status == accepted_in]
        command = data.draw(st.sampled_from([*likely[:1] * 3, *COMMANDS]))
        try:
            accepted = self.do(send_command, execution_id, command)
        except InvalidState:
            accepted = None
        wanted = self.model.send(execution_id, command)
        assert accepted == (wanted and Accepted(*wanted))
        if data.draw(st.booleans()):
            self.hear(execution_id)

    @property
    def unfinished(self) -> list[str]:
        return [key for key, value in self.model.executions.items() if value.accepted in (CREATED, RUNNING, PAUSED)]

    def hear(self, execution_id: str) -> None:
        for _, run in self.runs():
            if run.claim.execution_id == execution_id:
                self.read(run)

    def read(self, run: Run) -> None:
        run.read(self.do(unapplied_mail, [run.claim.execution_id])[run.claim.execution_id])

    # --- leases -------------------------------------------------------------------------------------------------------

    @property
    def awake(self) -> list[str]:
        return [worker_id for worker_id, hand in self.hands.items() if not hand.is_frozen]

    def see_to_workers(self, data: st.DataObject) -> None:
        """Something happens to a worker, or the sweeper looks at all of them."""
        happens = [self.freeze_or_thaw, self.leave, self.free_strays] if self.awake else []
        happens += [self.enter_one] if len(self.hands) < MOST_WORKERS else []
        happens += [self.fall_silent] * 3 if self.runs() else []
        data.draw(st.sampled_from([*happens, *[self.beat, self.look_around] * 2]))(data)

    def enter_one(self, _: st.DataObject) -> None:
        self.enter()

    def beat(self, _: st.DataObject) -> None:
        """All that are awake; one that was given up hears of it now, and stops."""
        for worker_id in self.awake:
            self.beat_of(worker_id)

    def beat_of(self, worker_id: str) -> None:
        is_entered = worker_id in self.model.beats
        assert (self.do(beat, worker_id) is not None) is is_entered
        if is_entered:
            self.model.beats[worker_id] += 1
        else:
            del self.hands[worker_id]

    def freeze_or_thaw(self, data: st.DataObject) -> None:
        hand = self.hands[data.draw(st.sampled_from(sorted(self.hands)))]
        hand.is_frozen = not hand.is_frozen

    def look_around(self, data: st.DataObject) -> None:
        self.sweep(data.draw(st.sampled_from([1.0, LEASE / 2, LEASE - 0.5, LEASE])))

    def sweep(self, seconds: float) -> None:
        self.world.watch.now += seconds
        self.real(self.sweeper._sweep())
        self.model.sweep(self.world.watch.now)

    def fall_silent(self, data: st.DataObject) -> None:
        """A worker that has something does not beat for a lease, and knows nothing of what follows from that."""
        silent = data.draw(st.sampled_from(sorted({run.worker_id for _, run in self.runs()})))
        self.sweep(0.0)
        for worker_id in self.awake:
            if worker_id != silent:
                self.beat_of(worker_id)
        self.sweep(LEASE)

    def leave(self, data: st.DataObject) -> None:
        worker_id = data.draw(st.sampled_from(self.awake))
        freed = self.do(release_all, worker_id, lost=False).freed
        self.do(remove, worker_id)
        assert freed == self.model.free_all(worker_id, lost=False)
        self.model.beats.pop(worker_id, None)
        del self.hands[worker_id]

    def free_strays(self, data: st.DataObject) -> None:
        worker_id = data.draw(st.sampled_from(self.awake))
        kept = list(self.hands[worker_id].runs)
        freed = self.do(release_all, worker_id, lost=False, keep=kept).freed
        assert freed == self.model.free_all(worker_id, lost=False, keep=kept)

    # --- time ---------------------------------------------------------------------------------------------------------

    def pass_time(self, data: st.DataObject) -> None:
        self.pass_ticks(data.draw(st.integers(0, 2)))

    def pass_ticks(self, ticks: int) -> None:
        self.do(pass_ticks, ticks)
        self.model.tick += ticks
        assert self.do(wake_due, 100).woken == self.model.wake()

    # --- claims and appends -------------------------------------------------------------------------------------------

    def claim(self, data: st.DataObject) -> None:
        worker_id = data.draw(st.sampled_from(self.awake))
        limit, is_answered = data.draw(st.integers(1, 3)), data.draw(mostly)
        claimable = self.model.claimable
        self.real(self.world.pool.execute(ORDER))
        claims: list[Claim] = self.do(claim, worker_id, limit)
        assert len(claims) == min(limit, len(claimable))
        for given in claims:
            self.check_claim(given)
            self.model.claim(worker_id, given)
            if is_answered:
                self.take_up(worker_id, given)

    def check_claim(self, given: Claim) -> None:
        assert given.execution_id in self.model.claimable
        assert given.token not in self.tokens
        self.tokens.add(given.token)
        execution = self.model.executions[given.execution_id]
        assert given.last_index == execution.last_index
        assert given.acknowledged == execution.applied
        assert [row.command.value for row in given.mail] == execution.mail[execution.applied :]
        assert given.lost_worker_id == execution.lost

    def take_up(self, worker_id: str, given: Claim) -> Run:
        run = Run(worker_id, given, self.model.executions[given.execution_id].status)
        self.hands[worker_id].runs[given.execution_id] = run
        return run

    def runs(self, *, in_flight: bool = False) -> list[tuple[str, Run]]:
        """The runs of those that are awake, with a name for each."""
        return [
            (f"{worker_id} {execution_id}", run)
            for worker_id in self.awake
            for execution_id, run in self.hands[worker_id].runs.items()
            if (run.in_flight is not None) is in_flight
        ]

    def work(self, data: st.DataObject) -> None:
        """A worker appends; the answer may be lost, or the request."""
        runs = dict(self.runs())
        run = runs[data.draw(st.sampled_from(sorted(runs)))]
        run.in_flight = run.compose(data.draw(st.sampled_from(run.choices)), data)
        fate = data.draw(fates)
        if fate != "unheard":
            self.deliver(run, is_answered=fate == "answered")

    def work_again(self, data: st.DataObject) -> None:
        """An append is sent again whose outcome is not known."""
        runs = dict(self.runs(in_flight=True))
        self.deliver(runs[data.draw(st.sampled_from(sorted(runs)))], is_answered=data.draw(mostly))

    def deliver(self, run: Run, *, is_answered: bool) -> None:
        sent = run.in_flight
        assert sent
        outcome = self.do(append, [sent.member])[run.claim.execution_id]
        assert outcome is self.model.append(sent.member, sent.ticks)
        if not is_answered:
            return
        run.in_flight = None
        if outcome is Outcome.INTERRUPTED:
            self.read(run)
            assert [row for row in run.pending if row.seq > sent.seen]
        elif outcome is Outcome.LOST or sent.member.release:
            del self.hands[run.worker_id].runs[run.claim.execution_id]
        else:
            run.written(sent)

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def the_tables_are_what_the_model_says(self) -> None:
        rows = self.do(look)
        assert {key: faults(row) for key, row in rows.items() if faults(row)} == {}
        shown = {key: {name: value for name, value in row.items() if name != "id"} for key, row in rows.items()}
        assert shown == {key: expected(value, self.model.tick) for key, value in self.model.executions.items()}
        self.is_sound = True

    def teardown(self) -> None:
        if self.is_sound:
            self.finish()
            self.the_tables_are_what_the_model_says()
            assert self.do(violations) == []

    def finish(self) -> None:
        """All workers are lost and their heir finds all that is left to do: whatever was accepted is applied."""
        self.hands = {}
        self.sweep(0.0)
        self.sweep(LEASE)
        self.pass_ticks(10)
        self.enter()
        [heir] = self.hands
        for given in self.do(claim, heir, len(self.model.executions)):
            self.model.claim(heir, given)
            self.apply_all(self.take_up(heir, given))
        for execution in self.model.executions.values():
            assert execution.applied == len(execution.mail)
            assert execution.holder or execution.status not in (CREATED, RUNNING)

    def apply_all(self, run: Run) -> None:
        """Do all that the mail asks for; a STOP is the last."""
        while run.pending:
            is_end = run.pending[0].command is ExecutionCommand.STOP
            run.in_flight = run.end() if is_end else run.apply(len(run.pending))
            self.deliver(run, is_answered=True)
            if is_end:
                return


def _declined(pool: asyncpg.Pool) -> Declined:
    return Declined(pool, "watcher")


def _family(pool: asyncpg.Pool) -> Family:
    """One whose wakes nobody waits for: here no execution has relatives."""
    return Family(pool, Notifier(pool, "unheard"))


def _nothing() -> None:
    """Nobody is rung for."""


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    monkeypatch.setattr("jobs.sweeper.time", made)
    return made


def test_claims_leases_and_mailboxes_are_what_the_model_says(database_url: str, watch: Watch) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        pool = runner.run(open_pool(database_url, name="test", size=2))
        world = World(runner, pool, runner.run(_flow(pool)), watch)
        try:
            run_state_machine_as_test(lambda: ClaimMachine(world), settings=thorough)
        finally:
            runner.run(pool.close())


async def _flow(pool: asyncpg.Pool) -> FlowRow:
    async with pool.acquire() as connection:
        return await create_flow(connection, owner_id="ada", name="Sum", description=None, document={"nodes": []})
