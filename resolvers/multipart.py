"""Results as parts of one answer, by Apollo's protocol for subscriptions over multipart HTTP.

Source: apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol.
"""

from typing import Any

from resolvers.json_text import write_json

MULTIPART = "multipart/mixed"
SPECIFICATION = "1.0"
BEAT_SECONDS = 5.0

# Clients take a part when they see the boundary behind it, so this is sent along with the part.
_HEAD = b"\r\ncontent-type: application/json\r\n\r\n"
_BOUNDARY = b"\r\n--graphql"


class Multipart:
    """Each result is the payload of a part; what ends the stream before its time stands beside the payload."""

    transport = "multipart"
    media_type = f'{MULTIPART};boundary="graphql";subscriptionSpec="{SPECIFICATION}"'
    begin = _BOUNDARY
    beat = _HEAD + b"{}" + _BOUNDARY
    end = b"--\r\n"

    def __init__(self) -> None:
        self.beat_seconds = BEAT_SECONDS

    def result(self, text: bytes) -> bytes:
        """Write a result, which is JSON text."""
        return _HEAD + b'{"payload":' + text + b"}" + _BOUNDARY

    def failure(self, errors: list[Any], begun: bool) -> bytes:
        """Write why there are no results, or, if it has `begun`, no further ones."""
        if begun:
            return _HEAD + write_json({"payload": None, "errors": errors}) + _BOUNDARY
        return self.result(write_json({"errors": errors}))
