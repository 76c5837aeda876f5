"""The console's pages in a real browser: what is asked of executions and flows there, and what they make happen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.callers import token
from tests.ports import free_port
from tests.tidegate.processes import ROOT, Dev
from tests.web.api import ask, flow_id, start
from tests.web.browser import Browser, Page
from tests.web.console import choose, go, lacks, node, open_flow, press, shows, type_into
from tests.web.places import places
from tests.web.serving import Serve, serve

ENDED = 'header [data-status="COMPLETED"]'
REASONS = '[role="tabpanel"][aria-label="Why?"]'
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
UPDATE = "mutation($input: UpdateFlowInput!) { updateFlow(input: $input) { flow { id } } }"
DOCUMENT = "query($id: ID!) { flow(id: $id) { latest { document } } }"
SIGNAL = """
mutation Approve($id: ID!) {
  sendSignal(executionId: $id, name: "approval", payload: {approved: true, by: "Ada"}) { execution { id } }
}
"""
SMALL = """\
tidegate: 1
name: NAME
nodes:
  - id: one
    type: value.number
    inputs:
      value: 1.0
  - id: out
    type: flow.output
    inputs:
      name: one
edges:
  - from: one.value
    to: out.value
"""


@pytest.fixture
def waiting(service: Dev) -> str:
    """An execution that waits for an approval."""
    return start(service, "Approval with a deadline", labels=[{"name": "test", "value": "waiting"}])


def test_a_node_says_why_it_waits_and_a_form_made_of_the_schema_sends_the_signal(console: Page, waiting: str) -> None:
    go(console, f"/executions/{waiting}?side=why&node=payment")
    shows(console, f"{REASONS} li:first-child", "waits for the signal 'approval'")
    shows(console, f"{REASONS} li:first-child", "Root cause")
    press(console, "Show approval")
    press(console, "Signals")
    shows(console, node("approval", "WAITING"))
    press(console, "Send “approval”")
    shows(console, 'form[aria-label="Signal approval"]', "It needs a value.")

    choose(console, 'select[name="approved"]', "true")
    type_into(console, 'input[name="by"]', "Ada")
    press(console, "Send “approval”")
    shows(console, ENDED, "Completed")
    go(console, f"/executions/{waiting}")
    shows(console, 'section[aria-label="Outputs"]', "paid, as Ada has approved")
    assert console.troubles == []


def test_an_execution_is_forked_from_a_node_with_another_value(console: Page, service: Dev) -> None:
    execution = start(service, "Order total", inputs={"price": 2.5})
    go(console, f"/executions/{execution}?side=fork&node=qty")
    type_into(console, '[name="qty.value"]', "4")
    press(console, "Make the fork")

    shows(console, "header", "Forked from")
    shows(console, ENDED, "Completed")
    shows(console, 'section[aria-label="Outputs"]', "total: 10")
    assert console.evaluate("location.pathname") != f"/executions/{execution}"
    assert console.troubles == []


def test_a_failed_execution_is_retried(console: Page, service: Dev) -> None:
    execution = start(service, "Approval with a deadline", inputs={"deadlineMs": 1})
    go(console, f"/executions/{execution}")
    shows(console, node("approval", "FAILED"))
    press(console, "Retry")
    shows(console, "header", "Forked from")
    shows(console, ENDED, "Completed")


def test_the_tree_of_an_execution_shows_all_that_it_has_spawned(console: Page, service: Dev) -> None:
    execution = start(service, "Orders as events")
    go(console, f"/executions/{execution}?lower=tree")
    tree = '[role="tabpanel"][aria-label="Tree"]'
    shows(console, tree, "3 executions3 completed")
    shows(console, f"{tree} li:last-child", "Orders as events · announce · large")
    press(console, f"Children of {execution}")
    console.wait(f"document.querySelectorAll({json.dumps(tree + ' li')}).length === 1")
    assert console.troubles == []


def test_a_flow_is_made_corrected_saved_over_a_conflict_and_deleted(console: Page, service: Dev) -> None:
    go(console, "/flows/new")
    type_into(console, "textarea", SMALL.replace("NAME", "Of the console").replace("value.number", "value.nonsense"))
    shows(console, 'ol[aria-label="Problems"]', "Line 5There is no node type 'value.nonsense'.")
    type_into(console, "textarea", SMALL.replace("NAME", "Of the console"))
    press(console, "Make the flow")
    shows(console, "h1", "Of the console")

    press(console, "Document")
    shows(console, "textarea", "value.number")
    document = {"tidegate": 1, "name": "Of somebody else", "nodes": [], "edges": []}
    ask(service, UPDATE, input={"id": flow_id(service, "Of the console"), "document": document})
    type_into(console, "textarea", SMALL.replace("NAME", "Of the console, again"))
    press(console, "Save as version 2")
    shows(console, '[role="alert"]', "Somebody has saved version 2 meanwhile.")
    press(console, "Save mine as version 3")
    shows(console, "h1", "Of the console, again")
    shows(console, "section", "Document of version 3")
    shows(console, "textarea", "value: 1.0")
    found = flow_id(service, "Of the console, again")
    saved = ask(service, DOCUMENT, id=found)["flow"]["latest"]["document"]
    assert repr(saved["nodes"][0]["inputs"]["value"]) == "1.0"

    press(console, "Delete")
    press(console, "Delete it for good")
    shows(console, 'table[aria-label="Flows"]', "Order total")
    lacks(console, "Of the console")
    assert console.troubles == []


def test_executions_that_match_are_listed_live_and_stopped_together(console: Page, service: Dev) -> None:
    label = {"name": "test", "value": "bulk"}
    go(console, "/executions?labels=test=bulk")
    shows(console, "h2", "No execution matches")
    ids = [start(service, "Approval with a deadline", labels=[label]) for _ in range(2)]
    for id in ids:
        shows(console, 'table[aria-label="Executions"]', id)
    press(console, "Stop all")
    press(console, "Stop them")

    shows(console, "dialog", "2 executions accepted it.")
    for id in ids:
        shows(console, '[aria-label="What each has answered"] li', f"{id}Accepted")
    press(console, "Close")
    console.wait("document.querySelectorAll('table [data-status=STOPPED]').length === 2")
    assert console.troubles == []


def test_a_schedule_a_webhook_and_a_secret_are_made_and_deleted(console: Page, service: Dev) -> None:
    go(console, f"/flows/{flow_id(service, 'Orders as events')}?tab=schedules")
    type_into(console, 'input[name="cron"]', "0 0 31 2 *")
    press(console, "Make the schedule")
    console.wait("!!document.querySelector('input[name=cron][aria-invalid=true]')")
    type_into(console, 'input[name="cron"]', "0 9 * * mon")
    press(console, "Make the schedule")
    shows(console, 'table[aria-label="Schedules"] tr', "0 9 * * mon")
    go(console, "/schedules")
    shows(console, 'table[aria-label="Schedules"] tr', "Orders as events0 9 * * mon")
    press(console, "Pause 0 9 * * mon")
    shows(console, 'table[aria-label="Schedules"] tr', "Paused")
    press(console, "Delete 0 9 * * mon")
    press(console, "Delete it")
    lacks(console, "0 9 * * mon")

    go(console, f"/flows/{flow_id(service, 'Orders as events')}?tab=webhooks")
    type_into(console, 'input[name="eventName"]', "placed")
    press(console, "Make the webhook")
    shows(console, "dialog code", "whsec_")
    press(console, "I have kept it")
    shows(console, 'table[aria-label="Webhooks"]', service.at("/hooks/"))
    lacks(console, "whsec_")
    press(console, "Delete placed")
    press(console, "Delete it")
    lacks(console, service.at("/hooks/"))

    go(console, "/secrets")
    type_into(console, 'input[name="name"]', "console.test")
    type_into(console, 'input[name="value"]', "of nobody else")
    press(console, "Store")
    shows(console, 'table[aria-label="Secrets"]', "console.test")
    press(console, "Delete console.test")
    press(console, "Delete it")
    lacks(console, "console.test")
    assert console.troubles == []


def test_every_page_is_accessible_in_both_themes(console: Page, service: Dev, waiting: str) -> None:
    found = []
    console.evaluate(AXE.read_text() + "; 1")
    for _, address, sign in places(service, waiting):
        go(console, address)
        shows(console, sign)
        for dark, rules in ((False, "{}"), (True, "{ runOnly: ['color-contrast'] }")):
            console.prefer(dark=dark, still=True)
            found += [(address, dark, *violation) for violation in console.evaluate(f"({CHECK})({rules})")]
    console.prefer(dark=False)
    assert found == [], json.dumps(found, indent=1)


CHECK = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...rules });
  return violations.map(({ id, nodes: [node] }) => [id, node.html.slice(0, 200), node.failureSummary]);
}"""


@pytest.fixture
def strict(service: Dev, tmp_path: Path) -> Iterator[Serve]:
    """An API that wants tokens, of the same executions."""
    with serve(service, tmp_path / "serve.log", free_port()) as running:
        yield running


def enter(page: Page, shown: str) -> None:
    type_into(page, 'input[type="password"]', shown)
    press(page, "Continue")


def test_a_stranger_sees_nothing_and_who_loses_the_api_is_shown_the_rest_once_it_is_back(
    running_browser: Browser, service: Dev, strict: Serve, waiting: str
) -> None:
    with running_browser.page(strict.at(f"/executions/{waiting}?lower=log")) as page:
        shows(page, "h1", "This server asks who you are")
        enter(page, token("stranger"))
        shows(page, "main h2", "Not found")
        press(page, "Flows")
        shows(page, "main h2", "There are no flows yet")
        press(page, "Leave")

        enter(page, token("local"))
        open_flow(page, "Approval with a deadline")
        go(page, f"/executions/{waiting}?lower=log")
        shows(page, '[role="log"]', "NODE_WAITING")
        seen = page.evaluate("document.querySelectorAll('[role=log] li').length")
        strict.kill()
        shows(page, '[role="status"]', f"What follows event {seen - 2} will be shown once it is back.")
        ask(service, SIGNAL, id=waiting)
        page.forget()
        strict.start()

        shows(page, '[role="status"]', "nothing is missing")
        shows(page, ENDED, "Completed")
        page.hear(lambda: '"subscribe"' in str(page.socket_texts), "the subscription")
        asked = [json.loads(text)["payload"]["variables"] for text in page.socket_texts if '"subscribe"' in text]
        assert [variables["fromIndex"] for variables in asked] == [seen - 1]


def test_the_console_works_where_only_trusted_documents_are_run(
    running_browser: Browser, service: Dev, waiting: str, tmp_path: Path
) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"viewer": "{ viewer { id } }"}')
    only = {"TIDEGATE_DOCUMENTS": str(manifest), "TIDEGATE_DOCUMENTS_ONLY": "true"}
    with (
        serve(service, tmp_path / "serve.log", free_port(), **only) as trusting,
        running_browser.page(trusting.at("/")) as page,
    ):
        shows(page, "h1", "This server asks who you are")
        page.forget()
        enter(page, token("local"))
        for _, address, sign in places(service, waiting):
            go(page, address)
            shows(page, sign)
        go(page, f"/flows/{flow_id(service, 'Order total')}")
        press(page, "Run")
        shows(page, ENDED, "Completed")
        assert page.troubles == []
