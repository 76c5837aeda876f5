"""What every answer must be: well-formed, with errors that have codes of the contract, and never a failure of ours."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CODES = {
    *("NOT_FOUND", "FORBIDDEN", "UNAUTHENTICATED", "BAD_USER_INPUT", "INVALID_STATE", "CONFLICT", "RATE_LIMITED"),
    *("QUERY_TOO_COMPLEX", "PAYLOAD_TOO_LARGE", "PERSISTED_QUERY_NOT_FOUND", "GRAPHQL_PARSE_FAILED"),
    "GRAPHQL_VALIDATION_FAILED",
}
"""All codes of the contract but INTERNAL_SERVER_ERROR."""

CLOSES = {1000, 1001, 1002, 1003, 1005, 1007, 1009, 4400, 4401, 4403, 4406, 4408, 4409, 4429}
MESSAGES = {"connection_ack", "next", "error", "complete", "ping", "pong"}

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) ")


@dataclass(frozen=True, slots=True)
class Response:
    """One response; `body` is what came of it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass(slots=True)
class Heard:
    """What came over a socket: texts, and the code that it was closed with, if it was."""

    texts: list[str] = field(default_factory=list)
    close: int | None = None


def read_response(data: bytes) -> Response | None:
    """The first response in what came; None if there is none."""
    found = _STATUS.match(data)
    head, _, body = data.partition(b"\r\n\r\n")
    if found is None:
        return None
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = {name.lower(): value.strip() for name, _, value in lines}
    return Response(int(found[1]), headers, _unchunked(body) if "transfer-encoding" in headers else body)


def _unchunked(data: bytes) -> bytes:
    body = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length + 2 :]
    return body


def of_response(response: Response) -> Iterator[str]:
    """What is wrong with a response."""
    if response.status >= 500:
        yield f"status {response.status}: {response.body[:500]!r}"
    if not response.body:
        return
    match response.type:
        case "application/json" | "application/graphql-response+json":
            yield from _of_text(response.body)
        case "text/event-stream":
            for line in response.body.split(b"\n"):
                if line.startswith(b"data: ") and line[6:].strip():
                    yield from _of_text(line[6:])
        case "multipart/mixed":
            for part in response.body.split(b"\r\n--graphql")[1:-1]:
                yield from _of_text(part.partition(b"\r\n\r\n")[2])
        case _:
            if response.status == 200:
                yield f"an answer of type {response.type!r}: {response.body[:200]!r}"


def _of_text(text: bytes) -> Iterator[str]:
    try:
        answer = json.loads(text)
    except ValueError:
        yield f"no JSON: {text[:300]!r}"
        return
    answer = answer.get("payload", answer) if isinstance(answer, dict) else answer
    if answer in ({}, {"status": "ok"}) or "checks" in answer:
        # The end of a stream, or the answer to a question about the process's health.
        return
    if not isinstance(answer, dict) or not answer.keys() <= {"data", "errors", "extensions"}:
        yield f"no answer of GraphQL: {text[:300]!r}"
    else:
        yield from _of_errors(answer.get("errors", []))


def _of_errors(errors: Any) -> Iterator[str]:
    for error in errors:
        if not isinstance(error.get("message"), str) or error.get("extensions", {}).get("code") not in CODES:
            yield f"an error without a code of the contract: {json.dumps(error)[:600]}"


def of_socket(heard: Heard) -> Iterator[str]:
    """What is wrong with what a socket said."""
    if heard.close is not None and heard.close not in CLOSES:
        yield f"a socket is closed with {heard.close}"
    for text in heard.texts:
        yield from _of_message(text)


def _of_message(text: str) -> Iterator[str]:
    message = json.loads(text)
    if message.get("type") not in MESSAGES:
        yield f"no message of the protocol: {text[:300]!r}"
    if message["type"] == "error":
        yield from _of_errors(message["payload"])
    if message["type"] == "next":
        yield from _of_text(json.dumps(message["payload"]).encode())
