"""GraphiQL in a real browser that reaches nothing but the server."""

import json
from urllib.parse import urlsplit

from tests.tidegate.processes import Dev
from tests.web.browser import Browser, soon
from tests.web.ide import RESULT, STOP, Ide

TOUR = ["Flows", "CreateFlow", "CreateExecution", "Watch", "Start"]


def types(result: object) -> str:
    return f"{result}?.data?.executionEvents?.events.map((event) => event.type)"


def test_the_page_asks_nobody_but_its_server_and_has_nothing_to_complain_of(service: Dev, ide: Ide) -> None:
    page = ide.page
    page.wait("!!document.querySelector('.monaco-editor .view-line')")
    soon(lambda: page.evaluate("1") and len(page.workers) == 3, "the editor's workers")

    asked = {(parts.scheme, parts.netloc) for url in page.requests if (parts := urlsplit(url)).scheme != "data"}
    assert asked == {("http", urlsplit(service.url).netloc)}
    assert page.troubles == []
    assert ide.tabs == TOUR


def test_what_the_policy_forbids_is_noted_by_these_tests(ide: Ide) -> None:
    page = ide.page
    page.evaluate("void document.head.append(Object.assign(document.createElement('script'), {text: 'window.x = 1'}))")
    soon(lambda: page.evaluate("1") and "Content Security Policy" in str(page.troubles), "the violation")
    assert page.evaluate("window.x") is None


def test_a_query_is_run_and_its_result_shown(ide: Ide) -> None:
    ide.run()
    result = ide.result("result.data")
    names = [edge["node"]["name"] for edge in result["data"]["flows"]["edges"]]
    assert "Order total" in names


def test_the_tabs_lead_a_newcomer_from_a_flow_to_its_last_event(ide: Ide) -> None:
    for title, field in (("CreateFlow", "createFlow"), ("CreateExecution", "createExecution")):
        ide.show_tab(title)
        ide.run()
        ide.result(f"result.data.{field}")
    ide.show_tab("Watch")
    execution = ide.variable("executionId")
    ide.run()
    first = ide.result("result.data.executionEvents.events.length")
    assert [event["type"] for event in first["data"]["executionEvents"]["events"]] == ["EXECUTION_CREATED"]

    ide.show_tab("Start")
    assert ide.variable("executionId") == execution
    ide.run()
    ide.result("result.data.startExecution.execution.id")
    ide.show_tab("Watch")
    # The flow naps for three seconds, so some of its events are still to come.
    ide.result("result.data.executionEvents.events.length > 1")
    ide.page.wait(f"!!document.querySelector({json.dumps(STOP)})")
    last = ide.result("result.data.executionEvents.status === 'COMPLETED'")

    events = last["data"]["executionEvents"]["events"]
    assert [event["index"] for event in events] == list(range(-1, len(events) - 1))
    assert events[-1]["type"] == "FLOW_COMPLETED"
    assert events[-1]["outputs"] == {"greeting": "Hello, Ada"}
    subscribed = [text for text in ide.page.socket_texts if '"subscribe"' in text]
    assert len(subscribed) == 1, "the subscription goes on while another tab is shown"
    ide.page.wait("document.querySelector('.result-window').textContent.includes('FLOW_COMPLETED')")
    assert ide.page.troubles == []


def test_a_subscription_ends_with_stop_and_with_its_tab(ide: Ide) -> None:
    ide.show_tab("Watch")
    ide.write("query", "subscription Roots { rootExecutionsChanged { __typename } }")
    for end in (STOP, ".graphiql-tab-active .graphiql-tab-close"):
        ide.run()
        ide.page.wait(f"!!document.querySelector({json.dumps(STOP)})")
        soon(lambda: ide.page.evaluate("1") and '"subscribe"' in ide.page.socket_texts[-1], "the subscription")
        ide.page.click(end)
        soon(lambda: ide.page.evaluate("1") and '"complete"' in ide.page.socket_texts[-1], "the end")


def test_a_wrong_query_shows_its_error(ide: Ide) -> None:
    ide.write("query", "{ flows(first: 0) { edges { cursor } } }")
    ide.run()
    assert ide.result("result.errors")["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    ide.write("query", 'subscription { executionEvents(executionId: "EX0") { nextIndex } }')
    ide.run()
    ide.result("result.errors?.[0].extensions.code === 'NOT_FOUND'")


def test_headers_are_sent_and_the_token_opens_sockets_too(ide: Ide) -> None:
    token = "Bearer of.good.news"
    ide.write("headers", json.dumps({"authorization": token, "x-colour": "blue"}))
    ide.run()
    ide.result("result.data")
    sent = [request for request in ide.page.sent if "query Flows" in request.get("postData", "")]
    assert [(headers["authorization"], headers["x-colour"]) for headers in (sent[0]["headers"],)] == [(token, "blue")]

    ide.write("query", "subscription Roots { rootExecutionsChanged { __typename } }")
    ide.run()
    soon(lambda: ide.page.evaluate("1") and ide.page.socket_texts, "the first message")
    assert json.loads(ide.page.socket_texts[0]) == {"type": "connection_init", "payload": {"Authorization": token}}


def test_the_documentation_and_the_explorer_open(ide: Ide) -> None:
    ide.show_plugin("Documentation Explorer")
    ide.page.click(".graphiql-doc-explorer-content a")
    ide.page.wait(
        "document.querySelector('.graphiql-doc-explorer-content').textContent.includes('One execution')"
    )
    ide.page.click('button[aria-label="Show GraphiQL Explorer"]')
    ide.page.wait("document.querySelector('.docExplorerWrap, .graphiql-explorer-root').textContent.includes('executionTree')")
    assert ide.page.troubles == []


def test_the_page_is_dark_for_who_likes_it_dark(service: Dev, running_browser: Browser) -> None:
    with running_browser.page(service.at("/graphiql"), dark=True) as page:
        Ide(page)
        background = page.evaluate("getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor")
        assert background not in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
