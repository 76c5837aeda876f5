"""time.now: tells the time."""

from pydantic import Field

from engine.moments import epoch_ms, in_zone, iso_text, time_zone
from engine.node import Context, Input, Node, Output


class NowInput(Input):
    timeZone: str = Field(
        default="UTC", description="Whose clocks the text is read from: an IANA name such as Europe/Vienna."
    )


class NowOutput(Output):
    iso: str = Field(description="The time in ISO 8601 with its offset.")
    epochMs: int = Field(description="The time in milliseconds since 1970 in UTC.")


class Now(Node[NowInput, NowOutput]):
    """Tells the time at which it runs. The time is logged before it is used, so a recovered execution goes on with the
    same one."""

    type = "time.now"
    safe = True

    async def run(self, inputs: NowInput, context: Context) -> NowOutput:
        now = in_zone(context.now(), time_zone(inputs.timeZone, "timeZone"))
        return NowOutput(iso=iso_text(now), epochMs=epoch_ms(now))
