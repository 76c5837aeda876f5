"""A schedule that lives in the server: it runs a flow every night, and this tells what each run gave until Ctrl-C.

Needs httpx, and a running `tidegate dev`.

.venv/bin/python examples/schedule.py $(tidegate publish examples/clean-up.yaml) --inputs '{"keepDays": 30}'

To see it at work at once, let it run every minute: --cron "* * * * *".
"""

import argparse
import json
import time
from typing import Any

import httpx

CREATE = """mutation ($input: CreateScheduleInput!) {
  createSchedule(input: $input) { schedule { id nextFireAt } }
}"""
LAST = "query ($id: ID!) { node(id: $id) { ... on Schedule { lastFireAt lastExecutionId lastError nextFireAt } } }"
RUN = "query ($id: ID!) { execution(id: $id) { status outputs error { message } } }"


def ask(url: str, query: str, **variables: Any) -> Any:
    body = httpx.post(url, json={"query": query, "variables": variables}).json()
    if "errors" in body:
        raise SystemExit(body["errors"][0]["message"])
    return body["data"]


def ended(url: str, execution: str) -> Any:
    """The execution, once it has ended."""
    while (run := ask(url, RUN, id=execution)["execution"])["status"] in ("CREATED", "RUNNING", "PAUSED"):
        time.sleep(0.2)
    return run


def watch(url: str, schedule: str) -> None:
    """Tell of each time at which it was due."""
    told = None
    while True:
        last = ask(url, LAST, id=schedule)["node"]
        if last["lastFireAt"] != told:
            told = last["lastFireAt"]
            print(told, last["lastError"] or ended(url, last["lastExecutionId"]), flush=True)
            print("due next at", last["nextFireAt"], flush=True)
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("flow", help="the id of the flow")
    parser.add_argument("--cron", default="30 3 * * *")
    parser.add_argument("--time-zone", default="Europe/Vienna")
    parser.add_argument("--inputs", type=json.loads, default={})
    parser.add_argument("--url", default="http://127.0.0.1:8000/graphql")
    given = parser.parse_args()

    # After an outage it runs once for the latest time that was missed: a clean-up need not be made up for twice.
    plan = {"flowId": given.flow, "cron": given.cron, "timeZone": given.time_zone, "inputs": given.inputs}
    schedule = ask(given.url, CREATE, input={**plan, "catchUp": "LATEST"})["createSchedule"]["schedule"]
    print(schedule["id"], "is due next at", schedule["nextFireAt"], flush=True)
    try:
        watch(given.url, schedule["id"])
    except KeyboardInterrupt:
        print(f'It goes on at the server, until: mutation {{ deleteSchedule(id: "{schedule["id"]}") {{ deletedId }} }}')


if __name__ == "__main__":
    main()
