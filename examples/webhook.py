"""A webhook for a flow, and a service that sends to it: what is signed runs the flow, once for each message.

Needs httpx and standardwebhooks, and a running `tidegate dev`.

.venv/bin/python examples/webhook.py $(tidegate publish examples/payment.yaml) [http://127.0.0.1:8000/graphql]
"""

import json
import sys
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import httpx
from standardwebhooks import Webhook

URL = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000/graphql"

CREATE = """mutation ($flow: ID!) {
  createWebhook(flowId: $flow, eventName: "payment") { webhook { id path } signingKey }
}"""
DELETE = "mutation ($id: ID!) { deleteWebhook(id: $id) { deletedId } }"
READ = "query ($id: ID!) { execution(id: $id) { status children { edges { node { outputs } } } } }"


def ask(query: str, **variables: Any) -> Any:
    body = httpx.post(URL, json={"query": query, "variables": variables}).json()
    if "errors" in body:
        raise SystemExit(body["errors"][0]["message"])
    return body["data"]


def send(path: str, signing_key: str, message_id: str, payment: Any) -> httpx.Response:
    """Send what a payment service would; the same id again is the same message."""
    text, now = json.dumps(payment), datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signing_key).sign(message_id, now, text),
    }
    answer = httpx.post(urljoin(URL, path), content=text, headers=headers)
    print(answer.status_code, answer.text)
    return answer


def outputs(root: str) -> Any:
    """What the execution for the message gave, once it has ended."""
    while (read := ask(READ, id=root)["execution"])["status"] not in ("COMPLETED", "FAILED", "STOPPED"):
        time.sleep(0.1)
    return [edge["node"]["outputs"] for edge in read["children"]["edges"]]


def main() -> None:
    # The signing key is shown this once; a real service is given it in its settings.
    created = ask(CREATE, flow=sys.argv[1])["createWebhook"]
    path, key = created["webhook"]["path"], created["signingKey"]
    payment = {"order": "A-1001", "status": "paid", "cents": 7980, "currency": "EUR"}

    answer = send(path, key, "msg_1", payment)
    print("  runs", *outputs(answer.json()["executionId"]))

    print("The same message once more gives the same execution:")
    send(path, key, "msg_1", payment)

    print("Signed with another key, it runs nothing:")
    send(path, "whsec_c29tZSBvdGhlciBrZXkgb2Ygc29tZWJvZHk=", "msg_2", payment)

    ask(DELETE, id=created["webhook"]["id"])


if __name__ == "__main__":
    main()
