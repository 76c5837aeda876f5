"""The manifest of trusted documents."""

import hashlib
import json

import httpx
import pytest

from engine.errors import PersistedQueryNotFound, TidegateError
from resolvers.requests import Asked
from tests.api.server import running_server
from tests.tidegate.processes import tidegate
from tidegate.built_pages import CONSOLE_DOCUMENTS
from tidegate.manifest import read_manifest, trusted_documents
from tidegate.settings import Settings

VIEWER, FLOWS = "query Viewer { viewer { id } }", "query Flows { flows { edges { cursor } } }"
APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1}


@pytest.fixture
def manifest(tmp_path):
    """Writes a manifest and gives its path."""

    def write(content):
        path = tmp_path / "documents.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


def test_documents_by_their_ids_are_read(manifest):
    assert read_manifest(manifest({"ab12": VIEWER, "sha256:cd34": FLOWS})) == {"ab12": VIEWER, "cd34": FLOWS}


def test_the_manifest_of_apollo_is_read(manifest):
    operations = [
        {"id": "ab12", "name": "Viewer", "type": "query", "body": VIEWER},
        {"id": "cd34", "name": "Flows", "type": "query", "body": FLOWS, "clientName": "web"},
    ]

    assert read_manifest(manifest({**APOLLO, "operations": operations})) == {"ab12": VIEWER, "cd34": FLOWS}


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        ("{", "line 1, column 2", "no JSON"),
        ('{"a": "{ viewer { id } }", "a": ""}', "", "'a' is there twice"),
        ([], "", "must be an object"),
        ({"": VIEWER}, "entry ", "id"),
        ({"ab12": 7}, "entry ab12", "must be a text"),
        ({"ab12": "{ viewer {"}, "entry ab12", "Syntax Error"),
        ({"ab12": "{ viewer" * 5000}, "entry ab12", "cannot be executed"),
        ({"ab12": "{ nothing }"}, "entry ab12", "Cannot query field 'nothing'"),
        ({"ab12": VIEWER, "sha256:ab12": FLOWS}, "entry sha256:ab12", "two documents"),
        ({**APOLLO, "version": 2, "operations": []}, "version", "must be 1"),
        ({"format": "other", "version": 1}, "format", "apollo-persisted-query-manifest"),
        (APOLLO, "operations", "must be a list"),
        ({**APOLLO, "operations": [VIEWER]}, "operations.0", "`id` and `body`"),
        ({**APOLLO, "operations": [{"body": VIEWER}]}, "operations.0", "id"),
        ({**APOLLO, "operations": [{"id": "a", "body": VIEWER}, {"id": "b"}]}, "operations.1", "must be a text"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_with_what_and_where(manifest, content, place, reason):
    path = manifest(content)

    with pytest.raises(TidegateError) as caught:
        read_manifest(path)

    assert caught.value.message.startswith(f"{path}, {place}" if place else f"{path}: ")
    assert reason in caught.value.message


def test_a_server_with_a_wrong_manifest_does_not_start(manifest):
    path = manifest({"ab12": "{ nothing }"})

    urls = {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
    done = tidegate("serve", "--port", "0", TIDEGATE_DOCUMENTS=path, **urls)

    assert done.returncode == 1
    assert done.stderr.startswith(f"tidegate: {path}, entry ab12: its document cannot be executed")


def test_without_a_manifest_any_document_may_be_run():
    assert not trusted_documents(Settings()).only


@pytest.fixture
def console(tmp_path):
    """The manifest of a small console."""
    path = tmp_path / "console.json"
    path.write_text(json.dumps({"cd34": FLOWS}))
    return path


@pytest.fixture
def only(manifest):
    """The settings of a server that runs one document of its operator's."""
    return Settings(documents=manifest({"ab12": VIEWER}), documents_only=True)


async def test_where_only_trusted_documents_are_run_the_consoles_are_too(only, console, database_url, redis_url):
    documents = trusted_documents(only, console)
    async with running_server(database_url, redis_url, documents=documents) as server, httpx.AsyncClient() as http:

        async def outcome(**asked):
            answer = (await http.post(server.url, json=asked)).json()
            return list(answer["data"]) if "data" in answer else answer["errors"][0]["extensions"]["code"]

        assert await outcome(query=VIEWER) == await outcome(documentId="ab12") == ["viewer"]
        assert await outcome(query=FLOWS) == await outcome(documentId="cd34") == ["flows"]
        assert await outcome(query=FLOWS + " ") == await outcome(query="{ viewer { id } }") == "FORBIDDEN"


def test_a_console_that_has_not_been_built_has_nothing_to_trust(only, tmp_path):
    documents = trusted_documents(only, tmp_path / "none.json")
    assert documents.operation(Asked(VIEWER, None, None)).query == VIEWER


def test_where_any_document_may_be_run_the_consoles_have_no_names(manifest, console):
    documents = trusted_documents(Settings(documents=manifest({"ab12": VIEWER})), console)
    with pytest.raises(PersistedQueryNotFound):
        documents.operation(Asked(None, None, None, "cd34"))


def test_the_manifest_of_the_console_fits_the_schema_and_has_each_text_by_its_hash():
    if not CONSOLE_DOCUMENTS.parent.exists():
        pytest.skip("the console has not been built: make web")
    found = read_manifest(str(CONSOLE_DOCUMENTS))
    assert all(hashlib.sha256(text.encode()).hexdigest() == id for id, text in found.items())
    assert any(text.startswith("subscription Events(") for text in found.values())
