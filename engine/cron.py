"""When a schedule is due: the five fields of cron, on the clocks of a time zone.

Where a clock is set forward, a time that it leaves out comes at the next moment that there is; where it is set back, a
time that comes twice counts the first time. Only a schedule that runs in every hour keeps its distance instead: it is
due whenever the clock shows one of its times.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

from engine.errors import BadUserInput
from engine.moments import find_zone
from engine.spelling import SHOWN

LONGEST = 200
MINUTE = timedelta(minutes=1)
"""Two due times are at least so far from each other."""

EVERY_HOUR = frozenset(range(24))
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class Cron:
    """A valid expression with its time zone; `fields` are minute, hour, day of month, month and day of week."""

    fields: str
    zone: tzinfo
    runs_every_hour: bool

    @classmethod
    def read(cls, expression: str, time_zone: str) -> "Cron":
        """Read what a client has given; raises `BadUserInput`, which names `input.cron` or `input.timeZone`."""
        zone = find_zone(time_zone)
        if zone is None:
            raise BadUserInput(f"There is no time zone {time_zone[:SHOWN]!r}.", field="input.timeZone")
        parts = _fields(expression)
        runs_every_hour = _parsed(parts).hours == EVERY_HOUR
        if runs_every_hour:
            parts[1] = "*"
        return cls(" ".join(parts), zone, runs_every_hour)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first due time later than a moment, in UTC; None if there is none within 50 years."""
        local = moment.astimezone(self.zone)
        walls = CronSim(self.fields, local if self.runs_every_hour else local.replace(tzinfo=None))
        for wall in walls:
            due = wall.astimezone(UTC) if self.runs_every_hour else self._first_moment(wall)
            if due > moment:
                return due
        return None

    def latest(self, due: datetime, now: datetime) -> datetime:
        """The last due time up to `now`; `due` is one that is not later than that."""
        last, end = due, now
        while end - last >= MINUTE:
            middle = last + (end - last) / 2
            found = self.next_after(middle)
            if found is not None and found <= now:
                last = found
            else:
                end = middle
        return last

    def _first_moment(self, wall: datetime) -> datetime:
        """When a clock of the zone first shows a time, or would have if it had not been set forward past it."""
        while True:
            moment = wall.replace(tzinfo=self.zone).astimezone(UTC)
            if moment.astimezone(self.zone).replace(tzinfo=None) == wall:
                return moment
            wall += MINUTE


def _fields(expression: str) -> list[str]:
    parts = NICKNAMES.get(expression.strip().lower(), expression[: LONGEST + 1]).split()
    if len(parts) != 5 or len(expression) > LONGEST:
        said = "The expression must have five fields (minute, hour, day of month, month, day of week) or be one of "
        raise BadUserInput(f"{said}{', '.join(NICKNAMES)}.", field="input.cron")
    return parts


def _parsed(parts: list[str]) -> CronSim:
    try:
        parsed = CronSim(" ".join(parts), datetime(2000, 1, 1))
    except CronSimError as error:
        said = f"The expression is not valid, or no day is ever like that: {str(error).lower()}."
        raise BadUserInput(said, field="input.cron") from None
    if next(parsed, None) is None:
        raise BadUserInput("The expression is never due: no day is like that.", field="input.cron")
    return parsed
