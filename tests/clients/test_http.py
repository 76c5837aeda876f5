"""What others expect of GraphQL over HTTP: the audits of graphql-http, and persisted queries as Apollo sends them."""

import pytest

from tests.clients.node import printed
from tests.tidegate.processes import Dev

pytestmark = pytest.mark.usefixtures("packages")

AUDITS = 61
NOT_FOUND = 400
"""Apollo Client accepts the newer media type, for which this is the status of what is not executed."""


def test_every_audit_passes_here_and_fails_for_what_is_no_graphql(service: Dev) -> None:
    ours, others = printed("audits", service.url, service.url.replace("/graphql", "/healthz"))

    assert len(ours) == AUDITS
    assert [audit for audit in ours if audit["status"] != "ok"] == []
    assert any(audit["status"] == "error" and audit["reason"] for audit in others)


@pytest.fixture(scope="module")
def persisted(service: Dev) -> dict[str, dict[str, object]]:
    """What Apollo Client's link for persisted queries sent, by the kind of operation, and what it got."""
    seen: dict[str, dict[str, object]] = printed("apollo-persisted", service.url)
    return seen


@pytest.mark.parametrize(
    ("kind", "method", "data"),
    [
        ("get", "GET", {"viewer": {"__typename": "Viewer", "id": "local"}}),
        ("post", "POST", {"viewer": {"__typename": "Viewer", "id": "local"}}),
        ("mutation", "POST", {"validateFlow": {"__typename": "FlowValidation", "valid": False}}),
    ],
)
def test_apollo_client_sends_each_document_once_and_then_its_hash(
    persisted: dict[str, dict[str, object]], kind: str, method: str, data: object
) -> None:
    assert persisted[kind]["answers"] == [data, data]
    assert persisted[kind]["requests"] == [
        {"method": method, "sendsDocument": False, "status": NOT_FOUND},
        {"method": "POST", "sendsDocument": True, "status": 200},
        {"method": method, "sendsDocument": False, "status": 200},
    ]
