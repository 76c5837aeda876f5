"""Documents that clients name instead of sending them."""

import hashlib
import json

import httpx
import pytest

from engine.errors import BadUserInput, NotTrusted, PersistedQueryNotFound
from resolvers.persisted import DOCUMENT_CHARACTERS, KEPT_CHARACTERS, Documents, KeptDocuments
from resolvers.requests import Asked
from tests.api.client import Client, Json, opened_socket
from tests.api.server import running_server
from tests.api.streaming import EVENTS, PARTS, EventStream, Parts

VIEWER = "{ viewer { id } }"
SEEN = {"data": {"viewer": {"id": "local"}}}
MUTATION = 'mutation { deleteFlow(id: "FL0") { deletedId } }'
TRUSTED = {"viewer": VIEWER}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(hash: str) -> Json:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash}}


def ask(documents: Documents, query: str | None = None, *, id: str | None = None, hash: str | None = None) -> str:
    """The document that is executed."""
    asked = Asked(query, None, None, id, named(hash) if hash else None)
    return documents.operation(asked).query


def test_a_document_is_kept_by_its_hash_once_it_was_sent_along() -> None:
    documents = Documents()
    with pytest.raises(PersistedQueryNotFound, match=r"^PersistedQueryNotFound$"):
        ask(documents, hash=sha256(VIEWER))
    assert ask(documents, VIEWER, hash=sha256(VIEWER)) == VIEWER
    assert ask(documents, hash=sha256(VIEWER)) == VIEWER
    assert ask(documents, id=f"sha256:{sha256(VIEWER)}") == VIEWER


def test_a_document_without_a_name_is_not_kept() -> None:
    documents = Documents()
    ask(documents, VIEWER)
    with pytest.raises(PersistedQueryNotFound):
        ask(documents, hash=sha256(VIEWER))


def test_a_hash_of_another_document_is_refused() -> None:
    documents = Documents()
    with pytest.raises(BadUserInput) as caught:
        ask(documents, "{ viewer { name } }", hash=sha256(VIEWER))
    assert caught.value.field == "extensions.persistedQuery.sha256Hash"
    with pytest.raises(PersistedQueryNotFound):
        ask(documents, hash=sha256(VIEWER))


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer {",
        "{ nothing }",
        "{ viewer { " + "id " * 2001 + "} }",
        "{" * 2000 + "viewer" + "}" * 2000,
        VIEWER + "#" * DOCUMENT_CHARACTERS,
        '{ viewer(x: "\ud800") { id } }',
    ],
    ids=["parse", "validation", "complexity", "nesting", "length", "surrogate"],
)
def test_what_cannot_be_executed_or_is_too_long_is_not_kept(text: str) -> None:
    documents, hash = Documents(), hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    assert ask(documents, text, hash=hash) == text
    with pytest.raises(PersistedQueryNotFound):
        ask(documents, hash=hash)


def test_the_documents_that_were_used_last_are_kept_as_many_as_there_is_room_for() -> None:
    kept = KeptDocuments()
    texts = [VIEWER + f"# {n:05}".ljust(DOCUMENT_CHARACTERS - len(VIEWER)) for n in range(100)]
    for text in texts:
        kept.keep(sha256(text), text)
        kept.get(sha256(texts[0]))
    found = [text for text in texts if kept.get(sha256(text))]
    assert found == [texts[0], *texts[-len(found) + 1 :]]
    assert KEPT_CHARACTERS - DOCUMENT_CHARACTERS < sum(map(len, found)) <= KEPT_CHARACTERS


@pytest.mark.parametrize(
    ("extensions", "field"),
    [
        ({"version": 2, "sha256Hash": "a"}, "extensions.persistedQuery.version"),
        ({"sha256Hash": "a"}, "extensions.persistedQuery.version"),
        ({"version": 1}, "extensions.persistedQuery"),
        ({"version": 1, "sha256Hash": 7}, "extensions.persistedQuery"),
        ("text", "extensions.persistedQuery"),
        ({"version": 1, "sha256Hash": "a"}, "documentId"),
    ],
)
def test_a_name_of_another_form_is_refused_with_its_field(extensions: Json, field: str) -> None:
    asked = Asked(None, None, None, "other", {"persistedQuery": extensions})
    with pytest.raises(BadUserInput) as caught:
        Documents().operation(asked)
    assert caught.value.field == field


def test_trusted_documents_are_found_by_their_ids_whatever_they_look_like() -> None:
    documents = Documents({"viewer": VIEWER, "sha256:ab12": MUTATION})
    assert ask(documents, id="viewer") == ask(documents, hash="viewer") == VIEWER
    assert ask(documents, id="ab12") == ask(documents, id="sha256:ab12") == ask(documents, hash="ab12") == MUTATION
    assert ask(documents, VIEWER, id="viewer") == VIEWER
    with pytest.raises(BadUserInput, match="`documentId` is not the hash"):
        ask(documents, MUTATION, id="viewer")


def test_where_only_trusted_documents_run_nothing_else_does() -> None:
    documents, other = Documents(TRUSTED, only=True), "{ viewer { name } }"
    assert (
        ask(documents, VIEWER) == ask(documents, id="viewer") == ask(documents, VIEWER, hash=sha256(VIEWER)) == VIEWER
    )
    for refused in ({"query": other}, {"query": other, "hash": sha256(other)}, {"query": VIEWER + " "}):
        with pytest.raises(NotTrusted, match="manifest"):
            ask(documents, **refused)
    with pytest.raises(PersistedQueryNotFound, match=r"`documentId` .* manifest"):
        ask(documents, id="other")


async def test_over_http_a_named_document_is_run_by_post_and_get(client: Client) -> None:
    url, http = client.server.url, client.http
    extensions = named(sha256(VIEWER))
    parameters = {"extensions": json.dumps(extensions)}

    missing = await http.post(url, json={"extensions": extensions})
    modern = await http.get(url, params=parameters, headers={"accept": "application/graphql-response+json"})
    assert (missing.status_code, modern.status_code) == (200, 400)
    for response in (missing, modern):
        (error,) = response.json()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (
            "PersistedQueryNotFound",
            "PERSISTED_QUERY_NOT_FOUND",
        )
        assert response.headers["cache-control"] == "no-store"

    assert (await http.get(url, params={"query": VIEWER, **parameters})).json() == SEEN
    assert (await http.get(url, params=parameters)).json() == SEEN
    assert (await http.post(url, json={"query": None, "extensions": extensions})).json() == SEEN
    assert (await http.get(url, params={"documentId": f"sha256:{sha256(VIEWER)}"})).json() == SEEN


async def test_a_named_mutation_is_run_by_post_only(client: Client) -> None:
    extensions = named(sha256(MUTATION))
    registered = await client.http.post(client.server.url, json={"query": MUTATION, "extensions": extensions})
    assert registered.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    refused = await client.http.get(client.server.url, params={"extensions": json.dumps(extensions)})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


async def test_on_sockets_and_streams_a_document_is_named_too(client: Client) -> None:
    flow = await client.create_flow()
    execution = await client.create_execution(flow)
    text = f'subscription {{ executionEvents(executionId: "{execution}") {{ nextIndex }} }}'
    asked = {"extensions": named(sha256(text))}
    batch = {"data": {"executionEvents": {"nextIndex": 0}}}

    async with opened_socket(client.server) as socket:
        await socket.send(type="subscribe", id="1", payload=asked)
        assert (await socket.failure())["extensions"] == {"code": "PERSISTED_QUERY_NOT_FOUND"}
        await socket.send(type="subscribe", id="1", payload={"query": text, **asked})
        assert (await socket.receive())["payload"] == batch
        await socket.send(type="subscribe", id="2", payload=asked)
        assert (await socket.receive()) == {"type": "next", "id": "2", "payload": batch}

    for accept in (EVENTS, PARTS):
        headers = {"accept": accept}
        async with client.http.stream("POST", client.server.url, json=asked, headers=headers) as response:
            first = (await EventStream(response).next()).json if accept == EVENTS else await Parts(response).next()
        assert first == (batch if accept == EVENTS else {"payload": batch})


async def test_only_trusted_documents_are_run_on_all_transports(database_url: str, redis_url: str) -> None:
    other = {"query": "{ viewer { name } }"}
    async with running_server(database_url, redis_url, documents=Documents(TRUSTED, only=True)) as server:
        async with httpx.AsyncClient() as http:
            assert (await http.post(server.url, json={"documentId": "viewer"})).json() == SEEN
            assert code(await http.post(server.url, json=other)) == "FORBIDDEN"
            assert code(await http.get(server.url, params=other)) == "FORBIDDEN"
            streamed = await http.post(server.url, json=other, headers={"accept": EVENTS})
            assert '"code":"FORBIDDEN"' in streamed.text
            parts = await http.post(server.url, json=other, headers={"accept": PARTS})
            assert code(parts) == "FORBIDDEN"
        async with opened_socket(server) as socket:
            await socket.subscribe(other["query"])
            assert (await socket.failure())["extensions"]["code"] == "FORBIDDEN"
            await socket.send(type="subscribe", id="1", payload={"documentId": "viewer"})
            assert await socket.next() == SEEN["data"]


def code(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])
