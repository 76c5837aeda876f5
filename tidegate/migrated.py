"""Whether the database has the tables that this code needs."""

from engine.errors import ServiceUnavailable
from storage.migrate import standing
from storage.pool import open_pool

PATIENCE_SECONDS = 5.0


class NotMigrated(ServiceUnavailable):
    """The database lacks tables."""


async def require_migrated(url: str) -> None:
    """Raise `NotMigrated` if migrations are missing, `ServiceUnavailable` if Postgres cannot be reached."""
    pool = await open_pool(url, name="tidegate check", size=1, patience=PATIENCE_SECONDS)
    try:
        async with pool.acquire() as connection:
            if missing := (await standing(connection)).missing:
                raise NotMigrated(f"The database lacks {', '.join(missing)}. Run: tidegate migrate")
    finally:
        await pool.close()
