"""What is done about the due times of a schedule that nobody was there for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from engine.cron import Cron
from engine.moments import iso_text

ON_TIME = timedelta(minutes=1)
"""What is not later than this was not missed."""

MOST_CAUGHT_UP = 1000
"""How many due times are made up for after an outage at most."""


class CatchUpPolicy(StrEnum):
    """What becomes of the times at which a schedule was due while no worker was there."""

    SKIP = "SKIP"
    LATEST = "LATEST"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a schedule does now: the due time that it fires for, if any, and the one that is next, if any.

    `caught_up` is how many due times in a row were made up for; `note` says what was left out against the policy.
    """

    fires_for: datetime | None
    next_at: datetime | None
    caught_up: int = 0
    note: str | None = None


def turn(cron: Cron, policy: CatchUpPolicy, *, due: datetime, now: datetime, caught_up: int) -> Turn:
    """What a schedule does whose next due time has come; `caught_up` is that of its last turn."""
    following = cron.next_after(due)
    if policy is CatchUpPolicy.ALL and following is not None and following <= now:
        if caught_up < MOST_CAUGHT_UP:
            return Turn(due, following, caught_up + 1)
        return _give_up(cron, due, now)
    latest = cron.latest(due, now)
    is_missed = policy is CatchUpPolicy.SKIP and now - latest > ON_TIME
    return Turn(None if is_missed else latest, cron.next_after(latest))


def _give_up(cron: Cron, due: datetime, now: datetime) -> Turn:
    latest = cron.latest(due, now)
    note = f"Of the due times that were missed, {MOST_CAUGHT_UP} were made up for; those from {iso_text(due)} to "
    return Turn(None, cron.next_after(latest), note=f"{note}{iso_text(latest)} were left out.")
