"""tidegate run, from a checked flow to the end of its execution: create, subscribe, start, watch."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from engine.status import ExecutionStatus
from tidegate.client import Client
from tidegate.event_stream import follow
from tidegate.flow_file import FlowFile
from tidegate.operations import create_execution, published, start_execution
from tidegate.run_report import Report


async def run_flow(
    url: str, token: str | None, flow: FlowFile, inputs: Mapping[str, Any], report: Report, *, debug: bool = False
) -> ExecutionStatus:
    """Run a flow on the server at `url`, with everything recorded for `debug`, and give the status that it ended in."""
    async with Client(url, token) as client:
        flow_id = await published(client, flow.data)
        execution_id = await create_execution(client, flow_id, inputs, debug=debug)
        report.created(execution_id)
        try:
            with report.running():
                return await _watch(client, execution_id, report)
        except asyncio.CancelledError:
            report.left(execution_id)
            raise


async def _watch(client: Client, execution_id: str, report: Report) -> ExecutionStatus:
    status = ExecutionStatus.CREATED
    is_live = False
    async with aclosing(follow(client.url, execution_id, on_drop=report.dropped, token=client.token)) as batches:
        async for batch in batches:
            report.batch(batch)
            status = ExecutionStatus(batch.status)
            if not is_live:
                # The first batch says that the subscription is live: from here on nothing is missed.
                is_live = True
                await start_execution(client, execution_id)
    return status
