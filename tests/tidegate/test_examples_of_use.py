"""The larger examples, run as their README says, with the services that they call beside them."""

import asyncio
import json
import signal
import subprocess
import sys
from typing import Any

import asyncpg
import pytest

from tests.eventually import eventually
from tests.tidegate.processes import ROOT, Dev, environment
from tests.tidegate.stand_ins import StandIn
from tidegate.cli import main
from tidegate.client import Client

START = "mutation($i: CreateExecutionInput!) { createExecution(input: $i) { execution { id } } }"
APPROVE = """mutation($id: ID!) {
  sendSignal(executionId: $id, name: "approval", payload: {approved: true, by: "Ada"}) { execution { id } } }"""
READ = 'query($id: ID!) { execution(id: $id) { status outputs nodeState(nodeId: "last_wait") { status } } }'
EVERY_SCHEDULE_IS_DUE = "update schedules set next_fire_at = now()"


class CommandLine:
    """`tidegate` within this process, which is quicker than another one, against the running service."""

    def __init__(self, service: Dev, capsys: pytest.CaptureFixture[str]) -> None:
        self._url = service.url
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        """What a command prints."""
        code = main([*arguments, "--url", self._url])
        told = self._capsys.readouterr()
        assert (code, told.err) == (0, ""), told.out
        return told.out

    def events(self, example: str, *given: str) -> list[dict[str, Any]]:
        """What a run of an example tells; `given` are its inputs."""
        inputs = [part for each in given for part in ("--input", each)]
        return [json.loads(line) for line in self("run", f"examples/{example}", "--json", *inputs).splitlines()]

    def outputs(self, example: str, *given: str) -> Any:
        return self.events(example, *given)[-1]["data"]["outputs"]

    def published(self, example: str) -> str:
        """The id of an example's flow."""
        return self("publish", f"examples/{example}").strip()


@pytest.fixture
def tidegate(service: Dev, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(service, capsys)


def test_a_report_reaches_a_flaky_service_once(tidegate: CommandLine, shop: StandIn) -> None:
    told = tidegate.events("etl.yaml", f"shop={shop.url}")

    retried = [event["data"]["nodeId"] for event in told if event["type"] == "NODE_RETRYING"]
    assert sorted(retried) == ["customers", "load", "orders"]
    assert told[-1]["data"]["outputs"] == {
        "stored": {"number": 1},
        "table": "country  orders      total\nUK            1     129.00\nDE            2      60.00\n"
        "??            1       7.00\n",
    }
    (report,) = shop.script["reports"]
    assert report["countries"][0] == {"country": "UK", "orders": 1, "cents": 12900}


def test_rows_that_fail_are_named_and_the_others_imported(tidegate: CommandLine) -> None:
    given = tidegate.outputs("csv-import.yaml", f"rowFlow={tidegate.published('csv-row.yaml')}")

    assert given["report"].splitlines() == [
        "3 of 6 rows imported, 731.80 in total",
        "row 2 (A-1002): /quantity: 'one' does not match '^[1-9][0-9]*$'",
        "row 4 (A-1004): /quantity: '-1' does not match '^[1-9][0-9]*$'",
        "row 5 (A-1005): /article: '' should be non-empty",
    ]
    assert [order["total"] for order in given["imported"]] == [79.8, 342.0, 310.0]


def test_sections_are_summarized_and_then_their_summaries(tidegate: CommandLine, model: StandIn) -> None:
    section_flow = f"sectionFlow={tidegate.published('summary-section.yaml')}"
    told = tidegate.events("summary.yaml", section_flow, f"service={model.url}/v1")

    given = told[-1]["data"]["outputs"]
    chunks = [event["data"]["chunk"] for event in told if event["type"] == "NODE_OUTPUT_CHUNK"]
    assert [text.split()[0] for text in given["sections"]] == ["Heating", "Roof", "Garden"]
    assert given["failed"] == []
    assert given["summary"].startswith("Heating The heat pump")
    assert [piece for chunk in chunks for piece in chunk] == given["pieces"]
    assert "".join(given["pieces"]) == given["summary"]


def test_an_approval_counts_after_the_reminder_too(service: Dev, tidegate: CommandLine) -> None:
    assert asyncio.run(approved_late(service.url, tidegate.published("approval-reminder.yaml"))) == {
        "messages": [
            "Grete asks for 89.90 for a train ticket to Vienna.",
            "Still open: Grete asks for 89.90 for a train ticket to Vienna.",
        ],
        "decision": "approved by Ada",
    }


async def approved_late(url: str, flow: str) -> Any:
    """The outputs of the flow where the answer comes after the reminder."""
    async with Client(url) as client:
        started = await client.ask(START, i={"flowId": flow, "inputs": {"remindAfterMs": 1}, "autoStart": True})
        id_ = started["createExecution"]["execution"]["id"]

        async def read() -> Any:
            return (await client.ask(READ, id=id_))["execution"]

        async def waits_again() -> bool:
            return bool((await read())["nodeState"]["status"] == "WAITING")

        async def has_completed() -> bool:
            return bool((await read())["status"] == "COMPLETED")

        await eventually(waits_again)
        await client.ask(APPROVE, id=id_)
        await eventually(has_completed)
        return (await read())["outputs"]


def test_a_clean_up_deletes_what_is_old_when_its_schedule_is_due(
    service: Dev, tidegate: CommandLine, shop: StandIn
) -> None:
    store = f"{shop.url}/files"
    would = tidegate.outputs("clean-up.yaml", f"store={store}", "dryRun=true")
    assert ([file["name"] for file in would["old"]], would["deleted"]) == (["export-1.csv", "export-2.csv"], [])

    flow, inputs = tidegate.published("clean-up.yaml"), json.dumps({"store": store, "keepDays": 30})
    script = (sys.executable, "-u", "examples/schedule.py", flow, "--inputs", inputs, "--url", service.url)
    with subprocess.Popen(script, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "is due next at" in process.stdout.readline()
        asyncio.run(make_due(service))
        run = process.stdout.readline()
        process.send_signal(signal.SIGINT)

    assert "'deleted': ['export-1.csv', 'export-2.csv']" in run
    assert list(shop.script["files"]) == ["export-3.csv", "export-4.csv"]


async def make_due(service: Dev) -> None:
    urls = dict(line.split("=", 1) for line in (service.data_dir / "env").read_text().splitlines())
    connection = await asyncpg.connect(urls["DATABASE_URL"])
    await connection.execute(EVERY_SCHEDULE_IS_DUE)
    await connection.close()


def test_a_signed_message_runs_its_flow_once_and_a_forged_one_nothing(service: Dev, tidegate: CommandLine) -> None:
    script = (sys.executable, "examples/webhook.py", tidegate.published("payment.yaml"), service.url)
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    taken, task, _, again, _, forged = done.stdout.splitlines()
    assert task == "  runs {'task': 'Send A-1001: 79.80 EUR have come.'}"
    assert (taken[:4], again) == ("202 ", f"200 {taken[4:]}")
    assert forged == '401 {"error":"The message is not signed as it must be."}'


@pytest.mark.parametrize(
    ("payment", "told"),
    [
        ('{"order": "A-7", "status": "refunded", "cents": 1, "currency": "EUR"}', "Take back A-7"),
        ('{"order": "A-7", "status": "open", "cents": 1, "currency": "EUR"}', "Nothing to do for A-7, which is open"),
        ('{"order": "A-7", "status": "paid", "cents": 0.5, "currency": "EUR"}', "/cents: 0.5 is not of type 'integer'"),
    ],
)
def test_a_payment_is_dealt_with_by_what_it_says(tidegate: CommandLine, payment: str, told: str) -> None:
    assert told in tidegate("run", "examples/payment.yaml", "--input", f"payment={payment}")


def test_a_flow_is_published_once(tidegate: CommandLine) -> None:
    ids = [tidegate("publish", "examples/payment.yaml", "examples/csv-row.yaml").split() for _ in range(2)]

    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2
