"""The API beside the browser, for what a test needs and its page does not do."""

from typing import Any

import httpx

from tests.tidegate.processes import Dev

FLOWS = "{ flows(first: 100) { edges { node { id name } } } }"
CREATE = "mutation($input: CreateExecutionInput!) { createExecution(input: $input) { execution { id } } }"


def ask(service: Dev, query: str, **variables: Any) -> Any:
    """The data of an answer without errors."""
    answer = httpx.post(service.url, json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


def flow_id(service: Dev, name: str) -> str:
    """The id of the first flow of this name."""
    edges = ask(service, FLOWS)["flows"]["edges"]
    return str(next(edge["node"]["id"] for edge in edges if edge["node"]["name"] == name))


def start(service: Dev, flow: str, **given: Any) -> str:
    """The id of a new execution of a flow."""
    chosen = {"flowId": flow_id(service, flow), "autoStart": True, **given}
    return str(ask(service, CREATE, input=chosen)["createExecution"]["execution"]["id"])
