"""http.request against a real server on the loopback interface."""

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from engine.egress import EgressRefused
from engine.errors import InputError
from engine.exchange import BODY_LIMIT, Request, checked_url, exchange
from engine.nodes import BUILT_IN
from engine.reach import Reach
from tests.engine.nodes.bench import Bench
from tests.engine.nodes.http_server import Received, Server, answer, redirect, serving


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
def http(node: Bench, server: Server) -> Bench:
    """A bench whose operator has opened the server."""
    return node.given(reach=Reach(frozenset({f"127.0.0.1:{server.port}", f"localhost:{server.port}"})))


async def test_an_answer_in_json_is_read(http: Bench, server: Server) -> None:
    server.answers["/a"] = lambda _: answer(
        200, b'{"n": 1.50, "s": "\xc3\xa9"}', "Content-Type: application/json", "X-A: 1", "x-a: 2"
    )
    outputs = await http.run("http.request", url=f"{server.url}/a")
    assert outputs["status"] == 200
    assert outputs["json"] == {"n": 1.5, "s": "é"}
    assert outputs["text"] == '{"n": 1.50, "s": "é"}'
    assert outputs["headers"]["x-a"] == "1, 2"
    assert server.received[0].line == "GET /a HTTP/1.1"
    assert server.received[0].headers["host"] == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    ("content_type", "body", "resolved"),
    [
        ("application/problem+json; charset=utf-8", b"null", True),
        ("application/json", b"{", False),
        ("application/json", b'{"a": 1, "a": 2}', False),
        ("application/json", b"[" * 50_000, False),
        ("text/plain", b"{}", False),
        ("application/jsonp", b"{}", False),
    ],
)
async def test_json_resolves_only_when_it_is_declared_and_is(
    http: Bench, server: Server, content_type: str, body: bytes, resolved: bool
) -> None:
    server.answers["/"] = lambda _: answer(200, body, f"Content-Type: {content_type}")
    assert ("json" in await http.run("http.request", url=server.url)) is resolved


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ('text/plain; charset="utf-16"', "é".encode("utf-16"), "é"),
        ("text/plain; charset=punycode", b"abc-", "abc-"),
        ("text/plain; charset=hex", b"6162", "6162"),
        ("image/png", b"\x89PNG\0", "�PNG�"),
    ],
)
async def test_a_body_is_read_in_its_character_set(
    http: Bench, server: Server, content_type: str, body: bytes, text: str
) -> None:
    server.answers["/"] = lambda _: answer(200, body, f"Content-Type: {content_type}")
    assert (await http.run("http.request", url=server.url))["text"] == text


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ({"a": [1, 1e16]}, b'{"a":[1,1e+16]}', "application/json"),
        ([1], b"[1]", "application/json"),
        ("é", "é".encode(), "text/plain; charset=utf-8"),
        (None, b"", None),
    ],
)
async def test_a_body_is_sent_by_its_kind(
    http: Bench, server: Server, body: Any, sent: bytes, content_type: str | None
) -> None:
    server.answers["/"] = lambda _: answer(204)
    await http.run("http.request", method="POST", url=server.url, body=body)
    assert server.received[0].body == sent
    assert server.received[0].headers.get("content-type") == content_type


async def test_the_user_s_headers_count(http: Bench, server: Server) -> None:
    server.answers["/"] = lambda _: answer(204)
    headers = {"Content-Type": "application/vnd.x+json", "Idempotency-Key": "mine", "Authorization": "Bearer x"}
    await http.run("http.request", method="PUT", url=server.url, body={}, headers=headers)
    received = server.received[0].headers
    assert received["content-type"] == "application/vnd.x+json"
    assert received["idempotency-key"] == "mine"
    assert received["authorization"] == "Bearer x"


@pytest.mark.parametrize(("method", "sent"), [("GET", False), ("HEAD", False), ("POST", True), ("DELETE", True)])
async def test_a_request_that_changes_something_carries_the_idempotency_key(
    http: Bench, server: Server, method: str, sent: bool
) -> None:
    server.answers["/"] = lambda _: answer(204)
    await http.run("http.request", method=method, url=server.url)
    assert server.received[0].headers.get("idempotency-key") == ("EX1:node" if sent else None)


async def test_query_parameters_are_added_to_those_of_the_url(http: Bench, server: Server) -> None:
    server.answers["/"] = lambda _: answer(204)
    await http.run("http.request", url=f"{server.url}/?a=1#top", query={"b": "é &", "c": [True, 2.5]})
    assert server.received[0].line == "GET /?a=1&b=%C3%A9+%26&c=true&c=2.5 HTTP/1.1"


@pytest.mark.parametrize(("status", "retryable"), [(400, False), (404, False), (429, True), (500, True), (503, True)])
async def test_an_error_status_fails_and_says_whether_to_try_again(
    http: Bench, server: Server, status: int, retryable: bool
) -> None:
    server.answers["/x"] = lambda _: answer(status, b"no")
    error = await http.fail("http.request", url=f"{server.url}/x?token=secret")
    assert error.message == f"GET {server.url}/x was answered with status {status}."
    assert (error.failure_code, error.retryable) == ("NODE", retryable)
    outputs = await http.run("http.request", url=f"{server.url}/x", failOnStatus=False)
    assert (outputs["status"], outputs["text"]) == (status, "no")


async def test_a_refused_connection_can_be_tried_again(node: Bench) -> None:
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    error = await node.given(reach=Reach(frozenset({"127.0.0.1"}))).fail("http.request", url=f"http://127.0.0.1:{port}")
    assert error.retryable


async def test_an_answer_that_is_cut_off_can_be_tried_again(http: Bench, server: Server) -> None:
    def cut(_: Received) -> bytes:
        raise ConnectionError

    server.answers["/"] = cut
    assert (await http.fail("http.request", url=server.url)).retryable


async def test_a_host_without_an_address_can_be_tried_again(node: Bench) -> None:
    error = await node.fail("http.request", url="http://nowhere.invalid/")
    assert error.retryable
    assert "http://nowhere.invalid/" in error.message


async def test_the_deadline_is_for_everything_together(http: Bench, server: Server) -> None:
    server.answers["/"] = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"
    error = await http.fail("http.request", url=server.url, timeoutMs=100)
    assert (error.failure_code, error.retryable) == ("TIMEOUT", True)
    assert "100 ms" in error.message


@pytest.mark.parametrize("timeout", [0, 300_001])
async def test_the_deadline_is_at_most_five_minutes(node: Bench, timeout: int) -> None:
    error = await node.fail("http.request", url="http://example.com", timeoutMs=timeout)
    assert "'timeoutMs'" in error.message


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "", "http://user:pass@example.com/",
     "javascript:alert(1)", "http://exa mple.com/", "http://[::1", "http://example.com:99999/", "gopher://x", "//x/"],
)  # fmt: skip
async def test_only_plain_web_addresses_are_taken(node: Bench, url: str) -> None:
    error = await node.fail("http.request", url=url)
    assert error.failure_code == "INPUT"
    assert error.message.startswith("Input 'url': the URL")


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1\r\nX-B: 2"}, {"X A": "1"}, {"": "1"}, {"X-A": "é"}, {"Host": "intranet"}, {"Content-Length": "0"},
     {"transfer-encoding": "chunked"}, {"X-A": "\0"}],
)  # fmt: skip
async def test_headers_that_could_change_the_request_s_shape_are_refused(node: Bench, headers: dict[str, str]) -> None:
    error = await node.fail("http.request", url="http://example.com", headers=headers)
    assert error.failure_code == "INPUT"
    assert "Input 'headers'" in error.message


async def test_without_the_operator_s_leave_the_server_is_not_reached(node: Bench, server: Server) -> None:
    error = await node.fail("http.request", url=server.url)
    assert "not on the public internet" in error.message
    assert not error.retryable
    assert server.received == []


async def test_proxies_of_the_environment_are_not_used(
    http: Bench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers["/"] = lambda _: answer(204)
    assert (await http.run("http.request", url=server.url))["status"] == 204


async def test_redirects_are_followed_with_credentials_within_the_origin(http: Bench, server: Server) -> None:
    server.answers["/a"] = redirect(302, "/b?x=1")
    server.answers["/b"] = lambda _: answer(200, b"there")
    outputs = await http.run("http.request", url=f"{server.url}/a", headers={"Authorization": "x", "Cookie": "y"})
    assert outputs["text"] == "there"
    assert server.received[1].line == "GET /b?x=1 HTTP/1.1"
    assert (server.received[1].headers["authorization"], server.received[1].headers["cookie"]) == ("x", "y")


async def test_credentials_do_not_follow_to_another_origin(http: Bench, server: Server) -> None:
    server.answers["/a"] = redirect(307, f"http://localhost:{server.port}/b")
    server.answers["/b"] = lambda _: answer(200)
    headers = {"Authorization": "x", "Cookie": "y", "X-Api-Key": "z", "Accept": "text/plain"}
    await http.run("http.request", method="POST", url=f"{server.url}/a", headers=headers, body="b")
    followed = server.received[1]
    assert not {"authorization", "cookie", "x-api-key"} & set(followed.headers)
    assert followed.headers["accept"] == "text/plain"
    assert followed.headers["host"] == f"localhost:{server.port}"
    assert (followed.line, followed.body) == ("POST /b HTTP/1.1", b"b")


@pytest.mark.parametrize(
    ("status", "method", "followed"),
    [(303, "POST", "GET"), (302, "POST", "GET"), (301, "PUT", "PUT"), (308, "POST", "POST"), (303, "HEAD", "HEAD")],
)
async def test_a_redirect_decides_the_method_that_follows(
    http: Bench, server: Server, status: int, method: str, followed: str
) -> None:
    server.answers["/a"] = redirect(status, "/b")
    server.answers["/b"] = lambda _: answer(204)
    await http.run("http.request", method=method, url=f"{server.url}/a", body=None if method == "HEAD" else "x")
    assert server.received[1].line == f"{followed} /b HTTP/1.1"
    assert server.received[1].body == (b"x" if followed == method and method != "HEAD" else b"")


@pytest.mark.parametrize(
    "location",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "http://0x7f000001/"],
)
async def test_each_redirect_is_checked_again(http: Bench, server: Server, location: str) -> None:
    server.answers["/"] = redirect(302, location)
    error = await http.fail("http.request", url=server.url)
    assert "not on the public internet" in error.message
    assert len(server.received) == 1


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x/", "http://a:b@localhost/", "http://[", "data:,x"])
async def test_a_redirect_to_no_web_address_fails(http: Bench, server: Server, location: str) -> None:
    server.answers["/"] = redirect(302, location)
    assert "not a web address" in (await http.fail("http.request", url=server.url)).message


async def test_five_redirects_are_followed_and_no_more(http: Bench, server: Server) -> None:
    for step in range(6):
        server.answers[f"/{step}"] = redirect(302, f"/{step + 1}")
    server.answers["/6"] = lambda _: answer(204)
    assert (await http.run("http.request", url=f"{server.url}/1"))["status"] == 204
    assert "more than 5 times" in (await http.fail("http.request", url=f"{server.url}/0")).message


async def test_a_compressed_body_is_unpacked(http: Bench, server: Server) -> None:
    server.answers["/"] = lambda _: answer(200, gzip.compress(b"hello" * 1000), "Content-Encoding: gzip")
    assert (await http.run("http.request", url=server.url))["text"] == "hello" * 1000


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"x" * (BODY_LIMIT + 1), "identity"), (gzip.compress(b"x" * (BODY_LIMIT + 1), mtime=0), "gzip")],
)
async def test_a_body_is_at_most_ten_mebibytes(http: Bench, server: Server, body: bytes, encoding: str) -> None:
    server.answers["/"] = lambda _: answer(200, body, f"Content-Encoding: {encoding}")
    assert "more than 10485760 bytes" in (await http.fail("http.request", url=server.url)).message


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip, gzip", "not asked for"),
        (zlib.compress(b"x"), "deflate", "not asked for"),
        (b"x", "br", "not asked for"),
        (b"no gzip", "gzip", "not valid"),
        (gzip.compress(b"x" * 99, mtime=0)[:-9], "gzip", "ended before"),
    ],
)
async def test_a_body_that_cannot_be_unpacked_fails(
    http: Bench, server: Server, body: bytes, encoding: str, said: str
) -> None:
    server.answers["/"] = lambda _: answer(200, body, f"Content-Encoding: {encoding}")
    assert said in (await http.fail("http.request", url=server.url)).message


async def test_a_host_that_resolves_differently_the_second_time_is_checked_again(server: Server) -> None:
    resolutions = iter([["127.0.0.1"], ["127.0.0.1", "8.8.8.8"]])

    async def changing(host: str, port: int) -> list[str]:
        return next(resolutions)

    server.answers["/"] = redirect(302, f"http://other.test:{server.port}/")
    request = Request("GET", checked_url(f"http://example.test:{server.port}/"), {})
    with pytest.raises(EgressRefused, match=r"other\.test"):
        await exchange(request, frozenset({"example.test"}), changing)


def test_a_url_with_credentials_says_what_to_use_instead() -> None:
    with pytest.raises(InputError, match="Authorization header"):
        checked_url("https://me:pw@example.com/")


def test_the_body_is_described() -> None:
    assert "JSON" in (BUILT_IN["http.request"].declared_ports().inputs["body"].description or "")
    assert json.dumps(BUILT_IN["http.request"].declared_ports().outputs["json"].schema)
