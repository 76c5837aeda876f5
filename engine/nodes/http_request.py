"""http.request: calls a web address."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field

from engine.attribution import attributed
from engine.errors import InputError, NodeError, NodeTimeout
from engine.exchange import URL_LIMIT, Query, Request, Response, checked_url, exchange, with_query
from engine.headers import AUTHORIZATION, HeaderText, bearer, filled_headers
from engine.json_text import InvalidJson, parse_json
from engine.node import Context, Input, Node, Output
from engine.ports import HoldsSecrets, Kind, PortKind
from engine.secret_reference import SecretReference

TIMEOUT_DEFAULT_MS = 30_000
TIMEOUT_LIMIT_MS = 300_000
RETRYABLE_STATUS = 429
READING_METHODS = ("GET", "HEAD")
IDEMPOTENCY_KEY = "idempotency-key"
CHARSETS = frozenset(
    {
        *("utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15"),
        *("windows-1250", "windows-1251", "windows-1252", "koi8-r", "shift_jis", "euc-jp", "iso-2022-jp"),
        *("gbk", "gb18030", "big5", "euc-kr"),
    }
)

_JSON_TYPE = re.compile(r"\s*application/([^;\s]+\+)?json\s*(;|\Z)", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset=\"?([\w-]+)", re.IGNORECASE)


class HttpInput(Input):
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = Field(
        default="GET", description="The method."
    )
    url: str = Field(max_length=URL_LIMIT, description="The address, beginning with http:// or https://.")
    headers: Annotated[dict[str, HeaderText], HoldsSecrets()] = Field(
        default_factory=dict,
        description='Headers to send, by name. In a constant, a header may also be a secret, `{"$secret": "name"}`, or '
        'an array of texts and secrets to be joined, as in `["Bearer ", {"$secret": "name"}]`.',
    )
    bearer: Annotated[SecretReference | None, Kind(PortKind.SECRET)] = Field(
        default=None, description="A secret to send as `Authorization: Bearer …`."
    )
    query: Query = Field(
        default_factory=dict, description="Parameters to add to the address; an array repeats its parameter."
    )
    body: Any = Field(default=None, description="What to send: a text as it is, anything else but null as JSON.")
    timeoutMs: int = Field(
        default=TIMEOUT_DEFAULT_MS,
        ge=1,
        le=TIMEOUT_LIMIT_MS,
        description="How long it may take altogether, in milliseconds; at most 300000.",
    )
    failOnStatus: bool = Field(default=True, description="Fail when the status is 400 or above.")


class HttpOutput(Output):
    status: int = Field(description="The status of the answer.")
    headers: dict[str, str] = Field(
        description="Its headers by name in lower case; what is repeated is joined with commas."
    )
    text: str = Field(description="Its body as text; what is no text reads as replacement characters.")
    json_: Any = Field(
        default=None,
        alias="json",
        description="What its body says; resolves only when it is declared as JSON and is.",
    )


class HttpRequest(Node[HttpInput, HttpOutput]):
    """Calls a web address and gives the answer. It follows up to five redirects and reads up to 10 MiB. A status of
    400 or above fails; 429, 5xx and failures of the network can be retried. Requests that change something carry an
    Idempotency-Key that is the same in every attempt. Hosts that are not on the public internet are refused, unless the
    operator has opened them. Secrets go into headers only, never on to another origin, and are taken out of the
    answer."""

    type = "http.request"
    title = "HTTP request"

    async def run(self, inputs: HttpInput, context: Context) -> HttpOutput:
        request = _request(inputs, context.idempotency_key, await _given_headers(inputs, context))
        try:
            async with asyncio.timeout(inputs.timeoutMs / 1000):
                response = await exchange(request, context.reach.http_allow)
        except TimeoutError:
            raise NodeTimeout(f"{request} took longer than {inputs.timeoutMs} ms.") from None
        if inputs.failOnStatus:
            _raise_for_status(request, response)
        return _outputs(response)


def _request(inputs: HttpInput, idempotency_key: str, given: Mapping[str, str]) -> Request:
    with attributed("url"):
        url = checked_url(inputs.url)
    content, content_type = _content(inputs.body)
    headers = {"accept": "*/*", "accept-encoding": "gzip", "user-agent": "tidegate", **content_type}
    if inputs.method not in READING_METHODS:
        headers[IDEMPOTENCY_KEY] = idempotency_key
    return Request(
        inputs.method,
        with_query(url, inputs.query),
        {**headers, **given},
        content,
        frozenset(name.lower() for name, text in inputs.headers.items() if not isinstance(text, str)),
    )


async def _given_headers(inputs: HttpInput, context: Context) -> Mapping[str, str]:
    """The headers with the secrets in them, by name in lower case."""
    with attributed("headers"):
        headers = await filled_headers(inputs.headers, context.secrets)
    if inputs.bearer is None:
        return headers
    if AUTHORIZATION in headers:
        raise InputError("Inputs 'bearer' and 'headers' both give the header 'authorization'.")
    with attributed("bearer"):
        return {**headers, **await bearer(inputs.bearer, context.secrets)}


def _content(body: Any) -> tuple[bytes | None, Mapping[str, str]]:
    """The body as bytes, and the header that says what it is."""
    match body:
        case None:
            return None, {}
        case str():
            return body.encode(), {"content-type": "text/plain; charset=utf-8"}
        case _:
            return orjson.dumps(body), {"content-type": "application/json"}


def _raise_for_status(request: Request, response: Response) -> None:
    if response.status < HTTPStatus.BAD_REQUEST:
        return
    retryable = response.status == RETRYABLE_STATUS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise NodeError(f"{request} was answered with status {response.status}.", retryable=retryable)


def _outputs(response: Response) -> HttpOutput:
    content_type = response.headers.get("content-type", "")
    text = _text(response.body, content_type)
    plain = {"status": response.status, "headers": response.headers, "text": text}
    if not _JSON_TYPE.match(content_type):
        return HttpOutput.model_validate(plain)
    try:
        return HttpOutput.model_validate({**plain, "json": parse_json(text)})
    except InvalidJson:
        return HttpOutput.model_validate(plain)


def _text(body: bytes, content_type: str) -> str:
    """Decode by the declared character set where that is a common one, else as UTF-8."""
    declared = _CHARSET.search(content_type)
    charset = declared.group(1).lower() if declared else "utf-8"
    text = body.decode(charset if charset in CHARSETS else "utf-8", errors="replace")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
