"""What a worker tells of itself over HTTP: whether it lives, whether it can work, and its figures."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jobs.worker import Worker
from resolvers.health import Check, Health, database_checks, healthz, report
from tidegate.http_server import serving
from tidegate.listening import address, listen

logger = logging.getLogger(__name__)


@asynccontextmanager
async def worker_port(host: str, port: int, worker: Worker) -> AsyncIterator[None]:
    """Answer for a worker from entry to exit; raises `CannotListen`."""
    with listen(host, port, anywhere=True) as listener:
        configuration = uvicorn.Config(
            _app(worker), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1
        )
        async with serving(configuration, listener, name="worker's port"):
            logger.info("The worker tells of itself at http://%s/readyz and /metrics.", address(listener))
            yield


def _app(worker: Worker) -> Starlette:
    async def readyz(request: Request) -> JSONResponse:
        return report(await checks(worker))

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", _metrics)])


async def checks(worker: Worker) -> list[Check]:
    """Whether a worker can take work and keep it."""
    if worker.is_leaving:
        return [Check("process", Health.UNREADY, "It is ending, and gives back what it runs.")]
    if worker.readiness is None:
        return [Check("process", Health.UNREADY, "It has not begun to work yet.")]
    look = await worker.readiness.look()
    return [*database_checks(look), _beat(worker)]


def _beat(worker: Worker) -> Check:
    if worker.beats:
        return Check("beat")
    return Check("beat", Health.UNREADY, "No beat has reached the database for a lease; others may take its work.")


async def _metrics(request: Request) -> Response:
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
