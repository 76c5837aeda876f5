"""The console in a real browser: one page that goes from place to place, as its user does."""

import json

import httpx
import pytest

from engine.interface import flow_inputs
from tests.tidegate.processes import ROOT, Dev
from tests.web.api import flow_id
from tests.web.browser import Page
from tests.web.console import go, node, open_flow, press, shows, type_into
from tidegate.flow_file import read_flow_file

APPROVE = """
mutation Approve($id: ID!) {
  sendSignal(executionId: $id, name: "approval", payload: {approved: true, by: "Ada"}) { execution { id } }
}
"""
ENDED = 'header [data-status="COMPLETED"]'
OF_THE_WORLD = {"http.request", "ai.chat", "signal.wait", "time.sleep_until", "flow.map", "flow.fail"}
"""What does not complete by itself, or not without somebody else."""


def _examples() -> list[str]:
    """The names of the examples that run by themselves, from what their inputs have by default."""
    flows = [read_flow_file(str(path)).document for path in sorted((ROOT / "examples").glob("*.yaml"))]
    closed = [flow for flow in flows if not OF_THE_WORLD & {node.type for node in flow.nodes}]
    return [flow.name for flow in closed if not any(port.required for port in flow_inputs(flow))]


EXAMPLES = _examples()


def test_a_flow_is_found_run_from_its_form_and_followed_to_its_outputs(console: Page) -> None:
    open_flow(console, "Order total")
    type_into(console, 'input[name="price"]', "nothing")
    press(console, "Run")
    shows(console, "form", "It has to be a number.")

    type_into(console, 'input[name="price"]', "2.5")
    press(console, "Run")
    shows(console, ENDED, "Completed")
    shows(console, 'section[aria-label="Outputs"]', "total: 7.5")
    for id in ("price", "qty", "total", "out"):
        shows(console, node(id, "COMPLETED"))
    shows(console, '[aria-label="Course of the execution"]', "Timeline")
    assert console.troubles == []


def test_any_moment_of_an_execution_can_be_looked_at_and_linked_to(console: Page) -> None:
    press(console, "Log")
    shows(console, '[role="log"]', "FLOW_COMPLETED")
    address = console.evaluate("location.href")
    console.call("Page.navigate", url=f"{address.split('?')[0]}?lower=log&node=total&at=0")

    shows(console, '[role="status"]', "As it was after event 0.")
    shows(console, 'header [data-status="RUNNING"]', "Running")
    shows(console, node("total", "IDLE"))
    assert "NODE_STARTED" not in console.evaluate("document.querySelector('[role=log]').textContent")

    press(console, "The event after")
    shows(console, '[role="log"]', "NODE_STARTED")
    console.wait("new URLSearchParams(location.search).get('at') === '1'")
    press(console, "Back to now")
    shows(console, node("total", "COMPLETED"))
    shows(console, 'section[aria-label="Outputs"]', "result: 7.5")
    assert console.troubles == []


def test_an_execution_stops_before_a_node_is_stepped_and_resumed_and_says_what_it_waits_for(
    console: Page, service: Dev
) -> None:
    open_flow(console, "Approval with a deadline")
    press(console, "Create only")
    shows(console, 'header [data-status="CREATED"]', "Created")
    press(console, "Breakpoint before approval")
    shows(console, '[aria-label="Breakpoint before approval"][aria-pressed="true"]')

    press(console, "Start")
    shows(console, 'header [data-status="PAUSED"]', "Paused")
    shows(console, node("approval", "IDLE"))
    press(console, "Step")
    shows(console, node("approval", "WAITING"))
    press(console, "approval")
    shows(console, 'section[aria-label="What it waits for"]', "The signal “approval”")

    press(console, "Resume")
    shows(console, 'header [data-status="RUNNING"]', "Running")
    execution = console.evaluate("location.pathname.split('/').at(-1)")
    answer = httpx.post(service.url, json={"query": APPROVE, "variables": {"id": execution}})
    assert "errors" not in answer.json()
    shows(console, ENDED, "Completed")
    shows(console, node("approval", "COMPLETED"))
    shows(console, node("nobody", "SKIPPED"))
    press(console, "Show the execution")
    shows(console, 'section[aria-label="Outputs"]', "paid, as Ada has approved")
    assert console.troubles == []


def test_who_is_not_let_in_gives_a_token_which_then_goes_with_requests_and_sockets(console: Page) -> None:
    refusal = {"errors": [{"message": "Show a token.", "extensions": {"code": "UNAUTHENTICATED"}}]}
    options = {"status": 401, "headers": {"content-type": "application/json"}}
    answer = f"new Response({json.dumps(json.dumps(refusal))}, {json.dumps(options)})"
    console.evaluate(f"[window.letIn, window.fetch] = [fetch, async () => {answer}], 1")
    press(console, "Flows")
    shows(console, "form h1", "This server asks who you are")

    console.evaluate("window.fetch = letIn, 1")
    console.forget()
    type_into(console, 'input[type="password"]', "Bearer of.good.news")
    press(console, "Continue")
    open_flow(console, "Order total")
    console.hear(lambda: console.socket_texts, "the first message of a socket")
    token = {"Authorization": "Bearer of.good.news"}
    assert json.loads(console.socket_texts[0]) == {"type": "connection_init", "payload": token}
    shown = {request["headers"].get("authorization") for request in console.sent if "/graphql" in request["url"]}
    assert shown == {"Bearer of.good.news"}
    press(console, "Leave")
    shows(console, "h1", "Order total")
    assert console.troubles == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_from_its_page(console: Page, service: Dev, name: str) -> None:
    go(console, f"/flows/{flow_id(service, name)}")
    press(console, "Run")
    shows(console, ENDED, "Completed")
    assert console.troubles == []
