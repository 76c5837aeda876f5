"""The pure core: flow documents, ports, events, `fold`, `decide` and the nodes. No database, no Redis, no web."""
