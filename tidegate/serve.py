"""tidegate serve: the API as a process of its own."""

import logging
import socket

from tidegate.api import api
from tidegate.built_pages import CONSOLE_DOCUMENTS
from tidegate.callers import policy_of
from tidegate.listening import address
from tidegate.loopback import is_loopback
from tidegate.manifest import trusted_documents
from tidegate.node_sources import node_types_of
from tidegate.redis_check import warn_without_redis
from tidegate.settings import Settings
from tidegate.stop_signal import StopSignal

logger = logging.getLogger(__name__)


async def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; raises `ServiceUnavailable` if Postgres cannot be reached, and `NoSuchHook`.

    Raises `InvalidManifest` and `UnreadableFile` for what the documents are to be read from.
    """
    stop = StopSignal()
    database, redis = settings.database, settings.redis
    documents = trusted_documents(settings, CONSOLE_DOCUMENTS)
    await warn_without_redis(redis)
    policy = policy_of(settings, loopback=is_loopback(listener.getsockname()[0]))
    types = node_types_of(settings)
    async with api(database, redis, listener, policy, types, documents, settings.secret_keys) as serving:
        logger.info("The API listens on http://%s/graphql.", address(listener))
        await stop.wait(serving)
