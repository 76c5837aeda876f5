"""What uvicorn's connections must do besides: be cut, also with something left to send, and end streams before closing.

uvicorn closes a connection only once all is sent that was written to it; to a client that has stopped reading that is
never, and the application does not hear of it.
"""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LINGER_SECONDS = 15.0
"""How long a closed connection may take to send what is left; longer than uvicorn waits for the answer to a close."""

INVALID_TEXT = 1007


class Paired:
    """A transport that writes two pieces at once where it can: uvicorn writes the head of an answer before its body.

    It holds back one piece, and that until the loop turns, so that whoever writes too much is still told to pause.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write a piece together with the one that is held back, or else hold it back."""
        if self._held is None:
            self._held = data
            self._loop.call_soon(self._flush)
        else:
            held, self._held = self._held, None
            self._transport.writelines((held, data))

    def close(self) -> None:
        """Write what is held back, and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held is not None and not self._transport.is_closing():
            self._transport.write(held)


class HttpConnection(HttpToolsProtocol):
    """Requests find `abort` in their state, and so do sockets that begin as a request.

    The state's `stopping` is set when the server begins to shut down.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, Paired(cast(asyncio.Transport, transport), self.loop)))
        self.app_state = {**self.app_state, "abort": self.transport.abort}

    def shutdown(self) -> None:
        self.app_state["stopping"].set()
        super().shutdown()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


class SocketConnection(WebSocketsSansIOProtocol):
    """When the server shuts down, the application closes the socket, after it has said what it must."""

    def shutdown(self) -> None:
        if self.handshake_complete and not self.close_sent:
            self.app_state["stopping"].set()
        else:
            super().shutdown()

    def send_receive_event_to_app(self) -> None:
        # uvicorn writes a traceback into the log for what a client does wrong here.
        if not self.close_sent and self.curr_msg_data_type == "text" and not _is_utf8(b"".join(self.frames)):
            self.conn.send_close(INVALID_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
