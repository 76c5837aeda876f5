"""What the API measures of what it is asked for, and of what it sends."""

from prometheus_client import Counter, Gauge, Histogram

from storage.metrics import SECONDS

OPERATIONS = Counter(
    "tidegate_operations",
    "Operations that were answered, by type (query, mutation, subscription; unknown if refused unread) and outcome "
    "(ok; gone if the client left; else the code of the first error).",
    ["type", "outcome"],
)
OPERATION_SECONDS = Histogram(
    "tidegate_operation_seconds", "How long queries and mutations took.", ["type"], buckets=SECONDS
)
HTTP_RESPONSES = Counter(
    "tidegate_http_responses",
    "Answers over HTTP, by method and status; 429 is for who asks too much.",
    ["method", "status"],
)
SUBSCRIBERS = Gauge(
    "tidegate_subscribers",
    "Operations whose results are being streamed, by transport: websocket, sse, multipart.",
    ["transport"],
)
SOCKETS = Gauge("tidegate_sockets", "WebSockets that are open.")
DELIVERY_SECONDS = Histogram(
    "tidegate_delivery_seconds",
    "From the time of an event, which the database's clock gave it, to when its batch was written to a subscriber's "
    "connection, by this machine's clock.",
    buckets=SECONDS,
)
SLOW_CLIENTS = Counter("tidegate_slow_clients", "Clients that were dropped because they did not read.")
