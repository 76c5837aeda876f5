"""Results as server-sent events, by the GraphQL over SSE protocol in its distinct connections mode.

Source: github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, and for the format the HTML standard, 9.2.
"""

from typing import Any

from resolvers.json_text import write_json

EVENT_STREAM = "text/event-stream"
BEAT_SECONDS = 12.0


class ServerSentEvents:
    """Each result is an event `next`, errors of what was not executed too; `complete` is the last."""

    transport = "sse"
    media_type = f"{EVENT_STREAM}; charset=utf-8"
    begin = beat = b":\n\n"
    # An event without a line of data is not given to the page.
    end = b"event: complete\ndata:\n\n"

    def __init__(self) -> None:
        self.beat_seconds = BEAT_SECONDS

    def result(self, text: bytes) -> bytes:
        """Write a result, which is JSON text, and so has no line breaks."""
        return b"event: next\ndata: " + text + b"\n\n"

    def failure(self, errors: list[Any], begun: bool) -> bytes:
        """Write why there are no results, or no further ones."""
        return self.result(write_json({"errors": errors}))
