"""The operations that the clients share are fit for tools that read them by the schema."""

import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate

from tests.clients.travels import CLIENTS
from tests.tidegate.processes import ROOT

DOCUMENTS = sorted((CLIENTS / "documents").iterdir())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_has_one_valid_operation_of_its_name(path):
    document = parse(path.read_text())
    (operation,) = document.definitions

    assert validate(build_schema((ROOT / "schema.graphql").read_text()), document) == []
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name
    assert operation.name.value == path.stem[0].upper() + path.stem[1:]
