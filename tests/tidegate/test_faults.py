"""Fault points: how a plan is read, and that what it names fires once, in time, and on record."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.tidegate.processes import tidegate
from tidegate.arming import VARIABLE, arm_if_asked
from tidegate.fault_points import POINTS, arm
from tidegate.faults import Action, Fault, Faults, UnknownFaultPoint, read_faults


def test_a_plan_names_points_actions_and_passings() -> None:
    assert read_faults("before_effect:kill@3, in_append:cut, before_beat:delay=4.5@2") == (
        Fault("before_effect", Action.KILL, 3),
        Fault("in_append", Action.CUT, 1),
        Fault("before_beat", Action.DELAY, 2, 4.5),
    )


@pytest.mark.parametrize(
    "text", ["", ":kill", "ring", "ring:shout", "ring:kill@0", "ring:kill@x", "ring:kill=2", "ring:delay"]
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_faults(text)


def test_a_point_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownFaultPoint):
        arm(Faults(read_faults("nowhere:kill"), None))


def test_the_points_of_the_table_are_there() -> None:
    statements = ("append", "consume", "signal", "spawn", "park", "hand_on", "terminal", "claim", "beat", "steal")
    assert {f"{place}_{kind}" for place in ("before", "in", "after") for kind in statements} < POINTS


def test_without_a_plan_nothing_is_armed_and_a_plan_is_not_inherited() -> None:
    environment = {VARIABLE: "", "PATH": "/bin"}
    arm_if_asked(environment)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize("command", ["worker", "serve"])
def test_a_process_that_is_given_a_wrong_plan_says_so(command: str) -> None:
    done = tidegate(command, TIDEGATE_FAULTS="nonsense", DATABASE_URL="postgresql://x/y", REDIS_URL="redis://x")
    assert done.returncode == 1
    assert "TIDEGATE_FAULTS is 'nonsense'" in done.stderr


async def test_a_delay_comes_at_its_passing_and_leaves_a_line_before(tmp_path: Path) -> None:
    log = tmp_path / "faults"
    faults = Faults(read_faults("before_effect:delay=0.05@2"), log)
    await faults.reach("before_effect")
    assert not log.exists()
    late = asyncio.create_task(faults.reach("before_effect"))
    await asyncio.sleep(0)
    (line,) = log.read_text().splitlines()
    assert line.split()[2:] == ["before_effect", "delay", "2"]
    assert not late.done()
    await late


async def test_a_cut_under_a_statement_leaves_it_carried_out_and_its_answer_lost(database_url: str) -> None:
    connection, other = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await connection.execute("create table done (number integer)")
    faults = Faults(read_faults("in_append:cut@2"), None)
    insert = "insert into done values ($1)"
    await faults.reach_unanswered("in_append", connection, connection.execute(insert, 1))
    with pytest.raises(asyncpg.PostgresConnectionError):
        await faults.reach_unanswered("in_append", connection, connection.execute(insert, 2))
    assert connection.is_closed()
    assert [row["number"] for row in await other.fetch("select number from done order by number")] == [1, 2]
    await other.close()
