"""`/metrics`: what is measured, in the text format of Prometheus.

Whoever asks need not be known, so it has no tenant's data: no ids, no names, no values.
"""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from resolvers.service_figures import SERVICE_FIGURES


async def metrics(request: Request) -> Response:
    """The figures of this process, and of the whole service as the database has them."""
    await SERVICE_FIGURES.refresh(request.state.services.pool)
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})
