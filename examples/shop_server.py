"""Stands in for the services of others, so that the examples that call a web address need no network.

It is a shop (`/customers`, `/orders`), a place that reports are sent to (`/reports`), and a store of files (`/files`).

    .venv/bin/python examples/shop_server.py --port 8198

It is flaky on purpose: it does what it is asked, but every other answer from the same address gets lost, the first one
first, and a 503 comes instead. Who asks again with the same Idempotency-Key gets the answer that was lost, and nothing
is done twice.
"""

import argparse
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CUSTOMERS = [
    {"id": 1, "name": "Ada", "country": "UK"},
    {"id": 2, "name": "Konrad", "country": "DE"},
    {"id": 3, "name": "Grete", "country": "DE"},
]
ORDERS = [
    {"id": 71, "customer": 1, "status": "paid", "cents": 12900},
    {"id": 72, "customer": 2, "status": "paid", "cents": 4950},
    {"id": 73, "customer": 3, "status": "cancelled", "cents": 80000},
    {"id": 74, "customer": 3, "status": "paid", "cents": 1050},
    {"id": 75, "customer": 9, "status": "paid", "cents": 700},
]
DAYS_OLD = {"export-1.csv": 40, "export-2.csv": 33, "export-3.csv": 29, "export-4.csv": 2}

reports: list[Any] = []
files = {name: (datetime.now(UTC) - timedelta(days=days)).isoformat() for name, days in DAYS_OLD.items()}
asked: Counter[str] = Counter()
answers: dict[str, Any] = {}


async def answer(request: Request) -> JSONResponse:
    """Do what is asked, once for each key, and lose every other answer."""
    key = request.headers.get("idempotency-key", f"request {asked.total()}")
    if key not in answers:
        answers[key] = do(request, await request.json() if await request.body() else None)
    address = f"{request.method} {request.url.path}"
    asked[address] += 1
    return JSONResponse({"error": "Busy."}, 503) if asked[address] % 2 else JSONResponse(answers[key])


def do(request: Request, body: Any) -> Any:
    match request.method, request.url.path:
        case "GET", "/customers":
            return CUSTOMERS
        case "GET", "/orders":
            return ORDERS
        case "GET", "/reports":
            return reports
        case "POST", "/reports":
            reports.append(body)
            return {"number": len(reports)}
        case "GET", "/files":
            return [{"name": name, "modified": modified} for name, modified in files.items()]
        case "DELETE", "/files":
            return [name for name in request.query_params.getlist("name") if files.pop(name, None)]
    return None


app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "DELETE"])])

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8198)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning", access_log=False)
