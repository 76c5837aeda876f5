"""Whether this process lives, and whether it can do its work."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from storage.migrate import pending
from storage.pool import DATABASE_TROUBLE
from storage.workers import seconds_since_last_beat


async def healthz(request: Request) -> JSONResponse:
    """200 while the process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """200 if the database answers and has all tables, else 503; the last beat of any worker is only reported."""
    try:
        async with request.state.services.pool.acquire(timeout=5) as connection:
            missing = await pending(connection)
            beat = None if missing else await seconds_since_last_beat(connection)
    except DATABASE_TROUBLE as error:
        return JSONResponse({"ready": False, "database": type(error).__name__}, 503)
    report = {"database": "ok", "pendingMigrations": missing, "secondsSinceWorkerBeat": beat}
    return JSONResponse({"ready": not missing, **report}, 503 if missing else 200)
