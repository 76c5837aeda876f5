"""How large a document may be; one that is larger is not looked at any further."""

from typing import Any

from engine.document import DOCUMENT_BYTES, EDGE_LIMIT, NODE_LIMIT
from engine.errors import ValueRefused
from engine.problems import FlowProblemCode
from engine.validation.report import Report
from engine.values import encode

LIMITS = {"nodes": NODE_LIMIT, "edges": EDGE_LIMIT}


def check_limits(data: Any, report: Report) -> None:
    """Report a document of too many bytes (as JSON), nodes or edges."""
    for key, limit in LIMITS.items():
        count = _count(data, key)
        if count > limit:
            report.add((key,), FlowProblemCode.INVALID_VALUE, f"There are {count} {key}; the limit is {limit}.")
    size = _bytes(data)
    if size > DOCUMENT_BYTES:
        message = f"The document has {size} bytes as JSON; the limit is {DOCUMENT_BYTES}."
        report.add((), FlowProblemCode.INVALID_VALUE, message)


def _count(data: Any, key: str) -> int:
    items = data.get(key) if isinstance(data, dict) else None
    return len(items) if isinstance(items, (list, tuple)) else 0


def _bytes(data: Any) -> int:
    try:
        return len(encode(data))
    except ValueRefused:
        return 0
