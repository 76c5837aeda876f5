"""References to streams: what outputs, inputs and events say in place of pieces, which the log has only once.

`{"$stream": {"nodeId", "port"}}` while the stream is being written, with `"pieces"`, how many of them the log has, once
its node has completed.
"""

from typing import Any

from engine.values import Value

STREAM_KEY = "$stream"


def stream_value(node_id: str, port: str, pieces: int | None = None) -> Value:
    """Refer to the stream that a node writes to a port."""
    count = {} if pieces is None else {"pieces": pieces}
    return Value.of({STREAM_KEY: {"nodeId": node_id, "port": port, **count}})


def is_stream_reference(data: Any) -> bool:
    """Whether a value refers to a stream."""
    return isinstance(data, dict) and data.keys() == {STREAM_KEY}


def stream_source(data: Any) -> tuple[str, str]:
    """The node and the port that a reference names."""
    source = data[STREAM_KEY]
    return source["nodeId"], source["port"]
