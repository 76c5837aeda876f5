"""One HTTP exchange on behalf of a flow: a request, the redirects that it meets, and an answer of bounded size."""

import logging
import re
import socket
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpcore2
import httpx2

from engine.egress import Resolver, connections, resolve
from engine.errors import InputError, NodeError

BODY_LIMIT = 10 * 1024 * 1024
REDIRECT_LIMIT = 5
CONNECT_SECONDS = 10
REDIRECTS = (301, 302, 303, 307, 308)
URL_LIMIT = 8_192
PORT_LIMIT = 65_535

Scalar = str | int | float | bool
Query = dict[str, Scalar | list[Scalar]]
"""Parameters of a URL by name; a list repeats its parameter."""

# What may go to another origin after a redirect. Any other header may be a credential.
HARMLESS_HEADERS = frozenset(
    {"accept", "accept-encoding", "accept-language", "content-type", "idempotency-key", "user-agent"}
)

# Its debug log shows the headers of answers, which may repeat a secret that was sent.
logging.getLogger("httpcore2").setLevel(logging.INFO)

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]+")


class ExchangeFailed(NodeError):
    """The request could not be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent; the names of headers are in lower case. Those of `secret_headers` are never sent elsewhere."""

    method: str
    url: httpx2.URL
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(default=None, repr=False)
    secret_headers: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """Without the query, which may hold credentials."""
        return f"{self.method} {self.url.scheme}://{self.url.netloc.decode()}{self.url.path}"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; the names of headers are in lower case, repeated ones joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def checked_url(text: str) -> httpx2.URL:
    """Read a URL; raises `InputError` that says what is wrong with it."""
    try:
        url = httpx2.URL(text[:URL_LIMIT])
    except (httpx2.InvalidURL, ValueError) as error:
        raise InputError(f"the URL is not valid: {error}.") from None
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host.decode()):
        raise InputError("the URL has to begin with http:// or https:// and the name of a host.")
    if url.port is not None and not 0 < url.port <= PORT_LIMIT:
        raise InputError(f"the URL has the port {url.port}; the highest is {PORT_LIMIT}.")
    if url.userinfo:
        raise InputError("the URL holds a user name or password; use an Authorization header instead.")
    return url


def with_query(url: httpx2.URL, query: Query) -> httpx2.URL:
    """Add parameters to a URL, encoded, in the place of those that it has of the same names."""
    return url.copy_merge_params(query) if query else url


async def exchange(request: Request, allow: frozenset[str], resolver: Resolver = resolve) -> Response:
    """Send a request and follow its redirects.

    Raises `EgressRefused` where the request or a redirect leads to a host that must not be reached, and
    `ExchangeFailed`, retryable when it is the network that failed.
    """
    current = request
    async with connections(allow, resolver) as pool:
        for _ in range(1 + REDIRECT_LIMIT):
            response = await _send(pool, current)
            following = _redirected(current, response)
            if following is None:
                return response
            current = following
    raise ExchangeFailed(f"{request} was redirected more than {REDIRECT_LIMIT} times.")


async def _send(pool: httpcore2.AsyncConnectionPool, request: Request) -> Response:
    url = httpcore2.URL(
        scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
    )
    headers = {"host": request.url.netloc.decode(), **request.headers}
    extensions = {"timeout": {"connect": CONNECT_SECONDS}}
    try:
        async with pool.stream(
            request.method, url, headers=list(headers.items()), content=request.content, extensions=extensions
        ) as answer:
            return Response(answer.status, _joined(answer.headers), await _read(answer))
    except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, socket.gaierror) as error:
        reason = str(error) or type(error).__name__
        raise ExchangeFailed(f"{request} failed: {reason}.", retryable=True) from None
    except UnicodeError:
        raise ExchangeFailed(f"{request} failed: the host's name is not valid.") from None


def _joined(headers: list[tuple[bytes, bytes]]) -> Mapping[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_text in headers:
        name, text = raw_name.decode("latin-1").lower(), raw_text.decode("latin-1")
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


async def _read(answer: httpcore2.Response) -> bytes:
    encoding = _joined(answer.headers).get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise ExchangeFailed(f"The answer is encoded with {encoding!r}, which was not asked for.")
    body, received, unzip = bytearray(), 0, zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    async for chunk in answer.aiter_stream():
        received += len(chunk)
        body += chunk if encoding == "identity" else _unzipped(unzip, chunk, 1 + BODY_LIMIT - len(body))
        if max(received, len(body)) > BODY_LIMIT:
            raise ExchangeFailed(f"The answer has more than {BODY_LIMIT} bytes.")
    if encoding != "identity" and received and not unzip.eof:
        raise ExchangeFailed("The answer ended before its compressed body did.", retryable=True)
    return bytes(body)


def _unzipped(unzip: "zlib._Decompress", chunk: bytes, room: int) -> bytes:
    """Decompress up to one byte more than there is room for."""
    try:
        return unzip.decompress(chunk, room)
    except zlib.error:
        raise ExchangeFailed("The answer's compressed body is not valid.") from None


def _redirected(request: Request, response: Response) -> Request | None:
    """The request that a redirect asks for, without credentials where it leads to another origin."""
    location = response.headers.get("location")
    if response.status not in REDIRECTS or location is None:
        return None
    url = _target(request, location)
    kept = request if _origin(url) == _origin(request.url) else _without_credentials(request)
    return replace(_as_get(kept) if _becomes_get(request.method, response.status) else kept, url=url)


def _target(request: Request, location: str) -> httpx2.URL:
    try:
        return checked_url(str(request.url.join(location)))
    except (httpx2.InvalidURL, ValueError, InputError):
        raise ExchangeFailed(f"{request} was redirected to something that is not a web address.") from None


def _origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}[url.scheme]


def _becomes_get(method: str, status: int) -> bool:
    return (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")


def _as_get(request: Request) -> Request:
    headers = {name: text for name, text in request.headers.items() if name not in ("content-type", "idempotency-key")}
    return replace(request, method="GET", headers=headers, content=None)


def _without_credentials(request: Request) -> Request:
    kept = HARMLESS_HEADERS - request.secret_headers
    return replace(request, headers={name: text for name, text in request.headers.items() if name in kept})
