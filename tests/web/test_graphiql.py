"""GraphiQL in a real browser that reaches nothing but the server."""

import json
from urllib.parse import urlsplit

from tests.tidegate.processes import Dev
from tests.web.ide import STOP, Ide

TOUR = ["Flows", "CreateFlow", "CreateExecution", "Watch", "Start"]
ROOTS = "subscription Roots { rootExecutionsChanged { __typename } }"
TOKEN = "Bearer of.good.news"
LARGEST_KILOBYTES = 2500


def test_the_page_asks_nobody_but_its_server_and_has_nothing_to_complain_of(service: Dev, ide: Ide) -> None:
    page = ide.page
    page.hear(lambda: len(page.workers) == 3, "the editor's workers")

    asked = {(parts.scheme, parts.netloc) for url in page.requests if (parts := urlsplit(url)).scheme != "data"}
    assert asked == {("http", urlsplit(service.url).netloc)}
    assert page.troubles == []
    assert 0 < page.kilobytes < LARGEST_KILOBYTES
    assert ide.tabs == TOUR


def test_a_query_is_run_and_its_result_shown(ide: Ide) -> None:
    ide.show_tab("Flows")
    ide.run()
    flows = ide.result("result.data.flows")["data"]["flows"]["edges"]
    assert "Order total" in [edge["node"]["name"] for edge in flows]


def test_the_tabs_lead_a_newcomer_from_a_flow_to_its_last_event(ide: Ide) -> None:
    for title, field in (("CreateFlow", "createFlow"), ("CreateExecution", "createExecution")):
        ide.show_tab(title)
        ide.run()
        ide.result(f"result.data.{field}")
    ide.show_tab("Watch")
    execution = ide.variable("executionId")
    ide.run()
    first = ide.result("result.data.executionEvents.events.length")["data"]["executionEvents"]
    assert ([event["type"] for event in first["events"]], first["status"]) == (["EXECUTION_CREATED"], "CREATED")

    ide.show_tab("Start")
    assert ide.variable("executionId") == execution
    ide.run()
    ide.result("result.data.startExecution.execution.id")
    ide.show_tab("Watch")
    # The flow naps for three seconds, so the rest of its events come while they are looked at.
    ide.result("result.data.executionEvents.events.length > 1")
    last = ide.result("result.data.executionEvents.status === 'COMPLETED'")["data"]["executionEvents"]

    assert [event["index"] for event in last["events"]] == list(range(-1, last["nextIndex"]))
    assert last["events"][-1] == {
        "index": last["nextIndex"] - 1,
        "type": "FLOW_COMPLETED",
        "outputs": {"greeting": "Hello, Ada"},
    }
    assert len([text for text in ide.page.socket_texts if '"type":"subscribe"' in text]) == 1
    ide.page.wait("document.querySelector('.result-window').textContent.includes('FLOW_COMPLETED')")
    assert not ide.is_live()
    assert ide.page.troubles == []


def test_a_subscription_ends_with_stop_and_with_its_tab(ide: Ide) -> None:
    ide.add_tab(ROOTS)
    for end in (STOP, ".graphiql-tab-active .graphiql-tab-close"):
        ide.page.forget()
        ide.run()
        ide.page.hear(lambda: '"type":"subscribe"' in str(ide.page.socket_texts), "the subscription")
        ide.page.click(end)
        ide.page.hear(lambda: '"type":"complete"' in str(ide.page.socket_texts), "its end")


def test_a_wrong_operation_shows_its_error(ide: Ide) -> None:
    ide.add_tab("{ flows(first: 0) { edges { cursor } } }")
    ide.run()
    assert ide.result("result.errors")["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    ide.add_tab('subscription { executionEvents(executionId: "EX0") { nextIndex } }')
    ide.run()
    assert ide.result("result.errors")["errors"][0]["extensions"]["code"] == "NOT_FOUND"


def test_headers_are_sent_and_the_token_opens_sockets_too(ide: Ide) -> None:
    ide.add_tab("query Who { viewer { id } }", json.dumps({"authorization": TOKEN, "x-colour": "blue"}))
    ide.run()
    ide.result("result.data")
    (headers,) = [request["headers"] for request in ide.page.sent if "query Who" in request.get("postData", "")]
    assert (headers["authorization"], headers["x-colour"]) == (TOKEN, "blue")

    ide.add_tab(ROOTS, json.dumps({"authorization": TOKEN}))
    ide.run()
    ide.page.hear(lambda: ide.page.socket_texts, "the first message")
    assert json.loads(ide.page.socket_texts[0]) == {"type": "connection_init", "payload": {"Authorization": TOKEN}}


def test_the_documentation_and_the_explorer_open(ide: Ide) -> None:
    ide.show_plugin("Documentation Explorer")
    ide.page.click(".graphiql-doc-explorer-content a")
    ide.page.wait("document.querySelector('.graphiql-plugin').textContent.includes('Whatever has this global id.')")
    ide.show_plugin("GraphiQL Explorer")
    ide.page.wait("document.querySelector('.graphiql-explorer-root').textContent.includes('rootExecutions')")
    assert ide.page.troubles == []


def test_what_the_policy_forbids_would_have_been_noticed(ide: Ide) -> None:
    ide.page.evaluate("void document.head.append(Object.assign(document.createElement('script'), {text: 'x = 1'}))")
    ide.page.hear(lambda: "Content Security Policy" in str(ide.page.troubles), "the violation")


def test_the_page_is_dark_for_who_likes_it_dark(ide: Ide) -> None:
    colours = []
    for dark in (True, False):
        ide.page.prefer(dark=dark)
        colours.append(ide.page.evaluate("getComputedStyle(document.querySelector('.graphiql-sessions')).color"))
        colours.append(
            ide.page.evaluate("getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor")
        )
    assert len(set(colours)) == 4
