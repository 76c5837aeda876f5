"""HTTP requests as bytes: well-formed ones around hostile bodies, and such as no client would send."""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.fuzz.texts import damaged_bytes
from tests.fuzz.values import TEXTS, nested

ACCEPTS = (
    *("application/json", "application/graphql-response+json", "*/*", "text/event-stream", "", "q=;;,,/", "a/b;q=9"),
    *("multipart/mixed;subscriptionSpec=1.0, application/json", "text/event-stream;q=nan", "application/json;q=1e400"),
    *("," * 5_000, 'application/json;a="' + "\\" * 2_000, "*/*;" * 2_000),
)
TYPES = (
    *(
        "application/json",
        "application/json; charset=utf-16",
        "text/plain",
        "multipart/form-data",
        "",
        ";",
        "a" * 5_000,
    ),
    *('application/json; charset="', "application/json;" * 500, "application/x-www-form-urlencoded", "\xff"),
)
METHODS = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "get",
    "X" * 3_000,
    "CONNECT",
    "",
)
TARGETS = (
    "/graphql",
    "/graphql/",
    "//graphql",
    "/graphql?",
    "/%00",
    "/healthz",
    "/readyz",
    "/../x",
    "*",
    "http://[",
    "/graphql?query",
)
ODD_HEADERS = (
    *(
        "authorization: Bearer " + "x" * 9_000,
        "authorization: \xff",
        "authorization: Basic Og==",
        "x-request-id: \x01\x7f",
    ),
    *(
        "x-request-id: " + "a" * 9_000,
        "origin: http://[",
        "origin: null",
        "cookie: " + "a=b;" * 2_000,
        "expect: 100-continue",
    ),
    *(
        "host: evil.example",
        "host: [",
        "upgrade: h2c",
        "upgrade: websocket",
        "content-encoding: gzip",
        "range: bytes=0-1",
    ),
    *(
        "transfer-encoding: chunked",
        "content-length: 99999999999999999999",
        "content-length: -1",
        "traceparent: 00-zz",
        "a b: c",
    ),
    *(
        "sec-websocket-key: x",
        "x-forwarded-for: 1.2.3.4",
        "if-none-match: *",
        "no colon",
        ": empty",
        "x: " + "y" * 70_000,
    ),
)
LARGE_BODIES: tuple[Callable[[], bytes], ...] = (
    lambda: b"[" * 1_000_000,
    lambda: b'{"query":"{ viewer { id } }","variables":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    lambda: b'{"query":"{ viewer { id } }","variables":{' + b",".join(b'"k%d":0' % n for n in range(350_000)) + b"}}",
    lambda: b'{"query":"{ viewer { id } }","variables":{"n":' + b"9" * 1_000_000 + b"}}",
    lambda: b'{"query":"{ viewer { id } }","variables":{"n":1e' + b"9" * 1_000_000 + b"}}",
    lambda: b'{"query":"' + b"a" * 5_000_000 + b'"}',
    lambda: b'{"query":"' + b"\\ud800" * 100_000 + b'"}',
    lambda: b'{"query":"{ viewer { id } }"' + b" " * 5_300_000 + b"}",
    lambda: b'{"a":0,' * 1 + b'"a":0,' * 300_000 + b'"query":"{ viewer { id } }"}',
    lambda: b'{"query":"#' + b"\\n#" * 800_000 + b'"}',
    lambda: json.dumps(
        {"query": "query($d: JSON!) { validateFlow(document: $d) { valid } }", "variables": {"d": nested(900, False)}}
    ).encode(),
)


def request(method: str, target: str, body: bytes = b"", *headers: str, length: bool = True) -> bytes:
    """A whole request, after which the server is to close."""
    lines = [
        f"{method} {target} HTTP/1.1",
        *([] if any(h.startswith("host:") for h in headers) else ["host: 127.0.0.1"]),
        "connection: close",
        *headers,
    ]
    if length:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body


def post(body: Any, accept: str = "application/json") -> bytes:
    """A GraphQL request as clients send it."""
    return request("POST", "/graphql", json.dumps(body).encode(), "content-type: application/json", f"accept: {accept}")


def get(body: dict[str, Any], accept: str = "application/json") -> bytes:
    """The same as a GET."""
    given = {"query": body["query"], "variables": json.dumps(body["variables"])}
    query = "&".join(f"{name}={quote(text, errors='surrogatepass')}" for name, text in given.items())
    return request("GET", f"/graphql?{query}", b"", f"accept: {accept}", length=False)


def odd_request(dice: random.Random, body: dict[str, Any]) -> bytes:
    """A request with something wrong about it."""
    text = json.dumps(body).encode()
    match dice.randrange(9):
        case 0:
            return request(dice.choice(METHODS), dice.choice(TARGETS), text, "content-type: application/json")
        case 1:
            return request(
                "POST", "/graphql", text, f"content-type: {dice.choice(TYPES)}", f"accept: {dice.choice(ACCEPTS)}"
            )
        case 2:
            return request("POST", "/graphql", text, "content-type: application/json", *dice.choices(ODD_HEADERS, k=2))
        case 3:
            return request("POST", "/graphql", damaged_bytes(dice, text), "content-type: application/json")
        case 4:
            return _chunked(dice, text)
        case 5:
            return _compressed(dice, text)
        case 6:
            return request("GET", f"/graphql?{_parameters(dice)}", b"", f"accept: {dice.choice(ACCEPTS)}", length=False)
        case 7:
            return damaged_bytes(dice, post(body))
        case _:
            return request(
                "POST", "/graphql", json.dumps(_odd_parts(dice, body)).encode(), "content-type: application/json"
            )


def large_request(dice: random.Random) -> bytes:
    """A body of some megabytes."""
    return request("POST", "/graphql", dice.choice(LARGE_BODIES)(), "content-type: application/json")


def _chunked(dice: random.Random, body: bytes) -> bytes:
    sizes = dice.choice(("%x", "%X;a=b", "0%x", "%x", "-%x", "g%x", "%x" + "0" * 20))
    pieces = [body[n : n + 50] for n in range(0, len(body), 50)]
    chunks = b"".join((sizes % len(piece)).encode() + b"\r\n" + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"
    return request(
        "POST",
        "/graphql",
        chunks,
        "content-type: application/json",
        "transfer-encoding: chunked",
        length=dice.random() < 0.1,
    )


def _compressed(dice: random.Random, body: bytes) -> bytes:
    bomb = b'{"query":"' + b" " * 10_000_000 + b'"}'
    encoding, compress = dice.choice((("gzip", gzip.compress), ("deflate", zlib.compress), ("br", zlib.compress)))
    packed = compress(dice.choice((body, bomb)))
    return request("POST", "/graphql", packed, "content-type: application/json", f"content-encoding: {encoding}")


def _parameters(dice: random.Random) -> str:
    names = ("query", "variables", "operationName", "extensions", "documentId", "x")
    texts = (
        "{ viewer { id } }",
        "{}",
        "[",
        "1e999",
        '{"a":' * 2_000,
        '{"persistedQuery":{"version":1,"sha256Hash":"\\ud800"}}',
        *TEXTS,
    )
    raw = ("%", "%ff%fe", "%00", "%u0041", "+", "&&&", "a" * 60_000)
    parts = (
        f"{dice.choice(names)}={dice.choice((quote(dice.choice(texts), errors='surrogatepass'), dice.choice(raw)))}"
        for _ in range(dice.choice((1, 2, 3, 300)))
    )
    return "&".join(parts)


def _odd_parts(dice: random.Random, body: dict[str, Any]) -> Any:
    values = (
        None,
        0,
        "",
        [],
        {},
        "\ud800",
        "x" * 70_000,
        {"persistedQuery": dice.choice((None, 1, {}, {"version": 1, "sha256Hash": [1]}))},
    )
    odd = {
        **body,
        dice.choice(("query", "variables", "operationName", "extensions", "documentId", "id")): dice.choice(values),
    }
    return dice.choice((odd, odd, odd, [odd], [[[odd]]], "x", None))
