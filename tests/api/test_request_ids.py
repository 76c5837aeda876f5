"""The ids of requests, in answers and in the log."""

import logging
import re

import pytest

from resolvers.loaders import Reads
from resolvers.request_ids import request_id
from tests.api.client import Client, opened_socket
from tests.api.streaming import EVENTS
from tidegate.log_lines import TextLines

ASK = '{ flow(id: "FL0") { id } }'
MADE = re.compile(r"[0-9a-f]{16}")


def note_request(record: logging.LogRecord) -> bool:
    record.request_id = request_id()
    return True


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What is logged, which is something whenever a flow is read."""

    async def broken(self: Reads, flow_id: str) -> None:
        raise RuntimeError(flow_id)

    monkeypatch.setattr(Reads, "seen_flow", broken)
    caplog.handler.addFilter(note_request)
    return caplog


async def test_an_id_is_taken_from_the_client_if_it_is_well_formed_and_else_made(client: Client) -> None:
    async def answered(*headers: tuple[str, str]) -> str:
        response = await client.http.post(client.server.url, json={"query": ASK}, headers=headers)
        return response.headers["x-request-id"]

    for id in ("a", "Root=1-67891233-abcdef012345678912345678", "x" * 128):
        assert await answered(("x-request-id", id)) == id
    made = [await answered(("x-request-id", id)) for id in ("", "a b", "a,b", 'a"', "<script>", "x" * 129)]
    made.append(await answered())
    assert all(MADE.fullmatch(id) for id in made)
    assert len(set(made)) == len(made)


async def test_every_kind_of_answer_has_the_id(client: Client) -> None:
    id, url = {"x-request-id": "7"}, client.server.url
    for response in (
        await client.http.put(url, headers=id),
        await client.http.post(url, headers={**id, "origin": "https://evil.example"}),
        await client.http.post(url, json={"query": ASK}, headers={**id, "accept": EVENTS}),
        await client.http.get(client.server.at("/healthz"), headers=id),
        await client.http.get(client.server.at("/nowhere"), headers=id),
    ):
        assert response.headers["x-request-id"] == "7"
    async with opened_socket(client.server) as socket:
        assert socket.connection.response
        assert MADE.fullmatch(socket.connection.response.headers["x-request-id"])


async def test_what_a_request_logs_has_its_id(client: Client, log: pytest.LogCaptureFixture) -> None:
    for id in ("first", "second"):
        await client.http.post(client.server.url, json={"query": ASK}, headers={"x-request-id": id})
    assert ids_in(log) == ["first", "second"]


async def test_what_an_operation_of_a_socket_logs_has_the_ids_of_both(
    client: Client, log: pytest.LogCaptureFixture
) -> None:
    async with opened_socket(client.server) as socket:
        assert socket.connection.response
        id = socket.connection.response.headers["x-request-id"]
        for operation in ("1", "a b\nc/d", "x" * 200):
            await socket.subscribe(ASK, operation)
            await socket.receive()
            await socket.receive()
    assert ids_in(log) == [f"{id}/1", f"{id}/a?b?c?d", f"{id}/{'x' * 128}"]


def test_a_line_of_the_log_shows_it_and_a_dash_outside_of_requests() -> None:
    record = logging.LogRecord("jobs.worker", logging.WARNING, __file__, 1, "Lost.", None, None)
    assert TextLines().format(record).endswith("WARNING jobs.worker [-]: Lost.")


def ids_in(log: pytest.LogCaptureFixture) -> list[str]:
    """The ids of all lines."""
    return [vars(record)["request_id"] for record in log.records]
