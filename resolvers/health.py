"""Whether this process lives, and whether it can do its work.

`/healthz` answers as long as the event loop does. `/readyz` names each check with its reason: `ready` with a 200 when
all is well, `degraded` with a 200 when what is asked for is accepted but may have to wait, `unready` with a 503.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from storage.readiness import Look

SILENT_SECONDS = 30.0
"""After how long without any beat the workers are taken for gone; a lease is shorter."""


class Health(StrEnum):
    """How something does, from good to bad."""

    READY = "ready"
    DEGRADED = "degraded"
    UNREADY = "unready"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `reason` says why it is not well, and `figures` what else was seen."""

    name: str
    health: Health = Health.READY
    reason: str | None = None
    figures: tuple[tuple[str, Any], ...] = ()

    @property
    def shown(self) -> dict[str, Any]:
        """The check as JSON has it."""
        return {"status": self.health, "reason": self.reason, **dict(self.figures)}


async def healthz(request: Request) -> JSONResponse:
    """200 while the process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """Whether this API can accept what it is asked for."""
    if request.state.stopping.is_set():
        return report([Check("process", Health.UNREADY, "It is shutting down.")])
    look = await request.state.services.readiness.look()
    return report([*database_checks(look), *_worker_checks(look)])


def report(checks: list[Check]) -> JSONResponse:
    """All checks; the worst of them decides."""
    found = {check.health for check in checks}
    worst = next(health for health in reversed(Health) if health in found)
    body = {"status": worst, "checks": {check.name: check.shown for check in checks}}
    return JSONResponse(body, 503 if worst is Health.UNREADY else 200, {"cache-control": "no-store"})


def database_checks(look: Look) -> list[Check]:
    """Whether the database answers, and has the tables that this code needs."""
    if look.trouble or look.standing is None:
        return [Check("database", Health.UNREADY, look.trouble)]
    return [Check("database"), _tables(look.standing.missing, look.standing.newer)]


def _tables(missing: list[str], newer: list[str]) -> Check:
    figures = (("missing", missing), ("newer", newer))
    if missing:
        return Check("migrations", Health.UNREADY, "The database lacks migrations. Run: tidegate migrate", figures)
    if newer:
        return Check("migrations", Health.DEGRADED, "The database was migrated by a later version.", figures)
    return Check("migrations", figures=figures)


def _worker_checks(look: Look) -> list[Check]:
    """Without a worker the API still accepts everything, durably; so that makes it no less ready."""
    if look.standing is None or look.standing.missing:
        return []
    figures = (("secondsSinceBeat", look.beat_seconds),)
    if look.beat_seconds is None:
        return [Check("workers", Health.DEGRADED, "There is no worker: what is created waits.", figures)]
    if look.beat_seconds > SILENT_SECONDS:
        return [Check("workers", Health.DEGRADED, "No worker has beaten lately: what is created waits.", figures)]
    return [Check("workers", figures=figures)]
