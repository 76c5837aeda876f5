"""The manifest of trusted documents."""

import json

import pytest

from engine.errors import TidegateError
from tests.tidegate.processes import tidegate
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
