"""Who asks."""

import strawberry
from strawberry import ID


@strawberry.type(description="The caller.")
class Viewer:
    id: ID = strawberry.field(description="The id that owns what the caller makes.")
    name: str | None = strawberry.field(description="What people call the caller.")
    roles: list[str] = strawberry.field(
        description="What the caller is beside the owner of what is its own; an `admin` sees and commands everything."
    )
