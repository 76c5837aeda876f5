"""Schedules: what they are, how they are made, and what their mutations give back."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from engine.catch_up import CatchUpPolicy
from schema.node import Node
from schema.scalars import JSON
from schema.view import of_row
from storage.schedules import ScheduleRow


@strawberry.type(description="Runs a flow again and again: at each due time it makes and starts an execution of it.")
class Schedule(Node):
    row: strawberry.Private[ScheduleRow]

    flow_id: ID = of_row("flow_id", "The flow that it runs.")
    owner_id: ID = of_row("owner_id", "Whom the executions that it makes belong to.")
    cron: str = of_row("cron", "When it is due, as it was given.")
    time_zone: str = of_row("time_zone", "The time zone whose clocks count, by its IANA name.")
    catch_up: CatchUpPolicy = of_row("catch_up", "What becomes of due times at which no worker was there.")
    inputs: JSON = of_row("inputs", "The inputs of the executions that it makes.")
    created_at: datetime = of_row("created_at", "When it was made.")
    paused: bool = of_row("paused", "Whether it is not due until it is resumed.")
    next_fire_at: datetime | None = of_row("next_fire_at", "When it is due next; null while it is paused.")
    last_fire_at: datetime | None = of_row("last_fire_at", "The due time that its last execution was made for.")
    last_execution_id: ID | None = of_row("last_execution_id", "The execution that it has made last.")
    last_error: str | None = of_row(
        "last_error",
        "Why it made no execution at its last due time, such as an input that the newest version of the flow does not "
        "take, or what it could not make up for; null if all went well.",
    )

    @property
    def global_id(self) -> str:
        return self.row.id


@strawberry.input(description="A schedule to be made.")
class CreateScheduleInput:
    flow_id: ID = strawberry.field(description="The flow to run, always in its newest version.")
    cron: str = strawberry.field(
        description="When it is due: minute, hour, day of month, month and day of week, as cron has them, with lists, "
        "ranges, steps and names; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`. A time that clocks leave "
        "out comes at the next moment that there is; one that comes twice counts once, unless it is due in every hour."
    )
    time_zone: str = strawberry.field(default="UTC", description="The time zone whose clocks count, by its IANA name.")
    catch_up: CatchUpPolicy = strawberry.field(
        default=CatchUpPolicy.LATEST, description="What becomes of due times at which no worker is there."
    )
    inputs: JSON | None = strawberry.field(
        default=None, description="The values by flow.input name, as an object; checked now and at each due time."
    )


@strawberry.type(description="The outcome of createSchedule.")
class CreateSchedulePayload:
    schedule: Schedule = strawberry.field(description="The new schedule.")


@strawberry.type(description="The outcome of pauseSchedule.")
class PauseSchedulePayload:
    schedule: Schedule = strawberry.field(description="The schedule, which is not due any more.")


@strawberry.type(description="The outcome of resumeSchedule.")
class ResumeSchedulePayload:
    schedule: Schedule = strawberry.field(description="The schedule with its next due time.")


@strawberry.type(description="The outcome of deleteSchedule.")
class DeleteSchedulePayload:
    deleted_id: ID = strawberry.field(description="The schedule that is gone.")


ScheduleId: TypeAlias = Annotated[ID, strawberry.argument(description="The schedule.")]
NewSchedule: TypeAlias = Annotated[CreateScheduleInput, strawberry.argument(description="The schedule to be made.")]
