"""Large flows take work in proportion to their size; calls are counted, not time."""

import pytest

import engine.runner
import engine.state
from engine.status import ExecutionStatus
from engine.writer import BACKLOG_ENTRIES
from tests.engine.running import Document, everything, flow, run, work
from tests.engine.virtual_clock import run_virtual

SIZE = 5000
WORKS = [work(f"n{number}") for number in range(SIZE)]
CHAIN = flow(*WORKS, edges=[f"n{number}.x > n{number + 1}.a" for number in range(SIZE - 1)])
FAN_OUT = flow(work("hub"), *WORKS, edges=[f"hub.x > n{number}.a" for number in range(SIZE)])
FAN_IN = flow(*WORKS, work("hub"), edges=[f"n{number}.x > hub.items" for number in range(SIZE)])
DEAD = flow(work("mute", gives=[]), *WORKS, edges=["mute.x > n0.a", *(f"n{i}.x > n{i + 1}.a" for i in range(SIZE - 1))])


@pytest.mark.parametrize("document", [CHAIN, FAN_OUT, FAN_IN, DEAD], ids=["chain", "fan-out", "fan-in", "dead chain"])
@pytest.mark.parametrize("slots", [1, 50])
def test_the_work_for_a_large_flow_grows_with_its_size_only(
    document: Document, slots: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: dict[str, int] = {}

    def counted(module: object, name: str) -> None:
        function = getattr(module, name)

        def count(*arguments: object) -> object:
            calls[name] = calls.get(name, 0) + 1
            return function(*arguments)

        monkeypatch.setattr(module, name, count)

    counted(engine.runner, "decide")
    counted(engine.state, "settle")
    options = everything(max_concurrency=slots, record_events="NODES")
    done = run_virtual(run(document, options=options))
    assert done.status is ExecutionStatus.COMPLETED
    assert all(status.ended for status in done.statuses.values())
    assert calls["settle"] == len(document["edges"])
    assert calls["decide"] <= 3 * len(done.plan.nodes) + 100
    assert done.ledger.appends <= len(done.ledger.entries) / BACKLOG_ENTRIES * 2 + 10
