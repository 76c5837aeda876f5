"""`/schemas/flow.json`: the JSON Schema of flow documents, for editors.

Whoever asks need not be known, so it has the built-in node types only, which are published anyway.
"""

import hashlib
from functools import cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse

from engine.flow_schema import schema_text
from engine.nodes import BUILT_IN
from resolvers.pages import has_it

SCHEMA_PATH = "/schemas/flow.json"


class _Served(NamedTuple):
    content: bytes
    tag: str


def serve_flow_schema(request: Request) -> Response:
    """The schema, or that the client has it."""
    served = _served()
    headers = {"etag": served.tag, "cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
    response = Response(served.content, headers=headers, media_type="application/schema+json")
    return NotModifiedResponse(response.headers) if has_it(request, served.tag) else response


@cache
def _served() -> _Served:
    content = schema_text(BUILT_IN).encode()
    return _Served(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
