"""Flows written in Python: a builder that gives the same documents as files do.

    flow = Flow("Order total")
    price = flow.input("price", schema={"type": "number"}, default=20)
    qty = flow.node("value.number", id="qty", value=3)
    total = flow.node("math.arithmetic", id="total", operation="multiply", a=price, b=qty, retry=Retry(max_attempts=3))
    flow.output("total", total.result)
    print(flow.to_yaml())

Printed, a flow can be run: `python flow.py | tidegate run -`.
"""

from engine.document import RetryPolicy as Retry
from engine.secret_reference import reference as secret
from tidegate.flows.flow import Flow
from tidegate.flows.handles import FlowError, FlowNode, Given, NoSuchPort, OutputPort, Source

__all__ = ["Flow", "FlowError", "FlowNode", "Given", "NoSuchPort", "OutputPort", "Retry", "Source", "secret"]
