"""Which of our node types does what one of ChainGraph's does, and what its ports are called."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.document import GROUP
from tidegate.chaingraph.export import Node

Names = Mapping[str, str]
"""Their ports to ours."""

_NO_NAME = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Counterpart:
    """A node type of ours, with what is always so; `settings` are further keys of the node."""

    type: str
    inputs: Names = field(default_factory=dict)
    outputs: Names = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def _same(type: str, key: str) -> Counterpart:
    """A node that holds a value, whatever it calls it."""
    return Counterpart(type, {key: "value"}, {key: "value"})


def _switch(node: Node) -> Counterpart:
    """The cases are the parts of an object: its ports, or, where the export has none of parts, its value's keys."""
    parts = [port.path.partition(".")[2] for port in node.ports.values() if port.path.startswith("caseObject.")]
    value = node.value("caseObject")
    names = {key: _NO_NAME.sub("_", f"is_{key}") for key in [*parts, *(value if isinstance(value, dict) else ())]}
    cases = [{"port": name, "equals": key} for key, name in names.items()]
    outputs = {f"caseObject.{key}": name for key, name in names.items()}
    return Counterpart("flow.switch", {"input": "value"}, {**outputs, "default": "default"}, {"cases": cases})


def _json(node: Node) -> Counterpart:
    indent = {"indent": 2} if node.value("pretty") is not False else {}
    return Counterpart("json.serialize", {"data": "value"}, {"json": "text"}, indent)


def _parse(node: Node) -> Counterpart:
    """It reads YAML too, unless it is told to read JSON only."""
    type = "json.parse" if node.value("inputFormat") == "json" else "yaml.parse"
    return Counterpart(type, {"inputString": "text"}, {"deserializedObject": "value"})


def _number_text(node: Node) -> Counterpart | None:
    """Without a number of places all digits are written; nothing here writes powers of ten."""
    places = node.value("decimalPlaces")
    if node.value("exponential"):
        return None
    pattern = {"pattern": f"0.{'0' * places}".rstrip(".")} if isinstance(places, int) and places >= 0 else {}
    return Counterpart("number.format", {"number": "value"}, {"text": "text"}, pattern)


def _http(node: Node) -> Counterpart:
    """A status of 400 or above is no failure there; the address is in two parts."""
    base, path = str(node.value("baseUri") or ""), str(node.value("path") or "")
    lines = [line.partition(":") for line in str(node.value("headers") or "").splitlines() if ":" in line]
    retries = node.value("retries")
    return Counterpart(
        "http.request",
        {"method": "method", "body": "body", "timeout": "timeoutMs"},
        {"statusCode": "status", "response": "text"},
        {
            "url": f"{base.rstrip('/')}/{path.lstrip('/')}",
            "failOnStatus": False,
            **({"headers": {name.strip(): text.strip() for name, _, text in lines}} if lines else {}),
        },
        {"retry": {"maxAttempts": retries + 1}} if isinstance(retries, int) and retries > 0 else {},
    )


COUNTERPARTS: Mapping[str, Counterpart | Callable[[Node], Counterpart | None]] = {
    "AndNode": Counterpart("logic.and", {"inputX": "values", "inputY": "values"}, {"result": "result"}),
    "ArrayElementNode": Counterpart("array.element", {"array": "array", "index": "index"}, {"element": "result"}),
    "ArrayLengthNode": Counterpart("array.length", {"array": "array"}, {"length": "result"}),
    "ArrayNode": _same("value.array", "array"),
    "BooleanNode": _same("value.boolean", "flag"),
    "DebugLogNode": Counterpart("debug.log", {"message": "message"}),
    "EventEmitterNode": Counterpart("event.emit", {"eventName": "eventName", "eventPayload": "payload"}),
    "EventListenerNode": Counterpart("event.listen", {"eventName": "eventName"}, {"eventPayload": "payload"}),
    "EventListenerNodeV2": Counterpart("event.listen", {"eventName": "eventName"}, {"eventPayload": "payload"}),
    "GroupNode": Counterpart(GROUP),
    "HTMLPreviewNode": _same("value.html", "html"),
    "HttpRequestNode": _http,
    "IsRootExecutionNode": Counterpart("event.is_root", {}, {"isRoot": "result"}),
    "JSONSerializerNode": _json,
    "JsonDeserializeNode": Counterpart("json.parse", {"jsonString": "text"}, {"deserializedObject": "value"}),
    "JsonYamlDeserializerNode": _parse,
    "MarkdownTextNode": _same("value.markdown", "text"),
    "MathNode": Counterpart(
        "math.arithmetic", {"a": "a", "b": "b", "operation": "operation"}, {"result": "result"}
    ),
    "NotNode": Counterpart("logic.not", {"input": "value"}, {"result": "result"}),
    "NumberNode": _same("value.number", "num"),
    "NumberToStringNode": _number_text,
    "ObjectNode": _same("value.object", "object"),
    "OrNode": Counterpart("logic.or", {"inputX": "values", "inputY": "values"}, {"result": "result"}),
    "RandomNode": Counterpart(
        "math.random", {"rangeFrom": "min", "rangeTo": "max"}, {"result": "result"}, {"integer": True}
    ),
    "SchemaInferNode": Counterpart("yaml.parse", {"input": "text"}, {"output": "value"}),
    "ServerTimeNode": Counterpart(
        "time.now", {"timezone": "timeZone"}, {"formattedTime": "iso", "timestampMilliseconds": "epochMs"}
    ),
    "SleepNode": Counterpart("time.sleep", {"duration": "durationMs"}),
    "StringLengthNode": Counterpart("text.length", {"text": "text"}, {"length": "result"}),
    "SwitchNode": _switch,
    "TextNode": _same("value.text", "text"),
    "YAMLSerializerNode": Counterpart("yaml.serialize", {"data": "value"}, {"yaml": "text"}),
}  # fmt: skip
"""By their type; a function where it hangs on what the node has."""


def counterpart_of(node: Node) -> Counterpart | None:
    """What does the same as this node; None if nothing does."""
    found = COUNTERPARTS.get(node.type)
    return found(node) if callable(found) else found
