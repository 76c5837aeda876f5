"""The guarded way out as a transport of httpx2, for protocols that a client library speaks."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpcore2
import httpx2

from engine.egress import CheckedBackend, Resolver, resolve, tls
from engine.exchange import BODY_LIMIT, ExchangeFailed

_FAILURES: tuple[tuple[type[Exception], type[httpx2.TransportError]], ...] = (
    (httpcore2.ConnectTimeout, httpx2.ConnectTimeout),
    (httpcore2.TimeoutException, httpx2.ReadTimeout),
    (httpcore2.ConnectError, httpx2.ConnectError),
    (httpcore2.NetworkError, httpx2.ReadError),
    (httpcore2.ProtocolError, httpx2.RemoteProtocolError),
    (socket.gaierror, httpx2.ConnectError),
)
"""What the connections raise, and how a client library knows it."""


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Connects to checked addresses only, and reads answers of at most `BODY_LIMIT` bytes that are not compressed.

    Raises `EgressRefused` for hosts that must not be reached, `ExchangeFailed` for answers that are too large.
    """

    def __init__(self, allow: frozenset[str], resolver: Resolver = resolve) -> None:
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=tls(), network_backend=CheckedBackend(allow, resolver))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; gives its answer, the body of which is still to be read."""
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        with _translated():
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    request.method,
                    _url(request.url),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        _refuse_compressed(answer)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx2.AsyncByteStream):
    """The body of an answer, as far as the limit."""

    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        with _translated():
            async for part in self._answer.aiter_stream():
                received += len(part)
                if received > BODY_LIMIT:
                    raise ExchangeFailed(f"The answer has more than {BODY_LIMIT} bytes.")
                yield part

    async def aclose(self) -> None:
        await self._answer.aclose()


def _url(url: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _refuse_compressed(answer: httpcore2.Response) -> None:
    """A few compressed bytes can become any number of others, and nothing compressed was asked for."""
    for name, encoding in answer.headers:
        if name.lower() == b"content-encoding" and encoding.lower() != b"identity":
            raise ExchangeFailed(f"The answer is encoded with {encoding.decode('latin-1')!r}, which was not asked for.")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except tuple(known for known, _ in _FAILURES) as error:
        failure = next(to for known, to in _FAILURES if isinstance(error, known))
        raise failure(str(error) or type(error).__name__) from error
