"""What becomes of due times at which nobody was there."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.catch_up import MOST_CAUGHT_UP, CatchUpPolicy, Turn, turn
from engine.cron import Cron

EVERY_TEN_MINUTES = Cron.read("*/10 * * * *", "UTC")


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2027, 1, 1, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize("policy", CatchUpPolicy)
def test_what_is_seen_to_in_time_fires_whatever_the_policy(policy: CatchUpPolicy) -> None:
    taken = turn(EVERY_TEN_MINUTES, policy, due=at(12, 0), now=at(12, 0, 5), caught_up=0)
    assert taken == Turn(at(12, 0), at(12, 10))


@pytest.mark.parametrize(
    ("policy", "now", "expected"),
    [
        (CatchUpPolicy.SKIP, at(12, 0, 59), Turn(at(12, 0), at(12, 10))),
        (CatchUpPolicy.SKIP, at(12, 1, 1), Turn(None, at(12, 10))),
        (CatchUpPolicy.SKIP, at(15, 7), Turn(None, at(15, 10))),
        (CatchUpPolicy.SKIP, at(15, 10, 30), Turn(at(15, 10), at(15, 20))),
        (CatchUpPolicy.LATEST, at(12, 9), Turn(at(12, 0), at(12, 10))),
        (CatchUpPolicy.LATEST, at(15, 7), Turn(at(15, 0), at(15, 10))),
        (CatchUpPolicy.ALL, at(12, 9), Turn(at(12, 0), at(12, 10))),
        (CatchUpPolicy.ALL, at(12, 10), Turn(at(12, 0), at(12, 10), caught_up=1)),
    ],
)
def test_each_policy_makes_up_for_what_it_should(policy: CatchUpPolicy, now: datetime, expected: Turn) -> None:
    assert turn(EVERY_TEN_MINUTES, policy, due=at(12, 0), now=now, caught_up=0) == expected


def test_all_missed_times_are_made_up_for_in_order_and_the_rest_is_told() -> None:
    now, due, caught_up = at(12, 5) + timedelta(days=30), at(12, 0), 0
    fired = []
    while True:
        taken = turn(EVERY_TEN_MINUTES, CatchUpPolicy.ALL, due=due, now=now, caught_up=caught_up)
        assert taken.next_at is not None
        due, caught_up = taken.next_at, taken.caught_up
        if taken.fires_for is None:
            break
        fired.append(taken.fires_for)
    assert fired == [at(12, 0) + number * timedelta(minutes=10) for number in range(MOST_CAUGHT_UP)]
    assert taken == Turn(None, at(12, 10) + timedelta(days=30), note=taken.note)
    assert taken.note == (
        "Of the due times that were missed, 1000 were made up for; "
        "those from 2027-01-08T10:40:00.000Z to 2027-01-31T12:00:00.000Z were left out."
    )


def test_a_short_outage_is_made_up_for_whole() -> None:
    now, due, caught_up, fired = at(12, 35), at(12, 0), 0, []
    while due <= now:
        taken = turn(EVERY_TEN_MINUTES, CatchUpPolicy.ALL, due=due, now=now, caught_up=caught_up)
        assert taken.next_at is not None
        due, caught_up = taken.next_at, taken.caught_up
        fired.append(taken.fires_for)
    assert fired == [at(12, 0), at(12, 10), at(12, 20), at(12, 30)]
    assert caught_up == 0
