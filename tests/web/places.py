"""The console's pages: an address of each, and what shows that it is there."""

from typing import NamedTuple

from tests.tidegate.processes import Dev
from tests.web.api import flow_id


class Place(NamedTuple):
    """A page: what it is called in file names, its address, and a selector of what it shows once it is there."""

    name: str
    address: str
    sign: str


def places(service: Dev, waiting: str) -> list[Place]:
    """All pages; `waiting` is an execution of the flow "Approval with a deadline" that waits for its signal."""
    total, orders = (f"/flows/{flow_id(service, name)}" for name in ("Order total", "Orders as events"))
    return [
        Place("flows", "/flows", "table[aria-label=Flows]"),
        Place("new-flow", "/flows/new", "textarea"),
        Place("flow", total, "[data-node=total]"),
        Place("document", f"{total}?tab=document", "textarea"),
        Place("flow-schedules", f"{total}?tab=schedules", "input[name=cron]"),
        Place("webhooks", f"{orders}?tab=webhooks", "input[name=eventName]"),
        Place("executions", "/executions", "table[aria-label=Executions]"),
        Place("schedules", "/schedules", "main h2, table[aria-label=Schedules]"),
        Place("secrets", "/secrets", "input[name=value]"),
        Place("service", "/service", "dl"),
        Place("log", f"/executions/{waiting}?node=approval&lower=log", "[role=log] li"),
        Place("signals", f"/executions/{waiting}?side=signals&lower=tree", "[aria-label=Tree] li"),
        Place("why", f"/executions/{waiting}?side=why&at=1", "[aria-label='Why?'] li"),
        Place("fork", f"/executions/{waiting}?side=fork&node=payment", "[aria-label=Fork] form"),
    ]
